use leptos::prelude::*;

use super::{Forms, Query};
use crate::{
    components::{Badge, Button, Count, Icon, RolePill, StackTable, actions_head, head},
    pages::form::{Form, FormAction},
    server_fns::{invitations::InvitationRow, members::MembersPage as Members},
};

/// Who is coming; nothing where nobody is.
pub(super) fn list(page: &Members, query: &Query, forms: Forms) -> Option<AnyView> {
    if page.invitations.is_empty() {
        return None;
    }
    let more = page.all_invitations.saturating_sub(page.invitations.len());
    let more = (more > 0).then(|| view! { <p class="tfoot">{format!("{more} more. Find them by address.")}</p> });
    let rows = page.invitations.iter().map(|invitation| row(invitation, query, forms)).collect_view().into_any();
    let heads = vec![head("Email", ""), head("Role", ""), head("Mail", ""), head("Expires", ""), actions_head()];
    let view = view! {
        <section class="card mb" aria-labelledby="waiting-h">
            <header>
                <h2 id="waiting-h">"Pending invitations"</h2>
                <Count text=page.all_invitations.to_string()/>
                <p class="end">"Each holds a seat until accepted, revoked or expired"</p>
            </header>
            <StackTable heads=heads rows=rows/>
            {more}
        </section>
    };
    Some(view.into_any())
}

fn row(invitation: &InvitationRow, query: &Query, forms: Forms) -> AnyView {
    let delivery = if invitation.failed {
        view! { <Badge text=invitation.delivery.clone() tone="danger" icon="alert"/> }.into_any()
    } else {
        view! { <span class="sub">{invitation.delivery.clone()}</span> }.into_any()
    };
    let expires = if invitation.soon {
        view! { <Badge text=invitation.expires.clone() tone="warn" icon="clock"/> }.into_any()
    } else {
        view! { <span class="sub">{invitation.expires.clone()}</span> }.into_any()
    };
    let seatless =
        (!invitation.holds_seat && !invitation.over).then(|| view! { <Badge text="No seat" tone="warn" icon="users"/> });
    let copy = (!invitation.over).then(|| press(forms.link, "Copy link", "copy", invitation, query));
    view! {
        <tr role="row" class=if invitation.over { "dim" } else { "" }>
            <td role="cell" class="lead">
                <span class="who">
                    <span class="av none" aria-hidden="true"><Icon name="mail" class="i-14"/></span>
                    <span>
                        <b class="trunc">{invitation.email.clone()}</b>
                        <small class="trunc">{invitation.sent.clone()}</small>
                    </span>
                </span>
            </td>
            <td role="cell" class="beside"><RolePill role=invitation.role.as_str()/></td>
            <td role="cell" class="meta">{delivery}</td>
            <td role="cell" class="meta" title=invitation.expires_title.clone()>{expires}" "{seatless}</td>
            <td role="cell" class="meta">
                <div class="acts">
                    {copy}
                    {press(forms.resend, "Resend", "refresh", invitation, query)}
                    {press(forms.revoke, "Revoke", "x", invitation, query)}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// A form of one button.
fn press(action: FormAction, label: &'static str, icon: &'static str, invitation: &InvitationRow, query: &Query) -> AnyView {
    let (team, id) = (query.team.clone(), invitation.id.clone());
    view! {
        <Form action=action>
            <input type="hidden" name="team" value=team/>
            <input type="hidden" name="id" value=id/>
            <Button label=label icon=icon class="sm ghost" busy=action.pending()/>
        </Form>
    }
    .into_any()
}
