//! Figures ready to be shown: key figures, charts and the tables behind them. The server formats; pages only place.

use serde::{Deserialize, Serialize};

/// Whether a change is good, bad, or neither (spend rising is neither).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Neither.
    #[default]
    Plain,
    /// For the better.
    Good,
    /// For the worse.
    Bad,
}

/// The change against the previous period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// The direction.
    pub up: bool,
    /// `34.1%`
    pub text: String,
    /// `from $3,063.79`
    pub was: String,
    /// Whether the direction is good.
    pub tone: Tone,
}

/// One key figure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KpiView {
    /// What is counted.
    pub label: String,
    /// The figure.
    pub value: String,
    /// Smaller, after the figure: `%`, `ms`.
    pub unit: String,
    /// The exact figure, as a tooltip; may be empty.
    pub title: String,
    /// The change against the previous period.
    pub delta: Option<Delta>,
    /// The line and the area below it, as SVG paths in a box of 200 × 34.
    pub spark: Option<(String, String)>,
}

/// What a chart says, as a table: for those who do not see it, and where there is no script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartTable {
    /// Column heads; the first is the time.
    pub head: Vec<String>,
    /// Rows, oldest first.
    pub rows: Vec<Vec<String>>,
}

/// One entry of a legend, in the order of the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegendEntry {
    /// Palette slot, 0 (grey) to 6.
    pub slot: u8,
    /// Name of the series.
    pub name: String,
    /// Drawn as `block`, `line` or `dash`.
    pub mark: String,
}

/// A chart, ready to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartView {
    /// One sentence: range, total, peak.
    pub label: String,
    /// The series, where there are several.
    pub legend: Vec<LegendEntry>,
    /// Options of the chart engine for the light theme, as JSON.
    pub light: String,
    /// The same for the dark theme.
    pub dark: String,
    /// The same figures as a table.
    pub table: ChartTable,
}

/// A team's budget in a row of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetView {
    /// `82% of $5,000.00`; `No limit`.
    pub text: String,
    /// Used share, floored; none without a budget.
    pub percent: Option<u32>,
}

/// A limit and how much of it is used, formatted by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterView {
    /// What is limited.
    pub label: String,
    /// Smaller, behind it.
    pub detail: String,
    /// Used share in percent, floored: 100 means reached. None where nothing is limited, or it is not told.
    pub percent: Option<u32>,
    /// How much of it will be used when it resets, in percent; 0 where that is not known.
    pub projected: u32,
    /// `$4,108.62`
    pub used: String,
    /// `$5,000`; may be empty, as may be the rest.
    pub limit: String,
    /// `82% used, $891.38 left`
    pub note: String,
    /// `Resets 1 Dec, 00:00 UTC`
    pub resets: String,
}
