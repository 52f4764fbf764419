//! The overview in words.

use super::{
    CallLine, FirstSteps, LimitNote, OverviewPage, OverviewParts, OwnUsage, RankRow, Ranking, ShownParts, attention, meters,
    overview_parts_of,
};
use crate::{
    domain::{
        forecast::{Forecast, before_reset},
        format,
        limit_scopes::BudgetPer,
        money::NanoUsd,
        page::PageRequest,
        roles::Action,
        snippets,
        teams::{AlertPage, MyAlert, TeamKind, TeamView},
        time::{DAY_MS, UnixMs},
        usage::{CallRow, Outcome, TestCalls},
        usage_asked::{UsageAsked, UsagePlace},
        usage_filter::{Dimension, UsageFilter},
        usage_statistics::{RankBy, Ranked},
    },
    service::{
        Caller, ServiceError, Services,
        burn_down::{Plot, burn_down, month_name},
        figures::key_figures,
        overview::TeamBurn,
        usage::{
            CallQuery,
            marks::UsageMark,
            statistics::{RangeWords, StatisticsQuery, UsageOf},
        },
    },
};

/// Rows of a ranking.
const RANKED: usize = 5;
/// Latest calls.
const LATEST: u32 = 8;
/// From here on a budget is worth a note, in percent.
const NEAR: u32 = 80;
/// What the cards of key figures lead to.
const METRICS: [&str; 5] = ["", "requests", "tokens", "success", "latency"];

pub(super) async fn head(services: &Services, caller: &Caller, team: &str, range: &str) -> Result<OverviewPage, ServiceError> {
    let view = services.get_team(caller, team).await?;
    let now = services.clock.now();
    let query = asked(services, caller, team, range, TestCalls::default()).await?;
    let first_steps = if services.has_calls(caller, team).await? {
        None
    } else {
        let model = services.example_model(view.id, caller.user.id);
        let snippets = model.map(|model| snippets::chat(&services.settings.public_url, &model));
        Some(FirstSteps { has_key: services.count_active_keys(caller, team).await? > 0, snippets })
    };
    Ok(OverviewPage {
        lead: lead(range, &query, now),
        may_create_key: view.standing.may(Action::OwnKeys),
        note: note(services, caller, &view, now).await?,
        first_steps,
        setup: services.team_setup(caller, team).await?,
        context: view.name,
    })
}

pub(super) async fn parts(
    services: &Services,
    caller: &Caller,
    team: &str,
    range: &str,
    calls: &str,
) -> Result<OverviewParts, ServiceError> {
    // First of all: a call that is booked while the figures are read is news.
    let stamp = services.overview_stamp(caller, team).await?;
    let shown = match services.has_calls(caller, team).await? {
        true => Some(shown(services, caller, team, range, TestCalls::parse(calls).unwrap_or_default()).await?),
        false => None,
    };
    Ok(OverviewParts { of: overview_parts_of(team, range, calls), shown, stamp })
}

/// What an address asks for, in UTC as budgets are.
async fn asked(
    services: &Services,
    caller: &Caller,
    team: &str,
    range: &str,
    test: TestCalls,
) -> Result<StatisticsQuery, ServiceError> {
    let (range, bucket) = match range {
        "24h" => ("24h", "1h"),
        "7d" => ("7d", "6h"),
        "28d" => ("28d", "1d"),
        _ => ("period", ""),
    };
    let anchor = services.usage_anchor(caller, UsageOf::Team(team)).await?;
    let now = services.clock.now();
    let read = |bucket| {
        let words = RangeWords { range, bucket, anchor, ..RangeWords::default() };
        StatisticsQuery::parse(words, UsageFilter::of(test), now)
    };
    let query = read(bucket)?;
    // Of a month's first days there would be a line of one or two points.
    let long = query.range.to.since(query.range.from) > 4 * DAY_MS;
    if bucket.is_empty() { read(if long { "1d" } else { "1h" }) } else { Ok(query) }
}

