//! The overview of a team or personal space (`me`).

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{charts::OverviewFigures, snippets::Snippets, teams::TeamSetup},
    error::AppError,
    wire::PageAnswer,
};

/// One line of a ranking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankRow {
    pub id: String,
    pub name: String,
    pub spent: String,
    pub share: String,
    /// Length of the bar against the first row, in percent.
    pub bar: i64,
}

/// One of the latest calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLine {
    pub id: String,
    pub at: String,
    pub at_title: String,
    pub who: String,
    pub key: String,
    pub model: String,
    pub tokens: String,
    pub cost: String,
    pub latency: String,
    pub status: String,
    pub ok: bool,
}

/// What is left to do before the first call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSteps {
    pub has_key: bool,
    /// None while no model is open to this context.
    pub snippets: Option<Snippets>,
}

/// What the overview of a context begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewPage {
    pub context: String,
    pub personal: bool,
    /// The range in words, and what it is compared with.
    pub lead: String,
    pub may_create_key: bool,
    /// Set until the first call.
    pub first_steps: Option<FirstSteps>,
    /// Set for those who lead a new team, until all is done.
    pub setup: Option<TeamSetup>,
}

/// What the overview goes on with: figures, rankings and the latest calls of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewParts {
    /// Which context and range they are of, as [`overview_parts_of`] says it.
    pub of: String,
    /// None until the first call.
    pub shown: Option<ShownParts>,
    /// What `get_overview_stamp` said before the figures were read: another answer means that there is news.
    pub stamp: String,
}

/// The parts, where there are calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownParts {
    pub figures: OverviewFigures,
    pub models: Vec<RankRow>,
    /// Empty for those who may not see who used what.
    pub members: Vec<RankRow>,
    /// None for those who may not see calls.
    pub calls: Option<Vec<CallLine>>,
}

/// Tells apart what was asked for.
pub fn overview_parts_of(team: &str, range: &str, calls: &str) -> String {
    format!("{team}?{range}&{calls}")
}

/// The head of the overview, which is read quickly: the page begins with it.
#[server(prefix = "/fn", endpoint = "get_overview", output = PageAnswer)]
pub async fn get_overview(team: String, range: String) -> Result<OverviewPage, AppError> {
    let (services, caller) = crate::server_fns::context::viewer(&team).await?;
    Ok(read::head(&services, &caller, &team, &range).await?)
}

/// Figures, rankings and the latest calls of a range: `24h`, `7d` or `28d`; with test calls `exclude`d, `include`d, or `only` them.
#[server(prefix = "/fn", endpoint = "get_overview_parts", output = PageAnswer)]
pub async fn get_overview_parts(team: String, range: String, calls: String) -> Result<OverviewParts, AppError> {
    let (services, caller) = crate::server_fns::context::viewer(&team).await?;
    Ok(read::parts(&services, &caller, &team, &range, &calls).await?)
}

/// Changes whenever a call was booked or a key was made: pages ask for it often, and load anew only then.
#[server(prefix = "/fn", endpoint = "get_overview_stamp", output = PageAnswer)]
pub async fn get_overview_stamp(team: String) -> Result<String, AppError> {
    let (services, caller) = crate::server_fns::context::watching_viewer(&team).await?;
    Ok(read::stamp(&services, &caller, &team).await?)
}

#[cfg(feature = "ssr")]
mod read {
    use super::{CallLine, FirstSteps, OverviewPage, OverviewParts, RankRow, ShownParts, overview_parts_of};
    use crate::{
        domain::{
            field_errors::FieldErrors,
            format,
            money::NanoUsd,
            page::PageRequest,
            roles::Action,
            snippets,
            teams::TeamKind,
            time::{DAY_MS, HOUR_MS, UnixMs},
            usage::{CallRow, Outcome, TestCalls, UsageShare},
            usage_range::UsageRange,
        },
        service::{
            Caller, ServiceError, Services, figures,
            usage::{CallQuery, GroupBy},
        },
    };

    /// Rows of a ranking.
    const RANKED: usize = 5;
    /// Latest calls.
    const LATEST: u32 = 8;

