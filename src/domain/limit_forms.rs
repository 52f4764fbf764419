//! Limits and budgets as people and programs write them: what they can not be is a problem of their field.

use super::{
    field_errors::FieldErrors,
    format,
    limit_scopes::{Allowance, BudgetPer, Raise},
    limits::{Limits, MAX_LIMIT, Window},
    money::{DOLLAR, NanoUsd},
    time::UnixMs,
};

/// The largest budget: $1,000,000,000.
pub const MAX_BUDGET: NanoUsd = NanoUsd(1_000_000_000 * DOLLAR);

/// What is to be set on a scope; what is none stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllowanceChange {
    /// All windows.
    pub limits: Option<Limits>,
    /// The budget; `Some(None)` for none.
    pub budget: Option<Option<NanoUsd>>,
    /// Over what the budget runs.
    pub per: Option<BudgetPer>,
    /// A temporary raise; `Some(None)` ends it.
    pub raise: Option<Option<Raise>>,
}

impl AllowanceChange {
    /// Nothing is to be changed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What is set afterwards. A raise ends with its budget, and with a new one; over what a budget runs is forgotten with it.
    pub fn applied_to(&self, before: Allowance) -> Allowance {
        let budget = self.budget.unwrap_or(before.budget);
        let stays = budget == before.budget && budget.is_some();
        Allowance {
            limits: self.limits.unwrap_or(before.limits),
            budget,
            per: if budget.is_some() { self.per.unwrap_or(before.per) } else { BudgetPer::default() },
            raise: self.raise.unwrap_or(if stays { before.raise } else { None }),
        }
    }
}

impl Window {
    /// As people write it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rpm => "RPM",
            Self::Tpm => "TPM",
            Self::Rph => "RPH",
            Self::Rpd => "RPD",
            Self::Tpd => "TPD",
        }
    }

    /// In full.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rpm => "Requests per minute",
            Self::Tpm => "Tokens per minute",
            Self::Rph => "Requests per hour",
            Self::Rpd => "Requests per day",
            Self::Tpd => "Tokens per day",
        }
    }

    /// What is said of a value that can not be.
    pub fn wrong(self) -> String {
        format!("{} is a whole number from 0 to {}, or nothing for no limit.", self.label(), number(MAX_LIMIT))
    }
}

/// What is said of a budget that can not be.
pub fn wrong_budget() -> String {
    format!("A budget is an amount from $0 to {}, or nothing for no limit.", format::money(MAX_BUDGET))
}

/// Reads a form's five windows, `""` and `no limit` for none.
pub fn parse_windows(typed: [&str; 5], errors: &mut FieldErrors) -> Limits {
    let mut limits = Limits::default();
    for (window, text) in Window::ALL.into_iter().zip(typed) {
        match parse_count(text) {
            Some(value) => limits.set(window, value),
            None => errors.add(window.as_str(), window.wrong()),
        }
    }
    limits
}

/// Reads a form's amount of money, `""` for none.
pub fn parse_budget(field: &str, typed: &str, errors: &mut FieldErrors) -> Option<NanoUsd> {
    if typed.trim().is_empty() {
        return None;
    }
    let amount = NanoUsd::parse(typed).filter(|amount| *amount <= MAX_BUDGET);
    if amount.is_none() {
        errors.add(field, wrong_budget());
    }
    amount
}

/// Reads over what a form's budget runs; where the form does not say it, that stays.
pub fn parse_per(field: &str, typed: &str, errors: &mut FieldErrors) -> Option<BudgetPer> {
    let per = BudgetPer::parse(typed);
    if per.is_none() && !typed.is_empty() {
        errors.add(field, "A budget runs over each billing month, or in total.");
    }
    per
}

/// `600`, `60,000`, or nothing; none for what is no number.
fn parse_count(typed: &str) -> Option<Option<i64>> {
    let digits: String = typed.chars().filter(|c| !matches!(c, ',' | ' ' | '\u{a0}')).collect();
    if digits.is_empty() {
        return Some(None);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|value| *value <= MAX_LIMIT).map(Some)
}

/// Notes every value that can not be.
pub fn check(allowance: &Allowance, errors: &mut FieldErrors) {
    for window in allowance.limits.invalid() {
        errors.add(window.as_str(), window.wrong());
    }
    if allowance.budget.is_some_and(|amount| !(NanoUsd(0)..=MAX_BUDGET).contains(&amount)) {
        errors.add("budget", wrong_budget());
    }
}

/// Something that a parent does not give, as a sentence of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// Name of the field.
    pub field: &'static str,
    /// As people write the limit.
    pub label: &'static str,
    /// What was asked for.
    pub asked: String,
    /// What the parent has.
    pub allowed: String,
}

/// Everything in which a scope would not lie within its parent. Budgets over different spans are not compared: what is spent counts at
/// both.
pub fn outside(child: &Allowance, parent: &Allowance, now: UnixMs) -> Vec<Outside> {
    let windows = child.limits.exceeding(&parent.limits).into_iter().map(|above| Outside {
        field: above.window.as_str(),
        label: above.window.label(),
        asked: number(above.asked),
        allowed: number(above.allowed),
    });
    let budget = budget_above(child, parent, now).map(|(asked, allowed)| Outside {
        field: "budget",
        label: "Budget",
        asked: format::money(asked),
        allowed: format::money(allowed),
    });
    windows.chain(budget).collect()
}

