//! Pages of statistics: of a team or personal space, an organization, the platform.

#[cfg(feature = "ssr")]
mod drawing;
#[cfg(feature = "ssr")]
mod links;
#[cfg(feature = "ssr")]
mod metrics;
#[cfg(feature = "ssr")]
mod times;
#[cfg(feature = "ssr")]
mod unusual;
#[cfg(feature = "ssr")]
mod view;

use leptos::server;
use serde::{Deserialize, Serialize};

use super::usage::asked::UsageAsked;
use crate::{
    domain::{charts::KpiView, filter_chip::FilterChip},
    error::AppError,
    wire::PageAnswer,
};

/// A choice that is a link, because it is in the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceLink {
    pub label: String,
    pub href: String,
    pub here: bool,
}

/// What can be filtered by: name of the parameter, label, values with their labels, what is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterField {
    pub name: String,
    pub label: String,
    pub choices: Vec<(String, String)>,
    pub chosen: String,
}

/// A key figure that chooses what the chart shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricTab {
    pub kpi: KpiView,
    pub href: String,
    pub here: bool,
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegendLine {
    pub slot: u8,
    /// `block`, `line` or `dash`.
    pub mark: String,
    pub name: String,
    pub value: String,
    pub share: String,
    /// Only the calls of this one; empty for what is no filter.
    pub href: String,
    /// Who left, or was revoked.
    pub gone: bool,
}

/// A cell of the table behind the chart; a link where it leads to calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageCell {
    pub text: String,
    pub href: String,
}

/// The chart, its legend and its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageChart {
    /// One sentence: range, total, peak, what stands out.
    pub label: String,
    pub light: String,
    pub dark: String,
    /// Where clicks and drags lead, for the engine.
    pub go: String,
    /// What a click opens, in words.
    pub hint: String,
    pub legend: Vec<LegendLine>,
    /// The range before, below the legend.
    pub before: Option<LegendLine>,
    /// Parts of the figure: label and value.
    pub parts: Vec<(String, String)>,
    /// Hours that stand out, in words and with the way to their calls.
    pub odd_hours: Vec<UsageCell>,
    pub head: Vec<String>,
    pub rows: Vec<Vec<UsageCell>>,
}

/// A page of statistics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsagePage {
    pub context: String,
    pub lead: String,
    /// What the page was asked for: until another answer is there, it is that of an older question.
    pub of: UsageAsked,
    /// What is wrong with what was asked; then there are no figures.
    pub problem: String,
    pub zone: String,
    /// False where the address says nothing of it: the browser's may be another.
    pub zone_asked: bool,
    /// The range in words.
    pub range: String,
    pub presets: Vec<ChoiceLink>,
    pub from_day: String,
    pub to_day: String,
    /// What the form of the range keeps of the address.
    pub range_keeps: Vec<(String, String)>,
    pub intervals: Vec<ChoiceLink>,
    pub groups: Vec<ChoiceLink>,
    pub tests: Vec<ChoiceLink>,
    pub chips: Vec<FilterChip>,
    /// The address without filters.
    pub clear: String,
    /// The address of the page with the form of filters, and without it.
    pub add_filter: String,
    /// The form, where it is open.
    pub fields: Vec<FilterField>,
    pub filter_keeps: Vec<(String, String)>,
    pub metrics: Vec<MetricTab>,
    /// None without calls.
    pub chart: Option<UsageChart>,
    /// Why there is none.
    pub empty: String,
    pub csv: String,
}

/// The statistics of a place: `t/{team}`, `o/{organization}` or `admin`. `adding` opens the form of filters.
#[server(prefix = "/fn", endpoint = "get_usage", output = PageAnswer)]
pub async fn get_usage(
    place: String,
    #[server(default)] asked: UsageAsked,
    #[server(default)] adding: String,
) -> Result<UsagePage, AppError> {
    use super::usage::asked::UsagePlace;
    let place = UsagePlace::parse(&place).ok_or(AppError::NotFound)?;
    let (services, caller) = match &place {
        UsagePlace::Team(team) => super::context::viewer(team).await?,
        _ => super::context::signed_in().await?,
    };
    Ok(view::load(&services, &caller, &place, asked, !adding.is_empty()).await?)
}
