//! What a call asks of the scopes that it is counted at, and what they answer.

use crate::domain::{
    ids::{OrgId, TeamId},
    limit_scopes::{Budget, BudgetPer, Scope},
    limits::{Limits, Window},
    money::NanoUsd,
    periods::Period,
    time::UnixMs,
};

/// Who shares one book: what is checked together is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BookId {
    /// An organization with all its teams.
    Organization(OrgId),
    /// A personal space.
    Personal(TeamId),
}

/// What is set on one scope, for one call.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// On what.
    pub scope: Scope,
    /// Its windows.
    pub limits: Limits,
    /// Its budget.
    pub budget: Option<Budget>,
    /// Its billing month at the call's time.
    pub period: Period,
    /// Whether the call must be covered by the scope's balance.
    pub balance: bool,
}

/// What a call wants to reserve. Upper bounds: what it turns out to use is never more.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// When it is admitted.
    pub at: UnixMs,
    /// Prompt and completion tokens at most.
    pub tokens: u64,
    /// Charge at most; none where money does not count (test keys).
    pub cost: Option<NanoUsd>,
    /// In the order of the checks: key, member, grant, team × model, team, organization.
    pub bounds: &'a [Bound],
}

/// What stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// A window.
    Window {
        /// Which.
        window: Window,
        /// Its limit.
        limit: u64,
        /// What is in it.
        used: u64,
        /// When this same call would fit if nothing else came; none where it never does.
        resets_at: Option<UnixMs>,
    },
    /// A budget.
    Budget {
        /// Over what it runs.
        per: BudgetPer,
        /// How much may be spent.
        limit: NanoUsd,
        /// What is spent and what running calls hold.
        used: NanoUsd,
        /// The next period's start; none for a budget in total.
        resets_at: Option<UnixMs>,
    },
    /// The balance.
    Balance {
        /// What is there, running calls taken off.
        left: NanoUsd,
    },
}

/// A call that was not admitted. Nothing was counted anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// On what.
    pub scope: Scope,
    /// What.
    pub full: Full,
    /// What is left of other windows.
    pub rooms: Box<Rooms>,
}

/// What is left of the windows that will be full first. An organization's is left out: how much other teams use is their business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    /// For requests.
    pub requests: Option<Room>,
    /// For tokens.
    pub tokens: Option<Room>,
}

/// What is left of the window that will be full first, for `x-ratelimit-*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The window's limit.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// Until it is empty, if nothing else comes, in milliseconds.
    pub empty_in_ms: i64,
}
