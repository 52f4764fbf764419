//! The fields that the pages around signing in share, with the words that password managers and keyboards go by.

use leptos::prelude::*;

use super::form::Problems;
use crate::components::Field;

/// Says beside every new password what is asked of it.
pub(super) const PASSWORD_HINT: &str = "At least 8 characters, better 12. A few unrelated words make a good one.";

/// An address to type.
pub(super) fn email(typed: String, hint: String, first: bool, problems: Problems) -> AnyView {
    view! {
        <Field
            label="Email"
            name="email"
            kind="email"
            value=typed
            size="xl"
            autocomplete="username"
            inputmode="email"
            required=true
            autofocus=first
            maxlength=254
            hint=hint
            error=problems.field("email")
        />
    }
    .into_any()
}

/// An address that is known, for the eye and for password managers: the server takes it from elsewhere.
pub(super) fn known_email(email: String) -> AnyView {
    view! { <Field label="Email" name="username" kind="email" value=email size="xl" autocomplete="username" readonly=true/> }
        .into_any()
}

/// The name of a new account; its form begins with it.
pub(super) fn name(typed: String, problems: Problems) -> AnyView {
    view! {
        <Field
            label="Name"
            name="name"
            value=typed
            size="xl"
            autocomplete="name"
            required=true
            autofocus=true
            maxlength=80
            error=problems.field("name")
        />
    }
    .into_any()
}

/// The password of an account. `aside` is a link beside the label: words and address.
pub(super) fn password(first: bool, aside: Option<(&'static str, &'static str)>, problems: Problems) -> AnyView {
    view! {
        <Field
            label="Password"
            name="password"
            kind="password"
            size="xl"
            autocomplete="current-password"
            required=true
            autofocus=first
            aside=aside
            error=problems.field("password")
        />
    }
    .into_any()
}

/// The way out for who does not know it any more.
pub(super) const FORGOT: Option<(&str, &str)> = Some(("Forgot password?", "/forgot"));

/// A password that is chosen now.
pub(super) fn new_password(label: &'static str, first: bool, problems: Problems) -> AnyView {
    view! {
        <Field
            label=label
            name="password"
            kind="password"
            size="xl"
            autocomplete="new-password"
            required=true
            autofocus=first
            minlength=8
            hint=PASSWORD_HINT
            error=problems.field("password")
        />
    }
    .into_any()
}
