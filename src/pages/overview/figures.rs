use leptos::prelude::*;

use crate::{
    components::{Chart, Kpi, Legend},
    domain::charts::{ChartView, KpiView, OverviewFigures},
    pages::failure::encode,
};

/// Height of the charts' drawing area, fixed so that nothing moves when they arrive.
const CHART_HEIGHT: u32 = 212;

/// The range, and whether test calls count: links, so the choice is in the address.
pub(super) fn filters(base: &str, range: &str, calls: &str) -> AnyView {
    let range = if range.is_empty() { "28d" } else { range };
    let calls = if calls.is_empty() { "exclude" } else { calls };
    let href = |range: &str, calls: &str| format!("{base}?range={}&calls={}", encode(range), encode(calls));
    let links = |name: &'static str, choices: [(&'static str, &'static str); 3], chosen: &str, href: &dyn Fn(&str) -> String| {
        let links = choices
            .into_iter()
            .map(|(value, label)| view! { <a href=href(value) aria-current=(value == chosen).then_some("true")>{label}</a> })
            .collect_view();
        view! { <nav class="seg" aria-label=name>{links}</nav> }
    };
    let ranges = [("24h", "24 hours"), ("7d", "7 days"), ("28d", "28 days")];
    let kinds = [("exclude", "Real calls"), ("include", "With test calls"), ("only", "Test calls only")];
    view! {
        <div class="filters">
            {links("Range", ranges, range, &|range| href(range, calls))}
            {links("Calls", kinds, calls, &|calls| href(range, calls))}
        </div>
    }
    .into_any()
}

pub(super) fn kpis(kpis: Vec<KpiView>) -> AnyView {
    let kpis = kpis.into_iter().map(|kpi| view! { <Kpi view=kpi/> }).collect_view();
    view! { <section class="card kpis mb" aria-label="Key figures">{kpis}</section> }.into_any()
}

pub(super) fn charts(figures: OverviewFigures) -> AnyView {
    view! {
        <div class="grid g-21 mb">
            {chart("Spend", figures.spend)}
            {chart("Latency", figures.latency)}
        </div>
        <div class="grid g-3 charts-3 mb">
            {chart("Requests", figures.requests)}
            {chart("Tokens", figures.tokens)}
            {chart("Success rate", figures.success)}
        </div>
    }
    .into_any()
}

fn chart(title: &'static str, view: ChartView) -> AnyView {
    let legend = (!view.legend.is_empty()).then(|| view! { <div class="end"><Legend entries=view.legend.clone()/></div> });
    view! {
        <section class="card" aria-label=title>
            <header><h2>{title}</h2>{legend}</header>
            <div class="body"><Chart view=view height=CHART_HEIGHT/></div>
        </section>
    }
    .into_any()
}
