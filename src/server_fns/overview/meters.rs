//! Limits and what is used of them, as meters with their words.

use crate::{
    domain::{
        charts::{BudgetView, MeterView},
        forecast::Forecast,
        format,
        ids::TeamId,
        limit_scopes::BudgetPer,
        limit_uses::OwnLimit,
        limits::Window,
        money::NanoUsd,
        time::{DAY_MS, UnixMs},
    },
    service::{
        Services,
        limits::{LimitsView, Used},
        overview::BudgetBurn,
    },
};

/// Floored: 100 means reached. Nothing of nothing is all of it.
pub(in crate::server_fns) fn percent(used: i64, limit: i64) -> u32 {
    if limit <= 0 { 100 } else { u32::try_from(i128::from(used.max(0)) * 100 / i128::from(limit)).unwrap_or(999).min(999) }
}

/// A team's own budget, as lists of teams show it.
pub(in crate::server_fns) fn team_budget(services: &Services, team: TeamId) -> BudgetView {
    services.team_budget(team).map_or_else(
        || BudgetView { text: "No limit".to_owned(), percent: None },
        |(used, budget)| budget_view(used.0, budget.amount.0),
    )
}

/// A budget in a row of a list.
pub(in crate::server_fns) fn budget_view(used: i64, limit: i64) -> BudgetView {
    let percent = percent(used, limit);
    BudgetView { text: format!("{percent}% of {}", format::money(NanoUsd(limit))), percent: Some(percent) }
}

/// `Resets 1 Dec, 00:00 UTC`, or `Resets in 8 h` under a day.
pub(in crate::server_fns) fn resets(at: UnixMs, now: UnixMs) -> String {
    if at.since(now) < DAY_MS {
        return format!("Resets {}", format::until(at, now));
    }
    let (hour, minute, _) = at.clock();
    format!("Resets {}, {hour:02}:{minute:02} UTC", format::short_date(at, now))
}

/// `82% used, $891.38 left`. What is left is rounded down.
fn used_words(percent: u32, left: i64) -> String {
    format!("{percent}% used, {} left", left_words(left))
}

/// A cent that is not wholly there is not left.
pub(in crate::server_fns) fn left_words(left: i64) -> String {
    const CENT: i64 = 10_000_000;
    let left = left.max(0);
    format::money(NanoUsd(if left >= CENT { left / CENT * CENT } else { left }))
}

/// The meters of a team or an organization: its budget, then each window that is set.
pub(in crate::server_fns) fn of(view: &LimitsView, used: &Used, burn: &BudgetBurn) -> Vec<MeterView> {
    let mut meters = vec![budget(burn, view.at)];
    for window in view.windows() {
        let Some(limit) = window.limit else { continue };
        let (inside, peak) = (used.now(window.window), used.peak(window.window));
        let peak = peak.map(|peak| format!("peak today {}", format::count(peak)));
        meters.push(MeterView {
            label: window.window.words().to_owned(),
            detail: peak.unwrap_or_default(),
            percent: Some(percent(inside, limit)),
            used: format::count(inside),
            limit: format::count(limit),
            ..MeterView::default()
        });
    }
    meters
}

fn budget(burn: &BudgetBurn, now: UnixMs) -> MeterView {
    let spent = burn.spent.0;
    let Some(budget) = burn.budget else {
        return MeterView {
            label: "Monthly budget".to_owned(),
            used: format::money(burn.spent),
            note: "No limit".to_owned(),
            ..MeterView::default()
        };
    };
    let used = percent(spent, budget.amount.0);
    let rest = burn.burn.pace.as_ref().filter(|_| budget.per == BudgetPer::Period && used < 100);
    let projected = rest.and_then(|pace| pace.course(now, burn.period.end).last().map(|(_, rest)| spent.saturating_add(*rest)));
    MeterView {
        label: match budget.per {
            BudgetPer::Period => "Monthly budget",
            BudgetPer::Total => "Total budget",
        }
        .to_owned(),
        detail: String::new(),
        percent: Some(used),
        projected: projected.map_or(0, |projected| percent(projected, budget.amount.0).min(100)),
        used: format::money(burn.spent),
        limit: format::money(budget.amount),
        note: used_words(used, budget.amount.0.saturating_sub(spent)),
        resets: match budget.per {
            BudgetPer::Period => resets(burn.period.end, now),
            BudgetPer::Total => "Does not reset".to_owned(),
        },
    }
}

