//! `/teams/{team}/access/requests`, `/organizations/{org}/requests` and `/access/requests`: asking for models, and deciding.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, Sent},
    limit_bodies::{LimitsBody, bounds},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{field_errors::FieldErrors, ids::RequestId, model_access::AccessRequest, page::PageRequest, time::UnixMs},
    service::{
        ServiceError, Services,
        model_access::{Decision, NewAccessRequest},
    },
};

/// Which requests are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestsQuery {
    /// Only those that wait.
    pending: Option<bool>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Input of a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequestBody {
    /// Model.
    model: String,
    /// What it is for.
    reason: String,
    /// Until when.
    until: Option<i64>,
    /// For the whole team; owners and admins only.
    for_team: Option<bool>,
}

/// What is decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// Approve or reject.
    approve: bool,
    /// Ends at; no later than asked for.
    until: Option<i64>,
    /// For the asker alone, although they asked for the team.
    only_asker: Option<bool>,
    /// A word to the asker; needed to reject.
    reason: Option<String>,
    /// Limits and a budget of what is called by this permission.
    limits: Option<LimitsBody>,
}

/// A request for a model.
#[derive(Serialize, ToSchema)]
pub struct RequestBody {
    /// Identifier.
    id: String,
    /// Short name of the team.
    team: String,
    /// Identifier of who asks.
    user: String,
    /// Their name.
    user_name: String,
    /// Model.
    model: String,
    /// For the whole team.
    for_team: bool,
    /// Why.
    reason: String,
    /// Until when.
    until: Option<i64>,
    /// `pending`, `approved`, `rejected` or `withdrawn`.
    state: &'static str,
    /// Who decides: `organization` or `team`.
    approver: Option<&'static str>,
    /// Whether the caller may.
    may_decide: bool,
    /// Asked at.
    created_at: i64,
    /// Decided at.
    decided_at: Option<i64>,
    /// Name of who decided.
    decided_by: String,
    /// Their word.
    note: String,
    /// Where it was approved: for the whole team.
    given_for_team: Option<bool>,
    /// Ends by itself at.
    given_until: Option<i64>,
    /// Was taken back, or its end was noted, at.
    ended_at: Option<i64>,
}

/// Requests of a team: everybody's for those who decide, else one's own.
#[utoipa::path(get, path = "/teams/{team}/access/requests", tag = "Model access", params(RequestsQuery, ("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = List<RequestBody>), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<RequestsQuery>,
) -> Answer<Json<List<RequestBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let page = services.list_access_requests(&caller, &team, query.pending.unwrap_or(false), &page).await?;
    Ok(Json(List::of(page, RequestBody::from)))
}

/// Requests in all teams of an organization, newest first.
#[utoipa::path(get, path = "/organizations/{org}/requests", tag = "Organizations", params(RequestsQuery, ("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = List<RequestBody>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn list_of_organization(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<RequestsQuery>,
) -> Answer<Json<List<RequestBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let page = services.list_organization_requests(&caller, &org, query.pending.unwrap_or(false), &page).await?;
    Ok(Json(List::of(page, RequestBody::from)))
}

/// Approve or reject a request in one of its teams.
#[utoipa::path(post, path = "/organizations/{org}/requests/{request}/decision", tag = "Organizations", request_body = DecisionBody,
    params(("org" = String, Path, description = "Short name or id"), ("request" = String, Path, description = "Identifier")),
    responses((status = 200, body = RequestBody), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn decide_in_organization(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, request)): Path<(String, String)>,
    Sent(body): Sent<DecisionBody>,
) -> Answer<Json<RequestBody>> {
    let id = parse(&request)?;
    let team = services.find_team_of_request(&caller, &org, id).await?.to_string();
    Ok(Json(services.decide_request(&caller, &team, id, body.decision()?).await?.into()))
}

/// Every request that waits for the caller.
#[utoipa::path(get, path = "/access/requests", tag = "Model access", params(ListQuery), responses((status = 200, body = List<RequestBody>)))]
pub async fn inbox(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<RequestBody>>> {
    let all = services.list_requests_to_decide(&caller).await?.into_iter().map(RequestBody::from).collect();
    Ok(Json(List::cut(all, query, |request| request.id.clone())?))
}

/// Ask for a model.
#[utoipa::path(post, path = "/teams/{team}/access/requests", tag = "Model access", request_body = NewRequestBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 201, body = RequestBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<NewRequestBody>,
) -> Answer<(StatusCode, Json<RequestBody>)> {
    let new = NewAccessRequest {
        model: body.model,
        reason: body.reason,
        until: body.until.map(UnixMs),
        for_team: body.for_team.unwrap_or(false),
    };
    Ok((StatusCode::CREATED, Json(services.request_access(&caller, &team, new).await?.into())))
}

/// Approve or reject.
#[utoipa::path(post, path = "/teams/{team}/access/requests/{request}/decision", tag = "Model access", request_body = DecisionBody,
    params(("team" = String, Path, description = "Short name or id"), ("request" = String, Path, description = "Identifier")),
    responses((status = 200, body = RequestBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn decide(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, request)): Path<(String, String)>,
    Sent(body): Sent<DecisionBody>,
) -> Answer<Json<RequestBody>> {
    let decision = body.decision()?;
    Ok(Json(services.decide_request(&caller, &team, parse(&request)?, decision).await?.into()))
}

/// Take an own request back.
#[utoipa::path(delete, path = "/teams/{team}/access/requests/{request}", tag = "Model access",
    params(("team" = String, Path, description = "Short name or id"), ("request" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is withdrawn."), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn withdraw(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, request)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.withdraw_request(&caller, &team, parse(&request)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(request: &str) -> Result<RequestId, ServiceError> {
    RequestId::parse(request).ok_or(ServiceError::NotFound)
}

impl DecisionBody {
    fn decision(self) -> Result<Decision, FieldErrors> {
        Ok(Decision {
            approve: self.approve,
            until: self.until.map(UnixMs),
            only_asker: self.only_asker.unwrap_or(false),
            note: self.reason.unwrap_or_default(),
            allowance: bounds(self.limits.map(Some), None, None)?,
        })
    }
}

impl From<AccessRequest> for RequestBody {
    fn from(request: AccessRequest) -> Self {
        Self {
            id: request.id.to_string(),
            team: request.team_slug,
            user: request.user.to_string(),
            user_name: request.user_name,
            model: request.model_name,
            for_team: request.for_team,
            reason: request.reason,
            until: request.wanted_until.map(|at| at.0),
            state: request.state.as_str(),
            approver: request.approver.map(|level| level.as_str()),
            may_decide: request.may_decide,
            created_at: request.created_at.0,
            decided_at: request.decided_at.map(|at| at.0),
            decided_by: request.decided_by,
            note: request.note,
            given_for_team: request.given.map(|given| given.for_team),
            given_until: request.given.and_then(|given| given.ends_at).map(|at| at.0),
            ended_at: request.given.and_then(|given| given.ended_at).map(|at| at.0),
        }
    }
}
