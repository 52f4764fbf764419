//! Refuses what no handler should see: oversized addresses and heads, methods that nothing here knows, and hosts that this
//! installation does not answer for (a page on a foreign name would be a way around every check that looks at names).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::Next,
    response::Response,
};

use super::refuse;
use crate::server::{Edge, config::Http, metrics::Door};

const MAX_ADDRESS: usize = 8 << 10;
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Lets through what is worth a handler's time.
pub async fn guard(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    match check(&edge.config.http, &request) {
        Ok(()) => next.run(request).await,
        Err((status, sentence)) => refuse(request.uri().path(), status, sentence),
    }
}

fn check(http: &Http, request: &Request) -> Result<(), (StatusCode, &'static str)> {
    let (uri, headers) = (request.uri(), request.headers());
    if uri.path().len() + uri.query().map_or(0, str::len) > MAX_ADDRESS {
        return Err((StatusCode::URI_TOO_LONG, "The address is longer than 8 KiB."));
    }
    if uri.path().contains("%00") || uri.query().is_some_and(|query| query.contains("%00")) {
        return Err((StatusCode::BAD_REQUEST, "The address holds a character that is in no name and no text."));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err((
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The request has more than 100 headers, or more than 32 KiB of them.",
        ));
    }
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if !known.contains(request.method()) {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "This method is not served here."));
    }
    let Some(host) = requested_host(uri, headers) else {
        return Err((StatusCode::BAD_REQUEST, "The request names no host, or more than one."));
    };
    // The gateway and the health checks answer with no cookie and no link, and are often called by a machine's inner name.
    let any_host = Door::of(uri.path()) == Door::Gateway || matches!(uri.path(), "/healthz" | "/readyz");
    if any_host || is_served(http, &host) {
        return Ok(());
    }
    Err((StatusCode::MISDIRECTED_REQUEST, "This name is not served here. The setting TALLYGATE_PUBLIC_URL says which one is."))
}

/// The one host that a request is for, with its port; `None` where there is none or a contradiction.
fn requested_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    let header = match (named.next(), named.next()) {
        (Some(host), None) => Some(host.to_str().ok()?.to_ascii_lowercase()),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    match (uri.authority().map(|authority| authority.as_str().to_ascii_lowercase()), header) {
        (Some(authority), Some(header)) => (authority == header).then_some(authority),
        (authority, header) => authority.or(header),
    }
}

/// The public URL's host; on an installation for this machine alone, each of the machine's names for itself at any port.
pub fn is_served(http: &Http, host: &str) -> bool {
    let url = &http.public_url;
    let name = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let is_public = match (split_port(host), url.port()) {
        ((host, Some(given)), _) => host == name && given == port,
        ((host, None), port) => host == name && port.is_none(),
    };
    is_public || (http.is_local() && is_loopback_name(split_port(host).0))
}

/// A name or address of this machine for itself.
pub fn is_loopback_name(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        // The last colon of "[::1]" belongs to the address.
        Some((name, port)) if !port.contains(']') => (name, port.parse().ok()),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Config;

    fn http(public_url: &str) -> Http {
        Config::read("", &|name| (name == "TALLYGATE_PUBLIC_URL").then(|| public_url.to_owned())).unwrap().http
    }

    #[test]
    fn a_public_installation_answers_for_its_own_name_alone() {
        let http = http("https://tallygate.example");
        assert!(is_served(&http, "tallygate.example"));
        assert!(is_served(&http, "tallygate.example:443"));
        for other in ["evil.test", "tallygate.example.evil.test", "tallygate.example:8443", "localhost", "127.0.0.1:3000", ""] {
            assert!(!is_served(&http, other), "{other}");
        }
    }

    #[test]
    fn a_local_installation_answers_for_the_machines_names() {
        let http = http("http://127.0.0.1:3000");
        for own in ["127.0.0.1:3000", "localhost:3000", "127.0.0.1:54321", "[::1]:3000", "[::1]"] {
            assert!(is_served(&http, own), "{own}");
        }
        for other in ["evil.test", "localhost.evil.test", "127.0.0.1.nip.test:3000"] {
            assert!(!is_served(&http, other), "{other}");
        }
    }

    #[test]
    fn two_hosts_are_a_contradiction() {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, "a.example".parse().unwrap());
        let absolute: Uri = "http://b.example/".parse().unwrap();
        assert_eq!(requested_host(&absolute, &headers), None);
        assert_eq!(requested_host(&"/".parse().unwrap(), &headers).as_deref(), Some("a.example"));
        headers.append(header::HOST, "b.example".parse().unwrap());
        assert_eq!(requested_host(&"/".parse().unwrap(), &headers), None);
    }
}
