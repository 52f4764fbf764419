//! `/me/tokens`: management tokens.

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
        ids::TokenId,
        management_tokens::{ManagementToken, NewManagementToken},
        time::UnixMs,
    },
    service::{ServiceError, Services},
};

/// Input of a new token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// What it is for.
    name: String,
    /// `read` or `write`.
    scope: String,
    /// When it ends; never without.
    expires_at: Option<i64>,
}

/// A token; the secret stands only in the answer to its creation.
#[derive(Serialize, ToSchema)]
pub struct TokenBody {
    /// Identifier.
    id: String,
    /// The whole secret, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What it is for.
    name: String,
    /// `read` or `write`.
    scope: &'static str,
    /// Last characters of the secret.
    suffix: String,
    /// Made at.
    created_at: i64,
    /// When it ends.
    expires_at: Option<i64>,
    /// Last use, to the minute.
    last_used_at: Option<i64>,
}

/// Own management tokens.
#[utoipa::path(get, path = "/me/tokens", tag = "Account", params(ListQuery), responses((status = 200, body = List<TokenBody>)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<ListQuery>,
) -> Answer<Json<List<TokenBody>>> {
    let tokens = services.list_tokens(&caller).await?.into_iter().map(TokenBody::from).collect();
    Ok(Json(List::cut(tokens, query, |token| token.id.clone())?))
}

/// Make a management token.
#[utoipa::path(post, path = "/me/tokens", tag = "Account", request_body = NewTokenBody, responses(
    (status = 201, body = TokenBody), (status = 422, body = ProblemBody),
))]
pub async fn create(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Sent(body): Sent<NewTokenBody>,
) -> Answer<(StatusCode, Json<TokenBody>)> {
    let new = NewManagementToken::parse(&body.name, &body.scope, body.expires_at.map(UnixMs), services.clock.now())?;
    let (token, secret) = services.create_token(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(TokenBody { token: Some(secret.expose().to_owned()), ..token.into() })))
}

/// Revoke a management token.
#[utoipa::path(delete, path = "/me/tokens/{token}", tag = "Account", params(("token" = String, Path, description = "Identifier")),
    responses((status = 204, description = "It is revoked."), (status = 404, body = ProblemBody)))]
pub async fn revoke(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(token): Path<String>,
) -> Answer<StatusCode> {
    let token = TokenId::parse(&token).ok_or(ServiceError::NotFound)?;
    services.revoke_token(&caller, token).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<ManagementToken> for TokenBody {
    fn from(token: ManagementToken) -> Self {
        Self {
            id: token.id.to_string(),
            token: None,
            name: token.name,
            scope: token.scope.as_str(),
            suffix: token.suffix,
            created_at: token.created_at.0,
            expires_at: token.expires_at.map(|at| at.0),
            last_used_at: token.last_used_at.map(|at| at.0),
        }
    }
}
