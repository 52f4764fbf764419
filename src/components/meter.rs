use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A limit and how much of it is used, formatted by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterView {
    pub label: String,
    /// Used share in percent, floored: 100 means reached.
    pub percent: u32,
    /// `$4,108.62`
    pub used: String,
    /// `$5,000`
    pub limit: String,
    pub note: String,
    pub resets: String,
}

pub(super) fn tone(percent: u32) -> &'static str {
    match percent {
        0..80 => "",
        80..100 => "warn",
        _ => "danger",
    }
}

/// The bar alone; its text stands beside it.
#[component]
pub fn Meter(
    #[prop(into)] label: String,
    percent: u32,
    /// `thin` or `lg`.
    #[prop(optional)]
    size: &'static str,
) -> impl IntoView {
    view! {
        <div
            class=format!("m {} {size}", tone(percent))
            role="meter"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=percent.min(100)
            style=format!("--v:{}%", percent.min(100))
        >
            <i></i>
        </div>
    }
}
