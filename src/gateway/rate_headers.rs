//! `x-ratelimit-*`: what is left of the windows that will be full first.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS},
    service::quota::{Room, Rooms},
};

const REQUESTS: [&str; 3] = ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
const TOKENS: [&str; 3] = ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];

/// Adds the headers of the windows that are limited.
pub fn add(headers: &mut HeaderMap, rooms: Rooms) {
    for (names, room) in [(REQUESTS, rooms.requests), (TOKENS, rooms.tokens)] {
        let Some(Room { limit, remaining, empty_in_ms }) = room else { continue };
        headers.insert(HeaderName::from_static(names[0]), HeaderValue::from(limit));
        headers.insert(HeaderName::from_static(names[1]), HeaderValue::from(remaining));
        if let Ok(wait) = HeaderValue::from_str(&duration(empty_in_ms)) {
            headers.insert(HeaderName::from_static(names[2]), wait);
        }
    }
}

/// `1s`, `6m0s`, `1h0m0s`; whole seconds, rounded up.
fn duration(ms: i64) -> String {
    let ms = ms.max(0).saturating_add(SECOND_MS - 1) / SECOND_MS * SECOND_MS;
    let (hours, minutes, seconds) = (ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS, ms % MINUTE_MS / SECOND_MS);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spelled_as_clients_read_them() {
        let spelled = [-5, 0, 1, 1_000, 59_001, 360_000, 3_600_000, 86_399_001].map(duration);
        assert_eq!(spelled, ["0s", "0s", "1s", "1s", "1m0s", "6m0s", "1h0m0s", "24h0m0s"]);
    }
}
