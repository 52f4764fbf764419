//! What members may do when they make keys without an admin (spec.md §5). Owners and admins are not bound by it.

use serde::{Deserialize, Serialize};

use super::{
    api_keys::KeyKind,
    field_errors::FieldErrors,
    format,
    limit_forms::{self, wrong_budget},
    limit_scopes::BudgetPer,
    money::NanoUsd,
    time::{DAY_MS, UnixMs},
};

/// Most keys that can be allowed to one person.
pub const MAX_KEYS: i64 = 1_000_000;
/// Longest life that can be allowed, in days.
pub const MAX_DAYS: i64 = 36_500;

/// A team's self-service policy. What is none sets no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfServicePolicy {
    /// Members may make their own keys.
    pub enabled: bool,
    /// Keys of one person that may work at once; a rotation's overlap counts as one.
    pub max_keys_per_user: Option<i64>,
    /// The largest budget of a key. Makes a budget mandatory.
    pub budget_ceiling: Option<NanoUsd>,
    /// Keys must end some time.
    pub require_expiry: bool,
    /// The longest time from now to a key's end, in days. Makes an expiry mandatory.
    pub max_expiry_days: Option<i64>,
}

impl Default for SelfServicePolicy {
    fn default() -> Self {
        Self { enabled: true, max_keys_per_user: None, budget_ceiling: None, require_expiry: false, max_expiry_days: None }
    }
}

/// A key as it would be.
#[derive(Clone, Copy, Debug)]
pub struct PlannedKey {
    /// Kind; money does not count for test keys.
    pub kind: KeyKind,
    /// Its person's keys that would work beside it, where this one comes on top of them; none where it works already.
    pub beside: Option<i64>,
    /// Its budget.
    pub budget: Option<NanoUsd>,
    /// Over what.
    pub per: BudgetPer,
    /// When it would end.
    pub expires_at: Option<UnixMs>,
}

impl SelfServicePolicy {
    /// The bounds that can not be.
    pub fn check(&self) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        if self.max_keys_per_user.is_some_and(|keys| !(0..=MAX_KEYS).contains(&keys)) {
            errors.add("max_keys_per_user", wrong_keys());
        }
        if self.budget_ceiling.is_some_and(|amount| !(NanoUsd(0)..=limit_forms::MAX_BUDGET).contains(&amount)) {
            errors.add("budget_ceiling", wrong_budget());
        }
        if self.max_expiry_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
            errors.add("max_expiry_days", wrong_days());
        }
        errors.into_result()
    }

    /// Every rule that a key would break, in the policy's order; `who` can change it.
    pub fn violations(&self, key: &PlannedKey, now: UnixMs, who: &str) -> FieldErrors {
        let mut errors = FieldErrors::default();
        let mut add = |field: &str, sentence: String| errors.add(field, format!("{sentence} {who} can change the policy."));
        if let (Some(most), Some(beside)) = (self.max_keys_per_user, key.beside)
            && beside >= most
        {
            add("max_keys_per_user", format!("You hold {beside} of {most} active keys here. Revoke one, or ask an admin."));
        }
        if let Some(ceiling) = self.budget_ceiling.filter(|_| key.kind != KeyKind::Test) {
            let most = format::money(ceiling);
            match key.budget {
                None => add("budget", format!("A key needs a budget of {most} or less here.")),
                Some(budget) if budget > ceiling => {
                    add("budget", format!("The budget must be {most} or less; {} is more.", format::money(budget)));
                }
                Some(_) => {}
            }
        }
        if self.require_expiry && key.expires_at.is_none() {
            add("expires_at", "A key needs an expiry here.".to_owned());
        }
        if let Some(days) = self.max_expiry_days {
            let last = now.plus(days * DAY_MS);
            let days = days_words(days);
            match key.expires_at {
                // Said once already.
                None if self.require_expiry => {}
                None => add("expires_at", format!("A key needs an expiry here, {days} from now or earlier.")),
                Some(end) if end > last => add("expires_at", format!("Expiry must be {days} or less from now.")),
                Some(_) => {}
            }
        }
        errors
    }

    /// The bounds in words, for who makes a key.
    pub fn hints(&self) -> KeyHints {
        let expiry = match (self.max_expiry_days, self.require_expiry) {
            (Some(days), _) => format!("At most {} from now.", days_words(days)),
            (None, true) => "A key must end here.".to_owned(),
            (None, false) => String::new(),
        };
        KeyHints {
            budget: self.budget_ceiling.map_or_else(String::new, |most| format!("At most {}.", format::money(most))),
            expiry,
            keys: self.max_keys_per_user.map_or_else(String::new, |most| match most {
                1 => "You may hold 1 active key here.".to_owned(),
                most => format!("You may hold {most} active keys here."),
            }),
        }
    }
}

