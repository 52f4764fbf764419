//! `/teams`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{Asked, Sent, nullable},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::teams::{NewTeam, TeamListItem, TeamView},
    service::{Services, teams::TeamPatch},
};

/// Input of a new team.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTeamBody {
    /// Name.
    name: String,
    /// Short name; made of the name without one.
    slug: Option<String>,
    /// Short name or id of the organization.
    organization: String,
    /// `inherit` (the organization's models, unless asked otherwise) or `restrict`.
    mode: Option<String>,
    /// Members may make their own keys; true unless asked otherwise.
    self_service: Option<bool>,
}

/// A change of a team; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamPatchBody {
    /// Name.
    name: Option<String>,
    /// `inherit` or `restrict`.
    mode: Option<String>,
    /// Members may make their own keys.
    self_service: Option<bool>,
    /// Members see the ranking of members, others masked.
    ranking_open: Option<bool>,
    /// Further addresses that get the team's alerts, besides its owner and admins: at most 5, all of them.
    alert_emails: Option<Vec<String>>,
    /// Seats, or null for unlimited. For the owner and platform admins.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    seats: Option<Option<i64>>,
}

/// What confirms that a team is to be deleted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteTeamBody {
    /// The team's name.
    confirm_name: String,
}

/// A team or personal space.
#[derive(Serialize, ToSchema)]
pub struct TeamBody {
    /// Identifier.
    id: String,
    /// `team` or `personal`.
    kind: &'static str,
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// Short name of the organization; empty for a personal space.
    organization: String,
    /// Name of the organization.
    organization_name: String,
    /// Identifier of the owner.
    owner: String,
    /// Name of the owner.
    owner_name: String,
    /// Own role; none for who looks on from the organization or the platform.
    role: Option<&'static str>,
    /// `inherit` or `restrict`.
    mode: &'static str,
    /// Members may make their own keys.
    self_service: bool,
    /// Members see the ranking of members, others masked.
    ranking_open: bool,
    /// Further addresses that get the team's alerts; empty for those who may not change them.
    alert_emails: Vec<String>,
    /// Seats; none is unlimited.
    seats: Option<i64>,
    /// After a change of seats: addresses of invitations that lost their seat, newest first. They wait for one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_seat: Vec<String>,
    /// Discount in hundredths of a percent.
    discount_bp: i64,
    /// Members.
    members: i64,
    /// Made at.
    created_at: i64,
}

/// A row of the team list.
#[derive(Serialize, ToSchema)]
pub struct TeamRow {
    /// Identifier.
    id: String,
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// Short name of the organization.
    organization: String,
    /// Name of the organization.
    organization_name: String,
    /// Own role.
    role: Option<&'static str>,
    /// Members.
    members: i64,
    /// Spent since the start of the month, in nano-dollars.
    spent: i64,
    /// Last call.
    last_call_at: Option<i64>,
}

/// The shared teams that the caller may see.
#[utoipa::path(get, path = "/teams", tag = "Teams", params(ListQuery), responses((status = 200, body = List<TeamRow>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<TeamRow>>> {
    let teams = services.list_teams(&caller).await?.into_iter().map(TeamRow::from).collect();
    Ok(Json(List::cut(teams, query, |team| format!("{}\0{}", team.name, team.id))?))
}

/// Make a team; the caller becomes its owner.
#[utoipa::path(post, path = "/teams", tag = "Teams", request_body = NewTeamBody, responses(
    (status = 201, body = TeamBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody),
))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewTeamBody>,
) -> Answer<(StatusCode, Json<TeamBody>)> {
    let (slug, mode) = (body.slug.unwrap_or_default(), body.mode.unwrap_or_default());
    let new = NewTeam::parse(&body.name, &slug, &body.organization, &mode, body.self_service.unwrap_or(true))?;
    Ok((StatusCode::CREATED, Json(services.create_team(&caller, new).await?.into())))
}

/// A team or personal space.
#[utoipa::path(get, path = "/teams/{team}", tag = "Teams", params(("team" = String, Path, description = "Short name, id, or `me`")),
    responses((status = 200, body = TeamBody), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<TeamBody>> {
    Ok(Json(services.get_team(&caller, &team).await?.into()))
}

/// Change a team.
#[utoipa::path(patch, path = "/teams/{team}", tag = "Teams", request_body = TeamPatchBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = TeamBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<TeamPatchBody>,
) -> Answer<Json<TeamBody>> {
    let patch = TeamPatch {
        name: body.name,
        mode: body.mode,
        self_service: body.self_service,
        ranking_open: body.ranking_open,
        alert_emails: body.alert_emails,
        seats: body.seats,
    };
    let (view, without_seat) = services.update_team(&caller, &team, patch).await?;
    let without_seat = without_seat.into_iter().map(|invitation| invitation.email).collect();
    Ok(Json(TeamBody { without_seat, ..view.into() }))
}

/// Delete a team: its keys stop, its short name is free again, its usage stays.
#[utoipa::path(delete, path = "/teams/{team}", tag = "Teams", request_body = DeleteTeamBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 204, description = "It is gone."), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn remove(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<DeleteTeamBody>,
) -> Answer<StatusCode> {
    services.delete_team(&caller, &team, &body.confirm_name).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<TeamView> for TeamBody {
    fn from(team: TeamView) -> Self {
        Self {
            id: team.id.to_string(),
            kind: team.kind.as_str(),
            slug: team.slug,
            name: team.name,
            organization: team.organization_slug,
            organization_name: team.organization,
            owner: team.owner.to_string(),
            owner_name: team.owner_name,
            role: team.standing.role.map(|role| role.as_str()),
            mode: team.mode.as_str(),
            self_service: team.self_service,
            ranking_open: team.ranking_open,
            alert_emails: team.alert_emails,
            seats: team.seats,
            without_seat: vec![],
            discount_bp: team.discount_bp,
            members: team.members,
            created_at: team.created_at.0,
        }
    }
}

impl From<TeamListItem> for TeamRow {
    fn from(team: TeamListItem) -> Self {
        Self {
            id: team.id.to_string(),
            slug: team.slug,
            name: team.name,
            organization: team.organization_slug,
            organization_name: team.organization,
            role: team.role.map(|role| role.as_str()),
            members: team.members,
            spent: team.spent,
            last_call_at: team.last_call_at.map(|at| at.0),
        }
    }
}
