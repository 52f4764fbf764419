//! Whether the process lives, and whether it can work.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use super::Edge;

const PLAIN: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];

/// `/healthz`: the process answers.
pub async fn healthz() -> impl IntoResponse {
    (PLAIN, "ok\n")
}

/// `/readyz`: the database answers, and the server is not about to stop.
pub async fn readyz(State(edge): State<Edge>) -> impl IntoResponse {
    if edge.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, PLAIN, "stopping\n");
    }
    // Taking a connection from the pool checks that it is alive.
    match edge.services.store.reader().await {
        Ok(_) => (StatusCode::OK, PLAIN, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, PLAIN, "the database does not answer\n"),
    }
}
