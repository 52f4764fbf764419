use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Icon;

/// Whether a change is good, bad, or neither (spend rising is neither).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
}

/// The change against the previous period, ready to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    pub up: bool,
    /// `34.1%`
    pub text: String,
    /// `from $3,063.79`
    pub was: String,
    pub tone: Tone,
}

/// One key figure, formatted by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KpiView {
    pub label: String,
    pub value: String,
    /// Smaller, after the value: `%`, `ms`.
    pub unit: String,
    /// The exact value, as a tooltip.
    pub title: String,
    pub delta: Option<Delta>,
    /// The line and the area below it, as SVG paths in a box of 200 × 34.
    pub spark: Option<(String, String)>,
}

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
