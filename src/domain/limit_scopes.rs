//! What limits and budgets are set on, and what is set (spec.md §5).

use serde::{Deserialize, Serialize};

use super::{
    ids::{GrantId, KeyId, ModelId, OrgId, TeamId, UserId},
    limits::Limits,
    money::NanoUsd,
    time::UnixMs,
};

/// Something that limits and a budget can be set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

    /// As storage names it.
    pub fn name(self) -> String {
        match self {
            Self::Key(key) => format!("key:{key}"),
            Self::Member(team, user) => format!("member:{team}:{user}"),
            Self::Grant(grant) => format!("grant:{grant}"),
            Self::TeamModel(team, model) => format!("team_model:{team}:{model}"),
            Self::Team(team) => format!("team:{team}"),
            Self::Organization(organization) => format!("organization:{organization}"),
        }
    }

    /// Reads what [`Self::name`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (kind, first, second) = (parts.next()?, parts.next()?, parts.next());
        if parts.next().is_some() {
            return None;
        }
        match (kind, second) {
            ("key", None) => KeyId::parse(first).map(Self::Key),
            ("grant", None) => GrantId::parse(first).map(Self::Grant),
            ("team", None) => TeamId::parse(first).map(Self::Team),
            ("organization", None) => OrgId::parse(first).map(Self::Organization),
            ("member", Some(user)) => Some(Self::Member(TeamId::parse(first)?, UserId::parse(user)?)),
            ("team_model", Some(model)) => Some(Self::TeamModel(TeamId::parse(first)?, ModelId::parse(model)?)),
            _ => None,
        }
    }
}

/// Over what a budget runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetPer {
    /// The billing month.
    #[default]
    Period,
    /// All time.
    Total,
}

impl BudgetPer {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::Total => "total",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Period, Self::Total].into_iter().find(|per| per.as_str() == text)
    }
}

/// An amount that may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How much, a temporary raise included.
    pub amount: NanoUsd,
    /// Over what.
    pub per: BudgetPer,
}

/// More money for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// How much more.
    pub by: NanoUsd,
    /// Until when, exclusive.
    pub until: UnixMs,
}

/// What is set on one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Its windows.
    pub limits: Limits,
    /// What it may spend; none where that is not limited.
    pub budget: Option<NanoUsd>,
    /// Over what the budget runs.
    pub per: BudgetPer,
    /// A temporary raise of the budget.
    pub raise: Option<Raise>,
}

impl Allowance {
    /// Nothing is set.
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty() && self.budget.is_none()
    }

    /// The budget that holds at a time.
    pub fn budget_at(&self, at: UnixMs) -> Option<Budget> {
        let raise = self.raise.filter(|raise| at < raise.until).map_or(0, |raise| raise.by.0);
        self.budget.map(|amount| Budget { amount: NanoUsd(amount.0.saturating_add(raise)), per: self.per })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_nothing_else_does() {
        let (at, random) = (UnixMs(1), [7; 10]);
        let team = TeamId::new(at, random);
        let scopes = [
            Scope::Key(KeyId::new(at, random)),
            Scope::Member(team, UserId::new(at, [8; 10])),
            Scope::Grant(GrantId::new(at, random)),
            Scope::TeamModel(team, ModelId::new(at, random)),
            Scope::Team(team),
            Scope::Organization(OrgId::new(at, random)),
        ];
        for scope in scopes {
            assert_eq!(Scope::parse(&scope.name()), Some(scope));
            assert_eq!(Scope::parse(&format!("{}:x", scope.name())), None);
        }
        assert_eq!(Scope::parse("team:"), None);
    }

    #[test]
    fn a_raise_ends_by_itself() {
        let raise = Some(Raise { by: NanoUsd(5), until: UnixMs(100) });
        let allowance = Allowance { budget: Some(NanoUsd(10)), raise, ..Allowance::default() };
        assert_eq!(allowance.budget_at(UnixMs(99)).unwrap().amount, NanoUsd(15));
        assert_eq!(allowance.budget_at(UnixMs(100)).unwrap().amount, NanoUsd(10));
    }
}
