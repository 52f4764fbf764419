//! What an earlier process left in the spool: ended calls are booked, open ones as interrupted. Should this process end in the middle
//! of it, the next one does it again: whatever is booked already is known by its id, and a segment goes only when all of it is booked.

use std::sync::atomic::Ordering;

use super::{
    booking::{BATCH, OpenCall, book_batch, read_batch},
    charge::stop_at_reserve,
    interrupted::interrupted,
};
use crate::{
    domain::usage::UsageEvent,
    service::{ServiceError, Services},
};

/// What was found after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Calls that had ended and were not booked.
    pub ended: usize,
    /// Calls that the earlier process did not end.
    pub interrupted: usize,
}

impl Services {
    /// Books what an earlier process left in the spool. Run before the gateway accepts calls; until then it refuses them.
    pub async fn recover_calls(&self) -> Result<Recovered, ServiceError> {
        let Some(meter) = self.meter.open.clone() else { return Ok(Recovered::default()) };
        if meter.recovered.load(Ordering::Acquire) {
            return Ok(Recovered::default());
        }
        let mut found = Recovered { ended: self.book_ended_calls().await?, interrupted: 0 };
        // Nothing was admitted yet, so whatever is open now has no process any more.
        loop {
            let mut intake = read_batch(&meter).await?;
            let dead: Vec<_> = intake.open.keys().take(BATCH).copied().collect();
            if dead.is_empty() {
                intake.release(&meter);
                break;
            }
            let events: Vec<UsageEvent> = dead.iter().filter_map(|id| intake.open.get(id)).map(event).collect();
            self.renew_for(&events).await?;
            found.interrupted += book_batch(&self.store, &meter, &events).await?;
            for id in dead {
                intake.open.remove(&id);
            }
        }
        meter.recovered.store(true, Ordering::Release);
        if found != Recovered::default() {
            tracing::info!(
                ended = found.ended,
                interrupted = found.interrupted,
                "booked what the last process left in the spool"
            );
        }
        Ok(found)
    }
}

fn event(call: &OpenCall) -> UsageEvent {
    let checkpoint = call.checkpoint.map(|(_, checkpoint)| checkpoint);
    let mut end = interrupted(&call.facts, checkpoint);
    stop_at_reserve(&call.facts, &mut end);
    UsageEvent { end, call: (*call.facts).clone() }
}
