//! Whether the key of a running stream still stands: asked at every chunk, and so made to cost nothing while nothing has changed.

use std::sync::{Arc, Weak};

use crate::{
    domain::{ids::KeyId, time::UnixMs},
    service::{
        Services,
        access::{decide::KeyRefusal, snapshot::Snapshot},
    },
};

/// A key that was accepted, and what is known of it since.
pub struct Standing {
    services: Services,
    key: KeyId,
    /// The snapshot that was looked at last; held weakly, so that a long stream keeps no old one in memory.
    seen: Weak<Snapshot>,
    /// When the key ends by itself, as that snapshot says.
    ends_at: Option<UnixMs>,
}

impl Standing {
    /// A key that was accepted just now.
    pub fn new(services: &Services, key: KeyId) -> Self {
        Self { services: services.clone(), key, seen: Weak::new(), ends_at: None }
    }

    /// Why the key is not accepted any more, if it is not.
    pub fn check(&mut self) -> Result<(), KeyRefusal> {
        let snapshot = self.services.snapshot();
        let now = Arc::downgrade(&snapshot);
        if !self.seen.ptr_eq(&now) {
            self.ends_at = snapshot.end_of(self.key)?;
            self.seen = now;
        }
        match self.ends_at {
            Some(end) if end <= self.services.clock.now() => Err(KeyRefusal::Expired),
            _ => Ok(()),
        }
    }
}
