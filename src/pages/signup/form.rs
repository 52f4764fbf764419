use leptos::prelude::*;
use leptos_router::components::Redirect;

use super::super::{
    credentials,
    form::{Form, FormAction},
};
use crate::{
    components::{AuthPage, Button, Field, Note, NoteKind},
    domain::next::own_path,
    server_fns::accounts::Door,
};

/// The form, where signing up is open to the visitor.
pub(super) fn sign_up_form(door: Door, action: FormAction, next: &str) -> AnyView {
    if door.signed_in {
        let path = own_path(next).to_owned();
        return view! { <Redirect path=path/> }.into_any();
    }
    if door.sign_up_open { form(door, action, next.to_owned()) } else { closed() }
}

fn closed() -> AnyView {
    view! {
        <AuthPage title="Create account">
            <Note
                kind=NoteKind::Info
                title="Accounts on this server are created by invitation."
                text="Ask an admin of your team for one; the link comes by mail."
            />
            <p class="auth-else">"You have an account? "<a class="link" href="/login">"Sign in"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn form(door: Door, action: FormAction, next: String) -> AnyView {
    let problems = action.problems();
    let lead = if door.empty { "The first account runs this platform.".to_owned() } else { format!("on {}", door.host) };
    let setup_token = door.needs_setup_token.then(|| {
        view! {
            <Field
                label="Setup token"
                name="setup_token"
                size="xl"
                autocomplete="off"
                required=true
                maxlength=100
                hint="The server printed it when it started. It is valid for one hour."
                error=problems.field("setup_token")
            />
        }
    });
    let email_hint = if door.domains.is_empty() { String::new() } else { format!("An address at {}.", door.domains) };
    view! {
        <AuthPage title="Create account" lead=lead>
            <Form action=action class="auth-fields">
                {problems.note()}
                <input type="hidden" name="next" value=next/>
                {credentials::name(door.name, problems)}
                {credentials::email(door.email, email_hint, false, problems)}
                {credentials::new_password("Password", false, problems)}
                {setup_token}
                <Button label="Create account" class="primary lg wide" busy=action.pending()/>
            </Form>
            <p class="auth-else">"You have an account? "<a class="link" href="/login">"Sign in"</a></p>
        </AuthPage>
    }
    .into_any()
}
