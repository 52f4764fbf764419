//! `/t/{team}` and `/me`: is all well, and what was used. New calls appear by themselves.

mod figures;
mod first_steps;
mod lists;
mod setup;

use leptos::prelude::*;

use self::{
    figures::{charts, filters, kpis},
    first_steps::first_steps,
    lists::{latest_calls, ranking},
    setup::setup_steps,
};
use crate::{
    components::{LinkButton, PageHead, SkeletonBlock},
    pages::{
        context_address, context_param,
        data::PageData,
        query_param,
        watch::{bump, watch},
    },
    server_fns::usage::{GetOverview, GetOverviewStamp, OverviewPage as Overview},
};

/// How often a page that is looked at asks for news.
const ASK_EVERY_MS: u64 = 1_000;

#[component]
pub fn OverviewPage() -> impl IntoView {
    let team = context_param();
    let (range, calls) = (query_param("range"), query_param("calls"));
    let news = RwSignal::new(0_u32);
    let overview = PageData::load_again(
        move || news.get(),
        move || GetOverview { team: team.get(), range: range.get(), calls: calls.get() },
    );
    // What the page in front of the person was made from.
    let shown = StoredValue::new(String::new());
    Effect::new(move |_| watch(ASK_EVERY_MS, GetOverviewStamp { team: team.get() }, shown, move || bump(news)));
    overview.page(skeleton, move |page| {
        shown.set_value(page.stamp.clone());
        content(page, &team.get_untracked(), &range.get_untracked(), &calls.get_untracked())
    })
}

fn content(page: Overview, team: &str, range: &str, calls: &str) -> AnyView {
    let create = page.may_create_key.then(|| {
        let href = format!("{}?dialog=create", context_address(team, "keys"));
        view! { <LinkButton label="Create API key" href=href class="primary" icon="plus"/> }
    });
    let context = if page.personal { "Personal".to_owned() } else { page.context.clone() };
    let has_setup = page.setup.is_some();
    let setup = page.setup.map(|setup| setup_steps(setup, team, page.may_create_key));
    if let Some(steps) = page.first_steps {
        return view! {
            <PageHead title="Overview" context=context lead="Statistics start with the first call."/>
            {setup}
            {first_steps(steps, team, has_setup)}
        }
        .into_any();
    }
    let members = (!page.members.is_empty()).then(|| ranking("Members by spend", page.members, true));
    let models = ranking("Models by spend", page.models, false);
    let latest = page.calls.map(latest_calls);
    view! {
        <PageHead title="Overview" context=context lead=page.lead>
            {create}
        </PageHead>
        {setup}
        {filters(&context_address(team, ""), range, calls)}
        {kpis(page.figures.kpis.clone())}
        {charts(page.figures)}
        <div class="grid g-2 mb">{members}{models}</div>
        {latest}
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <div class="head"><h1 tabindex="-1">"Overview"</h1></div>
        <section class="card mb"><SkeletonBlock height=126/></section>
        <div class="grid g-2">
            <section class="card"><SkeletonBlock height=310/></section>
            <section class="card"><SkeletonBlock height=310/></section>
        </div>
    }
    .into_any()
}
