//! `/t/{team}/usage`, `/me/usage`, `/o/{organization}/usage`, `/admin/usage`: the trend, and what it is made of.

mod chart;
mod filters;

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map, use_query_map};

use self::chart::UsageChartView;
use crate::{
    components::{Empty, Icon, Note, NoteKind, PageHead, SkeletonBlock, browser, delta_line},
    pages::{data::PageData, query_param, usage_ranking::RankingCard, watch::bump},
    server_fns::{
        statistics::{GetUsage, MetricTab, UsagePage as Usage},
        usage::asked::{UsageAsked, UsagePlace},
    },
};

/// The page of all places: its address says which.
#[component]
pub fn UsagePage() -> impl IntoView {
    let (params, query, path) = (use_params_map(), use_query_map(), use_location().pathname);
    let place = Memo::new(move |_| {
        let params = params.read();
        match (params.get("team"), params.get("org")) {
            (Some(team), _) => UsagePlace::Team(team),
            (None, Some(org)) => UsagePlace::Organization(org),
            (None, None) if path.read().starts_with("/admin") => UsagePlace::Platform,
            (None, None) => UsagePlace::default(),
        }
    });
    let asked = Memo::new(move |_| {
        let query = query.read();
        UsageAsked::read(|name| query.get(name))
    });
    let adding = query_param("add");
    // From its first answer on the browser tells which zone it is in.
    let turn = RwSignal::new(0_u32);
    Effect::new(move |_| {
        if browser::remember_zone() {
            bump(turn);
        }
    });
    let page = PageData::load_again(
        move || turn.get(),
        move || GetUsage { place: place.read().word(), asked: asked.get(), adding: adding.get() },
    );
    let shown = page.page(skeleton, move |page| content(page, &place.read_untracked(), asked));
    view! {
        {shown}
        <RankingCard place=place asked=asked/>
    }
}

fn content(page: Usage, place: &UsagePlace, asked: Memo<UsageAsked>) -> AnyView {
    let of = page.of.clone();
    // What is here answers an older question while the next answer is on its way.
    let stale = Signal::derive(move || *asked.read() != of);
    let problem = (!page.problem.is_empty()).then(
        || view! { <Note kind=NoteKind::Danger title=page.problem.clone() text="Choose another range, or clear the filters."/> },
    );
    let filters = filters::bar(&page, &place.address("usage"));
    let (context, lead, csv) = (page.context.clone(), page.lead.clone(), page.csv.clone());
    let figures = page.problem.is_empty().then(|| figures(page));
    view! {
        <PageHead title="Usage" context=context lead=lead>
            // A file, not a page: the browser fetches it.
            <a class="btn" href=csv download="usage.csv" rel="external"><Icon name="down"/>"Export CSV"</a>
        </PageHead>
        {filters}
        {problem}
        <div class:stale=stale aria-busy=move || if stale.get() { "true" } else { "false" }>
            {figures}
        </div>
    }
    .into_any()
}

fn figures(page: Usage) -> AnyView {
    let tabs = page.metrics.into_iter().map(tab).collect_view();
    let below = match page.chart {
        Some(chart) => view! { <UsageChartView chart=chart/> }.into_any(),
        None => {
            let filtered = !page.chips.is_empty();
            let text = if filtered {
                "Other filters or another range may have some."
            } else {
                "Statistics start with the first call of a range."
            };
            let clear = filtered.then(|| view! { <a class="btn" href=page.clear>"Clear filters"</a> });
            view! { <Empty title=page.empty text=text>{clear}</Empty> }.into_any()
        }
    };
    view! {
        <section class="card mb" aria-label="Statistics">
            <nav class="kpis six pick" aria-label="What the chart shows">{tabs}</nav>
            {below}
        </section>
    }
    .into_any()
}

fn tab(tab: MetricTab) -> AnyView {
    let kpi = tab.kpi;
    let unit = (!kpi.unit.is_empty()).then(|| view! { <small>{kpi.unit}</small> });
    view! {
        <a class="kpi" href=tab.href aria-current=tab.here.then_some("true")>
            <span class="k">{kpi.label}</span>
            <span class="v" title=kpi.title>{kpi.value}{unit}</span>
            <span class="d">{kpi.delta.map(delta_line)}</span>
        </a>
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <div class="head"><h1 tabindex="-1">"Usage"</h1></div>
        <section class="card"><SkeletonBlock height=386/></section>
    }
    .into_any()
}
