//! Quotas: how many calls and tokens each scope may use in a window, and how much money (spec.md §5).
//!
//! [`Quota::reserve`] checks every scope of a call at once and reserves an upper bound of what it may use; [`Hold::settle`] puts what it
//! used in its place. All or nothing: a refused call is counted nowhere. Limits themselves are not kept here: who asks brings those of
//! its snapshot, so that a changed limit holds for the very next call.

mod book;
mod bounds;
#[cfg(test)]
mod machine;
mod memory;
mod recovery;
mod refused;
mod scope;
mod spending;
#[cfg(test)]
mod tests;
mod uses;
mod window;

use std::{
    fmt::Debug,
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
};

pub use book::Standing;
use book::{Granted, Reserved};
pub use bounds::{Payer, book_of};
use memory::InMemory;
pub use refused::{LimitHit, Names, limited_name};
pub use scope::{Ask, BookId, Bound, Full, Refusal, Room, Rooms};
pub use window::InWindow;

use crate::domain::{limit_scopes::Scope, limits::Span, money::NanoUsd, periods::Period, time::UnixMs};

/// What became of it.
type Outcome = Result<Granted, Refusal>;

/// How a reservation comes back: in memory at once, from counters that several nodes share after one round trip.
#[expect(clippy::large_enum_variant, reason = "in a box, each admission would allocate")]
enum Reservation {
    /// Decided.
    Now(Outcome),
    /// Asked of somebody else, who may be away.
    #[expect(dead_code, reason = "counters of several nodes answer so")]
    Later(Pin<Box<dyn Future<Output = Option<Outcome>> + Send>>),
}

/// Where counters are kept.
trait Counters: Debug + Send + Sync {
    /// Admits a call, at all of its scopes or at none.
    fn reserve(&self, book: BookId, ask: &Ask<'_>) -> Reservation;
    /// Ends a reservation with what was used; more than what was reserved is not counted.
    fn settle(&self, book: BookId, reserved: &Reserved, tokens: u64, cost: NanoUsd);
    /// Ends a reservation as if it had never been.
    fn cancel(&self, book: BookId, reserved: &Reserved);
    /// Counts calls of an earlier process in one length of window.
    fn count(&self, book: BookId, scope: Scope, at: UnixMs, span: Span, requests: u64, tokens: u64);
    /// Counts money that an earlier process charged.
    fn post(&self, book: BookId, scope: Scope, period: Period, in_period: NanoUsd, in_all: NanoUsd);
    /// Adds to a balance, or takes from it.
    fn credit(&self, book: BookId, scope: Scope, amount: NanoUsd);
    /// Sets a balance to what storage says.
    fn set_balance(&self, book: BookId, scope: Scope, balance: NanoUsd);
    /// Takes from a balance what running calls do not hold: at most `most`, and so that `keep` stays.
    fn take(&self, book: BookId, scope: Scope, most: NanoUsd, keep: NanoUsd) -> NanoUsd;
    /// What a scope has used.
    fn standing(&self, book: BookId, scope: Scope, at: UnixMs, period: Period) -> Standing;
    /// What would stand in a call's way.
    fn test(&self, book: BookId, ask: &Ask<'_>) -> Vec<Refusal>;
}

/// The counters of this installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Quota {
    counters: Arc<dyn Counters>,
    /// What is booked was counted.
    recovered: Arc<AtomicBool>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { counters: Arc::new(InMemory::default()), recovered: Arc::default() }
    }
}

/// Why a call was not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReserved {
    /// A limit, a budget or a balance is used up.
    Refused(Refusal),
    /// The counters did not answer: nothing is let through unchecked.
    Unavailable,
}

/// What an admitted call has reserved. Dropped, it is settled as if nothing had been used: the call itself stays counted.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    counters: Arc<dyn Counters>,
    book: BookId,
    reserved: Option<Reserved>,
    /// What is left of the windows that will be full first.
    pub rooms: Rooms,
}

impl Quota {
    /// Reserves what a call may use at most, at all of its scopes or at none.
    pub async fn reserve(&self, book: BookId, ask: &Ask<'_>) -> Result<Hold, NotReserved> {
        let outcome = match self.counters.reserve(book, ask) {
            Reservation::Now(outcome) => outcome,
            Reservation::Later(answer) => answer.await.ok_or(NotReserved::Unavailable)?,
        };
        let granted = outcome.map_err(NotReserved::Refused)?;
        Ok(Hold { counters: self.counters.clone(), book, reserved: Some(granted.reserved), rooms: granted.rooms })
    }

    /// Everything that would stand in a call's way now, in the order of the checks.
    pub fn test(&self, book: BookId, ask: &Ask<'_>) -> Vec<Refusal> {
        self.counters.test(book, ask)
    }

    /// What a scope has used.
    pub fn standing(&self, book: BookId, scope: Scope, at: UnixMs, period: Period) -> Standing {
        self.counters.standing(book, scope, at, period)
    }

    /// Counts calls of an earlier process: those of one sub-bucket at once.
    pub fn count(&self, book: BookId, scope: Scope, at: UnixMs, span: Span, requests: u64, tokens: u64) {
        self.counters.count(book, scope, at, span, requests, tokens);
    }

    /// Counts money that an earlier process charged to a scope.
    pub fn post(&self, book: BookId, scope: Scope, period: Period, in_period: NanoUsd, in_all: NanoUsd) {
        self.counters.post(book, scope, period, in_period, in_all);
    }

    /// Adds to a balance, or takes from it.
    pub fn credit(&self, book: BookId, scope: Scope, amount: NanoUsd) {
        self.counters.credit(book, scope, amount);
    }

    /// Sets a balance to what storage says: at the start, before calls are admitted.
    pub fn set_balance(&self, book: BookId, scope: Scope, balance: NanoUsd) {
        self.counters.set_balance(book, scope, balance);
    }

    /// Takes from a balance, at once, what running calls do not hold: at most `most`, and so that `keep` stays. Gives what was taken;
    /// all of `most` where the balance is not counted here yet.
    pub fn take(&self, book: BookId, scope: Scope, most: NanoUsd, keep: NanoUsd) -> NanoUsd {
        self.counters.take(book, scope, most, keep)
    }
}

impl Hold {
    /// The call is over: what it used takes the place of what it had reserved.
    pub fn settle(mut self, tokens: u64, cost: NanoUsd) {
        if let Some(reserved) = self.reserved.take() {
            self.counters.settle(self.book, &reserved, tokens, cost);
        }
    }

    /// The call was not sent after all, and counts nowhere.
    pub fn cancel(mut self) {
        if let Some(reserved) = self.reserved.take() {
            self.counters.cancel(self.book, &reserved);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(reserved) = self.reserved.take() {
            self.counters.settle(self.book, &reserved, 0, NanoUsd(0));
        }
    }
}
