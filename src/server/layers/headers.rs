//! The headers that every answer carries, whatever made it. The nonce of the pages' inline scripts is minted here and handed to
//! Leptos through the request.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use leptos::nonce::Nonce;

use crate::server::Edge;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds the headers.
pub async fn headers(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let nonce = URL_SAFE_NO_PAD.encode(edge.services.random.bytes::<16>());
    request.extensions_mut().insert(Nonce::from_value(nonce.as_str()));
    let carries_token = carries_token(request.uri().path());
    let mut response = next.run(request).await;
    add(response.headers_mut(), &nonce, edge.config.http.is_https(), carries_token);
    response
}

/// Addresses of links in mails: nobody who is linked from there may learn them.
fn carries_token(path: &str) -> bool {
    ["/reset/", "/confirm/", "/signup/", "/invitations/"].iter().any(|start| path.starts_with(start))
}

fn add(headers: &mut HeaderMap, nonce: &str, https: bool, carries_token: bool) {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let is_page = kind.starts_with("text/html");
    if kind.starts_with("text/") && !kind.contains("charset") {
        put(headers, header::CONTENT_TYPE, &format!("{kind}; charset=utf-8"));
    }
    let policy =
        if is_page { page_policy(nonce) } else { "default-src 'none'; base-uri 'none'; frame-ancestors 'none'".to_owned() };
    put(headers, header::CONTENT_SECURITY_POLICY, &policy);
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(headers, header::X_FRAME_OPTIONS, "DENY");
    // Leptos' forms come back to the address they were sent from when WebAssembly is off.
    put(headers, header::REFERRER_POLICY, if carries_token { "no-referrer" } else { "same-origin" });
    put(headers, OPENER_POLICY, "same-origin");
    put(headers, RESOURCE_POLICY, "same-origin");
    put(headers, PERMISSIONS_POLICY, "camera=(), microphone=(), geolocation=(), payment=()");
    if https {
        put(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        // Only static files say otherwise: everything else may be about the person who asked.
        put(headers, header::CACHE_CONTROL, "no-store");
    }
}

/// `wasm-unsafe-eval` lets WebAssembly compile and nothing else; without `strict-dynamic`, because preload links carry no nonce.
fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
