//! What is used of each limit now: what explain, pages and REST show. The counters that are asked are those that refuse.

use super::{Names, Payer, Standing, bounds::book_of, limited_name, scope::Bound};
use crate::{
    domain::{
        ids::TeamId,
        limit_scopes::{Budget, BudgetPer, Scope},
        limit_uses::LimitUse,
        limits::{Counted, Limits, Span, Window},
        money::NanoUsd,
        periods::Period,
        time::UnixMs,
    },
    service::Services,
};

impl Services {
    /// Every limit that a call meets, in the order of the checks, with what is used of it. What an organization's teams use together is
    /// shown to nobody here.
    pub fn limit_uses(&self, payer: &Payer<'_>, names: Names<'_>, at: UnixMs) -> Vec<LimitUse> {
        payer.bounds(at).iter().flat_map(|bound| self.bound_uses((payer, names), bound, at, false)).collect()
    }

    /// What is used of what is set on one scope; of an organization's only where `sees_organization`.
    pub fn bound_uses(
        &self,
        (payer, names): (&Payer<'_>, Names<'_>),
        bound: &Bound,
        at: UnixMs,
        sees_organization: bool,
    ) -> Vec<LimitUse> {
        let mut uses = vec![];
        if bound.limits == Limits::default() && bound.budget.is_none() && !bound.balance {
            return uses;
        }
        let standing = self.quota.standing(book_of(payer.team), bound.scope, at, bound.period);
        let is_shared = matches!(bound.scope, Scope::Organization(_)) && !sees_organization;
        let name = limited_name(payer.team, names, bound.scope);
        let used_in = |window: Window, limit: i64| {
            let place = Span::ALL.iter().position(|span| *span == window.span()).unwrap_or_default();
            let inside = standing.windows[place];
            let used = match window.counted() {
                Counted::Requests => inside.requests,
                Counted::Tokens => inside.tokens,
            };
            let used = i64::try_from(used).unwrap_or(i64::MAX);
            (limit, used, standing.empty_at[place])
        };
        let mut add = |window: &str, (limit, used, resets_at): (i64, i64, Option<UnixMs>)| {
            uses.push(LimitUse {
                scope: bound.scope.as_str().into(),
                name: name.name.clone(),
                window: window.into(),
                limit,
                used: (!is_shared).then_some(used),
                remaining: (!is_shared).then_some(limit.saturating_sub(used).max(0)),
                resets_at,
            });
        };
        for window in Window::ALL {
            if let Some(limit) = bound.limits.get(window) {
                add(window.as_str(), used_in(window, limit));
            }
        }
        if let Some(budget) = bound.budget {
            let (used, resets_at) = used_of(&standing, budget, bound.period);
            add(budget.per.as_str(), (budget.amount.0, used.0, resets_at));
        }
        if bound.balance {
            let left = standing.balance.map_or(0, |balance| balance.0.saturating_sub(standing.held.0));
            add("balance", (left, 0, Some(bound.period.end)));
        }
        uses
    }

    /// What a team has used of its own budget, where it has one, and the budget.
    pub fn team_budget(&self, team: TeamId) -> Option<(NanoUsd, Budget)> {
        let (snapshot, now) = (self.snapshot(), self.clock.now());
        let entry = snapshot.team(team)?;
        let (budget, period) = (entry.terms.allowance.budget_at(now)?, Period::at(now, entry.terms.anchor));
        let standing = self.quota.standing(book_of(entry), Scope::Team(team), now, period);
        Some((used_of(&standing, budget, period).0, budget))
    }
}

/// What counts against a budget, with what running calls hold, and when it begins anew.
fn used_of(standing: &Standing, budget: Budget, period: Period) -> (NanoUsd, Option<UnixMs>) {
    let (spent, held, resets_at) = match budget.per {
        BudgetPer::Period => (standing.spent, standing.held_in_period, Some(period.end)),
        BudgetPer::Total => (standing.spent_in_all, standing.held, None),
    };
    (NanoUsd(spent.0.saturating_add(held.0)), resets_at)
}
