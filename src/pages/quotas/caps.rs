use leptos::prelude::*;

use super::{Query, kind_of};
use crate::{
    components::{Empty, Meter, StackTable, actions_head, head, noscroll},
    pages::{
        allowance::{budget_fields, window_fields},
        confirm_dialog::FormDialog,
        failure::encode,
        form::FormAction,
    },
    server_fns::quotas::{CapLine, CapView, QuotasPage as Quotas, quotas_address},
};

/// Members, or models, with what each may use.
pub(super) fn cap_table(page: &Quotas, query: &Query) -> AnyView {
    let members = query.tab == "members";
    let title = match (members, page.may_manage) {
        (true, true) => "Members",
        (true, false) => "What you may use",
        (false, _) => "Models",
    };
    if page.caps.is_empty() {
        let text = if members { "Nobody is in this team." } else { "No model is open to this team. Open one under Models." };
        return view! { <section class="card" aria-label=title><Empty title="Nothing to cap" text=text/></section> }.into_any();
    }
    let heads = vec![
        head(if members { "Member" } else { "Model" }, ""),
        head("Cap", ""),
        head("Spent", "n"),
        head("Left", "n"),
        head("Used", ""),
        head("Limits", ""),
        actions_head(),
    ];
    let rows = page.caps.iter().map(|line| row(line, page.may_manage, query)).collect_view().into_any();
    let note = if members { "Of all their keys in this team together." } else { "Of all keys of this team together." };
    view! {
        <section class="card" aria-labelledby="caps-h">
            <header><h2 id="caps-h">{title}</h2><p class="end">{note}</p></header>
            <StackTable heads=heads rows=rows/>
        </section>
    }
    .into_any()
}

fn row(line: &CapLine, may_manage: bool, query: &Query) -> AnyView {
    let detail = (!line.detail.is_empty()).then(|| view! { <small>{line.detail.clone()}</small> });
    let change = may_manage.then(|| {
        let href = format!("{}?tab={}&dialog=cap&id={}", quotas_address(&query.team), query.tab, encode(&line.id));
        let label = format!("Change what {} may use", line.name);
        view! { <a class="btn sm" href=href aria-label={label} {..noscroll()}>"Change"</a> }
    });
    let left = if line.left.is_empty() { "–".to_owned() } else { line.left.clone() };
    let limits = if line.limits.is_empty() { "–".to_owned() } else { line.limits.clone() };
    let summary = match line.limits.as_str() {
        "" => format!("{}, {} spent", line.cap, line.spent),
        limits => format!("{}, {} spent, {limits}", line.cap, line.spent),
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead"><span class="name">{line.name.clone()}</span>{detail}</td>
            <td role="cell" class="drop">{line.cap.clone()}</td>
            <td role="cell" class="n drop">{line.spent.clone()}</td>
            <td role="cell" class="n drop">{left}</td>
            <td role="cell" class="drop">{used(line)}</td>
            <td role="cell" class="drop sub">{limits}</td>
            <td role="cell" class="meta only-m">{summary}</td>
            <td role="cell" class="act">{change}</td>
        </tr>
    }
    .into_any()
}

/// How much of a cap is used.
pub(super) fn used(line: &CapLine) -> AnyView {
    match line.percent {
        Some(percent) => {
            view! { <div class="bars"><Meter label=line.name.clone() percent=percent/><span>{percent}"%"</span></div> }.into_any()
        }
        None => view! { <span class="mute">"–"</span> }.into_any(),
    }
}

/// What a member or a model may use.
#[component]
pub(super) fn CapDialog(team: String, tab: String, view: CapView, action: FormAction) -> impl IntoView {
    let close = format!("{}?tab={tab}", quotas_address(&team));
    let problems = action.problems();
    let CapView { id, name, form } = view;
    let version = form.version.to_string();
    let hidden = vec![("team", team), ("kind", kind_of(&tab).to_owned()), ("id", id), ("version", version)];
    view! {
        <FormDialog
            id="cap"
            title=format!("What {name} may use")
            close=close
            width="w-560"
            action=action
            hidden=hidden
            label="Save limits"
        >
            {budget_fields(&form, true, problems)}
            {window_fields(&form, problems)}
        </FormDialog>
    }
}
