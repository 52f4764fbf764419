//! `/me`: am I near a limit? What one uses in each context, what limits it, one's keys and requests.

mod contexts;

use leptos::prelude::*;

use self::contexts::{blocked, context_table};
use super::overview::first_steps;
use crate::{
    components::{Chart, Count, Icon, LinkButton, Menu, PageHead, SkeletonBlock},
    domain::charts::ChartView,
    pages::{
        context_address,
        data::PageData,
        watch::{bump, watch},
    },
    server_fns::{
        overview::GetOverviewStamp,
        own_view::{ContextRow, GetOwnView, OwnFirstSteps, OwnKeyRow, OwnPage as Own, OwnRequestRow},
    },
};

/// Height of the chart's drawing area.
const CHART_HEIGHT: u32 = 196;
/// How often a page that waits for the first call asks for it.
const ASK_EVERY_MS: u64 = 2_000;

#[component]
pub fn OwnPage() -> impl IntoView {
    let news = RwSignal::new(0_u32);
    PageData::load_again(move || news.get(), || GetOwnView {}).page(skeleton, move |page| content(page, news))
}

fn content(page: Own, news: RwSignal<u32>) -> AnyView {
    let create = create_key(&page.contexts);
    if let Some(OwnFirstSteps { slug, steps, stamp }) = page.first_steps {
        wait_for_first_call(slug.clone(), stamp, news);
        return view! {
            <PageHead title="Overview" context="Personal" lead="No calls yet in any context."/>
            <div class="grid">
                {first_steps(steps, &slug, false)}
                {context_table(page.contexts)}
            </div>
        }
        .into_any();
    }
    view! {
        <PageHead title="Overview" context="Personal" lead=page.lead>{create}</PageHead>
        {blocked(&page.contexts)}
        <div class="grid">
            {context_table(page.contexts)}
            {trend(page.trend)}
            <div class="grid g-2">
                {keys(page.keys, page.keys_count)}
                {requests(page.requests)}
            </div>
        </div>
    }
    .into_any()
}

/// Loads anew with the first call: the step of it is checked then.
fn wait_for_first_call(team: String, stamp: String, news: RwSignal<u32>) {
    let shown = StoredValue::new(stamp);
    Effect::new(move |_| watch(ASK_EVERY_MS, GetOverviewStamp { team: team.clone() }, shown, move || bump(news)));
}

/// Which context pays is for the reader to say, where there are several.
fn create_key(contexts: &[ContextRow]) -> Option<AnyView> {
    let address = |slug: &str| format!("{}?dialog=create", context_address(slug, "keys"));
    let choices: Vec<_> = contexts.iter().filter(|context| context.makes_calls).collect();
    let [only] = choices.as_slice() else {
        let links = choices.iter().map(|context| {
            view! {
                <a href=address(&context.slug)>
                    <span>{context.name.clone()}<small>{context.organization.clone()}</small></span>
                </a>
            }
            .into_any()
        });
        let links = links.collect_view();
        let button = || view! { <Icon name="plus"/>"Create API key" };
        return (!choices.is_empty()).then(|| {
            view! {
                <Menu id="create-key" label="Create API key" button_class="btn primary" class="end" button=button>
                    <h3>"Which context pays for its calls?"</h3>
                    {links}
                </Menu>
            }
            .into_any()
        });
    };
    Some(view! { <LinkButton label="Create API key" href=address(&only.slug) class="primary" icon="plus"/> }.into_any())
}

fn trend(chart: ChartView) -> AnyView {
    view! {
        <section class="card" aria-label="Your spend, 28 days">
            <header><h2>"Your spend"</h2><p class="end">"28 days, in all contexts"</p></header>
            <div class="body"><Chart view=chart height=CHART_HEIGHT/></div>
        </section>
    }
    .into_any()
}

fn keys(keys: Vec<OwnKeyRow>, count: usize) -> AnyView {
    let body = if keys.is_empty() {
        view! { <p class="mute small">"You have no key that works."</p> }.into_any()
    } else {
        let lines = keys.into_iter().map(key).collect_view();
        view! { <ul class="todo">{lines}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-label="Your keys">
            <header><h2>"Your keys"</h2><Count text=count.to_string()/></header>
            <div class="body todo-body">{body}</div>
        </section>
    }
    .into_any()
}

fn key(key: OwnKeyRow) -> AnyView {
    let OwnKeyRow { name, masked, context, href, spent, used, expires } = key;
    let expires = if expires.is_empty() { String::new() } else { format!(" · {expires}") };
    view! {
        <li>
            <span class="gl"><Icon name="key"/></span>
            <span><a class="link-plain" href=href>{name}</a><small>{format!("{context} · {masked} · {used}{expires}")}</small></span>
            <span class="num">{spent}</span>
        </li>
    }
    .into_any()
}

fn requests(requests: Vec<OwnRequestRow>) -> AnyView {
    let body = if requests.is_empty() {
        view! { <p class="mute small">"Nothing that you asked for waits."</p> }.into_any()
    } else {
        let line = |request: OwnRequestRow| {
            let label = format!("View: {}", request.what);
            view! {
                <li>
                    <span class="gl acc"><Icon name="ask"/></span>
                    <span><b>{request.what}</b><small>{request.text}</small></span>
                    <a class="btn sm" href=request.href aria-label=label>"View"</a>
                </li>
            }
            .into_any()
        };
        let lines = requests.into_iter().map(line).collect_view();
        view! { <ul class="todo">{lines}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-label="Your requests">
            <header><h2>"Your requests"</h2></header>
            <div class="body todo-body">{body}</div>
        </section>
    }
    .into_any()
}

fn skeleton() -> AnyView {
    view! {
        <div class="head"><h1 tabindex="-1">"Overview"</h1></div>
        <div class="grid">
            <section class="card"><SkeletonBlock height=220/></section>
            <section class="card"><SkeletonBlock height=268/></section>
        </div>
    }
    .into_any()
}