/// With everything lowered that would not lie within the parent.
pub fn clamped(mut child: Allowance, parent: &Allowance, now: UnixMs) -> Allowance {
    child.limits = child.limits.clamped(&parent.limits);
    let (Some(own), Some(given)) = (child.budget, parent.budget) else { return child };
    if child.per != BudgetPer::Period || parent.per != BudgetPer::Period {
        return child;
    }
    let own = own.min(given);
    child.budget = Some(own);
    if let (Some(raise), Some(most)) = (child.raise.filter(|raise| now < raise.until), parent.budget_at(now)) {
        let by = raise.by.0.min(most.amount.0.saturating_sub(own.0));
        child.raise = (by > 0).then_some(Raise { by: NanoUsd(by), until: raise.until });
    }
    child
}

/// The budget and the parent's, where the one is above the other: for good, or for as long as a raise holds.
fn budget_above(child: &Allowance, parent: &Allowance, now: UnixMs) -> Option<(NanoUsd, NanoUsd)> {
    if child.per != BudgetPer::Period || parent.per != BudgetPer::Period {
        return None;
    }
    let (own, given) = (child.budget?, parent.budget?);
    if own > given {
        return Some((own, given));
    }
    let (raised, most) = (child.budget_at(now)?.amount, parent.budget_at(now)?.amount);
    (raised > most).then_some((raised, most))
}

/// A count as people write it: `5,000,000`.
pub fn number(value: i64) -> String {
    format::grouped(value.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_are_read_as_people_type_them() {
        let mut errors = FieldErrors::default();
        let limits = parse_windows(["600", " 5,000,000 ", "", "0", "1000000000000000"], &mut errors);
        let expected = Limits { rpm: Some(600), tpm: Some(5_000_000), rph: None, rpd: Some(0), tpd: Some(MAX_LIMIT) };
        assert_eq!((limits, errors), (expected, FieldErrors::default()));
        let mut errors = FieldErrors::default();
        parse_windows(["-1", "1.5", "9223372036854775808", "many", "1000000000000001"], &mut errors);
        assert_eq!(errors.0.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["rpm", "tpm", "rph", "rpd", "tpd"]);
        let mut errors = FieldErrors::default();
        assert_eq!(parse_budget("budget", "$1,250.50", &mut errors), Some(NanoUsd(1_250_500_000_000)));
        assert_eq!(parse_budget("budget", " ", &mut errors), None);
        assert_eq!(errors, FieldErrors::default());
        assert_eq!(parse_budget("budget", "-1", &mut errors), None);
        assert_eq!(errors.0[0].0, "budget");
        let mut errors = FieldErrors::default();
        assert_eq!(
            ["period", "total", ""].map(|typed| parse_per("per", typed, &mut errors)),
            [Some(BudgetPer::Period), Some(BudgetPer::Total), None]
        );
        assert_eq!(errors, FieldErrors::default());
        assert_eq!(parse_per("per", "Total", &mut errors), None);
        assert_eq!(errors.0[0].0, "per");
    }

    #[test]
    fn a_raise_ends_with_its_budget() {
        let raise = Some(Raise { by: NanoUsd(5), until: UnixMs(100) });
        let before = Allowance { budget: Some(NanoUsd(10)), raise, ..Allowance::default() };
        let set = |budget| AllowanceChange { budget: Some(budget), ..AllowanceChange::default() }.applied_to(before);
        assert_eq!(set(Some(NanoUsd(10))).raise, raise);
        assert_eq!((set(Some(NanoUsd(11))).raise, set(None).raise), (None, None));
        assert_eq!(AllowanceChange::default().applied_to(before), before);
        let total = Allowance { per: BudgetPer::Total, ..before };
        let cleared = AllowanceChange { budget: Some(None), ..AllowanceChange::default() }.applied_to(total);
        assert_eq!(cleared.per, BudgetPer::Period, "the next budget begins as any other");
    }

    fn allowance() -> impl Strategy<Value = Allowance> {
        let value = || prop::option::of(0..4i64);
        let raise = prop::option::of((1..4i64, 0..4i64));
        ([value(), value(), value(), value(), value()], value(), any::<bool>(), raise).prop_map(
            |(windows, budget, total, raise)| {
                let mut limits = Limits::default();
                for (window, value) in Window::ALL.into_iter().zip(windows) {
                    limits.set(window, value);
                }
                let raise = raise.map(|(by, until)| Raise { by: NanoUsd(by), until: UnixMs(until) });
                Allowance {
                    limits,
                    budget: budget.map(NanoUsd),
                    per: if total { BudgetPer::Total } else { BudgetPer::Period },
                    raise: raise.filter(|_| budget.is_some()),
                }
            },
        )
    }

    /// The rule in plain words: each number that both have is no larger below.
    fn lies_within(child: &Allowance, parent: &Allowance, now: UnixMs) -> bool {
        let windows = Window::ALL.into_iter().all(|window| match (child.limits.get(window), parent.limits.get(window)) {
            (Some(own), Some(given)) => own <= given,
            _ => true,
        });
        let money = match (child.budget, parent.budget) {
            (Some(own), Some(given)) if child.per == BudgetPer::Period && parent.per == BudgetPer::Period => {
                let live = |raise: Option<Raise>| raise.filter(|raise| now < raise.until).map_or(0, |raise| raise.by.0);
                own <= given && own.0 + live(child.raise) <= given.0 + live(parent.raise)
            }
            _ => true,
        };
        windows && money
    }

    proptest! {
        #[test]
        fn what_lies_outside_is_named_and_what_is_clamped_lies_within(child in allowance(), parent in allowance(), now in 0..4i64) {
            let now = UnixMs(now);
            prop_assert_eq!(outside(&child, &parent, now).is_empty(), lies_within(&child, &parent, now));
            let lowered = clamped(child, &parent, now);
            prop_assert!(lies_within(&lowered, &parent, now), "{:?}", lowered);
            prop_assert!(lies_within(&lowered, &Allowance { per: lowered.per, ..child }, now), "nothing is widened");
            if lies_within(&child, &parent, now) {
                prop_assert_eq!(lowered, child);
            }
        }
    }
}
