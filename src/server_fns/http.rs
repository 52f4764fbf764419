//! What a server function may know of its request and say in its answer, beside its value.

use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use url::{Url, form_urlencoded};

use super::call::VIEW_AS;

/// True for a form that a browser sent by itself, without the page's program: its answer is a redirect, not a value.
pub fn is_plain_form() -> bool {
    header_of(header::ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// A cookie of the request.
pub fn cookie(name: &str) -> Option<String> {
    let cookies = header_of(header::COOKIE)?;
    cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Adds a cookie to the answer; `text` is the whole header value.
pub fn set_cookie(text: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(text)) {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// Sets a header of the answer.
pub fn set_header(name: &'static str, value: &'static str) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Sets the status of a page.
pub fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        response.set_status(status);
    }
}

/// Whom the page wants to be seen as: `as` in its address. The page's program says it with a header, a plain form by where it comes from.
pub fn asked_view() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let of_address = |path: &str, query: &str| {
        let given =
            || form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "as").map(|(_, value)| value.into_owned());
        path.starts_with("/t/").then(given).flatten().filter(|member| !member.is_empty())
    };
    if !parts.uri.path().starts_with("/fn/") {
        return of_address(parts.uri.path(), parts.uri.query().unwrap_or_default());
    }
    if let Some(member) = parts.headers.get(VIEW_AS) {
        return Some(member.to_str().unwrap_or_default().to_owned());
    }
    let from = parts.headers.get(header::REFERER).and_then(|from| Url::parse(from.to_str().ok()?).ok())?;
    of_address(from.path(), from.query().unwrap_or_default())
}

fn header_of(name: header::HeaderName) -> Option<String> {
    let parts = use_context::<Parts>()?;
    parts.headers.get(name)?.to_str().ok().map(str::to_owned)
}
