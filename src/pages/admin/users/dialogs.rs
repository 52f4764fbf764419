use leptos::prelude::*;

use crate::{
    components::{Field, Opt, Select, TextArea},
    pages::{
        confirm_dialog::{ConfirmDialog, fact},
        form::FormAction,
    },
    server_fns::users::{RecoveryView, user_address},
};

/// What a dialog asks: whether one is sure, and perhaps why.
pub(super) struct Sure {
    title: String,
    label: &'static str,
    danger: bool,
    facts: Vec<(&'static str, String)>,
    /// Label, and whether it must be given.
    reason: Option<(&'static str, bool)>,
    /// Name and value of one more field.
    field: Option<(&'static str, &'static str)>,
}

impl Sure {
    pub(super) fn new(title: String, label: &'static str, facts: Vec<(&'static str, String)>) -> Self {
        Self { title, label, danger: false, facts, reason: None, field: None }
    }

    pub(super) fn danger(self) -> Self {
        Self { danger: true, ..self }
    }

    pub(super) fn reason(self, label: &'static str, required: bool) -> Self {
        Self { reason: Some((label, required)), ..self }
    }

    pub(super) fn field(self, name: &'static str, value: &'static str) -> Self {
        Self { field: Some((name, value)), ..self }
    }
}

/// Says what a change does to an account, before it is made.
#[component]
pub(super) fn AskDialog(
    user: String,
    sure: Sure,
    /// The reason that was typed and refused.
    typed: String,
    action: FormAction,
) -> impl IntoView {
    let problems = action.problems();
    let typed = if problems.any() { typed } else { String::new() };
    let reason = sure.reason.map(|(label, required)| {
        let field = view! {
            <TextArea
                label=label
                name="reason"
                value=typed
                rows=2
                maxlength=500
                required=required
                optional=!required
                hint="Platform admins read it here and in the audit log."
                error=problems.field("reason")
            />
        };
        field.into_any()
    });
    let close = user_address(&user);
    let field = sure.field.map(|(name, value)| (name, value.to_owned()));
    view! {
        <ConfirmDialog
            id="ask"
            title=sure.title
            close=close
            action=action
            fields=std::iter::once(("user", user)).chain(field).collect()
            facts=sure.facts.into_iter().map(|(icon, text)| fact(icon, text)).collect()
            last=reason
            label=sure.label
            danger=sure.danger
        />
    }
}

/// Another owner for a team whose owner is out of reach.
#[component]
pub(super) fn RecoverDialog(user: String, view: RecoveryView, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let (reason, email) = if problems.any() { (view.typed_reason, view.typed_email) } else { Default::default() };
    let mut choices: Vec<Opt> = view.candidates.into_iter().map(|(user, name)| Opt::new(user, name)).collect();
    let nobody = choices.is_empty();
    // Where an address was typed, it was meant.
    let selected =
        if email.is_empty() { choices.first().map(|choice| choice.value.clone()).unwrap_or_default() } else { String::new() };
    choices.push(Opt::new("", "Another account, by its email"));
    let select = (!nobody).then(|| {
        view! { <Select label="New owner" name="to" choices=choices selected=selected error=problems.field("to")/> }
    });
    let reason = view! {
        <TextArea
            label="Reason"
            name="reason"
            id="recover-reason"
            value=reason
            rows=2
            maxlength=500
            required=true
            hint="The old and the new owner read it."
            error=problems.field("reason")
        />
    };
    view! {
        <ConfirmDialog
            id="recover"
            title=format!("Recover ownership of {}", view.team)
            close=user_address(&user)
            width="w-560"
            action=action
            fields=vec![("user", view.owner), ("team", view.slug)]
            facts=view.effects.into_iter().map(|text| fact("info", text)).collect()
            last=Some(reason.into_any())
            label="Recover ownership"
            danger=true
        >
            {select}
            <Field
                label=if nobody { "Email of the new owner" } else { "Email of another account" }
                name="email"
                id="recover-email"
                kind="email"
                value=email
                hint=if nobody { "The team has no other member who could own it." } else { "Only for somebody who is not listed." }
                required=nobody
                optional=!nobody
                maxlength=254
                autocomplete="off"
                error=problems.field("email")
            />
        </ConfirmDialog>
    }
}
