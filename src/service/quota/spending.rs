//! What a scope has spent, and what its running calls may still spend: in its billing month, and in all.

use crate::domain::{
    limit_scopes::{Budget, BudgetPer},
    money::NanoUsd,
    periods::Period,
    time::UnixMs,
};

/// Money of one span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    /// Charged.
    posted: i64,
    /// Reserved by running calls.
    held: i64,
}

impl Sum {
    fn used(self) -> i64 {
        self.posted.saturating_add(self.held)
    }

    fn hold(&mut self, amount: i64) {
        self.held = self.held.saturating_add(amount);
    }

    fn settle(&mut self, held: i64, charge: i64) {
        self.held = self.held.saturating_sub(held).max(0);
        self.posted = self.posted.saturating_add(charge);
    }
}

/// Money of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spending {
    start: UnixMs,
    current: Sum,
    /// The period before: calls that were admitted in it may end in this one.
    before: Option<(UnixMs, Sum)>,
    total: Sum,
}

impl Spending {
    /// Moves on to a period. Time never goes back: with a clock that was set back, the later period goes on.
    pub(super) fn enter(&mut self, period: Period) {
        if period.start > self.start {
            if self.current != Sum::default() {
                self.before = Some((self.start, self.current));
            }
            self.start = period.start;
            self.current = Sum::default();
        }
    }

    /// What is used of a budget: spent and held.
    pub(super) fn used(&self, per: BudgetPer) -> NanoUsd {
        NanoUsd(match per {
            BudgetPer::Period => self.current.used(),
            BudgetPer::Total => self.total.used(),
        })
    }

    /// What is charged alone, in the period and in all.
    pub(super) fn posted(&self) -> (NanoUsd, NanoUsd) {
        (NanoUsd(self.current.posted), NanoUsd(self.total.posted))
    }

    /// What running calls hold.
    pub(super) fn held(&self) -> NanoUsd {
        NanoUsd(self.total.held)
    }

    /// What running calls of the period hold.
    pub(super) fn held_in_period(&self) -> NanoUsd {
        NanoUsd(self.current.held)
    }

    /// Whether a reserve fits into a budget. A budget of 0 allows nothing, not even what is free.
    pub(super) fn fits(&self, budget: Budget, reserve: NanoUsd) -> bool {
        budget.amount.0 > 0 && self.used(budget.per).0.checked_add(reserve.0).is_some_and(|after| after <= budget.amount.0)
    }

    /// Reserves, in the period that was entered last; it is named when the reserve is settled.
    pub(super) fn hold(&mut self, reserve: NanoUsd) -> UnixMs {
        self.current.hold(reserve.0);
        self.total.hold(reserve.0);
        self.start
    }

    /// A charge instead of a reserve, dated by the admission.
    pub(super) fn settle(&mut self, period: UnixMs, reserve: NanoUsd, charge: NanoUsd) {
        self.total.settle(reserve.0, charge.0);
        if period == self.start {
            self.current.settle(reserve.0, charge.0);
        } else if let Some((_, before)) = self.before.as_mut().filter(|(start, _)| *start == period) {
            before.settle(reserve.0, charge.0);
        }
    }

    /// A charge of an earlier process; `in_period` when it belongs to the period that was entered.
    pub(super) fn post(&mut self, in_period: NanoUsd, total: NanoUsd) {
        self.current.settle(0, in_period.0);
        self.total.settle(0, total.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::periods::AnchorDay;

    #[test]
    fn a_call_that_ends_in_the_next_period_is_charged_to_its_own() {
        let anchor = AnchorDay::new(15).unwrap();
        let first = Period::at(UnixMs::from_civil(2026, 11, 20), anchor);
        let second = Period::at(first.end, anchor);
        let mut spending = Spending::default();
        spending.enter(first);
        let held_in = spending.hold(NanoUsd(70));
        assert_eq!(spending.used(BudgetPer::Period), NanoUsd(70));
        spending.enter(second);
        assert_eq!((spending.used(BudgetPer::Period), spending.used(BudgetPer::Total)), (NanoUsd(0), NanoUsd(70)));
        spending.settle(held_in, NanoUsd(70), NanoUsd(40));
        assert_eq!(spending.posted(), (NanoUsd(0), NanoUsd(40)));
        assert_eq!(spending.held(), NanoUsd(0));
        // A clock that was set back opens no second budget.
        spending.hold(NanoUsd(5));
        spending.enter(first);
        assert_eq!(spending.used(BudgetPer::Period), NanoUsd(5));
    }

    #[test]
    fn a_budget_of_nothing_lets_nothing_pass_and_the_largest_does_not_overflow() {
        let mut spending = Spending::default();
        assert!(!spending.fits(Budget { amount: NanoUsd(0), per: BudgetPer::Period }, NanoUsd(0)));
        let all = Budget { amount: NanoUsd(i64::MAX), per: BudgetPer::Total };
        assert!(spending.fits(all, NanoUsd(i64::MAX)));
        spending.hold(NanoUsd(1));
        assert!(!spending.fits(all, NanoUsd(i64::MAX)));
    }
}
