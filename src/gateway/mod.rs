//! The OpenAI-compatible data plane under `/v1`: HTTP in, HTTP out, and in between the same services that the dashboard uses.
//!
//! A call goes `calls` → `body`, `authenticate` → `admission` (snapshot and spool, no SQL) → `dispatch` (deployments in the order of
//! `routing`) → `plain` or `streaming`. When the database is away, calls go on: decisions come from memory, usage waits in the spool.

pub mod admission;
pub mod authenticate;
pub mod body;
mod calls;
pub mod dispatch;
pub mod error;
mod models;
mod plain;
mod playground;
mod rate_headers;
mod reserve;
pub mod routing;
mod simulated;
mod simulated_embeddings;
pub mod sse;
mod standing;
mod stream_meter;
mod streaming;
#[cfg(test)]
mod tests;
pub mod wire;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, Response, header},
    routing::{any, get, post},
};

use crate::{
    domain::{ids::CallId, time::UnixMs},
    service::{Services, access::snapshot::TeamEntry, quota::Rooms},
};
use error::GatewayError;
use routing::Routing;

pub use playground::{Played, Playground};

/// What all calls share.
pub struct Gateway {
    services: Services,
    routing: Routing,
}

/// Every route under `/v1`, and the playground's way in. What is not a route answers in the same shape.
pub fn doors(services: Services) -> (Router, Playground) {
    let gateway = Arc::new(Gateway { services, routing: Routing::default() });
    let playground = Playground::new(gateway.clone());
    let router = Router::new()
        .route("/v1/chat/completions", post(calls::chat).fallback(use_post))
        .route("/v1/embeddings", post(calls::embeddings).fallback(use_post))
        .route("/v1/models", get(models::list).fallback(use_get))
        .route("/v1/models/{*id}", get(models::find).fallback(use_get))
        .route("/v1", any(unknown))
        .route("/v1/", any(unknown))
        .route("/v1/{*rest}", any(unknown))
        .with_state(gateway);
    (router, playground)
}

#[cfg(test)]
fn router(services: Services) -> Router {
    doors(services).0
}

async fn unknown(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    Head::new(&gateway).complete(Err(GatewayError::UnknownPath))
}

async fn use_post(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    Head::new(&gateway).complete(Err(GatewayError::MethodNotAllowed { allow: "POST" }))
}

async fn use_get(State(gateway): State<Arc<Gateway>>) -> Response<Body> {
    Head::new(&gateway).complete(Err(GatewayError::MethodNotAllowed { allow: "GET" }))
}

/// What every answer carries: the call's id and, once the key is known, its context.
struct Head {
    id: CallId,
    at: UnixMs,
    context: Option<HeaderValue>,
    /// What was left of the call's limits when it was admitted or refused.
    rooms: Rooms,
}

impl Head {
    fn new(gateway: &Gateway) -> Self {
        let at = gateway.services.clock.now();
        Self { id: gateway.services.random.id_at(at), at, context: None, rooms: Rooms::default() }
    }

    fn name_context(&mut self, team: &TeamEntry) {
        self.context = HeaderValue::from_str(&team.slug).ok();
    }

    fn complete(self, answer: Result<Response<Body>, GatewayError>) -> Response<Body> {
        let mut rooms = self.rooms;
        let mut response = answer.unwrap_or_else(|error| {
            if let GatewayError::Limit(hit) = &error {
                rooms = hit.rooms;
            }
            error.response()
        });
        let shows_limits = matches!(response.status().as_u16(), 200 | 429);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.id.to_string()) {
            headers.insert("x-request-id", id);
        }
        if let Some(context) = self.context {
            headers.insert("x-tallygate-context", context);
        }
        if shows_limits {
            rate_headers::add(headers, rooms);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
