//! `/teams/{team}/keys`: gateway keys.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Asked, Sent, nullable},
    limit_bodies::{LimitsBody, Number, PeriodWord, bounds},
    list::List,
    problem::{Answer, ProblemBody},
    signed_in::SignedIn,
};
use crate::{
    domain::{
        api_keys::{CreatedKey, KeyStatus, KeyView, NewApiKey},
        ids::KeyId,
        page::PageRequest,
        time::UnixMs,
    },
    service::{
        ServiceError, Services,
        api_keys::{KeyBounds, KeyPatch, KeyQuery},
    },
};

/// Which keys are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeysQuery {
    /// Name, prefix or owner contain this.
    q: Option<String>,
    /// Only the caller's own.
    mine: Option<bool>,
    /// Only `active`, `rotated` (working with two secrets), `expired` or `revoked` ones.
    status: Option<String>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Input of a new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyBody {
    /// Where the key runs.
    name: String,
    /// `person` (unless asked otherwise), `application` or `test`.
    kind: Option<String>,
    /// When it ends; never without.
    expires_at: Option<i64>,
    /// Models that it is narrowed to; all that its owner may call without.
    models: Option<Vec<String>>,
    /// Budget in nano-dollars; `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    budget: Option<Option<Number>>,
    /// `period` for each billing month (unless asked otherwise), or `total`.
    #[schema(value_type = Option<String>)]
    budget_period: Option<PeriodWord>,
    /// Limits of its own; `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LimitsBody>)]
    limits: Option<Option<LimitsBody>>,
}

/// A change of a key; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPatchBody {
    /// Name.
    name: Option<String>,
    /// When it ends; `null` for never.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Option<i64>>,
    /// Models that it is narrowed to; `null` for all that its owner may call.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    models: Option<Option<Vec<String>>>,
    /// Budget in nano-dollars; `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    budget: Option<Option<Number>>,
    /// `period` for each billing month (unless asked otherwise), or `total`.
    #[schema(value_type = Option<String>)]
    budget_period: Option<PeriodWord>,
    /// Limits of its own; `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LimitsBody>)]
    limits: Option<Option<LimitsBody>>,
}

/// A new secret; it stands in this answer and nowhere else.
#[derive(Serialize, ToSchema)]
pub struct CreatedKeyBody {
    /// Identifier.
    id: String,
    /// The whole secret.
    key: String,
    /// First characters, as lists show them.
    prefix: String,
    /// Name.
    name: String,
    /// `person`, `application` or `test`.
    kind: &'static str,
    /// When it ends.
    expires_at: Option<i64>,
}

/// A key.
#[derive(Serialize, ToSchema)]
pub struct KeyBody {
    /// Identifier.
    id: String,
    /// Name.
    name: String,
    /// First and last characters of the secret.
    masked: String,
    /// `person`, `application` or `test`.
    kind: &'static str,
    /// Identifier of its person; for an application key of who made it.
    user: String,
    /// Name of that person.
    user_name: String,
    /// `active`, `expires_soon`, `expired` or `revoked`.
    state: serde_json::Value,
    /// When it ends.
    expires_at: Option<i64>,
    /// When it was revoked.
    revoked_at: Option<i64>,
    /// When the secret that a rotation replaced stops; only while it still works.
    old_secret_until: Option<i64>,
    /// Made at.
    created_at: i64,
    /// Last call.
    last_used_at: Option<i64>,
    /// Spent since the start of the month, in nano-dollars.
    spent: i64,
}

/// Keys, newest first: everybody's for those who may see them, else the caller's own.
#[utoipa::path(get, path = "/teams/{team}/keys", tag = "Keys",
    params(("team" = String, Path, description = "Short name, id, or `me`"), KeysQuery), responses((status = 200, body = List<KeyBody>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<KeysQuery>,
) -> Answer<Json<List<KeyBody>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let status = query.status.map(|word| {
        let wrong = || ServiceError::field("status", "Choose active, rotated, expired or revoked.");
        KeyStatus::parse(&word).ok_or_else(wrong)
    });
    let status = status.transpose()?;
    let query = KeyQuery { text: query.q.unwrap_or_default(), mine: query.mine.unwrap_or(false), status, page };
    Ok(Json(List::of(services.list_keys(&caller, &team, query).await?, KeyBody::from)))
}

