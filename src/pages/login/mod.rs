//! `/login`

use leptos::prelude::*;
use leptos_router::components::Redirect;

use super::{
    credentials::{self, FORGOT},
    data::{PageData, nothing},
    failure::encode,
    form::{Form, FormAction},
    query_param,
};
use crate::{
    components::{AuthPage, Button, Note, NoteKind},
    domain::next::own_path,
    server_fns::accounts::{Door, GetDoor, LogIn},
};

/// Signing in.
#[component]
pub fn LoginPage() -> impl IntoView {
    let door = PageData::load(|| GetDoor {});
    let action = FormAction::to::<LogIn>();
    let next = query_param("next");
    let reset = query_param("reset");
    door.page(nothing, move |door| {
        if door.signed_in {
            let path = own_path(&next.get_untracked()).to_owned();
            return view! { <Redirect path=path/> }.into_any();
        }
        form(door, action, next.get_untracked(), reset.get_untracked() == "1")
    })
}

fn form(door: Door, action: FormAction, next: String, reset: bool) -> AnyView {
    let problems = action.problems();
    let sign_up = if next.is_empty() { "/signup".to_owned() } else { format!("/signup?next={}", encode(&next)) };
    let changed = reset.then(|| view! { <Note kind=NoteKind::Ok title="Your password is set." text="Sign in with it."/> });
    let first = door.empty.then(|| {
        view! {
            <Note kind=NoteKind::Accent title="Nobody has an account here yet." text="The first one runs the platform.">
                <a class="btn sm" href="/signup">"Set up"</a>
            </Note>
        }
    });
    let elsewhere = if door.sign_up_open {
        view! { <p class="auth-else">"New here? "<a class="link" href=sign_up>"Create an account"</a></p> }.into_any()
    } else {
        view! { <p class="auth-else">"Accounts on this server are created by invitation."</p> }.into_any()
    };
    view! {
        <AuthPage title="Sign in" lead=format!("to {}", door.host)>
            {first}
            {changed}
            <Form action=action class="auth-fields">
                {problems.note()}
                <input type="hidden" name="next" value=next/>
                {credentials::email(door.email, String::new(), true, problems)}
                {credentials::password(false, FORGOT, problems)}
                <Button label="Sign in" class="primary lg wide" busy=action.pending()/>
            </Form>
            {elsewhere}
        </AuthPage>
    }
    .into_any()
}
