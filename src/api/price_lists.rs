//! `/catalog/price-lists`: importing a price list. It is read first, shown as a diff, and applied as far as somebody chooses.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    body::{Asked, Sent},
    list::{List, ListQuery},
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        ids::PriceListId,
        price_list::{Applied, ListRow},
        prices::Prices,
        time::UnixMs,
    },
    service::{ServiceError, Services, price_list::Choice},
};

/// Input of a list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPriceListBody {
    /// The content of a `model_prices_and_context_window.json`: models with costs per token.
    #[schema(value_type = Object)]
    price_list: Box<RawValue>,
}

/// A list that was read.
#[derive(Serialize, ToSchema)]
pub struct PriceListBody {
    /// Identifier; kept for a day.
    id: String,
}

/// Prices in nano-dollars per million tokens.
#[derive(Serialize, ToSchema)]
pub struct PricesBody {
    /// Prompt tokens.
    input_price: Option<i64>,
    /// Prompt tokens that the provider had cached.
    cached_price: Option<i64>,
    /// Completion tokens.
    output_price: Option<i64>,
}

/// What an entry would change.
#[derive(Serialize, ToSchema)]
pub struct ListRowBody {
    /// The entry's name.
    name: String,
    /// `changed`, `new`, `unchanged` or `unreadable`.
    effect: &'static str,
    /// Prices that hold now.
    before: PricesBody,
    /// Prices of the list.
    after: PricesBody,
    /// What the model can do; none where the entry was not understood.
    modality: Option<&'static str>,
    /// The price crosses the platform's threshold: the model becomes restricted.
    restricts: bool,
    /// Why it was not understood, or what of it is left out.
    note: String,
}

/// What is chosen from a list.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceBody {
    /// Names of entries that are `changed` or `new`.
    models: Vec<String>,
    /// Name of the provider that serves the new ones.
    provider: Option<String>,
    /// When the prices begin; at once without it.
    from: Option<i64>,
}

/// What was applied.
#[derive(Serialize, ToSchema)]
pub struct AppliedBody {
    /// Models with new prices.
    changed: i64,
    /// Models that were added.
    created: i64,
}

impl From<Prices> for PricesBody {
    fn from(prices: Prices) -> Self {
        Self {
            input_price: prices.input.map(|price| price.0),
            cached_price: prices.cached.map(|price| price.0),
            output_price: prices.output.map(|price| price.0),
        }
    }
}

impl From<ListRow> for ListRowBody {
    fn from(row: ListRow) -> Self {
        Self {
            name: row.name,
            effect: row.effect.as_str(),
            before: row.before.into(),
            after: row.after.into(),
            modality: row.modality.map(|modality| modality.as_str()),
            restricts: row.restricts,
            note: row.note,
        }
    }
}

impl From<Applied> for AppliedBody {
    fn from(applied: Applied) -> Self {
        Self { changed: applied.changed, created: applied.created }
    }
}

fn parse(id: &str) -> Result<PriceListId, ServiceError> {
    PriceListId::parse(id).ok_or(ServiceError::NotFound)
}

/// Read a price list. Nothing changes by it.
#[utoipa::path(post, path = "/catalog/price-lists", tag = "Catalog", request_body = NewPriceListBody,
    responses((status = 201, body = PriceListBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewPriceListBody>,
) -> Answer<(StatusCode, Json<PriceListBody>)> {
    let id = services.upload_price_list(&caller, body.price_list.get()).await?;
    Ok((StatusCode::CREATED, Json(PriceListBody { id: id.to_string() })))
}

/// What each entry of a list would change now, by name.
#[utoipa::path(get, path = "/catalog/price-lists/{list}", tag = "Catalog",
    params(("list" = String, Path, description = "Identifier"), ListQuery),
    responses((status = 200, body = List<ListRowBody>), (status = 404, body = ProblemBody)))]
pub async fn preview(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(list): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<ListRowBody>>> {
    caller.check_platform_admin()?;
    let rows = services.preview_price_list(&caller, parse(&list)?).await?.into_iter().map(ListRowBody::from).collect();
    Ok(Json(List::cut(rows, query, |row| row.name.clone())?))
}

/// Apply entries of a list, all that are named or none.
#[utoipa::path(post, path = "/catalog/price-lists/{list}/apply", tag = "Catalog", request_body = ChoiceBody,
    params(("list" = String, Path, description = "Identifier")),
    responses((status = 200, body = AppliedBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn apply(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(list): Path<String>,
    Sent(body): Sent<ChoiceBody>,
) -> Answer<Json<AppliedBody>> {
    caller.check_platform_admin()?;
    let choice = Choice { models: body.models, provider: body.provider.unwrap_or_default(), from: body.from.map(UnixMs) };
    Ok(Json(services.apply_price_list(&caller, parse(&list)?, choice).await?.into()))
}
