use leptos::prelude::*;

use crate::{
    components::{Field, Opt, Select, noscroll},
    pages::{
        confirm_dialog::{ConfirmDialog, RefusalDialog, Typed, fact},
        form::FormAction,
    },
    server_fns::{
        members::list_address,
        team_settings::{SeatsPreview, SettingsPage as Settings, settings_address},
    },
};

/// Transfer, leave, delete: one row each, for whoever may.
pub(super) fn danger_zone(page: &Settings, team: &str) -> Option<AnyView> {
    let transfer = page.owns.then(|| {
        let text = "Another member becomes the owner, you become an admin. Nothing stops working.";
        row("Transfer ownership", text, format!("{}?dialog=transfer", settings_address(team)), false)
    });
    let leave = page.may_leave.then(|| {
        let text = "Your keys of this team stop. Your usage stays in its statistics.";
        row("Leave team", text, format!("{}?dialog=leave", list_address(team)), true)
    });
    let delete = page.owns.then(|| {
        let text = "Its keys stop and everybody loses access. Usage stays for audit.";
        row("Delete team", text, format!("{}?dialog=delete", settings_address(team)), true)
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

fn row(label: &'static str, text: &'static str, href: String, ends: bool) -> AnyView {
    view! {
        <div class="danger-row">
            <span><b>{label}</b><small class="sub">{text}</small></span>
            <a href=href class=if ends { "btn ends" } else { "btn" } {..noscroll()}>{label}</a>
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
            <RefusalDialog
                id="transfer"
                title="Transfer ownership"
                close=close
                reason="Nobody can take over yet."
                text="The new owner is an admin or member of the team. Invite somebody, or make a viewer a member first."
                first=("Open members", list_address(&team))
            />
        }
        .into_any();
    }
    let problems = action.problems();
    let typed = if problems.any() { page.typed } else { Default::default() };
    let lead =
        format!("{} always has exactly one owner. The transfer takes effect at once and can not be undone by you.", page.name);
    let choices = page.candidates.into_iter().map(|candidate| Opt::new(candidate.user, candidate.line)).collect();
    let facts = vec![
        fact("up", view! { <b>"They become owner"</b>" and control seats, transfer and deletion." }),
        fact("down", view! { <b>"You become an admin."</b>" You keep members, keys and usage, and lose seats and deletion." }),
        fact("okc", view! { <b>"Nothing stops working. "</b>{page.stays} }),
    ];
    let password = page.needs_password.then(|| {
        let field = view! {
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
        };
        field.into_any()
    });
    let name = Typed { text: page.name, name: "confirm_name", id: "transfer-name", value: typed.confirm_name };
    view! {
        <ConfirmDialog
            id="transfer"
            title="Transfer ownership"
            lead=move || view! { <p>{lead.clone()}</p> }
            close=close
            width="w-560"
            action=action
            fields=vec![("team", team)]
            facts=facts
            typed=name
            last=password
            label="Transfer ownership"
            danger=true
        >
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
        </ConfirmDialog>
    }
    .into_any()
}

/// What stops, and the team's name.
#[component]
pub(super) fn DeleteDialog(team: String, page: Settings, action: FormAction) -> impl IntoView {
    let typed = if action.problems().any() { page.typed.confirm_name } else { String::new() };
    let icons = ["key", "users"].into_iter().chain(std::iter::repeat("info"));
    view! {
        <ConfirmDialog
            id="delete-team"
            title=format!("Delete {}?", page.name)
            close=settings_address(&team)
            action=action
            fields=vec![("team", team)]
            facts=page.ends.into_iter().zip(icons).map(|(text, icon)| fact(icon, text)).collect()
            typed=Typed { text: page.name, name: "confirm_name", id: "delete-name", value: typed }
            label="Delete team"
            danger=true
        />
    }
}

/// Which invitations lose their seat.
#[component]
pub(super) fn SeatsDialog(team: String, preview: SeatsPreview, action: FormAction) -> impl IntoView {
    let lead = match preview.without_seat.len() {
        1 => "1 invitation loses its seat. Its link stays valid; joining works once there is a seat.".to_owned(),
        n => {
            format!("{n} invitations lose their seat, newest first. Their links stay valid; joining works once there is a seat.")
        }
    };
    view! {
        <ConfirmDialog
            id="seats-dialog"
            title=format!("Reduce to {} seats?", preview.seats)
            lead=move || view! { <p>{lead.clone()}</p> }
            close=settings_address(&team)
            action=action
            fields=vec![("team", team), ("seats", preview.seats), ("confirmed", "true".to_owned())]
            facts=preview.without_seat.into_iter().map(|email| fact("mail", email)).collect()
            label="Save seats"
        />
    }
}