    pub(super) async fn head(
        services: &Services,
        caller: &Caller,
        team: &str,
        range: &str,
    ) -> Result<OverviewPage, ServiceError> {
        let view = services.get_team(caller, team).await?;
        let now = services.clock.now();
        let (range, words) = chosen(range, now)?;
        let first_steps = if services.has_calls(caller, team).await? {
            None
        } else {
            let model = services.example_model(view.id, caller.user.id);
            let snippets = model.map(|model| snippets::chat(&services.settings.public_url, &model));
            Some(FirstSteps { has_key: services.count_active_keys(caller, team).await? > 0, snippets })
        };
        Ok(OverviewPage {
            lead: format!("{} to {}, {words}.", format::short_date(range.from, now), format::short_date(range.to.plus(-1), now)),
            may_create_key: view.standing.may(Action::OwnKeys),
            first_steps,
            setup: services.team_setup(caller, team).await?,
            personal: view.kind == TeamKind::Personal,
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
        let stamp = stamp(services, caller, team).await?;
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
        let (range, _) = chosen(range, now)?;
        let report = services.usage_report(caller, team, range, test).await?;
        let before = services.usage_report(caller, team, range.before(), test).await?;
        let models = services.usage_by(caller, team, range, test, GroupBy::Model).await?;
        let members = match view.kind == TeamKind::Team && view.standing.may(Action::ViewEveryonesUsage) {
            true => services.usage_by(caller, team, range, test, GroupBy::Member).await?,
            false => vec![],
        };
        let may_see_calls = view.standing.may(Action::ViewEveryonesUsage) || view.standing.may(Action::OwnKeys);
        let calls = match may_see_calls {
            true => Some(latest(services, caller, team, test, now).await?),
            false => None,
        };
        Ok(ShownParts {
            figures: figures::overview(&report, &before, now),
            models: ranking(models),
            members: ranking(members),
            calls,
        })
    }

    pub(super) async fn stamp(services: &Services, caller: &Caller, team: &str) -> Result<String, ServiceError> {
        let today = services.clock.now().floor_to(DAY_MS);
        let day = UsageRange { from: today, to: today.plus(DAY_MS), bucket_ms: DAY_MS };
        let report = services.usage_report(caller, team, day, TestCalls::Include).await?;
        let keys = services.count_active_keys(caller, team).await?;
        Ok(format!("{}.{}.{keys}", report.from.0, report.total.figures.requests))
    }

    /// Whole days, so that weekdays line up with those of the range before; hours for the last day.
    fn chosen(word: &str, now: UnixMs) -> Result<(UsageRange, &'static str), FieldErrors> {
        let today = now.floor_to(DAY_MS);
        Ok(match word {
            "24h" => {
                let from = now.floor_to(HOUR_MS).plus(-23 * HOUR_MS);
                (UsageRange::parse(Some(from.0), None, "1h", now)?, "compared with the day before")
            }
            "7d" => (UsageRange::parse(Some(today.plus(-6 * DAY_MS).0), None, "6h", now)?, "compared with the 7 days before"),
            _ => (UsageRange::parse(Some(today.plus(-27 * DAY_MS).0), None, "1d", now)?, "compared with the 28 days before"),
        })
    }

    fn ranking(shares: Vec<UsageShare>) -> Vec<RankRow> {
        let total: i64 = shares.iter().map(|share| share.figures.cost).sum();
        let first = shares.first().map_or(0, |share| share.figures.cost);
        let row = |share: UsageShare| RankRow {
            id: share.id,
            name: share.name,
            spent: format::money(NanoUsd(share.figures.cost)),
            share: format!("{}%", percent(share.figures.cost, total)),
            bar: percent(share.figures.cost, first),
        };
        shares.into_iter().take(RANKED).map(row).collect()
    }

    fn percent(part: i64, whole: i64) -> i64 {
        if whole > 0 { i64::try_from(i128::from(part) * 100 / i128::from(whole)).unwrap_or(100) } else { 0 }
    }

    async fn latest(
        services: &Services,
        caller: &Caller,
        team: &str,
        test: TestCalls,
        now: UnixMs,
    ) -> Result<Vec<CallLine>, ServiceError> {
        let page = PageRequest { limit: Some(LATEST), cursor: None };
        let rows = services.list_calls(caller, team, CallQuery { test, page, ..CallQuery::default() }).await?;
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
}
