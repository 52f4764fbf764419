//! `/catalog/prices` and `/catalog/settings`: prices over time, and the price above which models are restricted. For platform admins;
//! for everybody else they do not exist.

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
use crate::{
    domain::{
        money::Price,
        prices::{PriceEntry, PriceHistory, Prices},
        time::UnixMs,
    },
    service::Services,
};

/// Prices that hold from a time on, in nano-dollars per million tokens.
#[derive(Serialize, ToSchema)]
pub struct PriceEntryBody {
    /// From this moment, until the next entry's. Of several for the same moment the last one counts.
    from: i64,
    /// Prompt tokens.
    input_price: Option<i64>,
    /// Prompt tokens that the provider had cached.
    cached_price: Option<i64>,
    /// Completion tokens.
    output_price: Option<i64>,
    /// When it was entered.
    created_at: i64,
    /// Name of who entered it; empty for what the product did by itself.
    created_by: String,
}

/// Input of new prices. What is left out has no price.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPricesBody {
    /// When they begin; at once without it, never in the past.
    from: Option<i64>,
    /// Prompt tokens.
    input_price: Option<i64>,
    /// Prompt tokens that the provider had cached.
    cached_price: Option<i64>,
    /// Completion tokens.
    output_price: Option<i64>,
}

/// The catalog's settings.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogSettingsBody {
    /// Models with a price above are restricted; `null` for no such rule.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    restricted_above: Option<i64>,
}

impl From<PriceEntry> for PriceEntryBody {
    fn from(entry: PriceEntry) -> Self {
        Self {
            from: entry.from.0,
            input_price: entry.prices.input.map(|price| price.0),
            cached_price: entry.prices.cached.map(|price| price.0),
            output_price: entry.prices.output.map(|price| price.0),
            created_at: entry.created_at.0,
            created_by: entry.created_by,
        }
    }
}

fn newest_first(history: PriceHistory) -> Vec<PriceEntryBody> {
    history.0.into_iter().rev().map(PriceEntryBody::from).collect()
}

/// A model's prices, announced ones first, then what held before.
#[utoipa::path(get, path = "/catalog/prices/{model}", tag = "Catalog",
    params(("model" = String, Path, description = "Public name or id"), ListQuery),
    responses((status = 200, body = List<PriceEntryBody>), (status = 404, body = ProblemBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(model): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<PriceEntryBody>>> {
    let history = services.list_prices(&caller, &model).await?;
    // Keys fall as entries get newer.
    let keyed = history.0.into_iter().enumerate().map(|(at, entry)| (format!("{:012}", 999_999_999_999 - at), entry)).collect();
    let List { items, next_cursor } = List::cut(keyed, query, |(key, _)| key.clone())?;
    Ok(Json(List { items: items.into_iter().map(|(_, entry)| entry.into()).collect(), next_cursor }))
}

/// Enter prices. What held before stays in the history, and calls keep the prices of their admission.
#[utoipa::path(post, path = "/catalog/prices/{model}", tag = "Catalog", request_body = NewPricesBody,
    params(("model" = String, Path, description = "Public name or id")),
    responses((status = 201, body = List<PriceEntryBody>), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(model): Path<String>,
    Sent(body): Sent<NewPricesBody>,
) -> Answer<(StatusCode, Json<List<PriceEntryBody>>)> {
    let price = |nano: Option<i64>| nano.map(Price);
    let prices = Prices { input: price(body.input_price), cached: price(body.cached_price), output: price(body.output_price) };
    let history = services.set_prices(&caller, &model, prices, body.from.map(UnixMs)).await?;
    Ok((StatusCode::CREATED, Json(List { items: newest_first(history), next_cursor: None })))
}

/// The catalog's settings.
#[utoipa::path(get, path = "/catalog/settings", tag = "Catalog", responses((status = 200, body = CatalogSettingsBody)))]
pub async fn settings(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<CatalogSettingsBody>> {
    let threshold = services.price_threshold(&caller).await?;
    Ok(Json(CatalogSettingsBody { restricted_above: threshold.map(|price| price.0) }))
}

/// Set them. They act on models and prices that are entered from then on.
#[utoipa::path(put, path = "/catalog/settings", tag = "Catalog", request_body = CatalogSettingsBody,
    responses((status = 200, body = CatalogSettingsBody), (status = 422, body = ProblemBody)))]
pub async fn update_settings(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<CatalogSettingsBody>,
) -> Answer<Json<CatalogSettingsBody>> {
    services.set_price_threshold(&caller, body.restricted_above.map(Price)).await?;
    Ok(Json(body))
}
