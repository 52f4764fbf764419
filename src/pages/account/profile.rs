use leptos::prelude::*;

use crate::{
    components::{Badge, Button, Field, Note, NoteKind, Quiet},
    pages::{
        credentials::PASSWORD_HINT,
        form::{Form, FormAction, Problems},
    },
};

/// The display name.
pub(super) fn name(name: String, action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <section class="card" aria-labelledby="profile">
            <header><h2 id="profile">"Profile"</h2></header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <Field
                        label="Name"
                        name="name"
                        value=name
                        hint="Teams see it beside your calls and changes."
                        error=problems.field("name")
                        required=true
                        maxlength=80
                        autocomplete="name"
                    />
                </div>
                <footer class="form-foot"><Button label="Save name" busy=action.pending()/></footer>
            </Form>
        </section>
    }
    .into_any()
}

/// The address, whether it is confirmed, and another one in its place.
pub(super) fn address(email: String, confirmed: bool, action: FormAction, change: FormAction) -> AnyView {
    let problems = action.problems();
    let changing = change.problems();
    let changed = Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(change.worked()));
    let state = if confirmed {
        view! { <Quiet text="Confirmed"/> }.into_any()
    } else {
        view! { <Badge text="Not confirmed" tone="warn" icon="mail"/> }.into_any()
    };
    let resend = (!confirmed).then(|| {
        view! {
            <Note kind=NoteKind::Info title="Confirm your address." text="A link was mailed to it when the account was made.">
                <Form action=action>
                    <Button label="Send link again" class="sm" busy=action.pending()/>
                </Form>
            </Note>
        }
    });
    view! {
        <section class="card" aria-labelledby="address">
            <header><h2 id="address">"Email"</h2><span class="end">{state}</span></header>
            <div class="body form">
                <p>{email}</p>
                {problems.note()}
                {resend}
            </div>
            <Form action=change>
                <div class="body form">
                    {changing.note()}
                    {move || email_fields(changed.get(), changing)}
                </div>
                <footer class="form-foot">
                    <span>"Signs out all other browsers once the new address is confirmed."</span>
                    <Button label="Change email" busy=change.pending()/>
                </footer>
            </Form>
        </section>
    }
    .into_any()
}

/// Made anew, and so empty again, each time a link was sent.
fn email_fields(_changed: u32, problems: Problems) -> AnyView {
    view! {
        <Field
            label="New email"
            name="email"
            id="new-email"
            kind="email"
            hint="A link goes there. Your address changes when you open it."
            error=problems.field("email")
            required=true
            maxlength=254
            autocomplete="email"
        />
        <Field
            label="Password"
            name="email_password"
            kind="password"
            error=problems.field("email_password")
            required=true
            autocomplete="current-password"
        />
    }
    .into_any()
}

/// A new password.
pub(super) fn password(email: String, action: FormAction) -> AnyView {
    let problems = action.problems();
    let changed = Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(action.worked()));
    view! {
        <section class="card" aria-labelledby="password-title">
            <header><h2 id="password-title">"Password"</h2></header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    // Tells password managers whose password this is.
                    <input type="text" name="username" autocomplete="username" value=email readonly=true hidden=true/>
                    {move || password_fields(changed.get(), problems)}
                </div>
                <footer class="form-foot">
                    <span>"Signs out all other browsers."</span>
                    <Button label="Change password" busy=action.pending()/>
                </footer>
            </Form>
        </section>
    }
    .into_any()
}

/// Made anew, and so empty again, each time the password was changed.
fn password_fields(_changed: u32, problems: Problems) -> AnyView {
    view! {
        <Field
            label="Current password"
            name="current_password"
            kind="password"
            error=problems.field("current_password")
            required=true
            autocomplete="current-password"
        />
        <Field
            label="New password"
            name="password"
            kind="password"
            hint=PASSWORD_HINT
            error=problems.field("password")
            required=true
            minlength=8
            autocomplete="new-password"
        />
    }
    .into_any()
}
