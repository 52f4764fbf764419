//! `/search`: pages, teams, people, keys and calls by what somebody knows of them; and the same as a palette over every page.

mod palette;

use leptos::prelude::*;

pub use palette::Palette;

use crate::{
    components::{Avatar, Empty, PageHead, Search as SearchForm, SkeletonTable, Tile, symbol},
    pages::{data::PageData, query_param},
    server_fns::search::{Hit, Hits, Mark, Search},
};

/// What can be typed.
const PLACEHOLDER: &str = "Page, team, person, key or call id";

#[component]
pub fn SearchPage() -> impl IntoView {
    let (text, at) = (query_param("q"), query_param("at"));
    let hits = PageData::load(move || Search { text: text.get(), at: at.get() });
    view! {
        <PageHead title="Search" lead="Pages, teams, people and keys by name, keys by their first characters, a call by its id."/>
        {move || {
            view! { <SearchForm address="/search" label="Search" input="Search for" text=text.get() placeholder=PLACEHOLDER/> }
        }}
        {hits.page(skeleton, results)}
    }
}

fn skeleton() -> AnyView {
    view! { <div class="card"><SkeletonTable/></div> }.into_any()
}

fn results(hits: Hits) -> AnyView {
    if hits.groups.is_empty() {
        return view! {
            <section class="card" aria-label="Results"><Empty title=no_match(&hits.text) text=HINT/></section>
        }
        .into_any();
    }
    let groups = hits.groups.into_iter().map(|group| {
        let title = group.title.clone();
        let more = group.more.then(|| view! { <p class="more">"More match. Type more of it to see them."</p> });
        let lines = group.hits.into_iter().map(|hit| {
            let (href, parts) = (hit.href.clone(), parts(hit));
            view! { <li><a class="hit" href=href>{parts}</a></li> }.into_any()
        });
        let lines = lines.collect_view();
        view! {
            <section class="card hits" aria-label=title>
                <header><h2>{group.title}</h2></header>
                <ul>{lines}</ul>
                {more}
            </section>
        }
        .into_any()
    });
    view! { <div class="grid g-2">{groups.collect_view()}</div> }.into_any()
}

/// What is searched, for whoever found nothing.
const HINT: &str = "Names are searched for what they contain, keys for their first characters (tg_…), calls for their whole id.";

fn no_match(text: &str) -> String {
    if text.is_empty() { "Type what you look for".to_owned() } else { format!("No match for “{text}”") }
}

/// What a hit shows.
fn parts(hit: Hit) -> AnyView {
    let mark = match hit.mark {
        Mark::Icon(icon) => view! { <span class="mark">{symbol(&icon, "")}</span> }.into_any(),
        Mark::Tile(id) => view! { <Tile name=hit.name.clone() id=id size="sm"/> }.into_any(),
        Mark::Avatar(id) => view! { <Avatar name=hit.name.clone() id=id size="sm"/> }.into_any(),
    };
    view! {
        {mark}
        <b class="trunc">{hit.name}</b>
        <small class="trunc">{hit.detail}</small>
    }
    .into_any()
}
