//! `/organizations`.

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
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::service::{Services, organizations::Organization};

/// Input of a new organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganizationBody {
    /// Name.
    name: String,
    /// Short name; made of the name without one.
    slug: Option<String>,
}

/// An organization.
#[derive(Serialize, ToSchema)]
pub struct OrganizationBody {
    /// Identifier.
    id: String,
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// Made at.
    created_at: i64,
}

/// What an organization lets its teams do with a model.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelStateBody {
    /// `open`, `approval` or `closed`.
    pub state: String,
}

/// The organizations that the caller may see.
#[utoipa::path(get, path = "/organizations", tag = "Organizations", params(ListQuery), responses((status = 200, body = List<OrganizationBody>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<OrganizationBody>>> {
    let all = services.list_organizations(&caller).await?.into_iter().map(OrganizationBody::from).collect();
    Ok(Json(List::cut(all, query, |org| format!("{}\0{}", org.name, org.id))?))
}

/// Make an organization. Platform admins only.
#[utoipa::path(post, path = "/organizations", tag = "Organizations", request_body = NewOrganizationBody, responses(
    (status = 201, body = OrganizationBody), (status = 422, body = ProblemBody),
))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewOrganizationBody>,
) -> Answer<(StatusCode, Json<OrganizationBody>)> {
    let org = services.create_organization(&caller, &body.name, body.slug.as_deref().unwrap_or_default()).await?;
    Ok((StatusCode::CREATED, Json(org.into())))
}

/// Set what an organization lets its teams do with a model.
#[utoipa::path(put, path = "/organizations/{org}/models/{model}", tag = "Organizations", request_body = ModelStateBody,
    params(("org" = String, Path, description = "Short name or id"), ("model" = String, Path, description = "Public name or id")),
    responses((status = 200, body = ModelStateBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn set_model(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((org, model)): Path<(String, String)>,
    Sent(body): Sent<ModelStateBody>,
) -> Answer<Json<ModelStateBody>> {
    let state = services.set_model_state(&caller, &org, &model, &body.state).await?;
    Ok(Json(ModelStateBody { state: state.as_str().to_owned() }))
}

impl From<Organization> for OrganizationBody {
    fn from(org: Organization) -> Self {
        Self { id: org.id.to_string(), slug: org.slug, name: org.name, created_at: org.created_at.0 }
    }
}
