use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A limit and how much of it is used, formatted by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterView {
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
    /// How much will be used when it resets: a hatched tail.
    #[prop(optional)]
    projected: u32,
) -> impl IntoView {
    let tail = (projected > percent).then(|| view! { <s style=format!("--to:{}%", projected.min(100))></s> });
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
            {tail}
        </div>
    }
}

/// Limits below each other, each with its bar and its words.
pub fn meters(views: Vec<MeterView>) -> AnyView {
    let lines = views.into_iter().map(meter_line).collect_view();
    view! { <div class="meters">{lines}</div> }.into_any()
}

fn meter_line(view: MeterView) -> AnyView {
    let MeterView { label, detail, percent, projected, used, limit, note, resets } = view;
    let bar = percent.map(|percent| {
        view! { <Meter label=format!("{label} {detail}") percent=percent projected=projected/> }
    });
    let of = match (used.is_empty(), limit.is_empty()) {
        (false, false) if percent.is_some() => format!(" of {limit}"),
        (false, false) => format!(" {limit}"),
        (false, true) => String::new(),
        (true, _) => limit,
    };
    let below = !note.is_empty() || !resets.is_empty();
    let below = below.then(|| view! { <div class="bot"><span>{note}</span><span>{resets}</span></div> });
    view! {
        <div class="mt">
            <div class="top">
                <span><b>{label}</b><small>{detail}</small></span>
                <span><b>{used}</b>{of}</span>
            </div>
            {bar}
            {below}
        </div>
    }
    .into_any()
}
