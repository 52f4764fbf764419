//! Whether whoever runs a stream still may: asked at every chunk, and so made to cost nothing while nothing has changed.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
    task::{Context, Poll, ready},
};

use super::error::GatewayError;
use crate::{
    domain::{ids::KeyId, time::UnixMs},
    service::{
        Services,
        access::{
            decide::{Bearer, KeyRefusal},
            snapshot::Snapshot,
        },
        playground::Player,
    },
};

/// Somebody who was accepted, and what is known of them since.
pub struct Standing {
    services: Services,
    who: Who,
    /// The snapshot that was looked at last; held weakly, so that a long stream keeps no old one in memory.
    seen: Weak<Snapshot>,
    /// Found by any of those who look.
    fallen: Arc<OnceLock<GatewayError>>,
}

enum Who {
    Key {
        id: KeyId,
        /// When the key ends by itself, as the snapshot says that was seen.
        ends_at: Option<UnixMs>,
    },
    Player {
        player: Arc<Player>,
        /// The question whether they still may, and the snapshot that made it a question.
        asking: Option<(Weak<Snapshot>, Asking)>,
    },
}

type Asking = Pin<Box<dyn Future<Output = Result<(), GatewayError>> + Send>>;

impl Standing {
    /// Somebody who was accepted just now.
    pub fn new(services: &Services, bearer: &Bearer) -> Self {
        let who = match bearer {
            Bearer::Key(key) => Who::Key { id: key.id, ends_at: None },
            Bearer::Player(player) => Who::Player { player: player.clone(), asking: None },
        };
        Self { services: services.clone(), who, seen: Weak::new(), fallen: Arc::default() }
    }

    /// Another look at the same: what one finds the other knows.
    pub fn beside(&self) -> Self {
        let who = match &self.who {
            Who::Key { id, .. } => Who::Key { id: *id, ends_at: None },
            Who::Player { player, .. } => Who::Player { player: player.clone(), asking: None },
        };
        Self { services: self.services.clone(), who, seen: Weak::new(), fallen: self.fallen.clone() }
    }

    /// Why they are not accepted any more, if they are not. Of a key memory knows; of a person the database is asked, when the snapshot
    /// has changed: everything that takes a right away changes it.
    pub fn poll_check(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), GatewayError>> {
        if let Some(fallen) = self.fallen.get() {
            return Poll::Ready(Err(fallen.clone()));
        }
        let found = ready!(self.poll_look(cx));
        if let Err(refusal) = &found {
            let _first = self.fallen.set(refusal.clone());
        }
        Poll::Ready(found)
    }

    fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), GatewayError>> {
        match &mut self.who {
            Who::Key { id, ends_at } => {
                let snapshot = self.services.snapshot();
                let now = Arc::downgrade(&snapshot);
                if !self.seen.ptr_eq(&now) {
                    *ends_at = snapshot.end_of(*id).map_err(GatewayError::Key)?;
                    self.seen = now;
                }
                Poll::Ready(match ends_at {
                    Some(end) if *end <= self.services.clock.now() => Err(GatewayError::Key(KeyRefusal::Expired)),
                    _ => Ok(()),
                })
            }
            Who::Player { player, asking } => {
                if asking.is_none() {
                    let now = Arc::downgrade(&self.services.snapshot());
                    if self.seen.ptr_eq(&now) {
                        return Poll::Ready(Ok(()));
                    }
                    let (services, player) = (self.services.clone(), player.clone());
                    *asking = Some((now, Box::pin(async move { ask(&services, &player).await })));
                }
                let Some((of, question)) = asking else { return Poll::Ready(Ok(())) };
                let found = ready!(question.as_mut().poll(cx));
                self.seen = of.clone();
                *asking = None;
                Poll::Ready(found)
            }
        }
    }

    /// The same, and of a person also where the snapshot has not changed: something may have changed elsewhere.
    pub async fn check_anew(&mut self) -> Result<(), GatewayError> {
        if matches!(self.who, Who::Player { .. }) {
            self.seen = Weak::new();
        }
        poll_fn(|cx| self.poll_check(cx)).await
    }
}

/// Where the database is away nothing can have changed that this process would know of, and the stream goes on, as it does for keys.
async fn ask(services: &Services, player: &Player) -> Result<(), GatewayError> {
    match services.check_player(player).await {
        Ok(found) => found.map_err(GatewayError::Player),
        Err(_) => Ok(()),
    }
}
