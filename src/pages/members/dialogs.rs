use leptos::prelude::*;

use super::table::sentence;
use crate::{
    components::{Button, Choice, CopyButton, Dialog, Icon, RadioGroup, Secret, TextArea, noscroll},
    domain::roles::Role,
    pages::{
        confirm_dialog::{ConfirmDialog, RefusalDialog, fact},
        form::{Form, FormAction},
    },
    server_fns::{
        invitations::InviteLine,
        members::{MemberLine, MembersPage as Members, RemovalView, list_address},
    },
};

/// Addresses, role and a word to them.
#[component]
pub(super) fn InviteDialog(team: String, page: Members, action: FormAction) -> impl IntoView {
    let close = list_address(&team);
    let problems = action.problems();
    let (emails, note) = if problems.any() { (page.typed_emails, page.typed_note) } else { Default::default() };
    let roles =
        page.grantable.iter().map(|role| Choice::new(role.as_str(), role.label()).hint(sentence(role.allows()))).collect();
    view! {
        <Dialog id="invite" title="Invite members" lead=|| view! { <p>"Each address gets a link that is good for 7 days."</p> } close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <TextArea
                        label="Email addresses"
                        name="emails"
                        value=emails
                        rows=4
                        hint="One per line, up to 20."
                        required=true
                        error=problems.field("emails")
                    />
                    <RadioGroup label="Role" name="role" choices=roles selected=Role::Member.as_str()/>
                    <TextArea
                        label="Note"
                        name="note"
                        value=note
                        rows=2
                        maxlength=500
                        optional=true
                        hint="Stands in the mail."
                        error=problems.field("note")
                    />
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Send invitations" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// What became of each address.
#[component]
pub(super) fn InvitedDialog(lines: Vec<InviteLine>, list: String) -> impl IntoView {
    let sent = lines.iter().filter(|line| line.sent).count();
    let others = lines.len() - sent;
    let title = match (sent, others) {
        (0, _) => "Nobody was invited".to_owned(),
        (n, 0) => format!("{n} invited"),
        (n, m) => format!("{n} invited, {m} not"),
    };
    let rows = lines.into_iter().map(result).collect_view();
    view! {
        <Dialog id="invited" title=title close=list.clone() closable=false>
            <form method="get" action=list>
                <div class="dlg-body">
                    <ul class="facts">{rows}</ul>
                </div>
                <footer>
                    <Button label="Done" class="primary"/>
                </footer>
            </form>
        </Dialog>
    }
}

fn result(line: InviteLine) -> AnyView {
    let icon = if line.sent { "okc" } else { "alert" };
    let copy = (!line.link.is_empty()).then(|| view! { <CopyButton text=line.link label="Copy link" class="sm ghost"/> });
    view! {
        <li>
            <Icon name=icon/>
            <span class="grow"><b>{line.email}</b>" "{line.sentence}</span>
            {copy}
        </li>
    }
    .into_any()
}

/// The link of an invitation.
#[component]
pub(super) fn LinkDialog(link: String, list: String) -> impl IntoView {
    view! {
        <Dialog id="invitation-link" title="Invitation link" close=list.clone() closable=false>
            <form method="get" action=list>
                <div class="dlg-body">
                    <Secret
                        label="Link"
                        id="link"
                        value=link
                        copy="Copy link"
                        hint="For the invited person alone: it works once, and only with the invited address."
                    />
                </div>
                <footer>
                    <Button label="Done" class="primary"/>
                </footer>
            </form>
        </Dialog>
    }
}

/// Asks once before somebody becomes an admin.
#[component]
pub(super) fn PromoteDialog(team: String, row: MemberLine, action: FormAction) -> impl IntoView {
    let fields = vec![
        ("team", team.clone()),
        ("user", row.user),
        ("role", Role::Admin.as_str().to_owned()),
        ("confirmed", "true".to_owned()),
    ];
    let facts = vec![
        fact("shield", "Admins invite and remove members, and set their roles."),
        fact("key", "They see and manage every key of the team, its limits and its models."),
        fact("lock", "They can not touch the owner, and not delete the team."),
    ];
    view! {
        <ConfirmDialog
            id="promote"
            title=format!("Make {} an admin?", row.name)
            close=list_address(&team)
            action=action
            fields=fields
            facts=facts
            label="Make admin"
        />
    }
}

/// Removing somebody, or leaving: what stops and what stays.
#[component]
pub(super) fn RemoveDialog(team: String, view: RemovalView, action: FormAction) -> impl IntoView {
    let close = list_address(&team);
    let (title, label) = if view.is_self {
        ("Leave the team?".to_owned(), "Leave team")
    } else {
        (format!("Remove {}?", view.name), "Remove member")
    };
    if !view.refused.is_empty() {
        return view! { <RefusalDialog id="remove" title=title close=close reason=view.refused/> }.into_any();
    }
    let mut fields = vec![("team", team)];
    if !view.is_self {
        fields.push(("user", view.user));
    }
    let stops = view.stops.into_iter().map(|text| fact("lock", text));
    let stays = view.stays.into_iter().map(|text| fact("okc", text));
    view! {
        <ConfirmDialog
            id="remove"
            title=title
            close=close
            action=action
            fields=fields
            facts=stops.chain(stays).collect()
            label=label
            danger=true
        />
    }
    .into_any()
}
