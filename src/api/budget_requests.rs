//! `/teams/{team}/budget/requests`: asking for a higher budget, and deciding.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{Asked, Sent},
    limit_bodies::{self, Number},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        budget_requests::BudgetRequest,
        field_errors::FieldErrors,
        ids::{KeyId, RequestId},
        limit_forms::wrong_budget,
        limit_scopes::Scope,
        time::UnixMs,
    },
    service::{
        ServiceError, Services,
        budget_requests::{BudgetDecision, BudgetOf, NewBudgetRequest},
    },
};

/// Input of a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudgetRequestBody {
    /// What is asked for, in nano-dollars.
    #[schema(value_type = i64)]
    amount: Number,
    /// Why.
    reason: String,
    /// Until when; for good without.
    until: Option<i64>,
    /// Identifier of an own key that it is for.
    key: Option<String>,
    /// For the whole team. With neither it is for the caller's own budget in the team.
    for_team: Option<bool>,
}

/// What is decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetDecisionBody {
    /// Approve or reject.
    approve: bool,
    /// No more than was asked for; that without one.
    #[schema(value_type = Option<i64>)]
    amount: Option<Number>,
    /// No later than was asked for; that without one.
    until: Option<i64>,
    /// A word to the asker; needed to reject.
    reason: Option<String>,
}

/// A request for a higher budget.
#[derive(Serialize, ToSchema)]
pub struct BudgetRequestBody {
    /// Identifier.
    id: String,
    /// Short name of the team.
    team: String,
    /// Identifier of who asks.
    user: String,
    /// Their name.
    user_name: String,
    /// `key`, `member` or `team`.
    scope: &'static str,
    /// Identifier of the key, where it is about one.
    key: Option<String>,
    /// Name of what it is about.
    name: String,
    /// What the budget was when it was asked for.
    present: Option<i64>,
    /// What is asked for.
    amount: i64,
    /// Until when.
    until: Option<i64>,
    /// Why.
    reason: String,
    /// `pending`, `approved`, `rejected` or `withdrawn`.
    state: &'static str,
    /// Who decides: `team`, `owner` or `organization`.
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
    /// What was approved.
    given: Option<i64>,
    /// Until when.
    given_until: Option<i64>,
}

/// Requests of a team: everybody's for those who decide, else one's own.
#[utoipa::path(get, path = "/teams/{team}/budget/requests", tag = "Limits", params(ListQuery, ("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = List<BudgetRequestBody>), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<BudgetRequestBody>>> {
    let page = services.list_budget_requests(&caller, &team, &query.into()).await?;
    Ok(Json(List::of(page, BudgetRequestBody::from)))
}

/// Ask for a higher budget.
#[utoipa::path(post, path = "/teams/{team}/budget/requests", tag = "Limits", request_body = NewBudgetRequestBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 201, body = BudgetRequestBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<NewBudgetRequestBody>,
) -> Answer<(StatusCode, Json<BudgetRequestBody>)> {
    let of = match (body.key.as_deref(), body.for_team.unwrap_or(false)) {
        (Some(key), _) => BudgetOf::Key(KeyId::parse(key).ok_or(ServiceError::NotFound)?),
        (None, true) => BudgetOf::Team,
        (None, false) => BudgetOf::Member,
    };
    let mut errors = FieldErrors::default();
    let amount = limit_bodies::budget("amount", Some(body.amount), &mut errors);
    errors.into_result()?;
    let amount = amount.ok_or_else(|| ServiceError::field("amount", wrong_budget()))?;
    let new = NewBudgetRequest { of, amount, until: body.until.map(UnixMs), reason: body.reason };
    Ok((StatusCode::CREATED, Json(services.request_budget(&caller, &team, new).await?.into())))
}

/// Approve or reject. An approval sets the budget.
#[utoipa::path(post, path = "/teams/{team}/budget/requests/{request}/decision", tag = "Limits", request_body = BudgetDecisionBody,
    params(("team" = String, Path, description = "Short name or id"), ("request" = String, Path, description = "Identifier")),
    responses((status = 200, body = BudgetRequestBody), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn decide(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, request)): Path<(String, String)>,
    Sent(body): Sent<BudgetDecisionBody>,
) -> Answer<Json<BudgetRequestBody>> {
    let mut errors = FieldErrors::default();
    let amount = limit_bodies::budget("amount", body.amount, &mut errors);
    errors.into_result()?;
    let decision =
        BudgetDecision { approve: body.approve, amount, until: body.until.map(UnixMs), note: body.reason.unwrap_or_default() };
    Ok(Json(services.decide_budget_request(&caller, &team, parse(&request)?, decision).await?.into()))
}

/// Take an own request back.
#[utoipa::path(delete, path = "/teams/{team}/budget/requests/{request}", tag = "Limits",
    params(("team" = String, Path, description = "Short name or id"), ("request" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is withdrawn."), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn withdraw(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, request)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.withdraw_budget_request(&caller, &team, parse(&request)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(request: &str) -> Result<RequestId, ServiceError> {
    RequestId::parse(request).ok_or(ServiceError::NotFound)
}

impl From<BudgetRequest> for BudgetRequestBody {
    fn from(request: BudgetRequest) -> Self {
        let key = match request.scope {
            Scope::Key(id) => Some(id.to_string()),
            _ => None,
        };
        Self {
            id: request.id.to_string(),
            team: request.team_slug,
            user: request.user.to_string(),
            user_name: request.user_name,
            scope: request.scope.as_str(),
            key,
            name: request.scope_name,
            present: request.present.map(|amount| amount.0),
            amount: request.wanted.0,
            until: request.wanted_until.map(|at| at.0),
            reason: request.reason,
            state: request.state.as_str(),
            approver: request.approver.map(|approver| approver.as_str()),
            may_decide: request.may_decide,
            created_at: request.created_at.0,
            decided_at: request.decided_at.map(|at| at.0),
            decided_by: request.decided_by,
            note: request.note,
            given: request.given.map(|(amount, _)| amount.0),
            given_until: request.given.and_then(|(_, until)| until).map(|at| at.0),
        }
    }
}
