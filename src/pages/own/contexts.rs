use leptos::prelude::*;

use crate::{
    components::{Badge, Empty, Icon, Meter, Note, NoteKind, StackTable, Tile, budget_meter, head, meters},
    pages::context_address,
    server_fns::own_view::ContextRow,
};

/// What refuses calls, with the sentence of the limit.
pub(super) fn blocked(contexts: &[ContextRow]) -> Option<AnyView> {
    let notes = contexts.iter().filter(|context| is_blocked(context)).map(|context| {
        let href = context_address(&context.slug, "quotas");
        let title = format!("{}:", context.name);
        view! {
            <Note kind=NoteKind::Danger title=title text=context.blocked.clone()>
                <a class="btn sm" href=href>"See limits"</a>
            </Note>
        }
        .into_any()
    });
    let notes: Vec<_> = notes.collect();
    (!notes.is_empty()).then(|| view! { <div class="grid mb">{notes}</div> }.into_any())
}

/// A limit refuses calls; not where nothing was ever opened.
fn is_blocked(context: &ContextRow) -> bool {
    !context.blocked.is_empty() && context.blocked.starts_with("Call refused")
}

/// One row for each context.
pub(super) fn context_table(contexts: Vec<ContextRow>) -> AnyView {
    if contexts.is_empty() {
        return view! { <section class="card"><Empty title="No context yet"/></section> }.into_any();
    }
    let heads =
        vec![head("Context", ""), head("Your spend", ""), head("Team budget", ""), head("Resets", ""), head("At this pace", "")];
    let rows = contexts.iter().map(row).collect_view().into_any();
    let details = contexts.into_iter().filter(|context| !context.limits.is_empty()).map(details).collect_view();
    view! {
        <section class="card" aria-labelledby="contexts-h">
            <header><h2 id="contexts-h">"Where you work"</h2><p class="end">"Your calls in the running billing month"</p></header>
            <StackTable heads=heads rows=rows/>
            <div class="context-limits">{details}</div>
        </section>
    }
    .into_any()
}

fn row(context: &ContextRow) -> AnyView {
    let ContextRow { id, slug, name, organization, spent, cap, percent, budget, resets, forecast, .. } = context.clone();
    let href = context_address(&slug, if slug == "me" { "usage" } else { "" });
    let label = format!("Your cap in {name}");
    let meter =
        percent.map(|percent| view! { <div class="bars"><Meter label=label percent=percent/><span>{percent}"%"</span></div> });
    let team = (slug != "me").then(|| budget_meter(&name, budget));
    let state = if is_blocked(context) {
        view! { <Badge text="Calls refused" tone="danger" icon="alert"/> }.into_any()
    } else if !context.blocked.is_empty() {
        view! { <span class="sub">{context.blocked.clone()}</span> }.into_any()
    } else if !context.makes_calls {
        view! { <span class="sub">"As a viewer you make no calls."</span> }.into_any()
    } else {
        let text = if forecast.is_empty() { "–".to_owned() } else { forecast };
        view! { <span class="sub">{text}</span> }.into_any()
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who">
                    <Tile name=name.clone() id=id/>
                    <span><a class="name" href=href>{name}</a><small>{organization}</small></span>
                </span>
            </td>
            <td role="cell" class="spend"><span><b>{spent}</b>" "{cap}</span>{meter}</td>
            <td role="cell" class="spend">{team}</td>
            <td role="cell" class="sub drop">{resets}</td>
            <td role="cell" class="pace">{state}</td>
        </tr>
    }
    .into_any()
}

/// Every limit that applies in a context.
fn details(context: ContextRow) -> AnyView {
    view! {
        <details class="more">
            <summary><Icon name="chevr"/>{format!("Every limit in {}", context.name)}</summary>
            <div class="more-body">{meters(context.limits)}</div>
        </details>
    }
    .into_any()
}
