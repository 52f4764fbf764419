//! Reads a request's body before the handler runs, within a size and a time, for everything but the gateway: its bodies are small,
//! and a limit here reaches handlers that read streams, too.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;

use super::refuse;
use crate::{
    domain::price_list::PRICE_LIST_MAX,
    server::{Edge, metrics::Door},
};

/// Where price lists are uploaded, the one body that may be longer.
const PRICE_LIST_PATHS: [&str; 2] = ["/api/v1/catalog/price-lists", "/fn/upload_price_list"];
/// A form writes quotes and braces as three characters each.
const PRICE_LIST_BODY_MAX: usize = 3 * PRICE_LIST_MAX;

/// Hands the handler a body that is in memory.
pub async fn body(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    // The gateway reads its own: it decides about the key first.
    if Door::of(request.uri().path()) == Door::Gateway || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let http = &edge.config.http;
    let limit = if PRICE_LIST_PATHS.contains(&parts.uri.path()) { PRICE_LIST_BODY_MAX } else { http.limits.dashboard_body };
    let read = async {
        check_head(&parts.headers, limit)?;
        tokio::time::timeout(http.timeouts.body, collect(body, limit)).await.unwrap_or(Err(Refused::Slow))
    };
    match read.await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(refused) => {
            let (status, sentence) = refused.answer();
            let mut response = refuse(parts.uri.path(), status, sentence);
            // What is left of the body is not read, so the connection can not be used again.
            response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
            response
        }
    }
}

enum Refused {
    Large,
    Slow,
    Encoded,
    Broken,
}

impl Refused {
    fn answer(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Large => (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than what is accepted here."),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
            Self::Encoded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without Content-Encoding."),
            Self::Broken => (StatusCode::BAD_REQUEST, "The body ended early or was malformed."),
        }
    }
}

fn check_head(headers: &HeaderMap, limit: usize) -> Result<(), Refused> {
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value != "identity") {
        return Err(Refused::Encoded);
    }
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) { Err(Refused::Large) } else { Ok(()) }
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Refused> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refused::Broken)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Refused::Large);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}
