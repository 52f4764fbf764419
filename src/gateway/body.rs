//! Reads the body of a call: at most so large, in at most so long.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::error::GatewayError;
use crate::service::Services;

/// How long, and how much, a client may go on sending after it was told that its body is too large. Closing at once would make
/// its system discard the answer.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_MAX: usize = 64 << 20;

/// Refuses a body whose announced length is over the limit, before reading it.
pub fn check_length(services: &Services, headers: &HeaderMap, body: Body) -> Result<Body, GatewayError> {
    let limit = services.settings.call_body_max;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_none_or(|length| length <= limit as u64) {
        return Ok(body);
    }
    // Who waits for "100 Continue" has sent nothing.
    if !headers.contains_key(header::EXPECT) {
        linger(services, body);
    }
    Err(GatewayError::TooLarge { limit })
}

/// Reads a whole body.
pub async fn read(services: &Services, body: Body) -> Result<Bytes, GatewayError> {
    let mut kept = Kept::default();
    each_piece(services, body, |piece| kept.add(piece)).await?;
    Ok(kept.whole())
}

/// Reads a body to its end and keeps nothing of it: the caller is refused anyway, but hears of a too large body first.
pub async fn discard(services: &Services, body: Body) -> Result<(), GatewayError> {
    each_piece(services, body, drop).await
}

async fn each_piece(services: &Services, mut body: Body, mut take: impl FnMut(Bytes)) -> Result<(), GatewayError> {
    let limit = services.settings.call_body_max;
    let mut length = 0;
    let reading = async {
        while let Some(frame) = body.frame().await {
            // Broken off: there is nobody left to read the answer.
            let Ok(piece) = frame.map_err(|_| GatewayError::BodyTimedOut)?.into_data() else { continue };
            length += piece.len();
            if length > limit {
                return Err(GatewayError::TooLarge { limit });
            }
            take(piece);
        }
        Ok(())
    };
    let result =
        tokio::time::timeout(services.settings.call_body_timeout, reading).await.unwrap_or(Err(GatewayError::BodyTimedOut));
    if matches!(result, Err(GatewayError::TooLarge { .. })) {
        linger(services, body);
    }
    result
}

/// A body in one piece: most come so, and are not copied.
#[derive(Default)]
struct Kept {
    first: Bytes,
    rest: BytesMut,
}

impl Kept {
    fn add(&mut self, piece: Bytes) {
        if self.first.is_empty() {
            self.first = piece;
            return;
        }
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&piece);
    }

    fn whole(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}

fn linger(services: &Services, mut body: Body) {
    services.calls.spawn(tokio::time::timeout(LINGER, async move {
        let mut length = 0;
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > LINGER_MAX {
                break;
            }
        }
    }));
}
