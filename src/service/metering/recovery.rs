//! What an earlier process left in the spool: ended calls are booked, open ones as interrupted. Should this process end in the middle
//! of it, the next one does it again: whatever is booked already is known by its id, and a segment goes only when all of it is booked.

use std::sync::atomic::Ordering;

use super::{
    booking::{BATCH, OpenCall, book_batch, read_batch},
    charge,
};
use crate::{
    domain::{
        money::NanoUsd,
        usage::{CallEnd, Outcome, UsageEvent},
    },
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
            let events: Vec<UsageEvent> = dead.iter().filter_map(|id| intake.open.get(id)).map(interrupted).collect();
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

/// The end of a call whose process ended before it. A stream is charged as of its last checkpoint: its client has seen that much.
/// The client of a plain call has seen nothing, so the platform bears what was used.
fn interrupted(call: &OpenCall) -> UsageEvent {
    let facts = &call.facts;
    let (at, tokens) = call.checkpoint.map_or_else(|| (facts.at, Default::default()), |(_, point)| (point.at, point.tokens));
    let (cost, list_cost) = charge(facts, tokens);
    let nothing = NanoUsd(0);
    let (cost, list_cost, loss) = if facts.stream { (cost, list_cost, nothing) } else { (nothing, nothing, cost) };
    let end = CallEnd {
        outcome: Outcome::Interrupted,
        // What the client got of an answer is not known.
        status: 0,
        code: String::new(),
        tokens,
        estimated: true,
        provider: None,
        provider_name: String::new(),
        attempts: 0,
        first_token_ms: None,
        latency_ms: at.since(facts.at),
        cost,
        list_cost,
        loss,
    };
    UsageEvent { call: (**facts).clone(), end }
}
