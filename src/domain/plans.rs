//! Plans: what a seat costs, what usage comes with it, and what a change of plan or seats does now and at renewal (spec.md §5).

use serde::{Deserialize, Serialize};

use super::{
    field_errors::FieldErrors,
    ids::PlanId,
    money::NanoUsd,
    periods::{AnchorDay, Period},
    time::UnixMs,
};

/// The most that a seat can cost, and that can come with it: $10,000.
pub const MAX_PER_SEAT: NanoUsd = NanoUsd(10_000 * super::money::DOLLAR);
/// Longest name of a plan.
const NAME_MAX: usize = 40;

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Identifier.
    pub id: PlanId,
    /// Name.
    pub name: String,
    /// Price of a seat per period, in nano-dollars.
    pub seat_price: NanoUsd,
    /// Usage that comes with each seat per period, in nano-dollars.
    pub included_usage: NanoUsd,
    /// Owners change to it, and take more seats of it, without asking.
    pub self_service: bool,
    /// Can be chosen.
    pub active: bool,
}

/// What a plan is made of, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlan {
    /// Name.
    pub name: String,
    /// Price of a seat per period.
    pub seat_price: NanoUsd,
    /// Usage that comes with each seat per period.
    pub included_usage: NanoUsd,
    /// Owners change to it without asking.
    pub self_service: bool,
    /// Can be chosen.
    pub active: bool,
}

impl NewPlan {
    /// Checks a form or a request body.
    pub fn check(
        name: &str,
        seat_price: Option<NanoUsd>,
        included_usage: Option<NanoUsd>,
        self_service: bool,
        active: bool,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            errors.add("name", format!("Enter a name of 1 to {NAME_MAX} characters."));
        }
        let mut amount = |field: &str, amount: Option<NanoUsd>| match amount {
            Some(amount) if (0..=MAX_PER_SEAT.0).contains(&amount.0) => amount,
            _ => {
                errors.add(field, "Enter an amount from $0 to $10,000.");
                NanoUsd(0)
            }
        };
        let (seat_price, included_usage) = (amount("seat_price", seat_price), amount("included_usage", included_usage));
        errors.into_result()?;
        Ok(Self { name, seat_price, included_usage, self_service, active })
    }
}

/// What a seat costs and brings, as agreed for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Plan.
    pub plan: PlanId,
    /// Its name.
    pub name: String,
    /// Price of a seat per period.
    pub seat_price: NanoUsd,
    /// Usage that comes with each seat per period.
    pub included_usage: NanoUsd,
}

impl From<&Plan> for Terms {
    fn from(plan: &Plan) -> Self {
        Self { plan: plan.id, name: plan.name.clone(), seat_price: plan.seat_price, included_usage: plan.included_usage }
    }
}

impl Terms {
    /// Usage that comes with some seats in a whole period.
    pub fn credit(&self, seats: i64) -> i64 {
        self.included_usage.0.saturating_mul(seats)
    }

    /// What some seats cost in a whole period.
    pub fn fee(&self, seats: i64) -> i64 {
        self.seat_price.0.saturating_mul(seats)
    }
}

/// The part of an amount that the rest of a period has, by the millisecond, rounded half up; the whole of it at the period's start.
pub fn pro_rata(amount: i64, now: UnixMs, period: Period) -> i64 {
    let (rest, all) = (i128::from(period.end.since(now).clamp(0, period.length_ms())), i128::from(period.length_ms().max(1)));
    // Not above the amount itself, so it fits.
    ((i128::from(amount) * rest * 2 + all) / (all * 2)) as i64
}

/// The whole period that the running one is, or is a part of: a plan that began in the middle of one, and seats that are added later,
/// have their part of the whole.
pub fn whole_of(running: Period, anchor: AnchorDay) -> Period {
    let whole = Period::at(running.end.plus(-1), anchor);
    // Another anchor acts from the next period on.
    if whole.end == running.end && whole.start <= running.start { whole } else { running }
}

/// A change of plan and seats, taken apart: what acts now and what waits for renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// What holds from now on.
    pub now: (Terms, i64),
    /// What the next period begins with, where that is something else.
    pub next: Option<(Terms, i64)>,
}

impl Split {
    /// More acts now, less at renewal. `before` is what the team has now; a first plan acts now.
    pub fn of(before: Option<&(Terms, i64)>, asked: (Terms, i64)) -> Self {
        let Some((terms, seats)) = before else { return Self { now: asked, next: None } };
        let better = asked.0.seat_price >= terms.seat_price && asked.0.included_usage >= terms.included_usage;
        let now_terms = if asked.0.plan == terms.plan || !better { terms.clone() } else { asked.0.clone() };
        let now = (now_terms, asked.1.max(*seats));
        let same = now.0.plan == asked.0.plan && now.1 == asked.1;
        Self { next: (!same).then_some(asked), now }
    }

