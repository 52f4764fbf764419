use leptos::prelude::*;

use crate::{
    components::{Field, noscroll},
    pages::{
        confirm_dialog::{ConfirmDialog, Typed, fact},
        form::FormAction,
    },
};

const ADDRESS: &str = "/account";

/// The way to the account's end.
pub(super) fn deletion() -> AnyView {
    view! {
        <section class="card" aria-labelledby="deletion">
            <header>
                <h2 id="deletion">"Delete account"</h2>
                <p>"Your keys stop, your memberships and your personal space end."</p>
                <span class="end"><a class="btn sm" href="/account?dialog=delete" {..noscroll()}>"Delete account"</a></span>
            </header>
        </section>
    }
    .into_any()
}

/// Says what ends, and asks for address and password.
#[component]
pub(super) fn DeleteDialog(email: String, action: FormAction) -> impl IntoView {
    let facts = vec![
        fact("lock", "Your keys and tokens stop at their next request."),
        fact("clock", "What you used stays in statistics, under your name. This can not be undone."),
    ];
    let password = view! {
        <Field
            label="Password"
            name="password"
            id="delete-password"
            kind="password"
            error=action.problems().field("password")
            required=true
            autocomplete="current-password"
        />
    };
    view! {
        <ConfirmDialog
            id="delete-account"
            title="Delete your account?"
            close=ADDRESS
            action=action
            fields=vec![]
            facts=facts
            typed=Typed { text: email, name: "confirm", id: "delete-confirm", value: String::new() }
            last=Some(password.into_any())
            label="Delete account"
            danger=true
        />
    }
}
