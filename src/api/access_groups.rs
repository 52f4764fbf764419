//! `/catalog/groups`, `/organizations/{org}/groups`, and what an organization takes in: `/organizations/{org}/models`, `…/reviews`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{Asked, Sent},
    list::{List, ListQuery},
    organizations::ModelStateBody,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        asset_sets::ModelChoice,
        catalog::{Modality, ModelState, Tier},
        ids::{GroupId, ReviewId},
        model_access::{AccessGroup, OrganizationModel, ReviewItem},
    },
    service::{
        Caller, ServiceError, Services,
        model_access::{BulkStates, GroupInput},
    },
};

/// Input of an access group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupInputBody {
    /// Name.
    name: String,
    /// What it is for.
    description: Option<String>,
    /// Models, by name.
    #[serde(default)]
    models: Vec<String>,
    /// Whole tiers.
    #[serde(default)]
    tiers: Vec<String>,
}

/// An access group.
#[derive(Serialize, ToSchema)]
pub struct GroupBody {
    /// Identifier.
    id: String,
    /// `platform` or `organization`.
    owner: &'static str,
    /// Name.
    name: String,
    /// What it is for.
    description: String,
    /// Models, by name.
    models: Vec<String>,
    /// Whole tiers.
    tiers: Vec<&'static str>,
    /// Teams that name it.
    teams: i64,
}

/// States for many models: those that all that is said holds for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkStatesBody {
    /// By name.
    models: Option<Vec<String>>,
    /// Of a tier.
    tier: Option<String>,
    /// Of a modality.
    modality: Option<String>,
    /// Of an access group.
    group: Option<String>,
    /// `open`, `approval` or `closed`; restricted models become `approval` rather than `open`.
    state: String,
    /// Unless this is said.
    open_restricted: Option<bool>,
}

/// Names of what changed.
#[derive(Serialize, ToSchema)]
pub struct ChangedBody {
    /// Models.
    changed: Vec<String>,
}

/// What an organization makes of a model.
#[derive(Serialize, ToSchema)]
pub struct OrganizationModelBody {
    /// Public name.
    name: String,
    /// Tier.
    tier: &'static str,
    /// Modality.
    modality: &'static str,
    /// Costly.
    restricted: bool,
    /// The platform has it enabled.
    enabled: bool,
    /// `open`, `approval` or `closed`.
    state: &'static str,
    /// An open review holds it back.
    blocked: bool,
}

/// Something to look at.
#[derive(Serialize, ToSchema)]
pub struct ReviewBody {
    /// Identifier.
    id: String,
    /// Model.
    model: String,
    /// `new_model` or `price`.
    kind: &'static str,
    /// Nobody may call the model until this is closed.
    blocks: bool,
    /// Opened at.
    opened_at: i64,
    /// Teams that would gain the model.
    teams: Vec<String>,
}

/// The platform's access groups. Platform admins only.
#[utoipa::path(get, path = "/catalog/groups", tag = "Catalog", params(ListQuery), responses((status = 200, body = List<GroupBody>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<GroupBody>>> {
    groups(&services, &caller, None, query).await
}

