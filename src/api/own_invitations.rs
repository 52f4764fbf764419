//! `/me/invitations`: those that wait for the signed-in person, without their links.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    body::{Asked, Sent},
    invitations::{JoinedBody, NothingBody, newest_first, parse_id},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{domain::invitations::OwnInvitation, service::Services};

/// An invitation for the own address.
#[derive(Serialize, ToSchema)]
pub struct OwnInvitationBody {
    /// Identifier.
    id: String,
    /// Name of the team.
    team: String,
    /// Name of the organization.
    organization: String,
    /// Who invites.
    inviter: String,
    /// Offered role.
    role: &'static str,
    /// Good until.
    expires_at: i64,
    /// Whether the team has a seat for it; without one it waits.
    has_seat: bool,
}

/// Invitations that wait for the own address, newest first; none before it is confirmed.
#[utoipa::path(get, path = "/me/invitations", tag = "Invitations", params(ListQuery),
    responses((status = 200, body = List<OwnInvitationBody>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<OwnInvitationBody>>> {
    let rows = services.list_own_invitations(&caller).await?.into_iter().map(OwnInvitationBody::from).collect();
    Ok(Json(List::cut(rows, query, |row: &OwnInvitationBody| newest_first(&row.id))?))
}

/// Join the team of an invitation for the own address.
#[utoipa::path(post, path = "/me/invitations/{invitation}/accept", tag = "Invitations", request_body = NothingBody,
    params(("invitation" = String, Path, description = "Identifier")),
    responses((status = 200, body = JoinedBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "`already_member` or `no_free_seat`."),
        (status = 410, body = ProblemBody, description = "Used, declined, withdrawn or over.")))]
pub async fn accept(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Sent(NothingBody {}): Sent<NothingBody>,
) -> Answer<Json<JoinedBody>> {
    Ok(Json(services.accept_own_invitation(&caller, parse_id(&id)?).await?.into()))
}

/// Decline an invitation for the own address.
#[utoipa::path(post, path = "/me/invitations/{invitation}/decline", tag = "Invitations", request_body = NothingBody,
    params(("invitation" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is over."), (status = 404, body = ProblemBody), (status = 410, body = ProblemBody)))]
pub async fn decline(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Sent(NothingBody {}): Sent<NothingBody>,
) -> Answer<StatusCode> {
    services.decline_own_invitation(&caller, parse_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<OwnInvitation> for OwnInvitationBody {
    fn from(invitation: OwnInvitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            team: invitation.team,
            organization: invitation.organization,
            inviter: invitation.inviter,
            role: invitation.role.as_str(),
            expires_at: invitation.expires_at.0,
            has_seat: invitation.has_seat,
        }
    }
}
