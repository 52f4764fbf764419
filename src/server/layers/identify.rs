//! The outermost layer: gives the request its id, finds the client's address, turns a panic into a 500, and writes the log line.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use ipnet::IpNet;
use tracing::Instrument;

use super::{cookies::cookie, refuse};
use crate::{
    domain::ids::CallId,
    server::{Edge, listen::Peer, metrics::Door},
    service::{RequestFacts, accounts::devices::DeviceCookie},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Runs a request with an id, an address and a net under it.
pub async fn identify(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let services = &edge.services;
    let id = services.random.id::<CallId>(&services.clock).to_string();
    let peer = request.extensions().get::<Peer>().map_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), |peer| peer.0);
    let address = client_address(peer.ip(), request.headers(), &edge.config.http.trusted_proxies);
    let user_agent = request.headers().get(header::USER_AGENT).map_or_else(String::new, |value| {
        String::from_utf8_lossy(value.as_bytes()).chars().filter(|c| !c.is_control()).take(200).collect()
    });
    let device = DeviceCookie::sent(cookie(request.headers(), edge.device_cookie()));
    let facts = RequestFacts { request_id: id.clone(), address: address.to_string(), user_agent, device };
    request.extensions_mut().insert(facts);

    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    // Addresses may hold tokens, so the log names the route that matched and never the address itself.
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id = id);
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = outcome.unwrap_or_else(|_| {
        // The panic hook has printed what and where; the client gets the id alone.
        edge.counters.panic();
        let sentence = format!("This did not work. Nothing was changed. Reference: {id}");
        refuse(&path, StatusCode::INTERNAL_SERVER_ERROR, &sentence)
    });

    // The gateway names its answers by their calls: then the log line has both names.
    let call = response.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let (None, Ok(value)) = (&call, HeaderValue::from_str(&id)) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let door = Door::of(&path);
    let elapsed = started.elapsed();
    edge.counters.answer(door, response.status(), u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    let (status, duration_ms) = (response.status().as_u16(), elapsed.as_secs_f64() * 1_000.0);
    let _in_span = span.enter();
    if response.status().is_server_error() {
        tracing::warn!(%method, route, status, duration_ms, call, "answered");
    } else {
        tracing::debug!(%method, route, status, duration_ms, call, "answered");
    }
    response
}

/// The peer, unless it is a trusted proxy: then the rightmost entry of `X-Forwarded-For` that is none.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut address = peer;
    let entries = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|value| value.to_str().ok());
    for entry in entries.flat_map(|value| value.rsplit(',')) {
        let Some(ip) = parse_entry(entry.trim()) else { break };
        address = ip.to_canonical();
        if !is_trusted(&address) {
            break;
        }
    }
    address
}

/// Some proxies add the port.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    entry.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
        assert_eq!(address("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(address("10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            address("10.0.0.1", &["9.9.9.9, 1.2.3.4, 10.0.0.2"]),
            "1.2.3.4",
            "what stands further left is the client's claim"
        );
        assert_eq!(address("10.0.0.1", &["9.9.9.9", "1.2.3.4"]), "1.2.3.4");
        assert_eq!(address("10.0.0.1", &["1.2.3.4:5678"]), "1.2.3.4");
        assert_eq!(address("10.0.0.1", &["9.9.9.9, nonsense"]), "10.0.0.1", "what can not be read ends the chain");
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(address("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