/// Make an access group for all organizations.
#[utoipa::path(post, path = "/catalog/groups", tag = "Catalog", request_body = GroupInputBody,
    responses((status = 201, body = GroupBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<GroupInputBody>,
) -> Answer<(StatusCode, Json<GroupBody>)> {
    caller.check_platform_admin()?;
    let group = services.create_group(&caller, None, body.parse()?).await?;
    Ok((StatusCode::CREATED, Json(group_body(&services, group))))
}

/// Replace an access group of the platform.
#[utoipa::path(put, path = "/catalog/groups/{group}", tag = "Catalog", request_body = GroupInputBody,
    params(("group" = String, Path, description = "Identifier")),
    responses((status = 200, body = GroupBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(group): Path<String>,
    Sent(body): Sent<GroupInputBody>,
) -> Answer<Json<GroupBody>> {
    caller.check_platform_admin()?;
    let group = services.update_group(&caller, None, parse(&group)?, body.parse()?).await?;
    Ok(Json(group_body(&services, group)))
}

/// Remove an access group of the platform.
#[utoipa::path(delete, path = "/catalog/groups/{group}", tag = "Catalog", params(("group" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is gone."), (status = 404, body = ProblemBody)))]
pub async fn remove(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(group): Path<String>,
) -> Answer<StatusCode> {
    services.delete_group(&caller, None, parse(&group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The access groups that an organization's teams can name: its own and the platform's.
#[utoipa::path(get, path = "/organizations/{org}/groups", tag = "Organizations", params(ListQuery, ("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = List<GroupBody>), (status = 404, body = ProblemBody)))]
pub async fn list_own(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<GroupBody>>> {
    groups(&services, &caller, Some(&org), query).await
}

/// Make an access group for an organization.
#[utoipa::path(post, path = "/organizations/{org}/groups", tag = "Organizations", request_body = GroupInputBody,
    params(("org" = String, Path, description = "Short name or id")),
    responses((status = 201, body = GroupBody), (status = 422, body = ProblemBody)))]
pub async fn create_own(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Sent(body): Sent<GroupInputBody>,
) -> Answer<(StatusCode, Json<GroupBody>)> {
    let group = services.create_group(&caller, Some(&org), body.parse()?).await?;
    Ok((StatusCode::CREATED, Json(group_body(&services, group))))
}

/// Replace an access group of an organization.
#[utoipa::path(put, path = "/organizations/{org}/groups/{group}", tag = "Organizations", request_body = GroupInputBody,
    params(("org" = String, Path, description = "Short name or id"), ("group" = String, Path, description = "Identifier")),
    responses((status = 200, body = GroupBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn update_own(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, group)): Path<(String, String)>,
    Sent(body): Sent<GroupInputBody>,
) -> Answer<Json<GroupBody>> {
    let group = services.update_group(&caller, Some(&org), parse(&group)?, body.parse()?).await?;
    Ok(Json(group_body(&services, group)))
}

/// Remove an access group of an organization.
#[utoipa::path(delete, path = "/organizations/{org}/groups/{group}", tag = "Organizations",
    params(("org" = String, Path, description = "Short name or id"), ("group" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is gone."), (status = 404, body = ProblemBody)))]
pub async fn remove_own(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, group)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.delete_group(&caller, Some(&org), parse(&group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The catalog with what an organization makes of it.
#[utoipa::path(get, path = "/organizations/{org}/models", tag = "Organizations", params(ListQuery, ("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = List<OrganizationModelBody>), (status = 404, body = ProblemBody)))]
pub async fn list_models(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<OrganizationModelBody>>> {
    let all = services.list_organization_models(&caller, &org).await?.into_iter().map(OrganizationModelBody::from).collect();
    Ok(Json(List::cut(all, query, |model: &OrganizationModelBody| model.name.clone())?))
}

/// Set many states at once.
#[utoipa::path(put, path = "/organizations/{org}/models", tag = "Organizations", request_body = BulkStatesBody,
    params(("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = ChangedBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_models(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Sent(body): Sent<BulkStatesBody>,
) -> Answer<Json<ChangedBody>> {
    let tier = |word: String| Tier::parse(&word).ok_or_else(|| ServiceError::field("tier", "There is no such tier."));
    let modality =
        |word: String| Modality::parse(&word).ok_or_else(|| ServiceError::field("modality", "There is no such modality."));
    let bulk = BulkStates {
        choice: ModelChoice {
            models: body.models,
            tier: body.tier.map(tier).transpose()?,
            modality: body.modality.map(modality).transpose()?,
            group: body.group,
            ..ModelChoice::default()
        },
        state: state(&body.state)?,
        open_restricted: body.open_restricted.unwrap_or(false),
    };
    Ok(Json(ChangedBody { changed: services.set_model_states(&caller, &org, bulk, false).await? }))
}

/// What an organization has to look at.
#[utoipa::path(get, path = "/organizations/{org}/reviews", tag = "Organizations", params(ListQuery, ("org" = String, Path, description = "Short name or id")),
    responses((status = 200, body = List<ReviewBody>), (status = 404, body = ProblemBody)))]
pub async fn list_reviews(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<ReviewBody>>> {
    let all = services.list_reviews(&caller, &org).await?.into_iter().map(ReviewBody::from).collect();
    Ok(Json(List::cut(all, query, |item: &ReviewBody| item.id.clone())?))
}

/// Close an item by saying what the organization makes of the model.
#[utoipa::path(post, path = "/organizations/{org}/reviews/{review}", tag = "Organizations", request_body = ModelStateBody,
    params(("org" = String, Path, description = "Short name or id"), ("review" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is closed."), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn close_review(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, review)): Path<(String, String)>,
    Sent(body): Sent<ModelStateBody>,
) -> Answer<StatusCode> {
    let id = ReviewId::parse(&review).ok_or(ServiceError::NotFound)?;
    services.close_review(&caller, &org, id, state(&body.state)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn groups(services: &Services, caller: &Caller, org: Option<&str>, query: ListQuery) -> Answer<Json<List<GroupBody>>> {
    let all = services.list_groups(caller, org).await?.into_iter().map(|group| group_body(services, group)).collect();
    Ok(Json(List::cut(all, query, |group: &GroupBody| format!("{}\0{}", group.name, group.id))?))
}

fn parse(group: &str) -> Result<GroupId, ServiceError> {
    GroupId::parse(group).ok_or(ServiceError::NotFound)
}

fn state(word: &str) -> Result<ModelState, ServiceError> {
    ModelState::parse(word).ok_or_else(|| ServiceError::field("state", "Choose open, approval or closed."))
}

impl GroupInputBody {
    fn parse(self) -> Result<GroupInput, ServiceError> {
        let tier = |word: &String| Tier::parse(word).ok_or_else(|| ServiceError::field("tiers", "There is no such tier."));
        let tiers = self.tiers.iter().map(tier).collect::<Result<_, _>>()?;
        Ok(GroupInput { name: self.name, description: self.description.unwrap_or_default(), models: self.models, tiers })
    }
}

fn group_body(services: &Services, group: AccessGroup) -> GroupBody {
    GroupBody {
        id: group.id.to_string(),
        owner: if group.organization.is_some() { "organization" } else { "platform" },
        models: services.names_of_models(&group.models),
        name: group.name,
        description: group.description,
        tiers: group.tiers.iter().map(|tier| tier.as_str()).collect(),
        teams: group.teams,
    }
}

impl From<OrganizationModel> for OrganizationModelBody {
    fn from(model: OrganizationModel) -> Self {
        Self {
            name: model.name,
            tier: model.tier.as_str(),
            modality: model.modality.as_str(),
            restricted: model.restricted,
            enabled: model.enabled,
            state: model.state.as_str(),
            blocked: model.blocked,
        }
    }
}

impl From<ReviewItem> for ReviewBody {
    fn from(item: ReviewItem) -> Self {
        Self {
            id: item.id.to_string(),
            model: item.model_name,
            kind: item.kind.as_str(),
            blocks: item.blocks,
            opened_at: item.opened_at.0,
            teams: item.teams,
        }
    }
}
