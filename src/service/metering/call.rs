//! A call that was admitted. It ends exactly once: finished with what the gateway knows, or dropped and booked as cancelled (a stream,
//! whose client can leave) or interrupted (a plain call, which outlives its client).

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{OpenMeter, charge, charge::stop_at_reserve, interrupted::interrupted, record};
use crate::{
    domain::{
        money::NanoUsd,
        usage::{CallEnd, CallFacts, Outcome, Tokens},
    },
    service::quota::{Hold, Rooms},
};

/// Status of a call whose client left before an answer: nginx' word for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// An admitted call. Dropped without [`AdmittedCall::finish`], a stream is booked as cancelled, with what it had used at its last
/// checkpoint, marked as estimated; a plain call as interrupted, because only its process or a panic drops it.
#[derive(Debug)]
pub struct AdmittedCall {
    meter: Arc<OpenMeter>,
    facts: CallFacts,
    /// What it has reserved; settled when it ends.
    hold: Option<Hold>,
    checkpoint: Option<record::Checkpoint>,
    /// Who wants to hear of the end. Taken when it has come.
    told: Option<oneshot::Sender<CallEnd>>,
    ended: bool,
}

impl AdmittedCall {
    pub(super) fn new(meter: Arc<OpenMeter>, facts: CallFacts, hold: Option<Hold>) -> Self {
        Self { meter, facts, hold, checkpoint: None, told: None, ended: false }
    }

    /// What was left of its limits when it was admitted.
    pub fn rooms(&self) -> Rooms {
        self.hold.as_ref().map(|hold| hold.rooms).unwrap_or_default()
    }

    /// Tells somebody how the call ended, as it stands in the spool.
    pub fn tell(&mut self, who: oneshot::Sender<CallEnd>) {
        self.told = Some(who);
    }

    /// What is known since admission.
    pub fn facts(&self) -> &CallFacts {
        &self.facts
    }

    /// Milliseconds since admission.
    pub fn age_ms(&self) -> i64 {
        self.meter.clock.now().since(self.facts.at)
    }

    /// Notes what the call has used so far. Should this process end now, a stream is charged for this much.
    pub fn checkpoint(&mut self, used: Tokens) {
        let checkpoint = record::Checkpoint { at: self.meter.clock.now(), tokens: used };
        self.checkpoint = Some(checkpoint);
        // A checkpoint that can not be written leaves the one before in force.
        let _noted = self.meter.spool.append(&record::checkpoint(self.facts.id, checkpoint), super::Urgency::OrRefuse);
    }

    /// How the call ends if this process ends it now: for [`AdmittedCall::finish`].
    pub fn interrupted(&self) -> CallEnd {
        CallEnd { latency_ms: self.age_ms(), ..interrupted(&self.facts, self.checkpoint) }
    }

    /// Ends the call: when this returns, the event is in the spool and the last byte may be sent.
    pub fn finish(mut self, end: CallEnd) {
        self.ended = true;
        self.end(end);
    }

    fn end(&mut self, mut end: CallEnd) {
        let beyond = stop_at_reserve(&self.facts, &mut end);
        if beyond.0 > 0 {
            self.meter.overran(&self.facts, beyond);
        }
        self.meter.end(&self.facts, &end);
        if let Some(hold) = self.hold.take() {
            hold.settle(end.tokens.prompt.saturating_add(end.tokens.completion), end.cost);
        }
        if let Some(told) = self.told.take() {
            // Nobody may be there any more.
            let _gone = told.send(end);
        }
    }
}

impl AdmittedCall {
    fn cancelled(&self) -> CallEnd {
        let tokens = self.checkpoint.map(|checkpoint| checkpoint.tokens).unwrap_or_default();
        let (cost, list_cost) = charge(&self.facts, tokens);
        CallEnd {
            outcome: Outcome::Cancelled,
            status: CLIENT_CLOSED_REQUEST,
            code: String::new(),
            tokens,
            estimated: true,
            provider: None,
            provider_name: String::new(),
            attempts: 0,
            upstream_ms: None,
            first_token_ms: None,
            latency_ms: self.age_ms(),
            cost,
            list_cost,
            loss: NanoUsd(0),
            message: String::new(),
        }
    }
}

impl Drop for AdmittedCall {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let end = if self.facts.stream { self.cancelled() } else { self.interrupted() };
        self.end(end);
    }
}
