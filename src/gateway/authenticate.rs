//! Who calls: a key in `Authorization: Bearer` or `x-api-key`, and nowhere else; cookies are never read.

use std::sync::Arc;

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::error::GatewayError;
use crate::service::{
    Services,
    access::{decide::KeyRefusal, snapshot::KeyEntry},
};

/// The key of a request, as it stands now.
pub fn authenticate(services: &Services, headers: &HeaderMap) -> Result<Arc<KeyEntry>, GatewayError> {
    let secret = secret(headers).ok_or(GatewayError::Key(KeyRefusal::Unknown))?;
    services.snapshot().authenticate(secret, services.clock.now()).map_err(GatewayError::Key)
}

/// The secret that was sent: exactly one, spelled exactly.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let bearer = single(headers, AUTHORIZATION.as_str())?.and_then(|value| value.strip_prefix("Bearer "));
    let api_key = single(headers, "x-api-key")?;
    match (bearer, api_key) {
        (Some(bearer), Some(api_key)) => (bearer == api_key).then_some(bearer),
        (one, other) => one.or(other),
    }
}

/// A header's value, if there is one; `None` where it stands twice or is not plain ASCII.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_once_and_spelled_exactly() {
        let secret_of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            secret(&headers).map(str::to_owned)
        };
        let key = Some("tg_x".to_owned());
        assert_eq!(secret_of(&[("authorization", "Bearer tg_x")]), key);
        assert_eq!(secret_of(&[("x-api-key", "tg_x")]), key);
        assert_eq!(secret_of(&[("authorization", "Bearer tg_x"), ("x-api-key", "tg_x")]), key);
        // A proxy's own credentials do not hide the key.
        assert_eq!(secret_of(&[("authorization", "Basic YTpi"), ("x-api-key", "tg_x")]), key);
        for bad in [
            vec![],
            vec![("authorization", "bearer tg_x")],
            vec![("authorization", "tg_x")],
            vec![("authorization", "Bearer")],
            vec![("authorization", "Bearer tg_x"), ("authorization", "Bearer tg_x")],
            vec![("authorization", "Bearer tg_x"), ("x-api-key", "tg_y")],
            vec![("authorization", "Bearer tg_ü")],
            vec![("cookie", "tg_x"), ("api-key", "tg_x")],
        ] {
            assert_eq!(secret_of(&bad), None, "{bad:?}");
        }
        assert_eq!(secret_of(&[("authorization", "Bearer  tg_x")]).as_deref(), Some(" tg_x"), "no key begins with a blank");
    }
}
