use leptos::prelude::*;

use crate::{
    components::{Badge, Button, Count, RolePill, StackTable, Tile, actions_head, head},
    pages::form::{Form, FormAction},
    server_fns::own_invitations::OwnInvitationRow,
};

/// What the viewer can answer.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    pub(super) accept: FormAction,
    pub(super) decline: FormAction,
}

/// The invitations that wait for the viewer; nothing where none does.
pub(super) fn waiting(rows: Vec<OwnInvitationRow>, forms: Forms) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let count = rows.len().to_string();
    let rows = rows.into_iter().map(|invitation| row(invitation, forms)).collect_view().into_any();
    let heads = vec![head("Team", ""), head("Role", ""), head("Expires", ""), actions_head()];
    let view = view! {
        <section class="card mb" aria-labelledby="invitations-h">
            <header>
                <h2 id="invitations-h">"Invitations for you"</h2>
                <Count text=count/>
            </header>
            <StackTable heads=heads rows=rows/>
        </section>
    };
    Some(view.into_any())
}

fn row(invitation: OwnInvitationRow, forms: Forms) -> AnyView {
    let expires = if invitation.soon {
        view! { <Badge text=invitation.expires tone="warn" icon="clock"/> }.into_any()
    } else {
        view! { <span class="sub">{invitation.expires}</span> }.into_any()
    };
    // Without a seat it waits; declining works all the same.
    let (seat, accept) = if invitation.waits.is_empty() {
        (None, Some(press(forms.accept, "Join team", "check", "sm", &invitation.id)))
    } else {
        (Some(view! { <span title=invitation.waits><Badge text="No free seat" tone="warn" icon="users"/></span> }), None)
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who">
                    <Tile name=invitation.team.clone() id=invitation.team_id/>
                    <span>
                        <b class="trunc">{invitation.team}</b>
                        <small class="trunc">{invitation.detail}</small>
                    </span>
                </span>
            </td>
            <td role="cell"><RolePill role=invitation.role.as_str()/></td>
            <td role="cell" class="meta" title=invitation.expires_title>{expires}" "{seat}</td>
            <td role="cell" class="meta">
                <div class="acts">
                    {accept}
                    {press(forms.decline, "Decline", "x", "sm ghost", &invitation.id)}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// A form of one button.
fn press(action: FormAction, label: &'static str, icon: &'static str, class: &'static str, id: &str) -> AnyView {
    let id = id.to_owned();
    view! {
        <Form action=action>
            <input type="hidden" name="id" value=id/>
            <Button label=label icon=icon class=class busy=action.pending()/>
        </Form>
    }
    .into_any()
}
