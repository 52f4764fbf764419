use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, Field, Icon, Note, NoteKind, Opt, Select, noscroll},
    pages::form::{Form, FormAction},
    server_fns::{
        members::list_address,
        team_settings::{SeatsPreview, SettingsPage as Settings, settings_address},
    },
};

/// Transfer, leave, delete: one row each, for whoever may.
pub(super) fn danger_zone(page: &Settings, team: &str) -> Option<AnyView> {
    let transfer = page.owns.then(|| {
        let text = "Another member becomes the owner, you become an admin. Nothing stops working.";
        row("Transfer ownership", text, format!("{}?dialog=transfer", settings_address(team)))
    });
    let leave = page.may_leave.then(|| {
        let text = "Your keys of this team stop. Your usage stays in its statistics.";
        row("Leave team", text, format!("{}?dialog=leave", list_address(team)))
    });
    let delete = page.owns.then(|| {
        let text = "Its keys stop and everybody loses access. Usage stays for audit.";
        row("Delete team", text, format!("{}?dialog=delete", settings_address(team)))
    });
    if transfer.is_none() && leave.is_none() {
        return None;
    }
    let view = view! {
        <section class="card danger-zone" aria-labelledby="danger">
            <header><h2 id="danger">"Danger zone"</h2></header>
            <div class="body">{transfer}{leave}{delete}</div>
        </section>
    };
    Some(view.into_any())
}

fn row(label: &'static str, text: &'static str, href: String) -> AnyView {
    view! {
        <div class="danger-row">
            <span><b>{label}</b><small class="sub">{text}</small></span>
            <a href=href class="btn" {..noscroll()}>{label}</a>
        </div>
    }
    .into_any()
}

/// To whom, what happens, the team's name, and the password where it was not entered just now.
#[component]
pub(super) fn TransferDialog(team: String, page: Settings, action: FormAction) -> impl IntoView {
    let close = settings_address(&team);
    if page.candidates.is_empty() {
        return view! {
            <Dialog id="transfer" title="Transfer ownership" close=close.clone()>
                <div class="dlg-body">
                    <Note
                        kind=NoteKind::Info
                        title="Nobody can take over yet."
                        text="The new owner is an admin or member of the team. Invite somebody, or make a viewer a member first."
                    />
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Close"</a>
                    <a href=list_address(&team) class="btn primary">"Open members"</a>
                </footer>
            </Dialog>
        }
        .into_any();
    }
    let problems = action.problems();
    let typed = if problems.any() { page.typed } else { Default::default() };
    let lead =
        format!("{} always has exactly one owner. The transfer takes effect at once and can not be undone by you.", page.name);
    let choices = page.candidates.into_iter().map(|candidate| Opt::new(candidate.user, candidate.line)).collect();
    let password = page.needs_password.then(|| {
        view! {
            <Field
                label="Your password"
                name="password"
                id="transfer-password"
                kind="password"
                hint="Asked again after 10 minutes."
                error=problems.field("password")
                required=true
                autocomplete="current-password"
            />
        }
    });
    view! {
        <Dialog id="transfer" title="Transfer ownership" lead=move || view! { <p>{lead.clone()}</p> } close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <Select
                        label="New owner"
                        name="to"
                        id="transfer-to"
                        choices=choices
                        selected=typed.to
                        hint="Only admins and members can be chosen. Pending invitations do not count."
                        error=problems.field("to")
                        required=true
                    />
                    <div class="panel">
                        <ul class="facts">
                            <li><Icon name="up"/><span><b>"They become owner"</b>" and control seats, transfer and deletion."</span></li>
                            <li>
                                <Icon name="down"/>
                                <span><b>"You become an admin."</b>" You keep members, keys and usage, and lose seats and deletion."</span>
                            </li>
                            <li><Icon name="okc"/><span><b>"Nothing stops working. "</b>{page.stays}</span></li>
                        </ul>
                    </div>
                    {typed_name(&page.name, "transfer-name", typed.confirm_name, action)}
                    {password}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Transfer ownership" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
    .into_any()
}

/// What stops, and the team's name.
#[component]
pub(super) fn DeleteDialog(team: String, page: Settings, action: FormAction) -> impl IntoView {
    let close = settings_address(&team);
    let problems = action.problems();
    let typed = if problems.any() { page.typed.confirm_name } else { String::new() };
    let icons = ["key", "users"].into_iter().chain(std::iter::repeat("info"));
    let ends = page
        .ends
        .into_iter()
        .zip(icons)
        .map(|(text, icon)| view! { <li><Icon name=icon/><span>{text}</span></li> })
        .collect_view();
    view! {
        <Dialog id="delete-team" title=format!("Delete {}?", page.name) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <ul class="facts">{ends}</ul>
                    {typed_name(&page.name, "delete-name", typed, action)}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Delete team" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// Which invitations lose their seat.
#[component]
pub(super) fn SeatsDialog(team: String, preview: SeatsPreview, action: FormAction) -> impl IntoView {
    let close = settings_address(&team);
    let problems = action.problems();
    let lost = preview.without_seat.len();
    let lead = if lost == 1 {
        "1 invitation loses its seat:".to_owned()
    } else {
        format!("{lost} invitations lose their seat, newest first:")
    };
    let rows =
        preview.without_seat.into_iter().map(|email| view! { <li><Icon name="mail"/><span>{email}</span></li> }).collect_view();
    view! {
        <Dialog id="seats-dialog" title=format!("Reduce to {} seats?", preview.seats) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <input type="hidden" name="seats" value=preview.seats/>
                    <input type="hidden" name="confirmed" value="true"/>
                    <p class="sub">{lead}</p>
                    <ul class="facts">{rows}</ul>
                    <p class="hint">"Their links stay valid; joining works once there is a seat."</p>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Save seats" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

fn typed_name(name: &str, id: &'static str, typed: String, action: FormAction) -> AnyView {
    view! {
        <Field
            label=format!("Type {name} to confirm")
            name="confirm_name"
            id=id
            value=typed
            error=action.problems().field("confirm_name")
            required=true
            maxlength=100
            autocomplete="off"
        />
    }
    .into_any()
}
