use leptos::prelude::*;

use super::super::{
    credentials,
    form::{Form, FormAction},
};
use crate::{
    components::{AuthPage, Button, Note, NoteKind},
    server_fns::accounts::MailedLink,
};

/// Where the mailed link leads: the password once more, then there is an account.
pub(super) fn finish_sign_up(link: MailedLink, action: FormAction) -> AnyView {
    if link.good { form(link.email, action) } else { over() }
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

fn form(email: String, action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <AuthPage title="Finish signing up" lead="Enter the password that you chose.">
            <Form action=action class="auth-fields">
                {problems.note()}
                {credentials::known_email(email)}
                {credentials::password(true, None, problems)}
                <Button label="Create account" class="primary lg wide" busy=action.pending()/>
            </Form>
        </AuthPage>
    }
    .into_any()
}