/// Make a key.
#[utoipa::path(post, path = "/teams/{team}/keys", tag = "Keys", request_body = NewKeyBody,
    params(("team" = String, Path, description = "Short name, id, or `me`")),
    responses((status = 201, body = CreatedKeyBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Sent(body): Sent<NewKeyBody>,
) -> Answer<(StatusCode, Json<CreatedKeyBody>)> {
    let kind = body.kind.unwrap_or_default();
    let new = NewApiKey::parse(&body.name, &kind, body.expires_at.map(UnixMs), services.clock.now())?;
    let bounds = KeyBounds { models: body.models, allowance: bounds(body.limits, body.budget, body.budget_period)? };
    Ok((StatusCode::CREATED, Json(services.create_bounded_key(&caller, &team, new, bounds).await?.into())))
}

/// Rename a key, change when it ends, what it may call, its limits or its budget.
#[utoipa::path(patch, path = "/teams/{team}/keys/{key}", tag = "Keys", request_body = KeyPatchBody,
    params(("team" = String, Path, description = "Short name, id, or `me`"), ("key" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is changed."), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn update(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, key)): Path<(String, String)>,
    Sent(body): Sent<KeyPatchBody>,
) -> Answer<StatusCode> {
    let allowance = bounds(body.limits, body.budget, body.budget_period)?;
    let expires_at = body.expires_at.map(|end| end.map(UnixMs));
    let patch = KeyPatch { name: body.name, expires_at, models: body.models, allowance };
    services.update_key(&caller, &team, parse(&key)?, patch).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revoke a key: the next call with it fails.
#[utoipa::path(delete, path = "/teams/{team}/keys/{key}", tag = "Keys",
    params(("team" = String, Path, description = "Short name, id, or `me`"), ("key" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is revoked."), (status = 404, body = ProblemBody)))]
pub async fn revoke(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, key)): Path<(String, String)>,
) -> Answer<StatusCode> {
    services.revoke_key(&caller, &team, parse(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a key a new secret; the old one works for another day.
#[utoipa::path(post, path = "/teams/{team}/keys/{key}/rotate", tag = "Keys",
    params(("team" = String, Path, description = "Short name, id, or `me`"), ("key" = String, Path, description = "Identifier")),
    responses((status = 201, body = CreatedKeyBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn rotate(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, key)): Path<(String, String)>,
) -> Answer<(StatusCode, Json<CreatedKeyBody>)> {
    Ok((StatusCode::CREATED, Json(services.rotate_key(&caller, &team, parse(&key)?).await?.into())))
}

fn parse(key: &str) -> Result<KeyId, ServiceError> {
    KeyId::parse(key).ok_or(ServiceError::NotFound)
}

impl From<CreatedKey> for CreatedKeyBody {
    fn from(key: CreatedKey) -> Self {
        Self {
            id: key.id.to_string(),
            key: key.key,
            prefix: key.prefix,
            name: key.name,
            kind: key.kind.as_str(),
            expires_at: key.expires_at.map(|at| at.0),
        }
    }
}

impl From<KeyView> for KeyBody {
    fn from(key: KeyView) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            masked: key.masked,
            kind: key.kind.as_str(),
            user: key.user.to_string(),
            user_name: key.user_name,
            state: serde_json::json!(key.state),
            expires_at: key.expires_at.map(|at| at.0),
            revoked_at: key.revoked_at.map(|at| at.0),
            old_secret_until: key.old_secret_until.map(|at| at.0),
            created_at: key.created_at.0,
            last_used_at: key.last_used_at.map(|at| at.0),
            spent: key.spent,
        }
    }
}
