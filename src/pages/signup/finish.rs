use leptos::prelude::*;

use super::super::{failure::page_failure, problems::Problems};
use crate::{
    components::{AuthPage, Button, Field, Note, NoteKind},
    server_fns::accounts::{FinishSignUp as Finish, get_mailed_link},
};

/// Where the mailed link leads: the password once more, then there is an account.
#[component]
pub(super) fn FinishSignUp() -> impl IntoView {
    let link = Resource::new_blocking(|| (), |()| get_mailed_link("signup".into()));
    let action = ServerAction::<Finish>::new();
    view! {
        <Suspense>
            {move || Suspend::new(async move {
                match link.await {
                    Ok(link) if link.good => form(link.email, action),
                    Ok(_) => over(),
                    Err(error) => page_failure(&error),
                }
            })}
        </Suspense>
    }
}

fn over() -> AnyView {
    view! {
        <AuthPage title="Finish signing up">
            <Note kind=NoteKind::Warn title="This link is not valid any more." text="Its 24 hours are over, or part of it is missing."/>
            <p class="auth-else"><a class="link" href="/signup">"Sign up once more"</a>" to get a new one."</p>
        </AuthPage>
    }
    .into_any()
}

fn form(email: String, action: ServerAction<Finish>) -> AnyView {
    let problems = Problems::of(action);
    view! {
        <AuthPage title="Finish signing up" lead="Enter the password that you chose.">
            <ActionForm action=action attr:class="auth-fields">
                {problems.note()}
                <Field label="Email" name="username" kind="email" value=email size="xl" autocomplete="username" readonly=true/>
                <Field
                    label="Password"
                    name="password"
                    kind="password"
                    size="xl"
                    autocomplete="current-password"
                    required=true
                    autofocus=true
                    error=problems.field("password")
                />
                <Button label="Create account" class="primary lg wide" busy=action.pending()/>
            </ActionForm>
        </AuthPage>
    }
    .into_any()
}
