//! The call log of a team or personal space, and one call.
//!
//! What the page's address asks for travels as it is: it is read on the server alone, and the page gets its filters as fields to draw.

#[cfg(feature = "ssr")]
pub mod asked;
#[cfg(feature = "ssr")]
mod detail;
#[cfg(feature = "ssr")]
mod filters;
#[cfg(feature = "ssr")]
mod view;
#[cfg(feature = "ssr")]
mod words;

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::filter_chip::FilterChip, error::AppError, wire::PageAnswer};

/// A link among others of its kind, one of which is where one is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub label: String,
    pub href: String,
    pub here: bool,
}

/// What kind of input a filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    Pick,
    Text,
    Number,
    Day,
}

/// A filter of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterField {
    pub name: String,
    pub label: String,
    pub kind: FieldKind,
    pub value: String,
    /// Of a pick: values and their labels.
    pub choices: Vec<(String, String)>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLine {
    /// Its own page.
    pub href: String,
    /// Time of the day in the viewer's zone.
    pub time: String,
    pub time_title: String,
    pub rfc3339: String,
    pub status: u16,
    /// `Completed`, `Refused` …
    pub word: String,
    /// Tone and icon of the word; no tone for calls that went well.
    pub tone: String,
    pub icon: String,
    /// Error code; empty without an error.
    pub code: String,
    pub model: String,
    pub member_id: String,
    pub member: String,
    /// All calls of this person; empty where all are.
    pub member_href: String,
    pub key: String,
    /// All calls with this key; empty for none.
    pub key_href: String,
    pub tokens_in: String,
    pub tokens_out: String,
    pub cost: String,
    pub cost_title: String,
    pub latency: String,
    /// First byte; empty where none came.
    pub first: String,
    pub estimated: bool,
    pub stream: bool,
    pub test: bool,
}

/// The calls of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDay {
    pub day: String,
    pub lines: Vec<CallLine>,
}

/// The page of a call log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLogPage {
    pub context: String,
    pub lead: String,
    /// The page without filters.
    pub address: String,
    /// The page as it is asked for now, from its newest calls.
    pub newest: String,
    pub presets: Vec<Step>,
    pub fields: Vec<FilterField>,
    pub more: Vec<FilterField>,
    /// One of the further filters is set.
    pub more_set: bool,
    pub hidden: Vec<(String, String)>,
    pub chips: Vec<FilterChip>,
    /// What is wrong with what was asked; then there are no calls.
    pub problem: String,
    /// The zone that times are in.
    pub zone: String,
    pub days: Vec<CallDay>,
    /// Any call was ever made here.
    pub begun: bool,
    /// "1,204 calls", by the statistics; empty where they do not tell.
    pub count: String,
    pub summary: String,
    /// Where the search has stopped; empty where it is complete.
    pub searched: String,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub sizes: Vec<Step>,
    /// Files of all calls that the filters let through: label, name and address.
    pub files: Vec<(String, String, String)>,
    /// What the files' progress is asked for by.
    pub export: String,
    /// Where new calls are told; empty on pages that are not the newest.
    pub tail: String,
    /// How long calls are kept; empty for ever.
    pub kept: String,
}

/// The call log of a team, `me` for the personal space. `asked` is the query of the page's address.
#[server(prefix = "/fn", endpoint = "list_calls", output = PageAnswer)]
pub async fn list_calls(team: String, #[server(default)] asked: String) -> Result<CallLogPage, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    Ok(view::load(&services, &caller, &team, &asked).await?)
}

/// Something that is known of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFact {
    pub label: String,
    pub value: String,
    /// Where it leads; empty for nowhere.
    pub href: String,
    /// Written as code.
    pub code: bool,
}

/// A part of a call's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPhase {
    pub label: String,
    pub value: String,
    /// Part of the whole, in hundredths of a percent.
    pub share_bp: u16,
    /// `queue`, `wait` or `answer`.
    pub kind: String,
}

/// A line of a call's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    pub what: String,
    pub tokens: String,
    pub price: String,
    pub amount: String,
}

/// The page of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPage {
    pub context: String,
    pub id: String,
    /// The log that it stands in.
    pub back: String,
    /// When, in the viewer's zone and in UTC.
    pub at: String,
    pub at_utc: String,
    pub rfc3339: String,
    pub status: u16,
    pub word: String,
    pub tone: String,
    pub icon: String,
    /// What that means, in a sentence or two.
    pub meaning: String,
    /// The error's code; empty without one.
    pub error: String,
    /// The sentence that the client was sent with it; empty without one, or where it was not ours.
    pub said: String,
    pub facts: Vec<CallFact>,
    pub phases: Vec<CallPhase>,
    /// "2.14 s", and what it is.
    pub total: String,
    pub prices: Vec<PriceLine>,
    /// Sum, discount, what is charged, what the platform bears: label, amount, and whether it is the charge.
    pub sums: Vec<(String, String, bool)>,
    pub price_note: String,
    /// Other calls to look at.
    pub related: Vec<(String, String)>,
}

/// One call of a team's log.
#[server(prefix = "/fn", endpoint = "get_call", output = PageAnswer)]
pub async fn get_call(team: String, call: String, #[server(default)] asked: String) -> Result<CallPage, AppError> {
    let (services, caller) = super::context::viewer(&team).await?;
    Ok(detail::load(&services, &caller, &team, &call, &asked).await?)
}

/// How far a file has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportState {
    /// "12,000 of 120,400 calls".
    pub text: String,
    /// Part that was sent, in hundredths of a percent; none where it is not known how many there are.
    pub share_bp: Option<u16>,
    /// Nothing more comes.
    pub over: bool,
}

/// How far a file has come that the caller fetches; nothing where none of that name has begun.
#[server(prefix = "/fn", endpoint = "get_export_progress", output = PageAnswer)]
pub async fn get_export_progress(export: String) -> Result<Option<ExportState>, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    Ok(services.export_progress(&caller, &export).map(|progress| words::exported(&progress)))
}