/// `1–20 Nov 2026 (UTC), month to date. Compared with 1–20 Oct.`
fn lead(range: &str, query: &StatisticsQuery, now: UnixMs) -> String {
    let (is, was) = (query.range, query.previous);
    match range {
        "24h" => format!("The last 24 hours, since {} UTC. Compared with the 24 hours before.", hour(is.from)),
        "7d" | "28d" => {
            let days = range.trim_end_matches('d');
            format!("{} (UTC). Compared with the {days} days before.", span(is.from, is.to, now))
        }
        _ => format!("{} (UTC), month to date. Compared with {}.", span(is.from, is.to, now), span(was.from, was.to, now)),
    }
}

fn hour(at: UnixMs) -> String {
    let (hour, minute, _) = at.clock();
    format!("{} {}, {hour:02}:{minute:02}", at.civil().2, format::month(at))
}

/// `1–20 Nov 2026`; without the year where that would only repeat this one.
fn span(from: UnixMs, to: UnixMs, now: UnixMs) -> String {
    // A day that has just begun counts.
    let last = to.plus(-1).min(now).max(from);
    let ((year, month, first), (last_year, last_month, day)) = (from.civil(), last.civil());
    let end = format::date(last);
    match (year == last_year, month == last_month, first == day) {
        (true, true, true) => end,
        (true, true, false) => format!("{first}–{end}"),
        (true, false, _) => format!("{first} {} – {end}", format::month(from)),
        (false, ..) => format!("{} – {end}", format::date(from)),
    }
}

/// What stands above everything: the budget from 80 % on or when it will run out, else the first thing that is nearly used up.
async fn note(services: &Services, caller: &Caller, view: &TeamView, now: UnixMs) -> Result<Option<LimitNote>, ServiceError> {
    let burn = services.get_team_burn(caller, &view.slug).await?;
    if let Some(note) = budget_note(services, view, &burn, now) {
        return Ok(Some(note));
    }
    let alerts = services.list_own_alerts(caller).await?;
    Ok(alerts.into_iter().find(|alert| alert.team == view.slug).map(|alert| alert_note(view, alert)))
}

fn budget_note(services: &Services, view: &TeamView, burn: &TeamBurn, now: UnixMs) -> Option<LimitNote> {
    let budget = burn.budget?;
    let used = meters::percent(burn.spent.0, budget.amount.0);
    let per = match budget.per {
        BudgetPer::Period => format!("{} budget", month_name(burn.period)),
        BudgetPer::Total => "total budget".to_owned(),
    };
    let resets_at = (budget.per == BudgetPer::Period).then_some(burn.period.end);
    let href = format!("/t/{}/quotas", view.slug);
    let label = "Review budget".to_owned();
    if used >= 100 {
        let title = services.budget_sentence(view.id, budget, burn.spent, resets_at)?;
        return Some(LimitNote { title, text: "Until then calls are refused.".to_owned(), reached: true, href, label });
    }
    let runs_out = match burn.forecast {
        Some(Forecast::Ends(at)) => Some(format!(
            "At the current pace it runs out on {}{}. After that, calls are refused.",
            format::short_date(at, now),
            before_reset(at, resets_at)
        )),
        _ => None,
    };
    if used < NEAR && runs_out.is_none() {
        return None;
    }
    let title = format!("{used}% of the {per} is spent.");
    let text = runs_out.unwrap_or_else(|| resets_at.map_or_else(String::new, |at| format!("{}.", meters::resets(at, now))));
    Some(LimitNote { title, text, reached: false, href, label })
}

fn alert_note(view: &TeamView, alert: MyAlert) -> LimitNote {
    let (page, label) = match alert.page {
        AlertPage::Limits => ("quotas", "See limits"),
        AlertPage::Keys => ("keys", "See keys"),
        AlertPage::Billing => ("billing", "See billing"),
    };
    LimitNote {
        title: alert.sentence,
        text: String::new(),
        reached: alert.reached,
        href: format!("/t/{}/{page}", view.slug),
        label: label.to_owned(),
    }
}

