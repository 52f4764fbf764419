//! Statuses of refused server functions. Leptos answers every error with 500, and a status that a function sets itself would break the
//! redirect of plain forms; so the status is set here, where the answer leaves, from the error that it carries.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use leptos::prelude::FromServerFnError;

use crate::error::AppError;

/// Header that Leptos puts on the answer of a function that failed.
const ERROR_HEADER: &str = "serverfnerror";
/// Errors are short; a longer body is none of ours.
const LONGEST: usize = 64 << 10;

/// Gives the answer of a failed function the status of its error. For the routes under `/fn`.
pub async fn refusals(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR || !response.headers().contains_key(ERROR_HEADER) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else { return Response::from_parts(parts, Body::empty()) };
    if let Ok(status) = StatusCode::from_u16(AppError::de(bytes.clone()).status()) {
        parts.status = status;
    }
    Response::from_parts(parts, Body::from(bytes))
}
