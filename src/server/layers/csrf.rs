//! One check before everything that changes state with a cookie: did the request start on a page of this installation? Server
//! functions take what a plain form of any site can send, so this is what keeps other sites from acting as their visitors.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{guard, refuse};
use crate::server::{Edge, config::Http, metrics::Door};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SENTENCE: &str = "This request did not come from a page of this installation, so nothing was changed. \
    Programs send the header Origin with the public URL, or use a management token.";

/// Refuses what another site may have sent.
pub async fn csrf(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    if may_pass(&edge.config.http, &request) {
        return next.run(request).await;
    }
    refuse(request.uri().path(), StatusCode::FORBIDDEN, SENTENCE)
}

fn may_pass(http: &Http, request: &Request) -> bool {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method()) {
        return true;
    }
    let headers = request.headers();
    match Door::of(request.uri().path()) {
        // Reads no cookies.
        Door::Gateway => true,
        // A bearer token is no cookie, and where one is given the cookie is not read. Without cookies there is nothing to act with:
        // that is a program signing in. A browser always says where it comes from, and is held to it.
        Door::Api if headers.contains_key(header::AUTHORIZATION) => true,
        Door::Api if !headers.contains_key(header::COOKIE) && !says_where_from(headers) => true,
        _ => comes_from_here(http, headers),
    }
}

fn says_where_from(headers: &HeaderMap) -> bool {
    headers.contains_key(&FETCH_SITE) || headers.contains_key(header::ORIGIN)
}

fn comes_from_here(http: &Http, headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(&FETCH_SITE).iter();
    if let Some(site) = sites.next() {
        return site == "same-origin" && sites.next().is_none();
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next().and_then(|origin| origin.to_str().ok()), origins.next()) else { return false };
    origin == http.public_origin() || is_own_loopback(http, origin, headers)
}

/// On an installation for this machine alone: another of the machine's names, if the request is for that name, too.
fn is_own_loopback(http: &Http, origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    http.is_local() && origin.strip_prefix("http://").is_some_and(|name| Some(name) == host && guard::is_served(http, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;

    fn passes(method: &str, path: &str, headers: &[(&str, &str)]) -> bool {
        let config =
            Config::read("", &|name| (name == "TALLYGATE_PUBLIC_URL").then(|| "https://tallygate.example".to_owned())).unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        may_pass(&config.http, &request.body(axum::body::Body::empty()).unwrap())
    }

    #[test]
    fn a_change_must_come_from_here() {
        let fetch = "sec-fetch-site";
        assert!(passes("GET", "/", &[(fetch, "cross-site")]), "links lead here from anywhere");
        assert!(passes("POST", "/x", &[(fetch, "same-origin")]));
        assert!(passes("POST", "/x", &[("origin", "https://tallygate.example")]));
        for (name, value) in [
            (fetch, "cross-site"),
            (fetch, "same-site"),
            (fetch, "none"),
            ("origin", "null"),
            ("origin", "https://evil.test"),
            ("origin", "https://tallygate.example.evil.test"),
            ("origin", "http://tallygate.example"),
            ("accept", "*/*"),
        ] {
            for path in ["/x", "/v1x", "/api/create_key"] {
                assert!(!passes("POST", path, &[(name, value)]), "{path} {name}: {value}");
            }
        }
        assert!(
            !passes("POST", "/x", &[(fetch, "cross-site"), ("origin", "https://tallygate.example")]),
            "the browser's word counts"
        );
        assert!(!passes("POST", "/x", &[(fetch, "same-origin"), (fetch, "cross-site")]));
        for method in ["PUT", "PATCH", "DELETE"] {
            assert!(!passes(method, "/api/v1/teams", &[("cookie", "sid=1")]), "{method}");
        }
    }

    #[test]
    fn what_uses_no_cookie_needs_no_origin() {
        assert!(passes("POST", "/v1/chat/completions", &[("origin", "https://evil.test")]));
        assert!(passes("POST", "/api/v1/teams", &[("authorization", "Bearer tgm_x")]));
        assert!(passes("POST", "/api/v1/auth/login", &[]));
        assert!(
            !passes("POST", "/api/v1/auth/login", &[("origin", "https://evil.test")]),
            "signing a visitor in as somebody else"
        );
        assert!(!passes("POST", "/api/v1/teams", &[("cookie", "sid=1")]));
    }
}
