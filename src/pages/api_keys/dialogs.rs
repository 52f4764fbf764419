use leptos::prelude::*;

use crate::{
    components::{Button, Choice, Dialog, Field, Icon, Opt, Secret, Segmented, Select, SnippetTabs, noscroll},
    domain::self_service::KeyHints,
    pages::{
        allowance::{budget_fields, folded, window_fields},
        confirm_dialog::{ConfirmDialog, fact},
        form::{Form, FormAction, Problems},
    },
    server_fns::{
        api_keys::{KeyRow, KeysPage as Keys, NewKeyView, list_address},
        quotas::{AllowanceForm, TypedLimits},
    },
};

/// Name, expiry and kind of a new key.
#[component]
pub(super) fn CreateDialog(team: String, page: Keys, action: FormAction) -> impl IntoView {
    let close = list_address(&team);
    let problems = action.problems();
    let name = if problems.any() { page.typed_name } else { String::new() };
    let hints = page.hints;
    let keys = (!hints.keys.is_empty()).then(|| view! { <p class="sub">{hints.keys.clone()}</p> });
    let payer = if page.personal { "your personal space".to_owned() } else { page.context.clone() };
    let lead = move || view! { <p>"Charged to "<b>{payer.clone()}</b>". Calls count towards its budget and limits."</p> };
    let expiries = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("never", "Never")];
    let expiries = expiries.into_iter().map(|(value, label)| Opt::new(value, label)).collect();
    let mut kinds = vec![Choice::new("person", "Yours"), Choice::new("test", "Test")];
    if page.may_create_application {
        kinds.insert(1, Choice::new("application", "Application"));
    }
    let kinds_hint = if page.may_create_application {
        "An application key belongs to the team and survives removals. A test key calls simulated models only, for free."
    } else {
        "A test key calls simulated models only, for free."
    };
    view! {
        <Dialog id="create-key" title="Create API key" lead=lead close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    {keys}
                    <input type="hidden" name="team" value=team/>
                    <Field
                        label="Name"
                        name="name"
                        id="key-name"
                        value=name
                        hint="Say where it runs. You can rename it later."
                        error=problems.field("name")
                        required=true
                        autofocus=true
                        maxlength=60
                        autocomplete="off"
                    />
                    <Select
                        label="Expires"
                        name="expires"
                        id="key-expires"
                        choices=expiries
                        selected=if hints.expiry.is_empty() { "90" } else { "30" }
                        hint=hints.expiry.clone()
                        error=problems.field("expires_at")
                    />
                    {limit_fields(TypedLimits::default(), page.typed_limits, &hints, problems)}
                    <Segmented label="Kind" name="kind" choices=kinds selected="person" hint=kinds_hint/>
                    <p class="panel with-icon"><Icon name="info"/><span class="sub">"The secret is shown once, right after creation."</span></p>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Create key" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// The secret, this once. It leads on only when the person says that it is stored.
#[component]
pub(super) fn NewKeyDialog(view: NewKeyView, list: String) -> impl IntoView {
    let name = view.name.clone();
    let lead = move || view! { <p><b>{name.clone()}</b>" is ready. Only a hash is stored, so it cannot be shown again."</p> };
    let snippets = view.snippets.map(|text| view! { <SnippetTabs id="try" text=text/> });
    let overlap = (!view.overlap.is_empty()).then(|| {
        view! { <li><Icon name="refresh"/><span>"The old secret works until "<b>{view.overlap}</b></span></li> }
    });
    view! {
        <Dialog id="new-key" title="Copy your key now" lead=lead close=list.clone() width="w-600" closable=false>
            <form method="get" action=list>
                <div class="dlg-body">
                    <Secret
                        label="Secret key"
                        id="secret"
                        value=view.secret
                        hint="Keep it in a secret manager. If it leaks, revoke it here; the effect is immediate."
                    />
                    {snippets}
                    <ul class="facts">
                        <li>
                            <Icon name="users"/>
                            <span>"Charged to "<b>{view.context}</b>", owned by "<b>{view.owner}</b></span>
                        </li>
                        <li><Icon name="clock"/><span>"Expires: "<b>{view.expires}</b></span></li>
                        {overlap}
                    </ul>
                </div>
                <footer>
                    <label class="chk">
                        <input type="checkbox" required=true/>
                        <span>"I stored the key somewhere safe"</span>
                    </label>
                    <Button label="Done" class="primary"/>
                </footer>
            </form>
        </Dialog>
    }
}

/// A key's name, end, budget and limits.
#[component]
pub(super) fn EditDialog(
    team: String,
    row: KeyRow,
    hints: KeyHints,
    /// Name and limits that were refused just now.
    typed: (String, Option<TypedLimits>),
    action: FormAction,
) -> impl IntoView {
    let close = list_address(&team);
    let problems = action.problems();
    let (typed_name, typed_limits) = typed;
    let name = if problems.any() && !typed_name.is_empty() { typed_name } else { row.name };
    let expiries = [("", "As it is"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("never", "Never")];
    let expiries = expiries.into_iter().map(|(value, label)| Opt::new(value, label)).collect();
    let present = format!("Now: {}. {}", row.expires, hints.expiry);
    view! {
        <Dialog id="edit-key" title="Edit key" close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <input type="hidden" name="id" value=row.id/>
                    <Field
                        label="Name"
                        name="name"
                        id="key-name"
                        value=name
                        hint="Past calls keep the name they were made under."
                        error=problems.field("name")
                        required=true
                        autofocus=true
                        maxlength=60
                        autocomplete="off"
                    />
                    <Select
                        label="Expires"
                        name="expires"
                        id="key-expires"
                        choices=expiries
                        selected=""
                        hint=present.trim().to_owned()
                        error=problems.field("expires_at")
                    />
                    {limit_fields(row.limits, typed_limits, &hints, problems)}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Save key" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// The budget, and the rate limits folded.
fn limit_fields(set: TypedLimits, typed: Option<TypedLimits>, hints: &KeyHints, problems: Problems) -> AnyView {
    let budget = match hints.budget.as_str() {
        "" => "Empty: no budget of its own.".to_owned(),
        most => most.to_owned(),
    };
    let form = AllowanceForm { set, typed, hints: vec![budget], ..AllowanceForm::default() };
    view! {
        {budget_fields(&form, false, problems)}
        {folded("Rate limits", &form, false, problems, window_fields(&form, problems))}
    }
    .into_any()
}

#[component]
pub(super) fn RotateDialog(team: String, row: KeyRow, action: FormAction) -> impl IntoView {
    let present = view! { "The present one, "<b class="mono">{row.masked}</b>", works for another 24 hours." };
    let facts = vec![
        fact("key", "A new secret is made and shown once."),
        fact("clock", present),
        fact("gauge", "Name, expiry and statistics stay."),
    ];
    view! {
        <ConfirmDialog
            id="rotate-key"
            title=format!("Rotate {}?", row.name)
            close=list_address(&team)
            action=action
            fields=vec![("team", team), ("id", row.id)]
            facts=facts
            label="Rotate key"
        />
    }
}

#[component]
pub(super) fn RevokeDialog(team: String, row: KeyRow, action: FormAction) -> impl IntoView {
    let used = match row.last_used.as_str() {
        "Never used" => "It was never used.".to_owned(),
        "In use now" => "It is in use now.".to_owned(),
        last => format!("It was last used {last}."),
    };
    let facts = vec![
        fact("lock", "Its next call is refused with 401. This can not be undone."),
        fact("clock", used),
        fact("gauge", "Its usage stays in the statistics."),
    ];
    view! {
        <ConfirmDialog
            id="revoke-key"
            title=format!("Revoke {}?", row.name)
            close=list_address(&team)
            action=action
            fields=vec![("team", team), ("id", row.id)]
            facts=facts
            label="Revoke key"
            danger=true
        />
    }
}
