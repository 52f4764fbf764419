use leptos::prelude::*;

use crate::{
    components::{Button, Choice, Dialog, Field, Icon, Note, NoteKind, RadioGroup, noscroll},
    pages::form::{Form, FormAction},
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
    let close = members_address(&org);
    let problems = action.problems();
    view! {
        <Dialog id="promote" title=format!("Make {} an admin?", row.name) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="org" value=org/>
                    <input type="hidden" name="user" value=row.user/>
                    <input type="hidden" name="role" value="admin"/>
                    <input type="hidden" name="confirmed" value="true"/>
                    <ul class="facts">
                        <li><Icon name="shield"/><span>"Admins manage the organization's members, and the members, models and limits of all its teams."</span></li>
                        <li><Icon name="key"/><span>"They see every key of its teams, and make none for others."</span></li>
                        <li><Icon name="lock"/><span>"They can not touch the owner of a team."</span></li>
                    </ul>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Make admin" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// What ends with a removal, or why it can not be.
#[component]
pub(super) fn RemoveDialog(org: String, view: OrganizationRemovalView, action: FormAction) -> impl IntoView {
    let close = members_address(&org);
    let problems = action.problems();
    if !view.refused.is_empty() {
        return view! {
            <Dialog id="remove" title="Remove from the organization" close=close.clone() width="w-480">
                <div class="dlg-body"><Note kind=NoteKind::Info title=view.refused/></div>
                <footer><a href=close class="btn" {..noscroll()}>"Close"</a></footer>
            </Dialog>
        }
        .into_any();
    }
    let effects = view.effects.into_iter().map(|text| view! { <li><Icon name="info"/><span>{text}</span></li> }).collect_view();
    view! {
        <Dialog id="remove" title=format!("Remove {}?", view.name) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="org" value=org/>
                    <input type="hidden" name="user" value=view.user/>
                    <ul class="facts">{effects}</ul>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Remove member" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
    .into_any()
}
