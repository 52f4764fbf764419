//! `/confirm`: where the mailed link leads, its token in a cookie. Confirming is a form, because mail scanners open links.

use leptos::prelude::*;

use super::{failure::page_failure, problems::Problems, query_param};
use crate::{
    components::{AuthPage, Button, Note, NoteKind},
    server_fns::accounts::{ConfirmEmail, get_mailed_link},
};

/// Confirming an address.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let link = Resource::new_blocking(|| (), |()| get_mailed_link("confirm".into()));
    let action = ServerAction::<ConfirmEmail>::new();
    let done = query_param("done");
    view! {
        <Suspense>
            {move || {
                let done = done.get() == "1";
                Suspend::new(async move {
                    match link.await {
                        _ if done => confirmed(),
                        Ok(link) if link.good => form(action),
                        Ok(_) => over(),
                        Err(error) => page_failure(&error),
                    }
                })
            }}
        </Suspense>
    }
}

fn confirmed() -> AnyView {
    view! {
        <AuthPage title="Address confirmed">
            <Note kind=NoteKind::Ok title="Mails about your teams reach you."/>
            <p class="auth-else"><a class="link" href="/">"Go to my teams"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn over() -> AnyView {
    view! {
        <AuthPage title="Confirm your address">
            <Note kind=NoteKind::Warn title="This link does not work any more." text="Ask for a new one under Account."/>
            <p class="auth-else"><a class="link" href="/account">"Go to my account"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn form(action: ServerAction<ConfirmEmail>) -> AnyView {
    let problems = Problems::of(action);
    view! {
        <AuthPage title="Confirm your address" lead="So that mails about your teams reach you.">
            <ActionForm action=action attr:class="auth-fields">
                {problems.note()}
                <Button label="Confirm address" class="primary lg wide" busy=action.pending()/>
            </ActionForm>
        </AuthPage>
    }
    .into_any()
}