    /// What is credited and what is charged for the rest of the period, against what the team had.
    pub fn proration(&self, before: Option<&(Terms, i64)>, at: UnixMs, period: Period) -> Proration {
        let (credit, fee) = before.map_or((0, 0), |(terms, seats)| (terms.credit(*seats), terms.fee(*seats)));
        let (terms, seats) = &self.now;
        Proration {
            credit: NanoUsd(pro_rata((terms.credit(*seats) - credit).max(0), at, period)),
            fee: NanoUsd(pro_rata((terms.fee(*seats) - fee).max(0), at, period)),
        }
    }
}

/// Money of a change in the middle of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proration {
    /// Added to the balance.
    pub credit: NanoUsd,
    /// On the statement.
    pub fee: NanoUsd,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::DOLLAR;

    fn terms(n: u128, price: i64, usage: i64) -> Terms {
        let plan = PlanId(uuid::Uuid::from_u128(n));
        Terms { plan, name: format!("Plan {n}"), seat_price: NanoUsd(price), included_usage: NanoUsd(usage) }
    }

    #[test]
    fn the_rest_of_a_period_is_counted_by_the_millisecond() {
        let period = Period::at(UnixMs::from_civil(2026, 11, 10), AnchorDay::default());
        assert_eq!(pro_rata(30 * DOLLAR, period.start, period), 30 * DOLLAR);
        assert_eq!(pro_rata(30 * DOLLAR, UnixMs::from_civil(2026, 11, 16), period), 15 * DOLLAR);
        assert_eq!(pro_rata(30 * DOLLAR, period.end, period), 0);
        assert_eq!(pro_rata(30 * DOLLAR, period.start.plus(-5), period), 30 * DOLLAR, "never more than all");
        // A fraction of a nano-dollar is rounded half up: 1 × 1/2 is 1, a millisecond later it is 0.
        let middle = UnixMs::from_civil(2026, 11, 16);
        assert_eq!((pro_rata(1, middle, period), pro_rata(1, middle.plus(1), period)), (1, 0));
        // What is credited for two parts of a period is never more than for the whole, give or take the rounding.
        assert_eq!(pro_rata(i64::MAX, period.start, period), i64::MAX);
    }

    #[test]
    fn more_acts_now_and_less_at_renewal() {
        let (small, large) = (terms(1, 10, 10), terms(2, 30, 40));
        assert_eq!(Split::of(None, (small.clone(), 5)), Split { now: (small.clone(), 5), next: None });
        let before = (small.clone(), 5);
        let more = Split::of(Some(&before), (small.clone(), 7));
        assert_eq!(more, Split { now: (small.clone(), 7), next: None });
        let fewer = Split::of(Some(&before), (small.clone(), 3));
        assert_eq!(fewer, Split { now: (small.clone(), 5), next: Some((small.clone(), 3)) });
        let both = Split::of(Some(&before), (large.clone(), 3));
        assert_eq!(both, Split { now: (large.clone(), 5), next: Some((large.clone(), 3)) });
        let down = Split::of(Some(&(large.clone(), 5)), (small.clone(), 8));
        assert_eq!(down, Split { now: (large.clone(), 8), next: Some((small, 8)) });
        // What acts now is never less than what was there, so nothing is taken back.
        let period = Period::at(UnixMs::from_civil(2026, 11, 10), AnchorDay::default());
        assert_eq!(fewer.proration(Some(&before), period.start, period), Proration::default());
        assert_eq!(more.proration(Some(&before), period.start, period), Proration { credit: NanoUsd(20), fee: NanoUsd(20) });
    }

    #[test]
    fn a_plan_has_a_name_and_amounts_that_can_be() {
        let check = |name: &str, price, usage| NewPlan::check(name, price, usage, false, true);
        assert!(check(" Pro ", Some(NanoUsd(0)), Some(MAX_PER_SEAT)).is_ok_and(|plan| plan.name == "Pro"));
        let errors = check("", Some(NanoUsd(-1)), Some(NanoUsd(MAX_PER_SEAT.0 + 1))).unwrap_err();
        assert!(["name", "seat_price", "included_usage"].iter().all(|field| errors.get(field).is_some()), "{errors:?}");
        assert!(check("Pro", None, Some(NanoUsd(0))).unwrap_err().get("seat_price").is_some());
    }
}
