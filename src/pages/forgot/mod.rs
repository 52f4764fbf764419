//! `/forgot`

use leptos::prelude::*;

use super::{failure::page_failure, problems::Problems, query_param};
use crate::{
    components::{AuthPage, Button, Field, Note, NoteKind},
    server_fns::accounts::{Door, ForgotPassword, get_door},
};

/// Asking for a link to set a new password.
#[component]
pub fn ForgotPage() -> impl IntoView {
    let door = Resource::new_blocking(|| (), |()| get_door());
    let action = ServerAction::<ForgotPassword>::new();
    let sent = query_param("sent");
    view! {
        <Suspense>
            {move || {
                let sent = sent.get() == "1";
                Suspend::new(async move {
                    match door.await {
                        _ if sent => sent_note(),
                        Ok(door) => form(door, action),
                        Err(error) => page_failure(&error),
                    }
                })
            }}
        </Suspense>
    }
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

fn form(door: Door, action: ServerAction<ForgotPassword>) -> AnyView {
    let problems = Problems::of(action);
    view! {
        <AuthPage title="Forgot password" lead="You get a link to set a new one.">
            <ActionForm action=action attr:class="auth-fields">
                {problems.note()}
                <Field
                    label="Email"
                    name="email"
                    kind="email"
                    value=door.email
                    size="xl"
                    autocomplete="username"
                    inputmode="email"
                    required=true
                    autofocus=true
                    maxlength=254
                    error=problems.field("email")
                />
                <Button label="Send link" class="primary lg wide" busy=action.pending()/>
            </ActionForm>
            <p class="auth-else"><a class="link" href="/login">"Back to sign in"</a></p>
        </AuthPage>
    }
    .into_any()
}
