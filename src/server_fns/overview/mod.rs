//! A team's overview: is all well, and will the money last.

#[cfg(feature = "ssr")]
mod attention;
#[cfg(feature = "ssr")]
pub(in crate::server_fns) mod meters;
#[cfg(feature = "ssr")]
pub(in crate::server_fns) mod notes;
#[cfg(feature = "ssr")]
pub(in crate::server_fns) mod range;
#[cfg(feature = "ssr")]
pub(in crate::server_fns) mod view;

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        charts::{ChartView, KpiView, MeterView},
        snippets::Snippets,
        teams::TeamSetup,
    },
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
    /// What the usage page shows of it alone.
    pub href: String,
    /// `3.1× usual` for whoever stands out; empty for the others.
    pub mark: String,
}

/// Who or what spent most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    pub rows: Vec<RankRow>,
    /// How many there are in all.
    pub count: usize,
    /// Where all of them are.
    pub href: String,
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

/// What stands above the figures when a limit is near.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitNote {
    pub title: String,
    pub text: String,
    /// Calls are refused.
    pub reached: bool,
    /// Where something can be done about it.
    pub href: String,
    pub label: String,
}

/// What the overview of a context begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewPage {
    pub context: String,
    /// The range in words, and what it is compared with.
    pub lead: String,
    pub may_create_key: bool,
    pub note: Option<LimitNote>,
    /// Set until the first call.
    pub first_steps: Option<FirstSteps>,
    /// Set for those who lead a new team, until all is done.
    pub setup: Option<TeamSetup>,
}

/// What the overview goes on with: figures, budget, rankings and the latest calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewParts {
    /// Which team and range they are of, as [`overview_parts_of`] says it.
    pub of: String,
    /// None until the first call.
    pub shown: Option<ShownParts>,
    /// What `get_overview_stamp` said before the figures were read: another answer means that there is news.
    pub stamp: String,
}

/// The parts, where there are calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownParts {
    pub kpis: Vec<KpiView>,
    /// What the usage page shows for each of them.
    pub kpi_hrefs: Vec<String>,
    pub burn: ChartView,
    /// Says where the budget is, where the chart does not reach that high; empty where it does.
    pub burn_note: String,
    pub limits: Vec<MeterView>,
    pub models: Ranking,
    /// None for those who may not see who used what.
    pub members: Option<Ranking>,
    /// What whoever looks has used themselves; none for those who make no calls, and those who see the ranking.
    pub own: Option<OwnUsage>,
    pub todos: Vec<Todo>,
    /// None for those who may not see calls.
    pub calls: Option<Vec<CallLine>>,
}

/// What somebody used of a team, and what limits it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnUsage {
    /// `$12.40 in November`
    pub spent: String,
    pub limits: Vec<MeterView>,
    pub href: String,
}

/// What a thing that waits is about: its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TodoKind {
    Request,
    Unusual,
    Key,
    Mail,
    Limit,
}

/// Something that waits for whoever looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    pub kind: TodoKind,
    pub title: String,
    pub text: String,
    pub action: String,
    pub href: String,
}

/// Tells apart what was asked for.
pub fn overview_parts_of(team: &str, range: &str, calls: &str) -> String {
    format!("{team}?{range}&{calls}")
}

/// The head of the overview, which is read quickly: the page begins with it. The range is the billing month to date, or `24h`, `7d`,
/// `28d`.
#[server(prefix = "/fn", endpoint = "get_overview", output = PageAnswer)]
pub async fn get_overview(team: String, #[server(default)] range: String) -> Result<OverviewPage, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    Ok(view::head(&services, &caller, &team, &range).await?)
}

/// What it goes on with; with test calls `exclude`d, `include`d, or `only` them.
#[server(prefix = "/fn", endpoint = "get_overview_parts", output = PageAnswer)]
pub async fn get_overview_parts(
    team: String,
    #[server(default)] range: String,
    #[server(default)] calls: String,
) -> Result<OverviewParts, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    Ok(view::parts(&services, &caller, &team, &range, &calls).await?)
}

/// Changes whenever a call was booked or a key was made: what pages ask for where they are not told.
#[server(prefix = "/fn", endpoint = "get_overview_stamp", output = PageAnswer)]
pub async fn get_overview_stamp(team: String) -> Result<String, AppError> {
    let (services, caller) = super::context::watching_viewer(&team).await?;
    Ok(services.overview_stamp(&caller, &team).await?)
}
