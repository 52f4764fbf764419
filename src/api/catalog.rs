//! `/catalog`: providers and models. For platform admins; for everybody else it does not exist.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};

use super::{
    body::{Asked, Sent},
    catalog_bodies::{
        ConnectionTestBody, ModelBody, ModelPatchBody, NewModelBody, NewProviderBody, ProviderBody, ProviderPatchBody,
    },
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::service::Services;

/// Providers, by name. Secrets are never shown.
#[utoipa::path(get, path = "/catalog/providers", tag = "Catalog", params(ListQuery), responses((status = 200, body = List<ProviderBody>)))]
pub async fn list_providers(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<ProviderBody>>> {
    let providers = services.list_providers(&caller).await?.into_iter().map(ProviderBody::from).collect();
    Ok(Json(List::cut(providers, query, |provider| provider.name.clone())?))
}

/// Add a provider.
#[utoipa::path(post, path = "/catalog/providers", tag = "Catalog", request_body = NewProviderBody, responses(
    (status = 201, body = ProviderBody), (status = 422, body = ProblemBody),
))]
pub async fn create_provider(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewProviderBody>,
) -> Answer<(StatusCode, Json<ProviderBody>)> {
    Ok((StatusCode::CREATED, Json(services.create_provider(&caller, body.into()).await?.into())))
}

/// A provider.
#[utoipa::path(get, path = "/catalog/providers/{provider}", tag = "Catalog",
    params(("provider" = String, Path, description = "Name or id")),
    responses((status = 200, body = ProviderBody), (status = 404, body = ProblemBody)))]
pub async fn find_provider(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(provider): Path<String>,
) -> Answer<Json<ProviderBody>> {
    Ok(Json(services.get_provider(&caller, &provider).await?.into()))
}

/// Change a provider. A new address without a new secret wipes the stored one.
#[utoipa::path(patch, path = "/catalog/providers/{provider}", tag = "Catalog", request_body = ProviderPatchBody,
    params(("provider" = String, Path, description = "Name or id")),
    responses((status = 200, body = ProviderBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn update_provider(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(provider): Path<String>,
    Sent(body): Sent<ProviderPatchBody>,
) -> Answer<Json<ProviderBody>> {
    let before = services.get_provider(&caller, &provider).await?;
    let id = before.id.to_string();
    Ok(Json(services.update_provider(&caller, &id, body.onto(before)).await?.into()))
}

/// Remove a provider that no model uses.
#[utoipa::path(delete, path = "/catalog/providers/{provider}", tag = "Catalog",
    params(("provider" = String, Path, description = "Name or id")),
    responses((status = 204, description = "It is gone."), (status = 409, body = ProblemBody)))]
pub async fn delete_provider(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(provider): Path<String>,
) -> Answer<StatusCode> {
    services.delete_provider(&caller, &provider, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a real call to a provider that costs nothing.
#[utoipa::path(post, path = "/catalog/providers/{provider}/test", tag = "Catalog",
    params(("provider" = String, Path, description = "Name or id")),
    responses((status = 200, body = ConnectionTestBody), (status = 404, body = ProblemBody)))]
pub async fn test_provider(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(provider): Path<String>,
) -> Answer<Json<ConnectionTestBody>> {
    Ok(Json(services.test_connection(&caller, &provider).await?.into()))
}

/// Models, by name.
#[utoipa::path(get, path = "/catalog/models", tag = "Catalog", params(ListQuery), responses((status = 200, body = List<ModelBody>)))]
pub async fn list_models(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<ModelBody>>> {
    let models = services.list_models(&caller).await?.into_iter().map(ModelBody::from).collect();
    Ok(Json(List::cut(models, query, |model| model.name.clone())?))
}

/// Add a model.
#[utoipa::path(post, path = "/catalog/models", tag = "Catalog", request_body = NewModelBody, responses(
    (status = 201, body = ModelBody), (status = 422, body = ProblemBody),
))]
pub async fn create_model(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewModelBody>,
) -> Answer<(StatusCode, Json<ModelBody>)> {
    Ok((StatusCode::CREATED, Json(services.create_model(&caller, body.parse()?).await?.into())))
}

/// A model.
#[utoipa::path(get, path = "/catalog/models/{model}", tag = "Catalog", params(("model" = String, Path, description = "Public name or id")),
    responses((status = 200, body = ModelBody), (status = 404, body = ProblemBody)))]
pub async fn find_model(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(model): Path<String>,
) -> Answer<Json<ModelBody>> {
    Ok(Json(services.get_model(&caller, &model).await?.into()))
}

/// Change a model; what is left out stays.
#[utoipa::path(patch, path = "/catalog/models/{model}", tag = "Catalog", request_body = ModelPatchBody,
    params(("model" = String, Path, description = "Public name or id")),
    responses((status = 200, body = ModelBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn update_model(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(model): Path<String>,
    Sent(body): Sent<ModelPatchBody>,
) -> Answer<Json<ModelBody>> {
    let before = services.get_model(&caller, &model).await?;
    let id = before.id.to_string();
    Ok(Json(services.update_model(&caller, &id, body.onto(before)?).await?.into()))
}

/// Remove a model. Its name is free again; what was called stays in the history.
#[utoipa::path(delete, path = "/catalog/models/{model}", tag = "Catalog", params(("model" = String, Path, description = "Public name or id")),
    responses((status = 204, description = "It is gone."), (status = 404, body = ProblemBody)))]
pub async fn delete_model(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(model): Path<String>,
) -> Answer<StatusCode> {
    services.delete_model(&caller, &model).await?;
    Ok(StatusCode::NO_CONTENT)
}
