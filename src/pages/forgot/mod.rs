//! `/forgot`

use leptos::prelude::*;

use super::{
    credentials,
    data::{PageData, nothing},
    form::{Form, FormAction},
    query_param,
};
use crate::{
    components::{AuthPage, Button, Note, NoteKind},
    server_fns::accounts::{Door, ForgotPassword, GetDoor},
};

/// Asking for a link to set a new password.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let door = PageData::load(|| GetDoor {});
    let action = FormAction::to::<ForgotPassword>();
    let sent = query_param("sent");
    door.page(nothing, move |door| (move || if sent.get() == "1" { sent_note() } else { form(door.clone(), action) }).into_any())
}

fn sent_note() -> AnyView {
    view! {
        <AuthPage title="Check your mail">
            <Note kind=NoteKind::Accent title="If the address has an account, a link is on its way, valid 30 minutes."/>
            <p class="auth-else"><a class="link" href="/login">"Back to sign in"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn form(door: Door, action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <AuthPage title="Forgot password" lead="You get a link to set a new one.">
            <Form action=action class="auth-fields">
                {problems.note()}
                {credentials::email(door.email, String::new(), true, problems)}
                <Button label="Send link" class="primary lg wide" busy=action.pending()/>
            </Form>
            <p class="auth-else"><a class="link" href="/login">"Back to sign in"</a></p>
        </AuthPage>
    }
    .into_any()
}
