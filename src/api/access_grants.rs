//! `/teams/{team}/access/grants` and `/policy/explain`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, Sent},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        ids::{GrantId, KeyId, UserId},
        limit_uses::LimitUse,
        model_access::{ExplainStep, Explanation, Grant},
        time::UnixMs,
    },
    service::{ServiceError, Services, model_access::ExplainQuery},
};

/// Input of a grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrantBody {
    /// Model.
    model: String,
    /// Identifier of the member; the whole team without one, which only the organization's admins can.
    user: Option<String>,
    /// When it ends.
    until: Option<i64>,
}

/// A permission for a model that needs approval.
#[derive(Serialize, ToSchema)]
pub struct GrantBody {
    /// Identifier.
    id: String,
    /// Model.
    model: String,
    /// Member; none for the whole team.
    user: Option<String>,
    /// Name of the member.
    user_name: String,
    /// Whose word it is: `organization` or `team`.
    level: &'static str,
    /// Name of who gave it.
    granted_by: String,
    /// Given at.
    created_at: i64,
    /// Ends at.
    until: Option<i64>,
}

/// Grants.
#[derive(Serialize, ToSchema)]
pub struct GrantsBody {
    /// The rows.
    items: Vec<GrantBody>,
}

/// Whose call is to be explained: a key's, or a member's of a team.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainParams {
    /// Identifier of a key.
    key: Option<String>,
    /// Identifier of a member's account; the caller without one.
    member: Option<String>,
    /// Short name or id of the team.
    team: Option<String>,
    /// Model, as a call would name it.
    model: String,
    /// Tokens that the call would need.
    tokens: Option<i64>,
}

/// Whether a call would go through, and why.
#[derive(Serialize, ToSchema)]
pub struct ExplanationBody {
    /// It would.
    allowed: bool,
    /// What the gateway would answer; empty where it goes through.
    code: String,
    /// Every rule, in order.
    steps: Vec<StepBody>,
    /// Every limit that counts, in the order in which they are checked; none where none is set.
    limits: Vec<LimitUseBody>,
    /// Which of them stands in the way now; empty where none does.
    limit_met: String,
}

/// A limit that counts.
#[derive(Serialize, ToSchema)]
pub struct LimitUseBody {
    /// `key`, `member`, `grant`, `team_model`, `team` or `organization`.
    scope: String,
    /// Name of what it is set on.
    name: String,
    /// `rpm`, `tpm`, `rph`, `rpd`, `tpd`; `period` or `total` for a budget; `balance`.
    window: String,
    /// Calls, tokens or nano-dollars.
    limit: i64,
    /// The same; none for an organization's.
    used: Option<i64>,
    /// What is left; none for an organization's.
    remaining: Option<i64>,
    /// When all that is used now will have left, in milliseconds; none where nothing is used, or where it stays.
    resets_at: Option<i64>,
}

/// A rule.
#[derive(Serialize, ToSchema)]
pub struct StepBody {
    /// The rule.
    rule: String,
    /// `model`, `organization`, `team`, `member` or `key`.
    scope: String,
    /// `passed`, `granted`, `needs_grant` or `refused`.
    outcome: String,
}

/// The live grants of a team.
#[utoipa::path(get, path = "/teams/{team}/access/grants", tag = "Model access", params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = GrantsBody), (status = 404, body = ProblemBody)))]
pub async fn list_grants(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<GrantsBody>> {
    let items = services.list_grants(&caller, &team).await?.into_iter().map(GrantBody::from).collect();
    Ok(Json(GrantsBody { items }))
}

/// Grant a model.
#[utoipa::path(post, path = "/teams/{team}/access/grants", tag = "Model access", request_body = NewGrantBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 201, body = GrantBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create_grant(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<NewGrantBody>,
) -> Answer<(StatusCode, Json<GrantBody>)> {
    let user = body
        .user
        .as_deref()
        .map(|id| UserId::parse(id).ok_or_else(|| ServiceError::field("user", "This is no account.")))
        .transpose()?;
    let grant = services.create_grant(&caller, &team, &body.model, user, body.until.map(UnixMs)).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}

/// Take a grant back.
#[utoipa::path(delete, path = "/teams/{team}/access/grants/{grant}", tag = "Model access",
    params(("team" = String, Path, description = "Short name or id"), ("grant" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is over."), (status = 404, body = ProblemBody)))]
pub async fn end_grant(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, grant)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.end_grant(&caller, &team, GrantId::parse(&grant).ok_or(ServiceError::NotFound)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a call would go through, or not.
#[utoipa::path(get, path = "/policy/explain", tag = "Model access", params(ExplainParams),
    responses((status = 200, body = ExplanationBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn explain(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(params): Asked<ExplainParams>,
) -> Answer<Json<ExplanationBody>> {
    if params.tokens.is_some_and(|tokens| tokens < 0) {
        return Err(ServiceError::field("tokens", "Use a number from 0 on.").into());
    }
    let query = ExplainQuery {
        key: params.key.as_deref().map(|id| KeyId::parse(id).ok_or(ServiceError::NotFound)).transpose()?,
        member: params.member.as_deref().map(|id| UserId::parse(id).ok_or(ServiceError::NotFound)).transpose()?,
        team: params.team,
        model: params.model,
        tokens: params.tokens.and_then(|tokens| u64::try_from(tokens).ok()),
    };
    Ok(Json(services.explain(&caller, &query).await?.into()))
}

impl From<Grant> for GrantBody {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            model: grant.model_name,
            user: grant.user.map(|id| id.to_string()),
            user_name: grant.user_name,
            level: grant.level.as_str(),
            granted_by: grant.granted_by,
            created_at: grant.created_at.0,
            until: grant.ends_at.map(|at| at.0),
        }
    }
}

impl From<Explanation> for ExplanationBody {
    fn from(explanation: Explanation) -> Self {
        let step = |step: ExplainStep| StepBody { rule: step.rule, scope: step.scope, outcome: step.outcome };
        let steps = explanation.steps.into_iter().map(step).collect();
        let limit = |limit: LimitUse| LimitUseBody {
            scope: limit.scope,
            name: limit.name,
            window: limit.window,
            limit: limit.limit,
            used: limit.used,
            remaining: limit.remaining,
            resets_at: limit.resets_at.map(|at| at.0),
        };
        let limits = explanation.limits.into_iter().map(limit).collect();
        Self { allowed: explanation.allowed, code: explanation.code, steps, limits, limit_met: explanation.limit_met }
    }
}
