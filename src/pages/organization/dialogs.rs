use leptos::prelude::*;

use crate::{
    components::{Button, Choice, Dialog, Field, RadioGroup, noscroll},
    domain::roles::OrgRole,
    pages::{
        confirm_dialog::{ConfirmDialog, RefusalDialog, fact},
        form::{Form, FormAction},
    },
    server_fns::organization_members::{OrganizationMemberLine, OrganizationRemovalView, members_address},
};

/// Address and role of somebody with an account.
#[component]
pub(super) fn AddDialog(
    org: String,
    /// The address that was typed and refused.
    typed: String,
    action: FormAction,
) -> impl IntoView {
    let close = members_address(&org);
    let problems = action.problems();
    let typed = if problems.any() { typed } else { String::new() };
    let roles = vec![
        Choice::new("member", "Member").hint("Belongs to it; teams say what they may do."),
        Choice::new("admin", "Admin").hint("Runs the organization and all its teams: members, models and limits."),
    ];
    view! {
        <Dialog id="add-member" title="Add member" close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="org" value=org/>
                    <Field
                        label="Email"
                        name="email"
                        id="member-email"
                        kind="email"
                        value=typed
                        hint="Of somebody with an account. Invite others to one of the teams."
                        required=true
                        autofocus=true
                        maxlength=254
                        autocomplete="off"
                        error=problems.field("email")
                    />
                    <RadioGroup label="Role" name="role" choices=roles selected="member"/>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Add member" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// Asks once before somebody becomes an admin.
#[component]
pub(super) fn PromoteDialog(org: String, row: OrganizationMemberLine, action: FormAction) -> impl IntoView {
    let fields = vec![
        ("org", org.clone()),
        ("user", row.user),
        ("role", OrgRole::Admin.as_str().to_owned()),
        ("confirmed", "true".to_owned()),
    ];
    let facts = vec![
        fact("shield", "Admins manage the organization's members, and the members, models and limits of all its teams."),
        fact("key", "They see every key of its teams, and make none for others."),
        fact("lock", "They can not touch the owner of a team."),
    ];
    view! {
        <ConfirmDialog
            id="promote"
            title=format!("Make {} an admin?", row.name)
            close=members_address(&org)
            action=action
            fields=fields
            facts=facts
            label="Make admin"
        />
    }
}

/// What ends with a removal, or why it can not be.
#[component]
pub(super) fn RemoveDialog(org: String, view: OrganizationRemovalView, action: FormAction) -> impl IntoView {
    let close = members_address(&org);
    if !view.refused.is_empty() {
        return view! { <RefusalDialog id="remove" title="Remove from the organization" close=close reason=view.refused/> }
            .into_any();
    }
    view! {
        <ConfirmDialog
            id="remove"
            title=format!("Remove {}?", view.name)
            close=close
            action=action
            fields=vec![("org", org), ("user", view.user)]
            facts=view.effects.into_iter().map(|text| fact("info", text)).collect()
            label="Remove member"
            danger=true
        />
    }
    .into_any()
}
