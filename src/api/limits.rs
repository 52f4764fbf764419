//! `/teams/{team}/limits`, `/budget` and `/self-service`, and `/organizations/{org}/limits`.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, Sent},
    limit_bodies::{self, LimitsAnswer, LimitsBody, Number, number},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        field_errors::FieldErrors,
        self_service::{SelfServicePolicy, wrong_days, wrong_keys},
        time::UnixMs,
    },
    service::{
        ServiceError, Services,
        limits::{How, LimitsOf, LimitsView, SpendingLimit},
    },
};

/// What happens to what lies below.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClampQuery {
    /// `1` lowers what is set below and would not lie within any more; without it that is refused, naming it.
    clamp: Option<u8>,
}

impl ClampQuery {
    fn how(&self, version: Option<i64>) -> How {
        How { clamp: self.clamp.is_some_and(|clamp| clamp != 0), version }
    }
}

/// A team's spending limit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpendingLimitBody {
    /// Nano-dollars for each billing month; `null` for no limit, 0 for nothing.
    #[schema(value_type = Option<i64>)]
    spending_limit: Option<Number>,
    /// Until when it holds; then the former one is back. For good without it.
    until: Option<i64>,
}

/// A team's spending limit.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpendingLimitAnswer {
    /// Nano-dollars that may be spent now; none for no limit.
    spending_limit: Option<i64>,
    /// Until when, where it is raised for a while.
    until: Option<i64>,
    /// What holds afterwards.
    lasting: Option<i64>,
    /// `period` or `total`.
    budget_period: &'static str,
    /// Start of the present billing month.
    period_start: i64,
    /// Its end.
    period_end: i64,
}

/// What members may do when they make keys.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SelfServiceBody {
    /// They may make keys at all.
    enabled: bool,
    /// Keys of one person that may work at once; `null` for any number.
    #[schema(value_type = Option<i64>)]
    max_keys_per_user: Option<Number>,
    /// The largest budget of a key, in nano-dollars; then every key needs one.
    #[schema(value_type = Option<i64>)]
    budget_ceiling: Option<Number>,
    /// Keys must end some time.
    #[serde(default)]
    require_expiry: bool,
    /// The longest time to a key's end, in days; then every key needs one.
    #[schema(value_type = Option<i64>)]
    max_expiry_days: Option<Number>,
}

/// What members may do when they make keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct SelfServiceAnswer {
    /// They may make keys at all.
    enabled: bool,
    /// Keys of one person that may work at once.
    max_keys_per_user: Option<i64>,
    /// The largest budget of a key.
    budget_ceiling: Option<i64>,
    /// Keys must end some time.
    require_expiry: bool,
    /// The longest time to a key's end, in days.
    max_expiry_days: Option<i64>,
}

/// Limits that all keys of a team share.
#[utoipa::path(get, path = "/teams/{team}/limits", tag = "Limits", params(("team" = String, Path, description = "Short name, id, or `me`")),
    responses((status = 200, body = LimitsAnswer), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<LimitsAnswer>> {
    Ok(Json(services.get_team_limits(&caller, &team).await?.into()))
}

/// Set them.
#[utoipa::path(put, path = "/teams/{team}/limits", tag = "Limits", request_body = LimitsBody,
    params(("team" = String, Path, description = "Short name or id"), ClampQuery),
    responses((status = 200, body = LimitsAnswer), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody, description = "Above the organization's, or below what is set in the team.")))]
pub async fn put(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<ClampQuery>,
    Sent(body): Sent<LimitsBody>,
) -> Answer<Json<LimitsAnswer>> {
    let how = query.how(body.version());
    Ok(Json(services.put_limits(&caller, &team, LimitsOf::Team, body.parse()?, how).await?.into()))
}

/// Everything that is set in a team: on its members, models, grants and keys. Members see what is set on them and their keys.
#[utoipa::path(get, path = "/teams/{team}/caps", tag = "Limits", params(("team" = String, Path, description = "Short name, id, or `me`"), ListQuery),
    responses((status = 200, body = List<LimitsAnswer>), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<LimitsAnswer>>> {
    let caps: Vec<LimitsView> = services.list_caps(&caller, &team).await?;
    let page = List::cut(caps, query, |view| view.scope.name())?;
    Ok(Json(page.map(LimitsAnswer::from)))
}

/// Set the limits of a model in a team.
#[utoipa::path(put, path = "/teams/{team}/caps/models/{model}", tag = "Limits", request_body = LimitsBody,
    params(("team" = String, Path, description = "Short name or id"), ("model" = String, Path, description = "Public name"), ClampQuery),
    responses((status = 200, body = LimitsAnswer), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn put_model(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, model)): Path<(String, String)>,
    Asked(query): Asked<ClampQuery>,
    Sent(body): Sent<LimitsBody>,
) -> Answer<Json<LimitsAnswer>> {
    let how = query.how(body.version());
    Ok(Json(services.put_limits(&caller, &team, LimitsOf::Model(&model), body.parse()?, how).await?.into()))
}

