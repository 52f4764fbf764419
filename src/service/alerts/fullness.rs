//! How full something is: arithmetic on what is set and what the counters say.

use super::THRESHOLDS;
use crate::{
    domain::{
        billing::{Renewal, TeamBilling},
        limit_scopes::{Allowance, BudgetPer},
        limit_words::Reached,
        limits::Window,
        money::NanoUsd,
        periods::Period,
        time::{DAY_MS, UnixMs},
    },
    service::quota::Standing,
};

/// Something that is at least at the lower threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fullness {
    /// `rpd`, `tpd`, `budget` or `balance`.
    pub(super) what: &'static str,
    pub(super) percent: i64,
    /// What is used of what.
    pub(super) reached: Reached,
    pub(super) period_start: UnixMs,
    /// Not told again for something that was told after this.
    pub(super) told_after: UnixMs,
}

/// Windows of a day and the budget. What running calls hold is not used yet.
pub(super) fn of_allowance(set: &Allowance, standing: &Standing, period: Period, now: UnixMs) -> Vec<Fullness> {
    let mut full = vec![];
    let day = standing.windows[2];
    for (window, used) in [(Window::Rpd, day.requests), (Window::Tpd, day.tokens)] {
        let Some(limit) = set.limits.get(window).filter(|limit| *limit > 0) else { continue };
        let shown = Reached::Window { window, limit: limit.unsigned_abs(), used: Some(used), asked: 0, resets_at: None };
        full.push(Fullness {
            what: window.as_str(),
            percent: percent(used.into(), limit.into()),
            reached: shown,
            period_start: now.floor_to(DAY_MS),
            // Windows slide over midnight: what was told of one is told again a day later at the earliest.
            told_after: now.plus(-DAY_MS),
        });
    }
    if let Some(budget) = set.budget_at(now).filter(|budget| budget.amount.0 > 0) {
        let (used, resets_at, period_start) = match budget.per {
            BudgetPer::Period => (standing.spent, Some(period.end), period.start),
            BudgetPer::Total => (standing.spent_in_all, None, UnixMs(0)),
        };
        full.push(Fullness {
            what: "budget",
            percent: percent(used.0.into(), budget.amount.0.into()),
            reached: Reached::Budget { per: budget.per, limit: budget.amount, used: Some(used), asked: NanoUsd(0), resets_at },
            period_start,
            told_after: UnixMs(i64::MAX),
        });
    }
    full.retain(|full| full.percent >= THRESHOLDS[1]);
    full
}

/// A balance, of which `charged` was used in its period. What is kept for calls of the last period is none of it.
pub(super) fn of_balance(billing: &TeamBilling, charged: i64) -> Option<Fullness> {
    let left = billing.balance.saturating_sub(billing.spared).max(0);
    // Without a charge nothing was used up, however little there is.
    let charged = i128::from(charged.max(0));
    let percent = percent(charged, charged + i128::from(left));
    (percent >= THRESHOLDS[1]).then(|| Fullness {
        what: "balance",
        percent,
        reached: Reached::Balance {
            left: NanoUsd(left),
            asked: NanoUsd(0),
            resets_at: billing.period.end,
            ends: billing.next == Renewal::End,
        },
        period_start: billing.period.start,
        told_after: UnixMs(i64::MAX),
    })
}

/// Floored: 100 means reached.
fn percent(used: i128, limit: i128) -> i64 {
    i64::try_from(used.saturating_mul(100) / limit.max(1)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{PlanId, TeamId},
        limits::Limits,
        money::DOLLAR,
        periods::AnchorDay,
        plans::Terms,
    };

    const NOW: UnixMs = UnixMs(1_795_302_180_000);

    fn billing(balance: i64, spared: i64) -> TeamBilling {
        let period = Period::at(NOW, AnchorDay::default());
        let terms = Terms {
            plan: PlanId::new(NOW, [1; 10]),
            name: "Pro".into(),
            seat_price: NanoUsd(0),
            included_usage: NanoUsd(DOLLAR),
        };
        TeamBilling { terms: Some(terms), balance, spared, ..TeamBilling::new(TeamId::new(NOW, [1; 10]), period) }
    }

    #[test]
    fn a_balance_is_used_up_when_nothing_of_it_is_left() {
        let percent = |balance, spared, charged| of_balance(&billing(balance, spared), charged).map(|full| full.percent);
        assert_eq!(percent(21, 0, 79), None);
        assert_eq!(percent(20, 0, 80), Some(80));
        assert_eq!(percent(1, 0, 999), Some(99), "floored: a bit is left");
        assert_eq!(percent(0, 0, 80), Some(100));
        assert_eq!(percent(30, 30, 80), Some(100), "what is kept for the last period's calls pays for no others");
        assert_eq!(percent(0, 0, 0), None, "nothing was used");
        assert_eq!(percent(i64::MAX, 0, i64::MAX), None);
    }

    #[test]
    fn a_limit_of_nothing_and_what_is_held_warn_nobody() {
        let period = Period::at(NOW, AnchorDay::default());
        let set =
            Allowance { limits: Limits { rpd: Some(0), ..Limits::default() }, budget: Some(NanoUsd(0)), ..Allowance::default() };
        assert_eq!(of_allowance(&set, &Standing::default(), period, NOW), vec![]);
        let set = Allowance { budget: Some(NanoUsd(100)), ..Allowance::default() };
        let standing = Standing { spent: NanoUsd(79), held: NanoUsd(21), held_in_period: NanoUsd(21), ..Standing::default() };
        assert_eq!(of_allowance(&set, &standing, period, NOW), vec![]);
        let total = Allowance { per: BudgetPer::Total, ..set };
        let standing = Standing { spent_in_all: NanoUsd(80), ..standing };
        let found = of_allowance(&total, &standing, period, NOW);
        assert_eq!((found[0].percent, found[0].period_start), (80, UnixMs(0)), "a total budget is told of once and for all");
    }
}