async fn shown(
    services: &Services,
    caller: &Caller,
    team: &str,
    range: &str,
    test: TestCalls,
) -> Result<ShownParts, ServiceError> {
    let view = services.get_team(caller, team).await?;
    let now = services.clock.now();
    let of = UsageOf::Team(team);
    let query = asked(services, caller, team, range, test).await?;
    let statistics = services.usage_statistics(caller, of, &query).await?;
    let link = Link { team: &view.slug, range: if range.is_empty() { "period" } else { range }, test };
    let models = services.usage_ranking(caller, of, Dimension::Model, RankBy::Cost, &query).await?;
    let everyones = view.standing.may(Action::ViewEveryonesUsage);
    let members = match everyones && view.kind == TeamKind::Team {
        true => {
            let (rows, trends) = services.usage_ranking_with_trends(caller, of, Dimension::Member, RankBy::Cost, &query).await?;
            Some((rows, trends.marks))
        }
        false => None,
    };
    let burn = services.get_team_burn(caller, team).await?;
    let limits = services.get_limits_page(caller, team).await?;
    let budget = burn.budget.filter(|budget| budget.per == BudgetPer::Period).map(|budget| budget.amount);
    let plot = Plot { burn: &burn.burn, period: burn.period, before: burn.before, budget, forecast: burn.forecast, now };
    let may_see_calls = everyones || view.standing.may(Action::OwnKeys);
    Ok(ShownParts {
        kpis: key_figures(&statistics),
        kpi_hrefs: METRICS.map(|metric| link.to("metric", metric)).into(),
        burn_note: plot
            .high_budget()
            .map_or_else(String::new, |budget| format!("The budget of {} is above this chart.", format::money(budget))),
        burn: burn_down(&plot),
        limits: meters::of_team(&limits, &burn),
        models: ranking(&link, Dimension::Model, models, &[]),
        members: members.map(|(rows, marks)| ranking(&link, Dimension::Member, rows, &marks)),
        own: own(services, caller, &view, everyones, &burn).await?,
        todos: attention::todos(services, caller, &view.slug, now).await?,
        calls: if may_see_calls { Some(latest(services, caller, team, now).await?) } else { None },
    })
}

/// Of the team and range, on the usage page.
struct Link<'a> {
    team: &'a str,
    range: &'a str,
    test: TestCalls,
}

impl Link<'_> {
    fn to(&self, name: &str, value: &str) -> String {
        let test = if self.test == TestCalls::default() { "" } else { self.test.as_str() };
        let asked = UsageAsked::default().with("range", self.range).with("test", test);
        asked.with(name, value).address(&UsagePlace::Team(self.team.to_owned()))
    }
}

fn ranking(link: &Link<'_>, by: Dimension, rows: Vec<Ranked>, marks: &[UsageMark]) -> Ranking {
    // Those of the range before alone are no part of this one.
    let rows: Vec<Ranked> = rows.into_iter().filter(|row| row.sums.requests > 0).collect();
    let first = rows.first().map_or(0, |row| row.sums.cost);
    let row = |row: &Ranked| RankRow {
        spent: format::money(NanoUsd(row.sums.cost)),
        share: row.share_bp.map_or_else(|| "–".to_owned(), |share| format!("{}%", share / 100)),
        bar: if first > 0 { i64::from(meters::percent(row.sums.cost, first)) } else { 0 },
        href: if row.id.is_empty() { String::new() } else { link.to(by.as_str(), &row.id) },
        mark: mark_of(&row.id, marks),
        id: row.id.clone(),
        name: if row.name.is_empty() { "Unknown model".to_owned() } else { row.name.clone() },
    };
    Ranking { count: rows.len(), href: link.to("group_by", by.as_str()), rows: rows.iter().take(RANKED).map(row).collect() }
}

/// How far the oddest day of a member was above the usual: `3.1× usual`; nothing for those who do not stand out.
fn mark_of(id: &str, marks: &[UsageMark]) -> String {
    let own = marks.iter().filter(|mark| mark.member == id && !id.is_empty());
    let tenths = |mark: &UsageMark| (mark.usual > 0).then(|| i128::from(mark.value) * 10 / i128::from(mark.usual));
    match own.max_by_key(|mark| tenths(mark).unwrap_or(i128::MAX)) {
        None => String::new(),
        Some(mark) => {
            tenths(mark).map_or_else(|| "Unusual".to_owned(), |tenths| format!("{}.{}× usual", tenths / 10, tenths % 10))
        }
    }
}

