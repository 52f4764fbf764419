//! Limits with what is used of them, as explain and REST show them.

use serde::{Deserialize, Serialize};

use super::{forecast::Forecast, format, limits::Window, money::NanoUsd, time::UnixMs};

/// A limit that a call meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// What it is set on: `key`, `member`, `grant`, `team_model`, `team` or `organization`.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// `rpm` … `tpd`, `period` or `total` for a budget, `balance`.
    pub window: String,
    /// Calls, tokens, or nano-dollars.
    pub limit: i64,
    /// The same: running calls with what they have reserved. None for an organization's.
    pub used: Option<i64>,
    /// What is left; none for an organization's.
    pub remaining: Option<i64>,
    /// When all that is used now will have left; none where nothing is used, or where it stays.
    pub resets_at: Option<UnixMs>,
}

/// A limit that applies to somebody or to a key, with what becomes of it at the present pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLimit {
    /// The limit.
    pub limit: LimitUse,
    /// Of a budget or a balance that is not used up; none for what the viewer does not see, and while too little is known.
    pub forecast: Option<Forecast>,
}

impl LimitUse {
    /// A line for people: `Team Atlas Search: 12 of 600 requests per minute, 588 left`.
    pub fn words(&self) -> String {
        let scope = match self.scope.as_str() {
            "key" => "Key",
            "member" => "Member",
            "grant" => "Approval of",
            "team_model" => "Model",
            "team" => "Team",
            _ => "Organization",
        };
        let window = Window::ALL.into_iter().find(|window| window.as_str() == self.window);
        let amount = |value: i64| match window {
            Some(_) => format::grouped(value.max(0).unsigned_abs()),
            None => format::money(NanoUsd(value)),
        };
        let what = match (window, self.window.as_str()) {
            (Some(window), _) => format!(" {} per {}", window.counted().as_str(), window.span().words()),
            (None, "period") => " this billing month".into(),
            (None, "total") => " in all".into(),
            _ => " of balance left".into(),
        };
        let reset = self.resets_at.map(|at| format!(", resets {}", format::full(at))).unwrap_or_default();
        match (self.used, self.remaining) {
            (Some(used), Some(left)) if self.window != "balance" => {
                format!("{scope} {}: {} of {}{what}, {} left{reset}", self.name, amount(used), amount(self.limit), amount(left))
            }
            _ => format!("{scope} {}: {}{what}{reset}", self.name, amount(self.limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::DOLLAR;

    #[test]
    fn lines_say_what_is_used_and_what_is_left() {
        let line = |scope: &str, window: &str, limit, used: Option<i64>, resets_at| {
            let name = "Atlas Search".to_owned();
            let remaining = used.map(|used| limit - used);
            LimitUse { scope: scope.into(), name, window: window.into(), limit, used, remaining, resets_at }.words()
        };
        assert_eq!(line("team", "rpm", 600, Some(12), None), "Team Atlas Search: 12 of 600 requests per minute, 588 left");
        assert_eq!(line("organization", "tpd", 5_000, None, None), "Organization Atlas Search: 5,000 tokens per 24 hours");
        assert_eq!(
            line("team", "period", 2 * DOLLAR, Some(DOLLAR), Some(UnixMs::from_civil(2026, 12, 1))),
            "Team Atlas Search: $1.00 of $2.00 this billing month, $1.00 left, resets Tue 1 Dec 2026, 00:00:00 UTC"
        );
        assert_eq!(line("team", "balance", DOLLAR, Some(0), None), "Team Atlas Search: $1.00 of balance left");
    }
}
