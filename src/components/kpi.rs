use leptos::prelude::*;

use super::Icon;
use crate::domain::charts::{Delta, KpiView, Tone};

/// A key figure with its change and its course; a link where it leads somewhere.
#[component]
pub fn Kpi(view: KpiView, #[prop(optional, into)] href: String) -> impl IntoView {
    let unit = (!view.unit.is_empty()).then(|| view! { <small>{view.unit}</small> });
    let delta = view.delta.map(delta_line);
    let spark = view.spark.map(|(line, area)| {
        view! {
            <svg class="spark" viewBox="0 0 200 34" preserveAspectRatio="none" aria-hidden="true">
                <path class="a" d=area></path>
                <path d=line></path>
            </svg>
        }
    });
    let title = (!view.title.is_empty()).then_some(view.title);
    let inside = view! {
        <span class="k">{view.label}</span>
        <span class="v" title=title>{view.value}{unit}</span>
        <span class="d">{delta}</span>
        {spark}
    }
    .into_any();
    if href.is_empty() {
        view! { <div class="kpi">{inside}</div> }.into_any()
    } else {
        view! { <a class="kpi" href=href>{inside}</a> }.into_any()
    }
}

/// A change in a row of figures; what it was before, the head says.
pub fn change_cell(delta: Option<Delta>) -> AnyView {
    match delta {
        Some(delta) => delta_line(delta),
        None => view! { <span class="mute" title="No change">"–"</span> }.into_any(),
    }
}

/// A success rate in a row of figures; empty where nothing was answered.
pub fn success_cell(rate: String, failing: bool) -> AnyView {
    if rate.is_empty() {
        return view! { <span class="mute" title="No data">"–"</span> }.into_any();
    }
    view! { <span class:failing=failing>{rate}</span> }.into_any()
}

/// The change of a key figure.
pub fn delta_line(delta: Delta) -> AnyView {
    let tone = match delta.tone {
        Tone::Plain => "delta",
        Tone::Good => "delta good",
        Tone::Bad => "delta bad",
    };
    let (icon, word) = if delta.up { ("up", "up ") } else { ("down", "down ") };
    view! {
        <span class=tone><Icon name=icon/><span class="vh">{word}</span>{delta.text}</span>
        <span class="delta">{delta.was}</span>
    }
    .into_any()
}
