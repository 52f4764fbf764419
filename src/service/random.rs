//! Randomness, passed in everywhere so that tests can repeat what they did.

use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::{domain::time::UnixMs, service::Clock};

/// A source of random bytes: the operating system's generator, or a repeatable one for tests.
#[derive(Clone, Debug)]
pub enum Random {
    /// The operating system's generator.
    System,
    /// SHA-256 of a seed and a counter: repeatable, for tests only.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Random {
    /// A repeatable source.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new((seed, 0))))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills a slice with random bytes.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            // Without randomness there are no keys and no sessions: stopping is the only safe answer.
            Self::System => getrandom::fill(bytes).expect("the operating system gives random bytes"),
            Self::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for chunk in bytes.chunks_mut(32) {
                    state.1 += 1;
                    let block = Sha256::digest([state.0.to_be_bytes(), state.1.to_be_bytes()].concat());
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
        }
    }

    /// A number below `bound` (0 for a bound of 0); the bias is below 2⁻³².
    pub fn below(&self, bound: u32) -> u32 {
        let wide = u64::from_be_bytes(self.bytes());
        if bound == 0 { 0 } else { (wide % u64::from(bound)) as u32 }
    }

    /// A new identifier: UUIDv7 of now.
    pub fn id<T: From<uuid::Uuid>>(&self, clock: &Clock) -> T {
        self.id_at(clock.now())
    }

    /// A new identifier of a given time.
    pub fn id_at<T: From<uuid::Uuid>>(&self, at: UnixMs) -> T {
        T::from(crate::domain::ids::uuid_v7(at, self.bytes()))
    }
}
