//! Completes the cookie that ends a session: tower-sessions removes it by name and path alone, and a browser ignores a `__Host-`
//! cookie that is not `Secure`, also when it is meant to go.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::server::Edge;

/// Gives every session cookie the attributes that it was set with.
pub async fn cookies(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let (name, secure) = (edge.session_cookie(), edge.config.http.is_https());
    let headers = response.headers_mut();
    if !headers.contains_key(header::SET_COOKIE) {
        return response;
    }
    let set: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().map(|value| completed(value, name, secure)).collect();
    headers.remove(header::SET_COOKIE);
    for value in set {
        headers.append(header::SET_COOKIE, value);
    }
    response
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
