//! Cookies beside the handlers. Completes the one that ends a session: tower-sessions removes it by name and path alone, and a browser
//! ignores a `__Host-` cookie that is not `Secure`, also when it is meant to go. And sets the one that tells a browser again that
//! somebody signed in with.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::{
    domain::time::SECOND_MS,
    server::Edge,
    service::{RequestFacts, accounts::devices},
};

/// Gives every session cookie the attributes that it was set with, and a browser that somebody signed in with its own.
pub async fn cookies(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let device = request.extensions().get::<RequestFacts>().map(|facts| facts.device.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    let (name, secure) = (edge.session_cookie(), edge.config.http.is_https());
    let headers = response.headers_mut();
    if headers.contains_key(header::SET_COOKIE) {
        let set: Vec<HeaderValue> =
            headers.get_all(header::SET_COOKIE).iter().map(|value| completed(value, name, secure)).collect();
        headers.remove(header::SET_COOKIE);
        for value in set {
            headers.append(header::SET_COOKIE, value);
        }
    }
    if let Some(value) = device.given().and_then(|token| device_cookie(edge.device_cookie(), token, secure)) {
        headers.append(header::SET_COOKIE, value);
    }
    response
}

/// The value of a request's cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn device_cookie(name: &str, token: &str, secure: bool) -> Option<HeaderValue> {
    let (life_s, secure) = (devices::LIFE_MS / SECOND_MS, if secure { "; Secure" } else { "" });
    HeaderValue::from_str(&format!("{name}={token}; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age={life_s}")).ok()
}

fn completed(value: &HeaderValue, name: &str, secure: bool) -> HeaderValue {
    let Ok(text) = value.to_str() else { return value.clone() };
    if text.split_once('=').is_none_or(|(set, _)| set != name) {
        return value.clone();
    }
    let has = |attribute: &str| text.split(';').skip(1).any(|part| part.trim().eq_ignore_ascii_case(attribute));
    let mut text = text.to_owned();
    for (attribute, wanted) in [("HttpOnly", true), ("SameSite=Lax", true), ("Secure", secure)] {
        if wanted && !has(attribute) {
            text.push_str("; ");
            text.push_str(attribute);
        }
    }
    HeaderValue::from_str(&text).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(text: &str) -> String {
        completed(&HeaderValue::from_str(text).unwrap(), "__Host-sid", true).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_session_cookie_goes_with_the_attributes_it_came_with() {
        assert_eq!(complete("__Host-sid=; Path=/; Max-Age=0"), "__Host-sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
        let whole = "__Host-sid=abc; HttpOnly; SameSite=Lax; Secure; Path=/";
        assert_eq!(complete(whole), whole);
        assert_eq!(complete("theme=dark; Path=/"), "theme=dark; Path=/");
    }
}
