//! A refusal of the edge itself, in the words of the door that was knocked at.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::server::metrics::Door;

/// An answer with a fixed sentence: an OpenAI error body for the gateway, problem+json for the management API, else plain text.
pub fn refuse(path: &str, status: StatusCode, sentence: &str) -> Response {
    match Door::of(path) {
        Door::Gateway => {
            let (kind, code) = match status {
                StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                    ("invalid_request_error", "request_too_large")
                }
                status if status.is_server_error() => ("api_error", "service_unavailable"),
                _ => ("invalid_request_error", "invalid_request"),
            };
            let body = json!({ "error": { "message": sentence, "type": kind, "param": null, "code": code } });
            (status, Json(body)).into_response()
        }
        Door::Api => problem(status, sentence),
        Door::Dashboard => (status, sentence.to_owned()).into_response(),
    }
}

fn problem(status: StatusCode, sentence: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let code = title.to_ascii_lowercase().replace([' ', '-'], "_");
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": sentence, "code": code });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
