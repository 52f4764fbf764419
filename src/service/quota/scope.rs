//! Who a limit is on, and what a call asks of each.

use crate::domain::{
    ids::{GrantId, KeyId, ModelId, OrgId, TeamId, UserId},
    limits::{Limits, Window},
    money::NanoUsd,
    periods::Period,
    time::UnixMs,
};

/// Something that limits and a budget can be set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One key.
    Key(KeyId),
    /// A person in one team, with all their keys there.
    Member(TeamId, UserId),
    /// Calls that a grant allows.
    Grant(GrantId),
    /// A model in a team.
    TeamModel(TeamId, ModelId),
    /// All keys of a team or personal space.
    Team(TeamId),
    /// All teams of an organization.
    Organization(OrgId),
}

impl Scope {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Member(..) => "member",
            Self::Grant(_) => "grant",
            Self::TeamModel(..) => "team_model",
            Self::Team(_) => "team",
            Self::Organization(_) => "organization",
        }
    }
}

/// Who shares one book: what is checked together is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BookId {
    /// An organization with all its teams.
    Organization(OrgId),
    /// A personal space.
    Personal(TeamId),
}

/// Over what a budget runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetPer {
    /// The billing month.
    Period,
    /// All time.
    Total,
}

/// An amount that may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How much, a temporary raise included.
    pub amount: NanoUsd,
    /// Over what.
    pub per: BudgetPer,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// On what.
    pub scope: Scope,
    /// What.
    pub full: Full,
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
