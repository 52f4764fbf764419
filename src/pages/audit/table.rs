use leptos::prelude::*;

use crate::{
    components::{Avatar, Badge},
    domain::audit::FieldChange,
    server_fns::audit::{AuditDay, AuditLine},
};

/// Changes of an entry that are shown at once; the others open.
const SHOWN: usize = 4;

pub(super) fn of(days: Vec<AuditDay>) -> AnyView {
    let days = days.into_iter().map(day).collect_view();
    view! {
        <div class="tbl-wrap whole">
            <table class="tbl stack log" role="table">
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col">"Time (UTC)"</th>
                        <th role="columnheader" scope="col">"Who"</th>
                        <th role="columnheader" scope="col">"Action"</th>
                        <th role="columnheader" scope="col">"Object"</th>
                        <th role="columnheader" scope="col">"Change"</th>
                        <th role="columnheader" scope="col">"From where"</th>
                    </tr>
                </thead>
                {days}
            </table>
        </div>
    }
    .into_any()
}

fn day(AuditDay { day, lines }: AuditDay) -> AnyView {
    let lines = lines.into_iter().map(line).collect_view();
    view! {
        <tbody role="rowgroup">
            <tr class="grp" role="row"><td role="cell" colspan="6"><b>{day}</b></td></tr>
            {lines}
        </tbody>
    }
    .into_any()
}

fn line(line: AuditLine) -> AnyView {
    let denied = line.denied.then(|| view! { <Badge text="Denied" tone="warn" icon="lock"/> });
    let address = (!line.address.is_empty()).then(|| view! { <small>{line.address}</small> });
    let request = format!("Request {}", line.request_id);
    view! {
        <tr role="row">
            <td role="cell" class="num when"><time datetime=line.rfc3339 title=line.time_title>{line.time}</time></td>
            <td role="cell" class="lead">{who(&line.actor, line.actor_name, line.actor_href)}</td>
            <td role="cell" class="wrap act-cell">{line.action}" "{denied}</td>
            <td role="cell" class="wrap obj">{object(line.object, line.object_href)}<small>{line.object_detail}</small></td>
            <td role="cell" class="wrap diff-cell">{diff(line.changes)}</td>
            <td role="cell" class="sub src" title=request>{line.source}{address}</td>
        </tr>
    }
    .into_any()
}

/// The name leads to everything that this person did.
fn who(id: &str, name: String, href: String) -> AnyView {
    if id.is_empty() {
        return view! { <span class="mute">{name}</span> }.into_any();
    }
    view! {
        <span class="who">
            <Avatar name=name.clone() id=id.to_owned() size="sm"/>
            <a class="name trunc" href=href>{name}</a>
        </span>
    }
    .into_any()
}

fn object(name: String, href: String) -> AnyView {
    if href.is_empty() {
        view! { <span>{name}</span> }.into_any()
    } else {
        view! { <a class="name" href=href>{name}</a> }.into_any()
    }
}

/// What was, struck out, and what is.
fn diff(changes: Vec<FieldChange>) -> AnyView {
    if changes.is_empty() {
        return view! { <span class="mute" title="No data">"–"</span> }.into_any();
    }
    let mut lines: Vec<AnyView> = changes.into_iter().map(change).collect();
    let more = lines.split_off(lines.len().min(SHOWN));
    let more = (!more.is_empty()).then(|| {
        let summary = format!("{} more", more.len());
        view! { <details><summary>{summary}</summary><ul class="diff">{more}</ul></details> }
    });
    view! { <ul class="diff">{lines}</ul>{more} }.into_any()
}

fn change(FieldChange { field, old, new }: FieldChange) -> AnyView {
    let arrow = (!old.is_empty() && !new.is_empty())
        .then(|| view! { <span class="vh">" is now "</span><span aria-hidden="true">" → "</span> });
    let old = (!old.is_empty()).then(|| view! { <del>{old}</del> });
    let new = (!new.is_empty()).then(|| view! { <ins>{new}</ins> });
    view! { <li><span class="mute">{field}</span>" "{old}{arrow}{new}</li> }.into_any()
}