/// What a form says of the policy; empty where it sets no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHints {
    /// Beside the budget.
    pub budget: String,
    /// Beside the expiry.
    pub expiry: String,
    /// About the number of keys.
    pub keys: String,
}

/// What is said of a number of keys that can not be.
pub fn wrong_keys() -> String {
    format!("Enter a whole number from 0 to {}, or nothing for no bound.", limit_forms::number(MAX_KEYS))
}

/// What is said of a number of days that can not be.
pub fn wrong_days() -> String {
    format!("Enter a whole number of days from 1 to {}, or nothing for no bound.", limit_forms::number(MAX_DAYS))
}

fn days_words(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_000_000);
    const STRICT: SelfServicePolicy = SelfServicePolicy {
        enabled: true,
        max_keys_per_user: Some(3),
        budget_ceiling: Some(NanoUsd(25_000_000_000)),
        require_expiry: true,
        max_expiry_days: Some(90),
    };

    fn plain() -> PlannedKey {
        PlannedKey { kind: KeyKind::Person, beside: Some(0), budget: None, per: BudgetPer::Period, expires_at: None }
    }

    fn fields(policy: &SelfServicePolicy, key: PlannedKey) -> Vec<String> {
        policy.violations(&key, NOW, "Maya").0.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn every_broken_rule_is_named_in_order() {
        let bad = PlannedKey { beside: Some(3), budget: Some(NanoUsd(25_000_000_001)), ..plain() };
        assert_eq!(fields(&STRICT, bad), ["max_keys_per_user", "budget", "expires_at"]);
        let long = PlannedKey { expires_at: Some(NOW.plus(90 * DAY_MS + 1)), ..bad };
        assert_eq!(fields(&STRICT, long), ["max_keys_per_user", "budget", "expires_at"]);
        let good = PlannedKey {
            beside: Some(2),
            budget: Some(NanoUsd(25_000_000_000)),
            expires_at: Some(NOW.plus(90 * DAY_MS)),
            ..plain()
        };
        assert_eq!(fields(&STRICT, good), Vec::<String>::new());
        assert_eq!(fields(&STRICT, PlannedKey { beside: None, ..good }), Vec::<String>::new());
    }

    #[test]
    fn a_ceiling_asks_for_a_budget_and_a_longest_life_for_an_end() {
        let ceiling = SelfServicePolicy { budget_ceiling: Some(NanoUsd(1)), ..SelfServicePolicy::default() };
        assert_eq!(fields(&ceiling, plain()), ["budget"]);
        assert_eq!(fields(&ceiling, PlannedKey { kind: KeyKind::Test, ..plain() }), Vec::<String>::new());
        let life = SelfServicePolicy { max_expiry_days: Some(1), ..SelfServicePolicy::default() };
        assert_eq!(fields(&life, plain()), ["expires_at"]);
        assert_eq!(fields(&SelfServicePolicy::default(), plain()), Vec::<String>::new());
        let none = SelfServicePolicy { max_keys_per_user: Some(0), ..SelfServicePolicy::default() };
        assert_eq!(fields(&none, plain()), ["max_keys_per_user"]);
    }

    #[test]
    fn bounds_that_can_not_be_are_named() {
        let wrong = SelfServicePolicy {
            max_keys_per_user: Some(-1),
            budget_ceiling: Some(NanoUsd(-1)),
            max_expiry_days: Some(0),
            ..SelfServicePolicy::default()
        };
        assert_eq!(wrong.check().unwrap_err().0.len(), 3);
        assert_eq!(STRICT.check(), Ok(()));
    }
}
