use leptos::prelude::*;

use crate::{
    components::{Avatar, Badge, Quiet},
    server_fns::usage::{CallLine, RankRow},
};

/// Who or what spent most, with bars against the first.
pub(super) fn ranking(title: &'static str, rows: Vec<RankRow>, people: bool) -> AnyView {
    let empty = rows.is_empty().then(|| view! { <p class="mute small">"No calls in this range."</p> });
    let rows = rows
        .into_iter()
        .enumerate()
        .map(|(at, row)| {
            let mark = if people {
                view! { <Avatar name=row.name.clone() id=row.id size="sm"/> }.into_any()
            } else {
                view! { <span class=format!("dot8 hc{}", at + 1)></span> }.into_any()
            };
            let hue = if people { "hc1".to_owned() } else { format!("hc{}", at + 1) };
            view! {
                <li>
                    <span class="lab">{mark}<span class="trunc">{row.name}</span></span>
                    <span class="val">{row.spent}<small>{row.share}</small></span>
                    <span class="bar-t" aria-hidden="true"><i class=hue style=format!("--v:{}%", row.bar)></i></span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-label=title>
            <header><h2>{title}</h2></header>
            <div class="body rank-body">{empty}<ol class="rank">{rows}</ol></div>
        </section>
    }
    .into_any()
}

/// The last few calls, newest first.
pub(super) fn latest_calls(calls: Vec<CallLine>) -> AnyView {
    let body = if calls.is_empty() {
        view! { <div class="body"><p class="mute small">"No calls yet."</p></div> }.into_any()
    } else {
        let rows = calls.into_iter().map(row).collect_view();
        view! {
            <div class="tbl-wrap" tabindex="0" role="region" aria-label="Latest calls">
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
    view! {
        <section class="card" aria-label="Latest calls">
            <header><h2>"Latest calls"</h2></header>
            {body}
        </section>
    }
    .into_any()
}

fn row(call: CallLine) -> AnyView {
    let status = if call.ok {
        view! { <Quiet text=call.status/> }.into_any()
    } else {
        let tone = if call.status == "Cancelled" { "" } else { "danger" };
        view! { <Badge text=call.status tone=tone icon="alert"/> }.into_any()
    };
    view! {
        <tr>
            <td class="lead sub" title=call.at_title>{call.at}</td>
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
