//! `/reset`: where the mailed link leads, its token in a cookie.

use leptos::prelude::*;

use super::{
    credentials,
    data::{PageData, nothing},
    form::{Form, FormAction},
};
use crate::{
    components::{AuthPage, Button, Note, NoteKind},
    server_fns::accounts::{GetMailedLink, ResetPassword},
};

/// Setting a new password.
#[component]
pub fn ResetPage() -> impl IntoView {
    let link = PageData::load(|| GetMailedLink { page: "reset".into() });
    let action = FormAction::to::<ResetPassword>();
    link.page(nothing, move |link| if link.good { form(action) } else { over() })
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

fn form(action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <AuthPage title="Set a new password" lead="All browsers that are signed in now will be signed out.">
            <Form action=action class="auth-fields">
                {problems.note()}
                {credentials::new_password("New password", true, problems)}
                <Button label="Set password" class="primary lg wide" busy=action.pending()/>
            </Form>
        </AuthPage>
    }
    .into_any()
}
