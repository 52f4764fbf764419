use leptos::prelude::*;

use crate::domain::charts::{BudgetView, MeterView};

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

/// A team's budget in words, and its bar.
pub fn budget_meter(team: &str, BudgetView { text, percent }: BudgetView) -> AnyView {
    let bar = percent.map(|percent| view! { <Meter label=format!("Budget of {team}") percent=percent size="thin"/> });
    view! { <span>{text}</span>{bar} }.into_any()
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
