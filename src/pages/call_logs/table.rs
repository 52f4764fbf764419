use leptos::prelude::*;

use super::mark;
use crate::{
    components::{Avatar, Icon, head},
    server_fns::call_logs::{CallDay, CallLine},
};

pub(super) fn of(days: Vec<CallDay>, zone: &str) -> AnyView {
    let time = format!("Time ({zone})");
    let days = days.into_iter().map(day).collect_view();
    view! {
        <div class="tbl-wrap">
            <table class="tbl stack calls" role="table">
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col" aria-label=time>"Time"</th>
                        {head("Status", "")}
                        {head("Model", "")}
                        {head("Member", "")}
                        {head("Key", "")}
                        {head("Tokens in / out", "n")}
                        {head("Cost", "n")}
                        {head("Latency", "n")}
                        <th role="columnheader" scope="col"><span class="vh">"Marks"</span></th>
                    </tr>
                </thead>
                {days}
            </table>
        </div>
    }
    .into_any()
}

fn day(CallDay { day, lines }: CallDay) -> AnyView {
    let lines = lines.into_iter().map(line).collect_view();
    view! {
        <tbody role="rowgroup">
            <tr class="grp" role="row"><td role="cell" colspan="9"><b>{day}</b></td></tr>
            {lines}
        </tbody>
    }
    .into_any()
}

fn line(line: CallLine) -> AnyView {
    let latency = if line.latency.is_empty() {
        view! { <span class="mute" title="Not known">"–"</span> }.into_any()
    } else {
        line.latency.into_any()
    };
    let first = (!line.first.is_empty()).then(|| view! { <small class="line" title="First token">{line.first}</small> });
    let marks = [
        line.stream.then(|| mark("trend", "stream", "Sent as a stream")),
        line.estimated.then(|| mark("ask", "estimated", "Tokens were counted here and not by the provider")),
        line.test.then(|| mark("play", "test", "Made with a test key: it costs nothing")),
    ];
    view! {
        <tr role="row">
            <td role="cell" class="when num"><a class="name" href=line.href><time datetime=line.rfc3339 title=line.time_title>{line.time}</time></a></td>
            <td role="cell" class="ended">{status(line.status, &line.word, &line.tone, &line.icon, line.code)}</td>
            <td role="cell" class="model"><span class="mono trunc" title=line.model.clone()>{line.model.clone()}</span></td>
            <td role="cell" class="by">
                <span class="who">
                    <Avatar name=line.member.clone() id=line.member_id size="sm"/>
                    {linked(line.member, line.member_href)}
                </span>
            </td>
            <td role="cell" class="with">{linked(line.key, line.key_href)}</td>
            <td role="cell" class="n tokens">{line.tokens_in}<span class="mute">" / "</span>{line.tokens_out}</td>
            <td role="cell" class="n cost" title=line.cost_title>{line.cost}</td>
            <td role="cell" class="n took">{latency}{first}</td>
            <td role="cell" class="marks">{marks}</td>
        </tr>
    }
    .into_any()
}

/// A name that leads to all calls that have it in common.
fn linked(name: String, href: String) -> AnyView {
    if href.is_empty() {
        view! { <span class="trunc" title=name.clone()>{name.clone()}</span> }.into_any()
    } else {
        view! { <a class="trunc" href=href title=name.clone()>{name.clone()}</a> }.into_any()
    }
}

/// How a call ended: an icon with a word, and the code below.
pub(super) fn status(status: u16, word: &str, tone: &str, icon: &str, code: String) -> AnyView {
    // The sprite's names are known to the server alone; those that stand for endings are few.
    let icon = match icon {
        "okc" => "okc",
        "out" => "out",
        "clock" => "clock",
        "lock" => "lock",
        _ => "alert",
    };
    let class = if tone.is_empty() { "quiet".to_owned() } else { format!("badge {tone}") };
    let code = if code.is_empty() { String::new() } else { format!(" {code}") };
    view! {
        <span class=class><Icon name=icon/>{word.to_owned()}</span>
        <small class="line mono trunc">{status}{code}</small>
    }
    .into_any()
}
