//! What clients send: JSON bodies and query strings. Refuses what it does not know, so that nothing is ignored silently.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{header, request::Parts},
    response::Response,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::problem::Problem;

/// A JSON body. Only `application/json` is taken, which no plain form of another site can send.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Problem::not_json());
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|_| Problem::malformed("The body could not be read.".into()))?;
        // The parser's own words name fields and places, and nothing of what was sent in them but its type.
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::malformed(format!("The body is not as expected: {error}.")))
    }
}

/// A query string.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(error) => Err(Problem::malformed(format!("{}.", error.body_text()))),
        }
    }
}

/// A field of a change that may be left out (`None`), or be `null` to unset what is there (`Some(None)`).
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