/// A limit that applies to somebody. What an organization's teams use together is not told to all.
pub(in crate::server_fns) fn own(of: &OwnLimit, now: UnixMs) -> MeterView {
    let OwnLimit { limit, forecast } = of;
    let window = Window::ALL.into_iter().find(|window| window.as_str() == limit.window);
    let amount = |value: i64| match window {
        Some(_) => format::count(value),
        None => format::money(NanoUsd(value)),
    };
    let what = match (window, limit.window.as_str()) {
        (Some(window), _) => window.words(),
        (None, "period") => "Monthly budget",
        (None, "total") => "Total budget",
        (None, _) => "Balance",
    };
    let label = match limit.scope.as_str() {
        "key" => format!("Key {}", limit.name),
        "member" => "You".to_owned(),
        _ => limit.name.clone(),
    };
    let detail = what.to_owned();
    let until = limit.resets_at.filter(|_| window.is_none());
    let ends = match (forecast, limit.remaining) {
        (Some(forecast), _) => words(*forecast, now),
        (None, Some(0)) if window.is_none() => "Used up".to_owned(),
        (None, _) => String::new(),
    };
    if limit.window == "balance" {
        let left = limit.remaining.unwrap_or_default();
        return MeterView {
            label,
            detail,
            used: left_words(left),
            limit: "left".to_owned(),
            note: if left <= 0 { "Used up".to_owned() } else { ends },
            resets: until.map_or_else(String::new, |at| format!("Next credit {}", format::short_date(at, now))),
            ..MeterView::default()
        };
    }
    let Some(used) = limit.used else {
        return MeterView {
            label,
            detail,
            limit: amount(limit.limit),
            note: "Shared by all teams".to_owned(),
            resets: until.map_or_else(String::new, |at| resets(at, now)),
            ..MeterView::default()
        };
    };
    let share = percent(used, limit.limit);
    let left = limit.remaining.unwrap_or_default();
    MeterView {
        label,
        detail,
        percent: Some(share),
        used: amount(used),
        limit: amount(limit.limit),
        note: match (window, ends.as_str()) {
            (Some(_), _) => String::new(),
            (None, "") => used_words(share, left),
            (None, ends) => format!("{}. {ends}", used_words(share, left)),
        },
        resets: match limit.window.as_str() {
            "total" => "Does not reset".to_owned(),
            _ => until.map_or_else(String::new, |at| resets(at, now)),
        },
        projected: 0,
    }
}

/// `Ends 24 Nov at this pace`.
fn words(forecast: Forecast, now: UnixMs) -> String {
    match forecast {
        Forecast::Ends(at) => format!("Ends {} at this pace", format::short_date(at, now)),
        Forecast::Lasts => "Lasts at this pace".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{limit_uses::LimitUse, money::DOLLAR};

    /// 21 November 2026.
    const NOW: UnixMs = UnixMs(1_795_302_180_000);

    fn limit(scope: &str, window: &str, used: Option<i64>, limit: i64) -> LimitUse {
        LimitUse {
            scope: scope.into(),
            name: "Atlas Search".into(),
            window: window.into(),
            limit,
            used,
            remaining: used.map(|used| (limit - used).max(0)),
            resets_at: Some(UnixMs::from_civil(2026, 12, 1)),
        }
    }

    fn shown(limit: LimitUse, forecast: Option<Forecast>) -> MeterView {
        own(&OwnLimit { limit, forecast }, NOW)
    }

    #[test]
    fn meters_say_what_is_used_what_is_left_and_how_long_it_lasts() {
        let ends = Some(Forecast::Ends(UnixMs::from_civil(2026, 11, 24)));
        let meter = shown(limit("member", "period", Some(12 * DOLLAR), 50 * DOLLAR), ends);
        assert_eq!((meter.label.as_str(), meter.detail.as_str(), meter.percent), ("You", "Monthly budget", Some(24)));
        assert_eq!(meter.note, "24% used, $38.00 left. Ends 24 Nov at this pace");
        assert_eq!(meter.resets, "Resets 1 Dec, 00:00 UTC");
        let zero = shown(limit("team", "period", Some(0), 0), None);
        assert_eq!((zero.percent, zero.note.as_str()), (Some(100), "100% used, $0.00 left. Used up"), "a budget of nothing");
    }

    #[test]
    fn what_an_organization_uses_and_a_balance_have_no_bar() {
        let shared = shown(limit("organization", "rpd", None, 5_000), None);
        assert_eq!((shared.percent, shared.used.as_str(), shared.limit.as_str()), (None, "", "5.00k"));
        let balance = shown(limit("team", "balance", Some(0), 8 * DOLLAR + 9_999_999), Some(Forecast::Lasts));
        assert_eq!((balance.percent, balance.used.as_str(), balance.note.as_str()), (None, "$8.00", "Lasts at this pace"));
        assert_eq!(balance.resets, "Next credit 1 Dec");
    }
}
