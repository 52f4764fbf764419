//! The clock, passed in everywhere so that every expiry and window can be tested.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::domain::time::UnixMs;

/// Tells the time: the machine's, or one that tests move.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until it is moved.
    Manual(Arc<AtomicI64>),
    /// The machine's clock plus an offset in milliseconds that can be changed while the product runs (end-to-end tests).
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at a time.
    pub fn manual(at: UnixMs) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.0)))
    }

    /// Now.
    pub fn now(&self) -> UnixMs {
        match self {
            Self::System => system_now(),
            Self::Manual(at) => UnixMs(at.load(Ordering::SeqCst)),
            Self::Shifted(offset) => system_now().plus(offset.load(Ordering::SeqCst)),
        }
    }

    /// Sets how far a shifted clock is ahead of the machine's. It never goes back.
    pub fn shift_to(&self, ms: i64) {
        if let Self::Shifted(offset) = self {
            offset.fetch_max(ms, Ordering::SeqCst);
        }
    }

    /// Moves a clock that can be moved; the machine's can not.
    pub fn advance(&self, ms: i64) {
        match self {
            Self::System => {}
            Self::Manual(value) | Self::Shifted(value) => {
                value.fetch_add(ms, Ordering::SeqCst);
            }
        }
    }
}

fn system_now() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
