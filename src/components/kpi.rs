use leptos::prelude::*;

use super::Icon;
use crate::domain::charts::{Delta, KpiView, Tone};

/// A key figure with its change and its course.
#[component]
pub fn Kpi(view: KpiView) -> impl IntoView {
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
    view! {
        <div class="kpi">
            <span class="k">{view.label}</span>
            <div class="v" title=title>{view.value}{unit}</div>
            <div class="d">{delta}</div>
            {spark}
        </div>
    }
}

fn delta_line(delta: Delta) -> AnyView {
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
