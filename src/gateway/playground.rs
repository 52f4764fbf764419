//! The playground's way into the gateway: the same call as with a key, by somebody whom their session names. Who that is and where the
//! request comes from is decided before, where cookies are read.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, Response},
};
use tokio::sync::oneshot;

use super::{Gateway, calls, error::GatewayError, wire::request::Endpoint};
use crate::{
    domain::usage::CallEnd,
    service::{
        ServiceError, Services,
        access::decide::Bearer,
        playground::{Player, PlayerRefusal},
    },
};

/// Makes calls of signed-in people. Cheap to clone.
#[derive(Clone)]
pub struct Playground(Arc<Gateway>);

/// A call, answered; a stream may still run.
pub struct Played {
    /// As a client with a key would get it.
    pub response: Response<Body>,
    /// How it ended, once it has; never, where it was refused.
    pub end: oneshot::Receiver<CallEnd>,
}

impl Playground {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self(gateway)
    }

    /// A chat completion of whoever was found behind the request, or the refusal of nobody.
    pub async fn chat(&self, player: Result<Player, ServiceError>, request: Request) -> Played {
        let (told, end) = oneshot::channel();
        let who = |_: &Services, _: &HeaderMap| player.map(|player| Bearer::Player(Arc::new(player))).map_err(refusal);
        let response = calls::answer_of(&self.0, Endpoint::Chat, request, who, Some(told)).await;
        Played { response, end }
    }
}

fn refusal(error: ServiceError) -> GatewayError {
    match error {
        ServiceError::SignedOut => GatewayError::Player(PlayerRefusal::SignedOut),
        ServiceError::NotFound => GatewayError::Player(PlayerRefusal::Stranger),
        ServiceError::Denied(_) | ServiceError::Forbidden(_) => GatewayError::Player(PlayerRefusal::RoleMakesNone),
        ServiceError::Busy => GatewayError::Unavailable,
        other => {
            tracing::error!(cause = %other, "a call from the playground failed");
            GatewayError::Internal
        }
    }
}
