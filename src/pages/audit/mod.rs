//! `/t/{team}/audit`, `/o/{organization}/audit`, `/admin/audit`: who changed what.

mod filters;
mod table;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    components::{Empty, Icon, Note, NoteKind, PageHead, Pager, SkeletonTable},
    pages::data::PageData,
    server_fns::audit::{AuditAsked, AuditPage as Audit, ListAudit},
};

#[component]
pub fn AuditPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let place = Memo::new(move |_| {
        let params = params.read();
        match (params.get("team"), params.get("org")) {
            (Some(team), _) => format!("t/{team}"),
            (None, Some(org)) => format!("o/{org}"),
            (None, None) => "admin".to_owned(),
        }
    });
    let asked = Memo::new(move |_| {
        let query = query.read();
        let value = |name: &str| query.get(name).unwrap_or_default();
        AuditAsked {
            person: value("person"),
            actor: value("actor"),
            action: value("action"),
            object: value("object"),
            target: value("target"),
            outcome: value("outcome"),
            from: value("from"),
            to: value("to"),
            cursor: value("cursor"),
        }
    });
    let entries = PageData::load(move || ListAudit { place: place.get(), asked: asked.get() });
    entries.page(
        || view! { <div class="card"><SkeletonTable rows=10/></div> }.into_any(),
        move |page| content(page, &place.get_untracked(), &asked.get_untracked()),
    )
}

fn content(page: Audit, place: &str, asked: &AuditAsked) -> AnyView {
    let address = format!("/{place}/audit");
    let filters = filters::form(&page, &address, asked);
    let problem = (!page.problem.is_empty()).then(|| view! { <Note kind=NoteKind::Danger title=page.problem.clone()/> });
    let shows_entries = page.problem.is_empty();
    let filtered = !page.chips.is_empty();
    let entries = match (page.days.is_empty(), filtered) {
        (true, true) => view! {
            <Empty title="Nothing recorded in this range" text="No entry fits all of the filters.">
                <a class="btn" href=address>"Clear filters"</a>
            </Empty>
        }
        .into_any(),
        (true, false) => view! { <Empty title="Nothing recorded yet" text="Every change writes its entry here."/> }.into_any(),
        (false, _) => table::of(page.days),
    };
    let list = shows_entries.then(|| {
        view! {
            <section class="card" aria-label="Entries">
                {entries}
                <Pager summary=page.summary newer=page.newer older=page.older/>
            </section>
        }
    });
    view! {
        <PageHead title="Audit log" context=page.context lead=page.lead>
            // A file, not a page: the browser fetches it.
            <a class="btn" href=page.export download="audit.csv" rel="external"><Icon name="down"/>"Export CSV"</a>
        </PageHead>
        {filters}
        {problem}
        {list}
    }
    .into_any()
}
