use leptos::prelude::*;

use super::Query;
use crate::{
    components::{Avatar, Count, Icon, Who, noscroll},
    domain::teams::AccessMode,
    server_fns::team_models::{GroupLine, LinkLine, NarrowLine, TeamModelsPage as Models, WaitingLine, list_address},
};

/// Beside the models: who asks, which groups the team names, who is limited, and where access narrows.
pub(super) fn rail(page: &Models, query: &Query) -> AnyView {
    let base = list_address(&query.team);
    let groups = (page.mode == AccessMode::Restrict).then(|| groups(page, &base));
    view! {
        <div class="grid">
            {requests(page, &base)}
            {groups}
            {limits(page, &base)}
            {narrowing(page)}
        </div>
    }
    .into_any()
}

fn requests(page: &Models, base: &str) -> AnyView {
    let all = format!("{base}/requests");
    let (count, body) = if page.waiting.is_empty() {
        (None, view! { <p class="mute small">"No request waits."</p> }.into_any())
    } else {
        let rows = page.waiting.iter().map(|line| request(line, &all)).collect_view();
        (Some(view! { <Count text=page.waiting_count.clone() hot=true/> }), view! { <ul>{rows}</ul> }.into_any())
    };
    view! {
        <section class="card" aria-labelledby="requests-h">
            <header>
                <h2 id="requests-h">"Requests"</h2>
                {count}
                <div class="end"><a class="link" href=all>"All"</a></div>
            </header>
            <div class="body">{body}</div>
        </section>
    }
    .into_any()
}

fn request(line: &WaitingLine, all: &str) -> AnyView {
    let decide = if line.may_decide {
        let link = |dialog: &str| format!("{all}?show=waiting&dialog={dialog}&id={}", line.id);
        let (approve, decline) = (link("approve"), link("decline"));
        let (yes, no) = (format!("Approve the request of {}", line.name), format!("Decline the request of {}", line.name));
        view! {
            <a class="btn sm" href=approve aria-label=yes><Icon name="check"/>"Approve"</a>
            <a class="btn sm ghost" href=decline aria-label=no>"Decline"</a>
        }
        .into_any()
    } else {
        view! { <span class="mute">"Waits for the organization"</span> }.into_any()
    };
    view! {
        <li class="req">
            <Who name=line.name.clone() id=line.user.clone() detail=line.what.clone()/>
            <p>"“"{line.reason.clone()}"”"</p>
            <p class="mute">{line.wanted.clone()}</p>
            <div>{decide}</div>
        </li>
    }
    .into_any()
}

fn groups(page: &Models, base: &str) -> AnyView {
    let named: Vec<&GroupLine> = page.groups.iter().filter(|group| group.named).collect();
    let edit = format!("{base}?dialog=groups");
    let body = if named.is_empty() {
        view! { <p class="mute small">"A group opens its models to the team, also those that join it later. None is named."</p> }
            .into_any()
    } else {
        let rows = named.into_iter().map(|group| {
            view! {
                <li>
                    <span class="gl"><Icon name="layers"/></span>
                    <span><b>{group.name.clone()}</b><small>{group.detail.clone()}</small></span>
                </li>
            }
        });
        view! { <ul class="grps">{rows.collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="groups-h">
            <header>
                <h2 id="groups-h">"Access groups"</h2>
                <div class="end"><a class="link" href=edit.clone() {..noscroll()}>"Edit"</a></div>
            </header>
            <div class="body">{body}</div>
        </section>
    }
    .into_any()
}

fn limits(page: &Models, base: &str) -> AnyView {
    let add = format!("{base}?dialog=limit");
    let body = if page.narrowed.is_empty() {
        view! { <p class="mute small">"Nobody is limited to a part of these models."</p> }.into_any()
    } else {
        view! { <ul class="grps">{page.narrowed.iter().map(limited).collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="limits-h">
            <header>
                <h2 id="limits-h">"Limited members"</h2>
                <div class="end"><a class="link" href=add.clone() {..noscroll()}>"Limit a member"</a></div>
            </header>
            <div class="body">{body}</div>
        </section>
    }
    .into_any()
}

fn limited(line: &LinkLine) -> AnyView {
    let (href, title) = (line.href.clone(), line.title.clone());
    view! {
        <li>
            <Avatar name=line.name.clone() id=line.user.clone()/>
            <span class="grow"><b class="trunc">{line.name.clone()}</b><small>{line.detail.clone()}</small></span>
            <a class="link" href=href aria-label=title.clone() {..noscroll()}>{line.label.clone()}</a>
        </li>
    }
    .into_any()
}

fn narrowing(page: &Models) -> AnyView {
    let levels = page.narrowing.iter().map(level).collect_view();
    view! {
        <section class="card" aria-labelledby="narrow-h">
            <header><h2 id="narrow-h">"Where access narrows"</h2></header>
            <div class="body">
                <ol class="narrow">{levels}</ol>
                <p class="hint">"Each level can only narrow the one above. A key can narrow once more."</p>
            </div>
        </section>
    }
    .into_any()
}

/// Small catalogs have a block for each model, large ones a share of the bar.
fn level(line: &NarrowLine) -> AnyView {
    let all = line.open + line.approval + line.rest;
    let parts = [("a", line.open), ("b", line.approval), ("", line.rest)];
    let blocks = if all <= 24 {
        let single = parts.into_iter().flat_map(|(class, n)| std::iter::repeat_n(class, n));
        single.map(|class| view! { <u class=class></u> }.into_any()).collect_view().into_any()
    } else {
        let shares = parts.into_iter().filter(|(_, n)| *n > 0);
        shares.map(|(class, n)| view! { <u class=class style=format!("--n:{n}")></u> }.into_any()).collect_view().into_any()
    };
    view! {
        <li>
            <span><b class="trunc">{line.name.clone()}</b>{line.words.clone()}</span>
            <i aria-hidden="true">{blocks}</i>
        </li>
    }
    .into_any()
}
