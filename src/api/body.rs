//! What clients send: JSON bodies and query strings; and files that they are sent. Refuses what it does not know, so that nothing is ignored silently.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{header, request::Parts},
    response::Response,
};
use futures::{Stream, StreamExt};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::problem::Problem;
use crate::domain::roles::Role;

/// A file that is sent piece by piece. Compression asks once more behind the end, which not every stream takes.
pub fn in_pieces(pieces: impl Stream<Item = Result<String, io::Error>> + Send + 'static) -> Body {
    Body::from_stream(pieces.fuse())
}

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
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Problem::malformed(format!("The body is not as expected: {}.", without_values(&error.to_string()))))
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

/// The parser's words name fields, types and places, but also quote values: those may be secrets in a wrong place, and are left out.
fn without_values(words: &str) -> String {
    for start in ["invalid type: ", "invalid value: "] {
        let Some((found, expected)) = words.strip_prefix(start).and_then(|rest| rest.rsplit_once(", expected ")) else {
            continue;
        };
        let kind = found.split(['"', '`', '\'']).next().unwrap_or_default().trim();
        return format!("{start}{kind}, expected {expected}");
    }
    words.to_owned()
}

/// A role, exactly as the product writes it.
#[derive(Clone, Copy, Debug)]
pub struct RoleWord(pub Role);

impl<'de> Deserialize<'de> for RoleWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Role::parse(&text).map(Self).ok_or_else(|| serde::de::Error::custom("a role is owner, admin, member or viewer"))
    }
}

/// A field of a change that may be left out (`None`), or be `null` to unset what is there (`Some(None)`).
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Body {
        number: i64,
    }

    #[test]
    fn errors_quote_no_values() {
        for text in
            [r#"{"number":"sk-canary"}"#, r#"{"number":"a, expected sk-canary"}"#, r#"{"number":1.5}"#, r#"{"number":tru"#, "["]
        {
            let words = without_values(&serde_json::from_str::<Body>(text).unwrap_err().to_string());
            assert!(!words.contains("canary") && !words.contains("1.5"), "{words}");
        }
        let words = without_values(&serde_json::from_str::<Body>(r#"{"number":"x"}"#).unwrap_err().to_string());
        assert_eq!(words, "invalid type: string, expected i64 at line 1 column 13");
    }
}
