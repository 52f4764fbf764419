//! What a stream has used so far. Tokens are counted apart from forwarding: at intervals, for the checkpoint, and once more where the
//! stream is cut. A provider's own figure, when it comes, replaces all of it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
    time::Duration,
};

use bytes::Bytes;
use futures::task::AtomicWaker;

use super::{
    dispatch::{Ending, Progress, warn},
    wire::{
        answer::{self, Garbage, Reading},
        prompt,
    },
};
use crate::{
    domain::{
        ids::KeyId,
        usage::{Outcome, Tokens},
    },
    service::{Services, metering::AdmittedCall, tokens},
};

/// A checkpoint is at most one second old, counting included.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// Meters one stream.
pub struct StreamMeter {
    state: Mutex<State>,
    /// The stream's key has fallen.
    is_stopped: AtomicBool,
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
        Arc::new(Self { state, is_stopped: AtomicBool::new(false), reader: AtomicWaker::new() })
    }

    /// Reads a chunk.
    pub fn read(&self, json: &str) -> Result<Reading, Garbage> {
        let mut state = self.lock();
        let reading = answer::read(json, &mut state.text)?;
        state.usage = reading.usage.or(state.usage);
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
        self.finish(Ending { outcome, status, code: "" }, charge);
    }

    /// Whether the stream's key has fallen; if not, the reader is woken when it does.
    pub fn poll_stopped(&self, cx: &Context<'_>) -> bool {
        self.reader.register(cx.waker());
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Logs what the provider did.
    pub fn warn(&self, what: &str) {
        let state = self.lock();
        if let (Some(call), Some(provider)) = (&state.call, &state.progress.provider) {
            warn(call.facts().id, provider, what, 200);
        }
    }

    /// Notes at intervals what was used, until the stream has ended. Stops it when its key has fallen.
    pub async fn watch(meter: Weak<Self>, services: Services) {
        let mut seen = services.snapshot();
        loop {
            tokio::time::sleep(CHECKPOINT_EVERY).await;
            let Some(meter) = meter.upgrade() else { return };
            let Some(key) = meter.checkpoint() else { return };
            let now = services.snapshot();
            if !Arc::ptr_eq(&seen, &now) && key.is_some_and(|key| now.has_fallen(key)) {
                meter.is_stopped.store(true, Ordering::Release);
                meter.reader.wake();
            }
            seen = now;
        }
    }

    /// Counts what is new and notes the sum, while the stream goes on. Answers with the call's key; `None` once it is finished.
    fn checkpoint(&self) -> Option<Option<KeyId>> {
        let (text, body) = {
            let mut state = self.lock();
            let key = state.call.as_ref()?.facts().key;
            if !std::mem::take(&mut state.has_news) {
                return Some(key);
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
        let call = state.call.as_mut()?;
        call.checkpoint(used);
        Some(call.facts().key)
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
