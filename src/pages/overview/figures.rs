use leptos::prelude::*;

use crate::{
    components::{Chart, Icon, Kpi, Legend, Menu},
    domain::charts::{ChartView, KpiView},
    pages::failure::encode,
};

/// Height of the chart's drawing area, fixed so that nothing moves when it arrives.
const CHART_HEIGHT: u32 = 244;
/// Ranges by the words of addresses; the first is shown unless asked otherwise.
const RANGES: [(&str, &str); 4] = [("", "Month to date"), ("24h", "24 hours"), ("7d", "7 days"), ("28d", "28 days")];
/// Whether test calls count.
const KINDS: [(&str, &str); 3] = [("", "Real calls"), ("include", "With test calls"), ("only", "Test calls only")];

/// The range, and whether test calls count: links, so the choice is in the address.
pub(super) fn range_menu(base: &str, range: &str, calls: &str) -> AnyView {
    let href = |range: &str, calls: &str| {
        let pairs = [("range", range), ("calls", calls)].into_iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        if pairs.is_empty() { base.to_owned() } else { format!("{base}?{}", pairs.join("&")) }
    };
    let links = |choices: &[(&'static str, &'static str)], chosen: &str, href: &dyn Fn(&str) -> String| {
        let link = |(value, label): &(&'static str, &'static str)| {
            let here = *value == chosen;
            let check = here.then(|| view! { <span class="end"><Icon name="check"/></span> });
            view! { <a href=href(value) aria-current=here.then_some("true")>{*label}{check}</a> }
        };
        choices.iter().map(link).collect_view()
    };
    let name = |choices: &[(&str, &'static str)], chosen: &str| {
        choices.iter().find(|(value, _)| *value == chosen).map_or(choices[0].1, |(_, label)| *label)
    };
    let mut label = name(&RANGES, range).to_owned();
    if !calls.is_empty() {
        label = format!("{label}, {}", name(&KINDS, calls).to_lowercase());
    }
    let ranges = links(&RANGES, range, &|range| href(range, calls));
    let kinds = links(&KINDS, calls, &|calls| href(range, calls));
    let shown = label.clone();
    view! {
        <Menu
            id="range"
            label=format!("Range: {label}")
            button_class="btn"
            class="end"
            button=move || {
                view! { <Icon name="cal"/>{shown.clone()}<Icon name="chevd" class="i-14"/> }
            }
        >
            <h3>"Range"</h3>
            {ranges}
            <hr/>
            <h3>"Calls"</h3>
            {kinds}
        </Menu>
    }
    .into_any()
}

pub(in crate::pages) fn kpis(kpis: Vec<KpiView>, hrefs: Vec<String>) -> AnyView {
    let kpis = kpis.into_iter().zip(hrefs).map(|(kpi, href)| view! { <Kpi view=kpi href=href/> }).collect_view();
    view! { <section class="card kpis mb" aria-label="Key figures">{kpis}</section> }.into_any()
}

pub(in crate::pages) fn burn(chart: ChartView, note: String) -> AnyView {
    let note = (!note.is_empty()).then(|| view! { <p class="mute small">{note}</p> });
    view! {
        <section class="card" aria-label="Spend against budget">
            <header>
                <h2>"Spend against budget"</h2>
                <div class="end not-m"><Legend entries=chart.legend.clone()/></div>
            </header>
            <div class="body">
                <Chart view=chart height=CHART_HEIGHT/>
                {note}
            </div>
        </section>
    }
    .into_any()
}