/// Limits that all teams of an organization share. For its admins and platform admins.
#[utoipa::path(get, path = "/organizations/{org}/limits", tag = "Limits", params(("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = LimitsAnswer), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn find_organizations(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
) -> Answer<Json<LimitsAnswer>> {
    Ok(Json(services.get_organization_limits(&caller, &org).await?.into()))
}

/// Set them.
#[utoipa::path(put, path = "/organizations/{org}/limits", tag = "Limits", request_body = LimitsBody,
    params(("org" = String, Path, description = "Short name or id"), ClampQuery),
    responses((status = 200, body = LimitsAnswer), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody, description = "Below what is set on a team.")))]
pub async fn put_organizations(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<ClampQuery>,
    Sent(body): Sent<LimitsBody>,
) -> Answer<Json<LimitsAnswer>> {
    let how = query.how(body.version());
    Ok(Json(services.put_organization_limits(&caller, &org, body.parse()?, how).await?.into()))
}

/// A team's spending limit.
#[utoipa::path(get, path = "/teams/{team}/budget", tag = "Limits", params(("team" = String, Path, description = "Short name, id, or `me`")),
    responses((status = 200, body = SpendingLimitAnswer), (status = 404, body = ProblemBody)))]
pub async fn find_budget(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<SpendingLimitAnswer>> {
    Ok(Json(services.get_team_limits(&caller, &team).await?.into()))
}

/// Set it, for good or until a time. For the owner and platform admins.
#[utoipa::path(put, path = "/teams/{team}/budget", tag = "Limits", request_body = SpendingLimitBody,
    params(("team" = String, Path, description = "Short name or id"), ClampQuery),
    responses((status = 200, body = SpendingLimitAnswer), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn put_budget(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<ClampQuery>,
    Sent(body): Sent<SpendingLimitBody>,
) -> Answer<Json<SpendingLimitAnswer>> {
    let mut errors = FieldErrors::default();
    let amount = limit_bodies::budget("spending_limit", body.spending_limit, &mut errors);
    errors.into_result()?;
    let limit = SpendingLimit { amount, until: body.until.map(UnixMs) };
    Ok(Json(services.put_spending_limit(&caller, &team, limit, query.how(None)).await?.into()))
}

/// What members may do when they make keys. For those who set it.
#[utoipa::path(get, path = "/teams/{team}/self-service", tag = "Limits", params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = SelfServiceAnswer), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn find_self_service(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
) -> Answer<Json<SelfServiceAnswer>> {
    Ok(Json(services.get_self_service(&caller, &team).await?.into()))
}

/// Set it. Keys that are there stay as they are, until somebody changes them.
#[utoipa::path(put, path = "/teams/{team}/self-service", tag = "Limits", request_body = SelfServiceBody,
    params(("team" = String, Path, description = "Short name or id")),
    responses((status = 200, body = SelfServiceAnswer), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn put_self_service(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<SelfServiceBody>,
) -> Answer<Json<SelfServiceAnswer>> {
    Ok(Json(services.put_self_service(&caller, &team, body.parse()?).await?.into()))
}

impl SelfServiceBody {
    fn parse(&self) -> Result<SelfServicePolicy, ServiceError> {
        let mut errors = FieldErrors::default();
        let policy = SelfServicePolicy {
            enabled: self.enabled,
            max_keys_per_user: number("max_keys_per_user", self.max_keys_per_user, wrong_keys, &mut errors),
            budget_ceiling: limit_bodies::budget("budget_ceiling", self.budget_ceiling, &mut errors),
            require_expiry: self.require_expiry,
            max_expiry_days: number("max_expiry_days", self.max_expiry_days, wrong_days, &mut errors),
        };
        errors.into_result()?;
        Ok(policy)
    }
}

impl From<SelfServicePolicy> for SelfServiceAnswer {
    fn from(policy: SelfServicePolicy) -> Self {
        Self {
            enabled: policy.enabled,
            max_keys_per_user: policy.max_keys_per_user,
            budget_ceiling: policy.budget_ceiling.map(|amount| amount.0),
            require_expiry: policy.require_expiry,
            max_expiry_days: policy.max_expiry_days,
        }
    }
}

impl From<LimitsView> for SpendingLimitAnswer {
    fn from(view: LimitsView) -> Self {
        let raise = view.allowance.raise.filter(|raise| view.at < raise.until);
        Self {
            spending_limit: view.allowance.budget_at(view.at).map(|budget| budget.amount.0),
            until: raise.map(|raise| raise.until.0),
            lasting: view.allowance.budget.map(|amount| amount.0),
            budget_period: view.allowance.per.as_str(),
            period_start: view.period.start.0,
            period_end: view.period.end.0,
        }
    }
}
