//! A call that was admitted. It ends exactly once: finished with what the gateway knows, or dropped and booked as cancelled.

use std::sync::Arc;

use super::{OpenMeter, charge, record};
use crate::domain::usage::{CallEnd, CallFacts, Outcome, Tokens};

/// Status of a call whose client left before an answer: nginx' word for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// An admitted call. Dropped without [`AdmittedCall::finish`] it is booked as cancelled, with what it had used at its last
/// checkpoint, marked as estimated.
#[derive(Debug)]
pub struct AdmittedCall {
    meter: Arc<OpenMeter>,
    facts: CallFacts,
    used: Tokens,
    ended: bool,
}

impl AdmittedCall {
    pub(super) fn new(meter: Arc<OpenMeter>, facts: CallFacts) -> Self {
        Self { meter, facts, used: Tokens::default(), ended: false }
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
        self.used = used;
        let checkpoint = record::Checkpoint { at: self.meter.clock.now(), tokens: used };
        // A checkpoint that can not be written leaves the one before in force.
        let _noted = self.meter.spool.append(&record::checkpoint(self.facts.id, checkpoint), super::Urgency::OrRefuse);
    }

    /// Ends the call: when this returns, the event is in the spool and the last byte may be sent.
    pub fn finish(mut self, end: CallEnd) {
        self.ended = true;
        self.meter.end(&self.facts, &end);
    }
}

impl Drop for AdmittedCall {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (cost, list_cost) = charge(&self.facts, self.used);
        let end = CallEnd {
            outcome: Outcome::Cancelled,
            status: CLIENT_CLOSED_REQUEST,
            code: String::new(),
            tokens: self.used,
            estimated: true,
            provider: None,
            provider_name: String::new(),
            attempts: 0,
            first_token_ms: None,
            latency_ms: self.age_ms(),
            cost,
            list_cost,
            loss: crate::domain::money::NanoUsd(0),
        };
        self.meter.end(&self.facts, &end);
    }
}