/// What a member has used; those who see everybody's find themselves in the ranking, and their limits in the personal view.
async fn own(
    services: &Services,
    caller: &Caller,
    view: &TeamView,
    everyones: bool,
    burn: &TeamBurn,
) -> Result<Option<OwnUsage>, ServiceError> {
    if everyones || !view.standing.may(Action::OwnKeys) {
        return Ok(None);
    }
    let now = services.clock.now();
    let spent = services.get_own_spent(caller, &view.slug, burn.period.start).await?;
    let limits = services.own_limits(caller, &view.slug).await?;
    // The team's stand beside it.
    let limits = limits.iter().filter(|own| own.limit.scope != "team" || own.limit.window == "balance");
    Ok(Some(OwnUsage {
        spent: format!("{} in {}", format::money(spent), month_name(burn.period)),
        limits: limits.map(|own| meters::own(own, now)).collect(),
        href: format!("/t/{}/usage?range=period&member={}", view.slug, caller.user.id),
    }))
}

async fn latest(services: &Services, caller: &Caller, team: &str, now: UnixMs) -> Result<Vec<CallLine>, ServiceError> {
    let page = PageRequest { limit: Some(LATEST), cursor: None };
    let query = CallQuery { test: TestCalls::Include, page, ..CallQuery::default() };
    let rows = services.list_calls(caller, team, query).await?;
    Ok(rows.items.into_iter().map(|call| line(call, now)).collect())
}

fn line(call: CallRow, now: UnixMs) -> CallLine {
    let answered = !matches!(call.outcome, Outcome::Refused);
    CallLine {
        id: call.id.to_string(),
        at: format::ago(call.at, now),
        at_title: format::full(call.at),
        who: call.user_name,
        key: call.key_name,
        model: call.model,
        tokens: format!("{} / {}", format::count(call.prompt_tokens), format::count(call.completion_tokens)),
        cost: format::money(NanoUsd(call.cost)),
        latency: if answered { format::latency(call.latency_ms) } else { "–".to_owned() },
        status: match call.outcome {
            Outcome::Completed => "Completed",
            Outcome::Cancelled => "Cancelled",
            Outcome::UpstreamRejected => "Rejected",
            Outcome::UpstreamError => "Upstream error",
            Outcome::UpstreamTimeout => "Timed out",
            Outcome::Interrupted => "Interrupted",
            Outcome::Refused => "Refused",
        }
        .to_owned(),
        ok: call.outcome == Outcome::Completed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    #[test]
    fn the_oddest_day_of_a_member_is_named() {
        let mark = |member: &str, value, usual| {
            let (from, to) = (UnixMs(0), UnixMs(DAY_MS));
            let (words, model) = (String::new(), String::new());
            UsageMark { member: member.into(), name: String::new(), from, to, value, usual, words, model }
        };
        let marks = [mark("a", 31, 10), mark("a", 25, 10), mark("b", 9, 0)];
        assert_eq!(["a", "b", "c", ""].map(|id| mark_of(id, &marks)), ["3.1× usual", "Unusual", "", ""]);
    }

    #[test]
    fn spans_say_no_more_than_is_needed() {
        let at = |month, day| UnixMs::from_civil(2026, month, day);
        let now = at(11, 20).plus(12 * HOUR_MS);
        assert_eq!(span(at(11, 1), now, now), "1–20 Nov 2026");
        assert_eq!(span(at(11, 1), at(11, 1).plus(1), now), "1 Nov 2026");
        assert_eq!(span(at(10, 15), at(11, 15), now), "15 Oct – 14 Nov 2026");
        assert_eq!(span(UnixMs::from_civil(2025, 12, 20), at(1, 3), now), "20 Dec 2025 – 2 Jan 2026");
    }
}
