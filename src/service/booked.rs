//! What open pages wait for: calls that were booked just now. Only by this process: of others' bookings a page learns when it looks again.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::domain::usage::UsageEvent;

/// Batches that a slow listener may be behind; after that it is told that it missed some.
const BEHIND: usize = 64;

/// Calls as they are booked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Booked(broadcast::Sender<Arc<[UsageEvent]>>);

impl Default for Booked {
    fn default() -> Self {
        Self(broadcast::channel(BEHIND).0)
    }
}

impl Booked {
    /// Tells everybody who listens.
    pub(in crate::service) fn tell(&self, events: &[UsageEvent]) {
        if !events.is_empty() && self.0.receiver_count() > 0 {
            // The last listener may leave just now.
            let _told = self.0.send(events.into());
        }
    }

    /// Hears what is booked from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<[UsageEvent]>> {
        self.0.subscribe()
    }
}
