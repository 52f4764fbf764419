//! The invitations that wait for the signed-in person, on the page of their teams.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::roles::Role, error::AppError, wire::PageAnswer};

/// An invitation that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnInvitationRow {
    pub id: String,
    pub team: String,
    pub team_id: String,
    /// Organization, and who invites.
    pub detail: String,
    pub role: Role,
    pub expires: String,
    pub expires_title: String,
    /// Less than a day is left.
    pub soon: bool,
    /// Why it can not be accepted now; empty where it can.
    pub waits: String,
}

/// The invitations that wait for the caller.
#[cfg(feature = "ssr")]
pub(super) async fn rows(
    services: &crate::service::Services,
    caller: &crate::service::Caller,
) -> Result<Vec<OwnInvitationRow>, AppError> {
    use crate::domain::{format, time::DAY_MS};

    let now = services.clock.now();
    let own = services.list_own_invitations(caller).await?;
    let row = |invitation: crate::domain::invitations::OwnInvitation| OwnInvitationRow {
        id: invitation.id.to_string(),
        team_id: invitation.team_id.to_string(),
        detail: format!("{}, invited by {}", invitation.organization, invitation.inviter),
        role: invitation.role,
        expires: super::invitations::expires(invitation.expires_at, now),
        expires_title: format::full(invitation.expires_at),
        soon: invitation.expires_at.since(now) < DAY_MS,
        waits: if invitation.has_seat {
            String::new()
        } else {
            format!("{} has no free seat. {} (owner) can add one.", invitation.team, invitation.owner)
        },
        team: invitation.team,
    };
    Ok(own.into_iter().map(row).collect())
}

/// Joins the team of an invitation for the own address.
#[server(prefix = "/fn", endpoint = "accept_own_invitation", output = PageAnswer)]
pub async fn accept_own_invitation(id: String) -> Result<(), AppError> {
    use crate::domain::ids::InvitationId;

    let (services, caller) = super::context::signed_in().await?;
    let id = InvitationId::parse(&id).ok_or(AppError::NotFound)?;
    let joined = services.accept_own_invitation(&caller, id).await?;
    super::context::go_to(&format!("/t/{}", joined.slug));
    Ok(())
}

/// Declines one.
#[server(prefix = "/fn", endpoint = "decline_own_invitation", output = PageAnswer)]
pub async fn decline_own_invitation(id: String) -> Result<(), AppError> {
    use crate::domain::ids::InvitationId;

    let (services, caller) = super::context::signed_in().await?;
    let id = InvitationId::parse(&id).ok_or(AppError::NotFound)?;
    services.decline_own_invitation(&caller, id).await?;
    super::context::go_to("/teams");
    Ok(())
}
