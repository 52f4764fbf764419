use leptos::prelude::*;

use crate::{
    components::{Avatar, Badge, Count, Icon, Quiet, meters},
    domain::charts::MeterView,
    pages::context_address,
    server_fns::overview::{CallLine, OwnUsage, Ranking, Todo, TodoKind},
};

/// A card whose heading has a link to all of it.
fn card(title: &'static str, link: Option<(String, String)>, body: AnyView) -> AnyView {
    let link = link.map(|(label, href)| view! { <div class="end"><a class="link" href=href>{label}</a></div> });
    view! {
        <section class="card" aria-label=title>
            <header><h2>{title}</h2>{link}</header>
            {body}
        </section>
    }
    .into_any()
}

/// Who or what spent most, with bars against the first.
pub(super) fn ranking(title: &'static str, of: Ranking, people: bool) -> AnyView {
    let empty = of.rows.is_empty().then(|| view! { <p class="mute small">"No calls in this range."</p> });
    let all = (!of.rows.is_empty()).then(|| (format!("All {}", of.count), of.href));
    let rows = of.rows.into_iter().enumerate().map(|(at, row)| {
        let mark = if people {
            view! { <Avatar name=row.name.clone() id=row.id size="sm"/> }.into_any()
        } else {
            view! { <span class=format!("dot8 hc{}", at + 1)></span> }.into_any()
        };
        let hue = if people { "hc1".to_owned() } else { format!("hc{}", at + 1) };
        let badge = (!row.mark.is_empty()).then(|| view! { <Badge text=row.mark tone="warn" icon="trend"/> });
        let name = if row.href.is_empty() {
            view! { <span class="trunc">{row.name}</span> }.into_any()
        } else {
            view! { <a class="link-plain trunc" href=row.href>{row.name}</a> }.into_any()
        };
        view! {
            <li>
                <span class="lab">{mark}{name}{badge}</span>
                <span class="val">{row.spent}<small>{row.share}</small></span>
                <span class="bar-t" aria-hidden="true"><i class=hue style=format!("--v:{}%", row.bar)></i></span>
            </li>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    card(title, all, view! { <div class="body rank-body">{empty}<ol class="rank">{rows}</ol></div> }.into_any())
}

/// The limits of a team or an organization, with a link to where they are set.
pub(in crate::pages) fn limits(views: Vec<MeterView>, link: (&str, String)) -> AnyView {
    let link = (link.0.to_owned(), link.1);
    card("Limits", Some(link), view! { <div class="body">{meters(views)}</div> }.into_any())
}

/// What whoever looks has used themselves.
pub(super) fn own_usage(own: OwnUsage) -> AnyView {
    let none =
        own.limits.is_empty().then(|| view! { <p class="mute small">"Nothing limits you alone. The team’s limits do."</p> });
    let body = view! {
        <div class="body own-usage">
            <p><b>{own.spent}</b></p>
            {none}
            {meters(own.limits)}
        </div>
    };
    card("Your usage", Some(("See your calls".to_owned(), own.href)), body.into_any())
}

/// What waits for whoever looks.
pub(super) fn attention(todos: Vec<Todo>) -> AnyView {
    let count = (!todos.is_empty()).then(|| view! { <Count text=todos.len().to_string()/> });
    let body = if todos.is_empty() {
        view! { <p class="mute small">"Nothing waits for you here."</p> }.into_any()
    } else {
        let lines = todos.into_iter().map(todo).collect_view();
        view! { <ul class="todo">{lines}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-label="Needs attention">
            <header><h2>"Needs attention"</h2>{count}</header>
            <div class="body todo-body">{body}</div>
        </section>
    }
    .into_any()
}

fn todo(todo: Todo) -> AnyView {
    let (icon, class) = match todo.kind {
        TodoKind::Request => ("ask", "gl acc"),
        TodoKind::Unusual => ("trend", "gl warn"),
        TodoKind::Key => ("key", "gl warn"),
        TodoKind::Mail => ("mail", "gl"),
        TodoKind::Limit => ("alert", "gl danger"),
    };
    let label = format!("{}: {}", todo.action, todo.title);
    view! {
        <li>
            <span class=class><Icon name=icon/></span>
            <span><b>{todo.title}</b><small>{todo.text}</small></span>
            <a class="btn sm" href=todo.href aria-label=label>{todo.action}</a>
        </li>
    }
    .into_any()
}

/// The last few calls, newest first.
pub(super) fn latest_calls(calls: Vec<CallLine>, team: &str) -> AnyView {
    let logs = context_address(team, "logs");
    let body = if calls.is_empty() {
        view! { <div class="body"><p class="mute small">"No calls yet."</p></div> }.into_any()
    } else {
        let rows = calls.into_iter().map(|call| row(call, &logs)).collect_view();
        view! {
            <div class="tbl-wrap" tabindex="0" role="region" aria-label="Latest calls, table">
                <table class="tbl">
                    <thead>
                        <tr>
                            <th scope="col" class="lead">"Time"</th>
                            <th scope="col">"Model"</th>
                            <th scope="col">"Member"</th>
                            <th scope="col">"Key"</th>
                            <th scope="col" class="n">"Tokens in / out"</th>
                            <th scope="col" class="n">"Cost"</th>
                            <th scope="col" class="n">"Latency"</th>
                            <th scope="col">"Status"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    card("Latest calls", Some(("Call logs".to_owned(), logs)), body)
}

fn row(call: CallLine, logs: &str) -> AnyView {
    let status = if call.ok {
        view! { <Quiet text=call.status/> }.into_any()
    } else {
        let tone = if call.status == "Cancelled" { "" } else { "danger" };
        view! { <Badge text=call.status tone=tone icon="alert"/> }.into_any()
    };
    let href = format!("{logs}/{}", call.id);
    view! {
        <tr>
            <td class="lead sub" title=call.at_title><a class="link-plain" href=href>{call.at}</a></td>
            <td>{call.model}</td>
            <td class="sub">{call.who}</td>
            <td class="sub">{call.key}</td>
            <td class="n sub">{call.tokens}</td>
            <td class="n">{call.cost}</td>
            <td class="n sub">{call.latency}</td>
            <td>{status}</td>
        </tr>
    }
    .into_any()
}
