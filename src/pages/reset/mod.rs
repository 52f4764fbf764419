//! `/reset`: where the mailed link leads, its token in a cookie.

use leptos::prelude::*;

use super::{failure::page_failure, problems::Problems, signup::PASSWORD_HINT};
use crate::{
    components::{AuthPage, Button, Field, Note, NoteKind},
    server_fns::accounts::{ResetPassword, get_mailed_link},
};

/// Setting a new password.
#[component]
pub fn ResetPage() -> impl IntoView {
    let link = Resource::new_blocking(|| (), |()| get_mailed_link("reset".into()));
    let action = ServerAction::<ResetPassword>::new();
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match link.await {
                    Ok(link) if link.good => form(action),
                    Ok(_) => over(),
                    Err(error) => page_failure(&error),
                }
            })}
        </Suspense>
    }
}

fn over() -> AnyView {
    view! {
        <AuthPage title="Set a new password">
            <Note
                kind=NoteKind::Warn
                title="This link does not work any more."
                text="It was used already, was replaced by a newer one, or its 30 minutes are over."
            />
            <p class="auth-else"><a class="link" href="/forgot">"Ask for a new link"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn form(action: ServerAction<ResetPassword>) -> AnyView {
    let problems = Problems::of(action);
    view! {
        <AuthPage title="Set a new password" lead="All browsers that are signed in now will be signed out.">
            <ActionForm action=action attr:class="auth-fields">
                {problems.note()}
                <Field
                    label="New password"
                    name="password"
                    kind="password"
                    size="xl"
                    autocomplete="new-password"
                    required=true
                    autofocus=true
                    minlength=8
                    hint=PASSWORD_HINT
                    error=problems.field("password")
                />
                <Button label="Set password" class="primary lg wide" busy=action.pending()/>
            </ActionForm>
        </AuthPage>
    }
    .into_any()
}
