//! What calls cost lately, and how long budgets and balances last at that pace. From sums of days; a forecast is told to whoever sees what
//! is used of the limit.

use crate::{
    domain::{
        forecast::{Forecast, PACE_DAYS, Pace, forecast, is_told},
        ids::TeamId,
        limit_scopes::Scope,
        limit_uses::{LimitUse, OwnLimit},
        periods::Period,
        time::{DAY_MS, UnixMs},
        usage::TestCalls,
        usage_filter::{Dimension, UsageFilter},
    },
    service::{ServiceError, Services},
    storage::{
        AnyConnection,
        usage::{UsageScope, list_costs_by_day},
    },
};

/// What is spent on each UTC day of a range, the days without calls included. The range begins and ends at midnight.
pub(in crate::service) async fn costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    (from, to): (UnixMs, UnixMs),
) -> Result<Vec<i64>, ServiceError> {
    let mut days = vec![0; usize::try_from(to.since(from) / DAY_MS).unwrap_or_default()];
    for (day, cost) in list_costs_by_day(c, scope, filter, (from, to)).await? {
        if let Some(sum) = usize::try_from(day.since(from) / DAY_MS).ok().and_then(|at| days.get_mut(at)) {
            *sum = cost;
        }
    }
    Ok(days)
}

/// The calls that a budget counts; none where their sums of days are not kept. A key is one of a team.
fn calls_of(scope: Scope, team: Option<TeamId>) -> Option<(UsageScope, UsageFilter)> {
    let all = UsageFilter::of(TestCalls::Exclude);
    Some(match scope {
        Scope::Key(key) => (UsageScope::Team(team?), all.only(Dimension::Key, Some(key.to_string()))),
        Scope::Member(team, user) => (UsageScope::Team(team), all.only(Dimension::Member, Some(user.to_string()))),
        Scope::Team(team) => (UsageScope::Team(team), all),
        Scope::Organization(org) => (UsageScope::Organization(org), all),
        Scope::Grant(_) | Scope::TeamModel(..) => return None,
    })
}

/// What the calls that a budget counts cost lately; none while too little is known, and for scopes whose sums of days are not kept.
pub(in crate::service) async fn pace_of(
    c: &mut AnyConnection,
    scope: Scope,
    team: Option<TeamId>,
    now: UnixMs,
) -> Result<Option<Pace>, ServiceError> {
    let Some((scope, filter)) = calls_of(scope, team) else { return Ok(None) };
    let today = now.floor_to(DAY_MS);
    let days = costs_by_day(c, scope, &filter, (today.plus(-PACE_DAYS * DAY_MS), today)).await?;
    Ok(Pace::of(today, &days))
}

impl Services {
    /// Adds to limits of a scope what becomes of its budget and its balance.
    pub(in crate::service) async fn with_forecasts(
        &self,
        c: &mut AnyConnection,
        (scope, team): (Scope, TeamId),
        period: Period,
        uses: Vec<LimitUse>,
    ) -> Result<Vec<OwnLimit>, ServiceError> {
        let now = self.clock.now();
        let is_money = |window: &str| matches!(window, "period" | "total" | "balance");
        let has_left = |limit: &LimitUse| is_money(&limit.window) && limit.remaining.is_some_and(|left| left > 0);
        let pace = if uses.iter().any(has_left) { pace_of(c, scope, Some(team), now).await? } else { None };
        let told = |limit: &LimitUse| has_left(limit) && (limit.window == "total" || is_told(now, period.start));
        let goes_on = |limit: &LimitUse| -> Option<Forecast> {
            let pace = pace.as_ref().filter(|_| told(limit))?;
            Some(forecast(pace, limit.remaining?, now, limit.resets_at))
        };
        Ok(uses.into_iter().map(|limit| OwnLimit { forecast: goes_on(&limit), limit }).collect())
    }

    /// What a team, or an organization, was charged on each day of its billing month and of the one before, and what it costs lately.
    pub(in crate::service) async fn burn_of(
        &self,
        c: &mut AnyConnection,
        scope: Scope,
        (before, period): (Period, Period),
    ) -> Result<Burn, ServiceError> {
        let now = self.clock.now();
        let tomorrow = now.floor_to(DAY_MS).plus(DAY_MS);
        let Some((usage, filter)) = calls_of(scope, None) else { return Ok(Burn::default()) };
        let days = costs_by_day(c, usage, &filter, (before.start, tomorrow)).await?;
        let first = usize::try_from(before.length_ms() / DAY_MS).unwrap_or_default().min(days.len());
        let (was, is) = days.split_at(first);
        let pace = pace_of(c, scope, None, now).await?;
        Ok(Burn { was: was.to_vec(), is: is.to_vec(), pace: pace.filter(|_| is_told(now, period.start)) })
    }
}

/// How the money of a billing month goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burn {
    /// Charged on each day of the month before.
    pub was: Vec<i64>,
    /// Charged on each day of this one, today's so far.
    pub is: Vec<i64>,
    /// What it costs lately, from the fifth day on.
    pub pace: Option<Pace>,
}
