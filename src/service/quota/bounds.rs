//! Whom a call is counted for, and what is set on each of them: from the snapshot alone.

use smallvec::SmallVec;

use super::scope::{BookId, Bound};
use crate::{
    domain::{
        billing::Billing,
        ids::{GrantId, KeyId, ModelId, UserId},
        limit_scopes::{Allowance, Scope},
        periods::Period,
        time::UnixMs,
    },
    service::access::snapshot::TeamEntry,
};

/// Whom a call is counted for.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// Team or personal space.
    pub team: &'a TeamEntry,
    /// The key; none for the playground's calls.
    pub key: Option<KeyId>,
    /// The person; none for application keys.
    pub member: Option<UserId>,
    /// The grants by which the call was allowed.
    pub grants: [Option<GrantId>; 2],
    /// The model.
    pub model: Option<ModelId>,
}

/// The book in which a team's calls are counted.
pub fn book_of(team: &TeamEntry) -> BookId {
    team.organization.map_or(BookId::Personal(team.id), BookId::Organization)
}

impl Payer<'_> {
    /// Every scope of a call in the order of the checks, with what is set on it. Those on which nothing is set count, too: what is set
    /// later knows what was used before.
    pub fn bounds(&self, at: UnixMs) -> SmallVec<[Bound; 7]> {
        let Self { team, .. } = self;
        let period = Period::at(at, team.terms.anchor);
        let bound = |scope, allowance: Allowance, period| Bound {
            scope,
            limits: allowance.limits,
            budget: allowance.budget_at(at),
            period,
            // With nothing that pays for its calls, a team has a balance of nothing.
            balance: scope == Scope::Team(team.id) && team.billing != Billing::Unbilled,
        };
        let grants = self.grants.into_iter().flatten().map(Scope::Grant);
        let in_team = (self.key.map(Scope::Key).into_iter())
            .chain(self.member.map(|user| Scope::Member(team.id, user)))
            .chain(grants)
            .chain(self.model.map(|model| Scope::TeamModel(team.id, model)))
            .chain([Scope::Team(team.id)]);
        let mut bounds: SmallVec<[Bound; 7]> = in_team.map(|scope| bound(scope, team.terms.of(scope), period)).collect();
        if let Some(terms) = &team.organization_terms {
            bounds.push(bound(Scope::Organization(terms.id), terms.allowance, Period::at(at, terms.anchor)));
        }
        bounds
    }
}
