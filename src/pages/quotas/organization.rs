use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    caps::used,
    windows::{LimitsForm, limits_form},
};
use crate::{
    components::{Empty, LinkButton, Note, NoteKind, PageHead, SkeletonBlock, StackTable, head},
    pages::{data::PageData, form::FormAction, query_param},
    server_fns::quotas::{
        CapLine, GetOrganizationQuotas, OrganizationLimitsPage as Limits, SaveOrganizationLimits, quotas_address,
    },
};

/// What the teams of an organization may use together, and what each of them holds.
#[component]
pub fn OrganizationLimitsPage() -> impl IntoView {
    let params = use_params_map();
    let org = Memo::new(move |_| params.read().get("org").unwrap_or_default());
    let done = query_param("done");
    let action = FormAction::to::<SaveOrganizationLimits>();
    let worked = Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(action.worked()));
    PageData::load_again(move || worked.get(), move || GetOrganizationQuotas { org: org.get() })
        .page(|| view! { <SkeletonBlock height=560/> }.into_any(), move |page| content(page, org.get_untracked(), done, action))
}

fn content(page: Limits, org: String, done: Memo<String>, action: FormAction) -> AnyView {
    let saved =
        move || (done.get() == "saved").then(|| view! { <Note kind=NoteKind::Ok title="Saved. It holds for the next call."/> });
    let form = LimitsForm { action, hidden: vec![("org", org)], may_windows: true, may_budget: true, may_stop: false };
    let name = page.own.name.clone();
    view! {
        <PageHead title="Limits" context=name lead="What all teams may use together. Their own limits lie within, and may promise more than there is."/>
        <div class="grid">
            {saved}
            {limits_form(page.own, page.typed, form)}
            {teams(page.teams)}
        </div>
    }
    .into_any()
}

fn teams(lines: Vec<CapLine>) -> AnyView {
    let body = if lines.is_empty() {
        view! {
            <Empty title="No teams yet" text="What a team may use lies within what is set here.">
                <LinkButton label="Create team" href="/teams/new" icon="plus"/>
            </Empty>
        }
        .into_any()
    } else {
        let heads = vec![head("Team", ""), head("Budget", ""), head("Spent", "n"), head("Used", ""), head("Limits", "")];
        let rows = lines.iter().map(row).collect_view().into_any();
        view! { <StackTable heads=heads rows=rows/> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="teams-h">
            <header><h2 id="teams-h">"Teams"</h2></header>
            {body}
        </section>
    }
    .into_any()
}

fn row(line: &CapLine) -> AnyView {
    let limits = if line.limits.is_empty() { "–".to_owned() } else { line.limits.clone() };
    let cap = if line.cap == "No cap" { "No budget".to_owned() } else { line.cap.clone() };
    let summary = format!("{cap}, {} spent", line.spent);
    view! {
        <tr role="row">
            <td role="cell" class="lead"><a class="link-plain" href=quotas_address(&line.id)>{line.name.clone()}</a></td>
            <td role="cell" class="drop">{cap}</td>
            <td role="cell" class="n drop">{line.spent.clone()}</td>
            <td role="cell" class="drop">{used(line)}</td>
            <td role="cell" class="drop sub">{limits}</td>
            <td role="cell" class="meta only-m">{summary}</td>
        </tr>
    }
    .into_any()
}
