//! Who asks: the person of a session cookie, or of a management token. Where a token is sent the cookie is not looked at.

use axum::{
    extract::FromRequestParts,
    http::{Method, header, request::Parts},
};
use tower_sessions::Session;

use super::problem::Problem;
use crate::service::{Caller, Door, RequestFacts, ServiceError, Services, accounts::sessions::caller_of};

/// A signed-in caller. Refuses everybody else, and read-only tokens that want to change something.
pub struct SignedIn(pub Caller);

/// A signed-in caller, or nobody. A credential that is sent and is not valid is refused all the same.
pub struct MaybeSignedIn(pub Option<Caller>);

/// What is known of a request before anybody looks at who sent it.
pub struct Facts(pub RequestFacts);

impl FromRequestParts<Services> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Problem> {
        let request = parts.extensions.get::<RequestFacts>().cloned().unwrap_or_default();
        let caller = match parts.headers.get(header::AUTHORIZATION) {
            Some(value) => {
                let token = value.to_str().ok().and_then(bearer).ok_or(ServiceError::SignedOut)?;
                services.authenticate_token(&request, token).await?
            }
            None => {
                let session = parts.extensions.get::<Session>().cloned().ok_or(ServiceError::SignedOut)?;
                caller_of(services, &session, Door::Api, &request).await?.ok_or(ServiceError::SignedOut)?
            }
        };
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            caller.check_may_write()?;
        }
        Ok(Self(caller))
    }
}

impl FromRequestParts<Services> for MaybeSignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Problem> {
        let sends_token = parts.headers.contains_key(header::AUTHORIZATION);
        match SignedIn::from_request_parts(parts, services).await {
            Ok(SignedIn(caller)) => Ok(Self(Some(caller))),
            Err(Problem(ServiceError::SignedOut)) if !sends_token => Ok(Self(None)),
            Err(problem) => Err(problem),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Facts {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get().cloned().unwrap_or_default()))
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
