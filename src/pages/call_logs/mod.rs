//! `/t/{team}/logs`, `/me/logs` and one call below them: explain one call, or one pattern.

mod detail;
mod export;
mod filters;
mod table;
mod tail;

pub use detail::CallPage;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use self::tail::Tail;
use crate::{
    components::{Empty, Icon, Note, NoteKind, PageHead, Pager, SkeletonTable},
    pages::{context_param, data::PageData},
    server_fns::call_logs::{CallLogPage, ListCalls, Step},
};

#[component]
pub fn CallLogsPage() -> impl IntoView {
    let team = context_param();
    let location = use_location();
    let asked = Memo::new(move |_| location.search.get());
    let tail = Tail::new();
    let log = PageData::load_again(move || tail.turn.get(), move || ListCalls { team: team.get(), asked: asked.get() });
    tail.listen();
    log.page(
        || view! { <div class="card"><SkeletonTable rows=12/></div> }.into_any(),
        move |page| {
            tail.shows(&page.tail);
            content(page, tail)
        },
    )
}

fn content(mut page: CallLogPage, tail: Tail) -> AnyView {
    let files = export::links(std::mem::take(&mut page.files), page.export.clone());
    let filters = filters::form(&page);
    let (sentence, newest) = (page.problem.clone(), page.newest.clone());
    let is_ok = sentence.is_empty();
    let problem = (!is_ok).then(|| {
        view! {
            <Note kind=NoteKind::Danger title=sentence>
                <a class="btn sm" href=newest>"Newest calls"</a>
            </Note>
        }
    });
    let head = view! {
        <PageHead title="Call logs" context=page.context.clone() lead=page.lead.clone()>{files}</PageHead>
    };
    let list = is_ok.then(|| list(page, tail));
    view! { {head}{filters}{problem}{list} }.into_any()
}

fn list(page: CallLogPage, tail: Tail) -> AnyView {
    let bar = tail.bar(&page.newest, !page.tail.is_empty());
    let searched = (!page.searched.is_empty()).then(|| view! { <p class="searched" role="status">{page.searched.clone()}</p> });
    let filtered = !page.chips.is_empty();
    let calls = match (page.days.is_empty(), filtered, page.begun) {
        (false, _, _) => table::of(page.days, &page.zone),
        (true, _, _) if !page.searched.is_empty() => ().into_any(),
        (true, true, true) => view! {
            <Empty title="No calls with these filters" text="Take one of them away, or look at all calls.">
                <a class="btn" href=page.address.clone()>"Clear filters"</a>
            </Empty>
        }
        .into_any(),
        (true, ..) => view! {
            <Empty title="No calls yet" text="Each call stands here within two seconds of its end, refused ones included.">
                <a class="btn" href=page.address.replace("/logs", "/playground")>"Try a model"</a>
            </Empty>
        }
        .into_any(),
    };
    let count = (!page.count.is_empty()).then(|| view! { <b>{page.count.clone()}</b>" " });
    let kept = (!page.kept.is_empty()).then(|| view! { <span class="mute">{page.kept.clone()}</span> });
    let older = if page.searched.is_empty() { "Older" } else { "Search older calls" };
    view! {
        <section class="card" aria-label="Calls">
            <header class="log-bar">
                <span class="grow">{count}<span class="mute">{format!("Times in {}", page.zone)}</span></span>
                {bar}
            </header>
            {calls}
            {searched}
            <div class="log-foot">
                <Pager summary=page.summary newer=page.newer older=page.older older_label=older/>
                <div class="log-sizes">{steps("Rows of a page", "Rows", page.sizes)}{kept}</div>
            </div>
        </section>
    }
    .into_any()
}

/// Links of which one is where one is.
fn steps(name: &'static str, label: &'static str, steps: Vec<Step>) -> AnyView {
    let links = steps
        .into_iter()
        .map(|step| view! { <a href=step.href aria-current=step.here.then_some("true")>{step.label}</a> })
        .collect_view();
    let label = (!label.is_empty()).then(|| view! { <span class="mute">{label}</span> });
    view! { {label}<nav class="seg" aria-label=name>{links}</nav> }.into_any()
}

/// An icon for a mark of a table, its word beside it.
fn mark(icon: &'static str, word: &'static str, title: &'static str) -> AnyView {
    view! { <span class="mark" title=title><Icon name=icon class="i-12"/>{word}</span> }.into_any()
}
