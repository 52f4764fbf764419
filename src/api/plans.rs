//! `/catalog/plans`, and the changes of plan and seats that wait for a platform admin.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};

use super::{
    body::Sent,
    plan_bodies::{PlanBody, PlanDecisionBody, PlanPatchBody, PlanRequestBody},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{ids::PlanRequestId, money::NanoUsd, plans::NewPlan},
    service::{ServiceError, Services},
};

/// Plans, the cheapest first.
#[utoipa::path(get, path = "/catalog/plans", tag = "Catalog", responses((status = 200, body = [PlanBody])))]
pub async fn list(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<Vec<PlanBody>>> {
    Ok(Json(services.list_plans(&caller).await?.into_iter().map(PlanBody::from).collect()))
}

/// Add a plan. Platform admins only.
#[utoipa::path(post, path = "/catalog/plans", tag = "Catalog", request_body = PlanPatchBody, responses(
    (status = 201, body = PlanBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<PlanPatchBody>,
) -> Answer<(StatusCode, Json<PlanBody>)> {
    caller.check_platform_admin()?;
    let (price, usage) = (body.seat_price.map(NanoUsd), body.included_usage.map(NanoUsd));
    let (name, self_service) = (body.name.unwrap_or_default(), body.self_service.unwrap_or(false));
    let new = NewPlan::check(&name, price, usage, self_service, body.active.unwrap_or(true)).map_err(ServiceError::from)?;
    Ok((StatusCode::CREATED, Json(services.create_plan(&caller, new).await?.into())))
}

/// Change a plan: teams that are on it have the new terms from their next renewal on. Platform admins only.
#[utoipa::path(patch, path = "/catalog/plans/{plan}", tag = "Catalog", request_body = PlanPatchBody,
    params(("plan" = String, Path, description = "Name or id")),
    responses((status = 200, body = PlanBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(plan): Path<String>,
    Sent(body): Sent<PlanPatchBody>,
) -> Answer<Json<PlanBody>> {
    caller.check_platform_admin()?;
    let before = services.get_plan(&caller, &plan).await?.plan;
    let (price, usage) =
        (body.seat_price.map_or(before.seat_price, NanoUsd), body.included_usage.map_or(before.included_usage, NanoUsd));
    let (self_service, active) = (body.self_service.unwrap_or(before.self_service), body.active.unwrap_or(before.active));
    let name = body.name.unwrap_or(before.name);
    let new = NewPlan::check(&name, Some(price), Some(usage), self_service, active).map_err(ServiceError::from)?;
    Ok(Json(services.update_plan(&caller, &before.id.to_string(), new).await?.into()))
}

/// Plans and seats that wait for a platform admin, oldest first.
#[utoipa::path(get, path = "/billing/requests", tag = "Billing",
    responses((status = 200, body = [PlanRequestBody]), (status = 404, body = ProblemBody)))]
pub async fn requests(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<Vec<PlanRequestBody>>> {
    Ok(Json(services.list_plan_requests(&caller).await?.into_iter().map(PlanRequestBody::from).collect()))
}

/// Approve or decline what waits; the first decision wins.
#[utoipa::path(post, path = "/billing/requests/{request}/decision", tag = "Billing", request_body = PlanDecisionBody,
    params(("request" = String, Path, description = "Id")),
    responses((status = 204, description = "It is decided."), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn decide(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(request): Path<String>,
    Sent(body): Sent<PlanDecisionBody>,
) -> Answer<StatusCode> {
    caller.check_platform_admin()?;
    let id = PlanRequestId::parse(&request).ok_or(ServiceError::NotFound)?;
    services.decide_plan_request(&caller, id, body.approve, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
