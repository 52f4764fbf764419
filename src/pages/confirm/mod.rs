//! `/confirm`: where the mailed link leads, its token in a cookie. Confirming is a form, because mail scanners open links.

use leptos::prelude::*;

use super::{
    data::{PageData, nothing},
    form::{Form, FormAction},
    query_param,
};
use crate::{
    components::{AuthPage, Button, Note, NoteKind},
    server_fns::accounts::{ConfirmEmail, GetMailedLink},
};

/// Confirming an address.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let link = PageData::load(|| GetMailedLink { page: "confirm".into() });
    let action = FormAction::to::<ConfirmEmail>();
    let done = query_param("done");
    link.page(nothing, move |link| {
        let view = move || match (done.get().as_str(), link.good) {
            ("1", _) => confirmed(),
            (_, true) => form(action),
            (_, false) => over(),
        };
        view.into_any()
    })
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

fn form(action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <AuthPage title="Confirm your address" lead="So that mails about your teams reach you.">
            <Form action=action class="auth-fields">
                {problems.note()}
                <Button label="Confirm address" class="primary lg wide" busy=action.pending()/>
            </Form>
        </AuthPage>
    }
    .into_any()
}
