//! What a stream has used so far. Tokens are counted apart from forwarding: at intervals, for the checkpoint, and once more where the
//! stream is cut. A provider's own figure, when it comes, replaces all of it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Context,
    time::Duration,
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use tokio::time::MissedTickBehavior;

use super::{
    dispatch::{Ending, Progress, warn},
    standing::Standing,
    wire::{
        answer::{self, Garbage, Reading},
        prompt,
    },
};
use crate::{
    domain::usage::{Outcome, Tokens},
    service::{metering::AdmittedCall, tokens},
};

/// A checkpoint is at most one second old, with time for counting, and for a machine that has more to do.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(400);

/// Meters one stream.
pub struct StreamMeter {
    state: Mutex<State>,
    /// Whoever waits for the upstream meanwhile.
    reader: AtomicWaker,
}

/// What a stream that ends without a provider's figure is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Nothing.
    Reported,
    /// Its prompt and what was produced.
    Produced,
    /// The same, but nothing where nothing was produced.
    ProducedIfAny,
}

struct State {
    /// None once it is finished.
    call: Option<AdmittedCall>,
    progress: Progress,
    /// The request, for as long as its prompt is not counted.
    body: Bytes,
    prompt: Option<u64>,
    /// Produced and counted.
    counted: u64,
    /// A guess at what is being counted right now.
    being_counted: u64,
    /// Produced and not counted.
    text: String,
    usage: Option<Tokens>,
    /// The client was sent something.
    has_begun: bool,
    /// Something came since the last checkpoint.
    has_news: bool,
}

impl StreamMeter {
    /// A meter for an admitted call.
    pub fn new(call: AdmittedCall, body: Bytes, progress: Progress) -> Arc<Self> {
        let state = Mutex::new(State {
            call: Some(call),
            progress,
            body,
            prompt: None,
            counted: 0,
            being_counted: 0,
            text: String::new(),
            usage: None,
            has_begun: false,
            has_news: false,
        });
        Arc::new(Self { state, reader: AtomicWaker::new() })
    }

    /// Reads a chunk.
    pub fn read(&self, json: &str) -> Result<Reading, Garbage> {
        let mut state = self.lock();
        let reading = answer::read(json, &mut state.text)?;
        // A report of nothing is none.
        let usage = reading.usage.filter(|usage| usage.prompt > 0 || usage.completion > 0);
        state.usage = usage.or(state.usage);
        state.has_news = true;
        if !state.has_begun {
            state.has_begun = true;
            state.progress.first_token_ms = state.call.as_ref().map(AdmittedCall::age_ms);
        }
        Ok(reading)
    }

    /// A first chunk was read.
    pub fn has_begun(&self) -> bool {
        self.lock().has_begun
    }

    /// Ends the call; what comes later has no effect. When this returns the event is in the spool.
    pub fn finish(&self, ending: Ending, charge: Charge) {
        let mut state = self.lock();
        let Some(call) = state.call.take() else { return };
        let has_produced = !state.text.is_empty() || state.counted + state.being_counted > 0;
        let (used, estimated) = match (state.usage, charge) {
            (Some(usage), _) => (usage, false),
            (None, Charge::Produced) => (state.count(), true),
            (None, Charge::ProducedIfAny) if has_produced => (state.count(), true),
            (None, Charge::Reported | Charge::ProducedIfAny) => (Tokens::default(), false),
        };
        let end = state.progress.end(&call, ending, used, estimated);
        call.finish(end);
    }

    /// The client has left, or this process cuts it off: it pays for its prompt and what was produced, if anything came from
    /// upstream at all.
    pub fn cut(&self, outcome: Outcome) {
        let (status, charge) = if self.has_begun() { (200, Charge::Produced) } else { (499, Charge::Reported) };
        self.finish(Ending::silent(outcome, status), charge);
    }

    /// Wakes the reader when key or person of the stream have fallen, so that this is noticed also while nothing comes.
    pub fn wake_when_stopped(&self, cx: &Context<'_>) {
        self.reader.register(cx.waker());
    }

    /// Logs what the provider did.
    pub fn warn(&self, what: &str) {
        let state = self.lock();
        if let (Some(call), Some(provider)) = (&state.call, &state.progress.provider) {
            warn(call.facts().id, provider, what, 200);
        }
    }

    /// Notes at intervals what was used, until the stream has ended. Wakes its reader when key or person have fallen.
    pub async fn watch(meter: Weak<Self>, mut standing: Standing) {
        let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let Some(meter) = meter.upgrade() else { return };
            if !meter.checkpoint() {
                return;
            }
            if standing.check_anew().await.is_err() {
                meter.reader.wake();
            }
        }
    }

    /// Counts what is new and notes the sum, while the stream goes on; false once it is finished.
    fn checkpoint(&self) -> bool {
        let (text, body) = {
            let mut state = self.lock();
            if state.call.is_none() || !std::mem::take(&mut state.has_news) {
                return state.call.is_some();
            }
            state.being_counted = (state.text.len() as u64).div_ceil(4);
            (std::mem::take(&mut state.text), state.prompt.is_none().then(|| state.body.clone()))
        };
        let produced = tokens::count(&text);
        let prompt = body.map(|body| prompt::count(&body));
        let mut state = self.lock();
        state.being_counted = 0;
        state.counted += produced;
        if prompt.is_some() {
            state.prompt = prompt;
            state.body = Bytes::new();
        }
        let used = state.usage.unwrap_or(Tokens { prompt: state.prompt.unwrap_or(0), cached: 0, completion: state.counted });
        match &mut state.call {
            Some(call) => call.checkpoint(used),
            None => return false,
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&self) -> Tokens {
        let prompt = self.prompt.unwrap_or_else(|| prompt::count(&self.body));
        Tokens { prompt, cached: 0, completion: self.counted + self.being_counted + tokens::count(&self.text) }
    }
}
