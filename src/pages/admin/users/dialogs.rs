use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, Field, Icon, Opt, Select, TextArea, noscroll},
    pages::form::{Form, FormAction},
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
    let close = user_address(&user);
    let problems = action.problems();
    let typed = if problems.any() { typed } else { String::new() };
    let reason = sure.reason.map(|(label, required)| {
        view! {
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
        }
    });
    let field = sure.field.map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let facts = sure.facts.into_iter().map(|(icon, text)| view! { <li><Icon name=icon/><span>{text}</span></li> }).collect_view();
    view! {
        <Dialog id="ask" title=sure.title close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="user" value=user/>
                    {field}
                    <ul class="facts">{facts}</ul>
                    {reason}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=sure.label class=if sure.danger { "danger" } else { "primary" } busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// Another owner for a team whose owner is out of reach.
#[component]
pub(super) fn RecoverDialog(user: String, view: RecoveryView, action: FormAction) -> impl IntoView {
    let close = user_address(&user);
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
    let effects = view.effects.into_iter().map(|text| view! { <li><Icon name="info"/><span>{text}</span></li> }).collect_view();
    view! {
        <Dialog id="recover" title=format!("Recover ownership of {}", view.team) close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="user" value=view.owner/>
                    <input type="hidden" name="team" value=view.slug/>
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
                    <ul class="facts">{effects}</ul>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Recover ownership" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}
