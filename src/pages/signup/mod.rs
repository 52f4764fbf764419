//! `/signup`: the form, the page that points to the mailbox (`?sent=1`), and the end of it that a mailed link leads to (`?link=1`).

mod finish;
mod form;

use leptos::prelude::*;

use self::{finish::finish_sign_up, form::sign_up_form};
use super::{
    data::{PageData, nothing},
    form::FormAction,
    query_param,
};
use crate::{
    components::{AuthPage, Note, NoteKind},
    server_fns::accounts::{FinishSignUp, GetDoor, SignUp},
};

/// Making an account.
#[component]
pub fn SignupPage() -> impl IntoView {
    let (sent, link, next) = (query_param("sent"), query_param("link"), query_param("next"));
    let (sign_up, finish) = (FormAction::to::<SignUp>(), FormAction::to::<FinishSignUp>());
    PageData::load(|| GetDoor {}).page(nothing, move |door| {
        let view = move || match (sent.get().as_str(), link.get().as_str()) {
            ("1", _) => sent_note(),
            (_, "1") => finish_sign_up(door.link.clone(), finish),
            _ => sign_up_form(door.clone(), sign_up, &next.get_untracked()),
        };
        view.into_any()
    })
}

fn sent_note() -> AnyView {
    view! {
        <AuthPage title="Check your mail" lead="One step is left.">
            <Note
                kind=NoteKind::Accent
                title="A link is on its way."
                text="Open it and enter your password once more. It is valid for 24 hours; until then there is no account."
            />
            <p class="auth-else">
                "No mail? Look among the unwanted ones, or "<a class="link" href="/signup">"sign up once more"</a>"."
            </p>
        </AuthPage>
    }
    .into_any()
}
