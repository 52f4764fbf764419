//! The overview in words.

use super::{
    CallLine, FirstSteps, OverviewPage, OverviewParts, OwnUsage, RankRow, Ranking, ShownParts, attention, meters, notes,
    overview_parts_of,
    range::{asked, lead},
};
use crate::{
    domain::{
        charts::ChartView,
        format,
        limit_scopes::BudgetPer,
        money::NanoUsd,
        page::PageRequest,
        roles::Action,
        snippets,
        teams::{TeamKind, TeamView},
        time::UnixMs,
        usage::{CallRow, Outcome, TestCalls},
        usage_asked::{UsageAsked, UsagePlace},
        usage_filter::Dimension,
        usage_statistics::{RankBy, Ranked},
    },
    service::{
        Caller, ServiceError, Services,
        burn_down::{Plot, burn_down, month_name},
        figures::key_figures,
        overview::BudgetBurn,
        usage::{CallQuery, marks::UsageMark, statistics::UsageOf},
    },
};

/// Rows of a ranking.
const RANKED: usize = 5;
/// Latest calls.
const LATEST: u32 = 8;
/// What the cards of key figures lead to.
pub(in crate::server_fns) const METRICS: [&str; 5] = ["", "requests", "tokens", "success", "latency"];

pub(super) async fn head(services: &Services, caller: &Caller, team: &str, range: &str) -> Result<OverviewPage, ServiceError> {
    let view = services.get_team(caller, team).await?;
    let now = services.clock.now();
    let query = asked(services, caller, UsageOf::Team(team), range, TestCalls::default()).await?;
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
        note: notes::of_team(services, caller, &view, now).await?,
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
    let query = asked(services, caller, of, range, test).await?;
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
    let (chart, burn_note) = burn_chart(&burn, now);
    let may_see_calls = everyones || view.standing.may(Action::OwnKeys);
    Ok(ShownParts {
        kpis: key_figures(&statistics),
        kpi_hrefs: METRICS.map(|metric| link.to("metric", metric)).into(),
        burn_note,
        burn: chart,
        limits: meters::of(&limits.view, &limits.used, &burn),
        models: ranking(&link, Dimension::Model, models, &[]),
        members: members.map(|(rows, marks)| ranking(&link, Dimension::Member, rows, &marks)),
        own: own(services, caller, &view, everyones, &burn).await?,
        todos: attention::todos(services, caller, &view.slug, now).await?,
        calls: if may_see_calls { Some(latest(services, caller, team, now).await?) } else { None },
    })
}

/// How the money goes, drawn, and where its budget is if the chart does not reach that high.
pub(in crate::server_fns) fn burn_chart(burn: &BudgetBurn, now: UnixMs) -> (ChartView, String) {
    let budget = burn.budget.filter(|budget| budget.per == BudgetPer::Period).map(|budget| budget.amount);
    let plot = Plot { burn: &burn.burn, period: burn.period, before: burn.before, budget, forecast: burn.forecast, now };
    let high = plot.high_budget();
    let note = high.map_or_else(String::new, |budget| format!("The budget of {} is above this chart.", format::money(budget)));
    (burn_down(&plot), note)
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
    burn: &BudgetBurn,
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
    use crate::domain::time::DAY_MS;

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
}
