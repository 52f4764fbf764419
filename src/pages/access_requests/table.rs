use leptos::prelude::*;

use super::Forms;
use crate::{
    components::{Badge, Button, Empty, Icon, Pager, StackTable, Tile, Who, actions_head, head, noscroll},
    pages::{failure::encode, form::Form},
    server_fns::access_requests::{GrantLine, RequestLine, RequestsPage as Requests},
};

/// The rows of the view that is shown.
pub(super) fn of(page: Requests, address: &str, forms: Forms) -> AnyView {
    if page.show == "given" {
        return grants(page, address);
    }
    if page.rows.is_empty() {
        let (title, text) = match (page.show.as_str(), page.decides) {
            ("waiting", _) => ("Nothing waits", "Whoever asks for a model appears here, and you get a mail."),
            (_, true) => {
                ("No requests yet", "Members ask for models that need approval. Every request and its decision stays here.")
            }
            (_, false) => ("No requests yet", "Ask for a model that needs approval; its state stands here, and you get a mail."),
        };
        return view! { <section class="card"><Empty title=title text=text/></section> }.into_any();
    }
    let shown = match page.rows.len() {
        1 => "1 request".to_owned(),
        n => format!("{n} requests"),
    };
    let view = format!("{address}?show={}", page.show);
    let older = page.next.as_ref().map(|cursor| format!("{view}&cursor={}", encode(cursor)));
    let by_team = page.of_organization;
    let rows = page.rows.iter().map(|line| row(line, by_team, &view, forms)).collect_view().into_any();
    let heads = [
        Some(head("Asked by", "")),
        by_team.then(|| head("Team", "")),
        Some(head("Model", "")),
        Some(head("Reason", "")),
        Some(head("State", "")),
        Some(actions_head()),
    ];
    let heads = heads.into_iter().flatten().collect();
    view! {
        <section class="card" aria-label="Requests">
            <StackTable heads=heads rows=rows class="asked"/>
            <Pager summary=shown newer=None older=older/>
        </section>
    }
    .into_any()
}

fn row(line: &RequestLine, by_team: bool, view: &str, forms: Forms) -> AnyView {
    let team = by_team.then(|| {
        let href = format!("/t/{}/models/requests", line.team);
        view! { <td role="cell" class="meta"><a class="link-plain" href=href>{line.team_name.clone()}</a></td> }
    });
    let whom = if line.for_team { "for the whole team, " } else { "" };
    let asks = format!("{whom}{}", line.wanted);
    let note = (!line.note.is_empty()).then(|| view! { <small class="mute">{format!("“{}”", line.note)}</small> });
    let state = match line.tone.as_str() {
        "warn" => view! { <Badge text=line.state.clone() tone="warn" icon="clock"/> }.into_any(),
        "ok" => view! { <Badge text=line.state.clone() tone="ok" icon="okc"/> }.into_any(),
        "danger" => view! { <Badge text=line.state.clone() tone="danger" icon="x"/> }.into_any(),
        _ => view! { <Badge text=line.state.clone()/> }.into_any(),
    };
    let link = |dialog: &str| format!("{view}&dialog={dialog}&id={}", line.id);
    let decide = line.may_decide.then(|| {
        let (approve, decline) = (link("approve"), link("decline"));
        let (yes, no) =
            (format!("Approve {} for {}", line.model, line.user_name), format!("Decline {} for {}", line.model, line.user_name));
        view! {
            <a aria-label=yes href=approve class="btn sm" {..noscroll()}><Icon name="check"/>"Approve"</a>
            <a aria-label=no href=decline class="btn sm ghost" {..noscroll()}>"Decline"</a>
        }
    });
    let withdraw = line.may_withdraw.then(|| {
        let (team, id) = (line.team.clone(), line.id.clone());
        view! {
            <Form action=forms.withdraw>
                <input type="hidden" name="team" value=team/>
                <input type="hidden" name="id" value=id/>
                <Button label="Withdraw" class="sm ghost" icon="x" busy=forms.withdraw.pending()/>
            </Form>
        }
    });
    view! {
        <tr role="row">
            <td role="cell" class="lead" title=line.asked_title.clone()>
                <Who name=line.user_name.clone() id=line.user.clone() detail=line.asked.clone()/>
            </td>
            {team}
            <td role="cell" class="meta"><span class="name">{line.model.clone()}</span><small class="cap">{asks}</small></td>
            <td role="cell" class="meta why">{line.reason.clone()}</td>
            <td role="cell" class="meta why"><span class="nowrap">{state}</span>" "<small>{line.detail.clone()}</small>{note}</td>
            <td role="cell" class="meta"><div class="acts">{decide}{withdraw}</div></td>
        </tr>
    }
    .into_any()
}

fn grants(page: Requests, address: &str) -> AnyView {
    if page.grants.is_empty() {
        let text = if page.decides {
            "Access that somebody was given by approval stands here for as long as it counts."
        } else {
            "What you are given by approval stands here for as long as it counts."
        };
        return view! { <section class="card"><Empty title="No access by approval" text=text/></section> }.into_any();
    }
    let by_team = page.of_organization;
    let shown = match page.grants.len() {
        1 => "1 approval counts now".to_owned(),
        n => format!("{n} approvals count now"),
    };
    let rows = page.grants.iter().map(|line| grant(line, by_team, address)).collect_view().into_any();
    let heads = [
        Some(head("Who", "")),
        by_team.then(|| head("Team", "")),
        Some(head("Model", "")),
        Some(head("Given", "")),
        Some(head("Ends", "")),
        Some(actions_head()),
    ];
    let heads = heads.into_iter().flatten().collect();
    view! {
        <section class="card" aria-label="Access given">
            <StackTable heads=heads rows=rows/>
            <Pager summary=shown newer=None older=None/>
        </section>
    }
    .into_any()
}

fn grant(line: &GrantLine, by_team: bool, address: &str) -> AnyView {
    let who = if line.user.is_empty() {
        view! {
            <span class="who">
                <Tile name=line.team_name.clone() id=line.team.clone()/>
                <span><b class="trunc">"The whole team"</b><small class="trunc">{line.team_name.clone()}</small></span>
            </span>
        }
        .into_any()
    } else {
        view! { <Who name=line.user_name.clone() id=line.user.clone()/> }.into_any()
    };
    let team = by_team.then(|| {
        let href = format!("/t/{}/models/requests?show=given", line.team);
        view! { <td role="cell" class="meta"><a class="link-plain" href=href>{line.team_name.clone()}</a></td> }
    });
    let ends = if line.soon {
        view! { <Badge text=line.ends.clone() tone="warn" icon="clock"/> }.into_any()
    } else {
        view! { <span class="sub">{line.ends.clone()}</span> }.into_any()
    };
    let limits = (!line.limits.is_empty()).then(|| view! { <small class="mute">" "{line.limits.clone()}</small> });
    let end = line.may_end.then(|| {
        let href = format!("{address}?show=given&dialog=end&id={}", line.id);
        let whom = if line.user.is_empty() { "the whole team" } else { &line.user_name };
        let label = format!("End now: access of {whom} to {}", line.model);
        view! { <a aria-label=label href=href class="btn sm ghost" {..noscroll()}><Icon name="x"/>"End now"</a> }
    });
    view! {
        <tr role="row">
            <td role="cell" class="lead">{who}</td>
            {team}
            <td role="cell" class="meta"><span class="name">{line.model.clone()}</span></td>
            <td role="cell" class="meta sub" title=line.given_title.clone()>{line.given.clone()}</td>
            <td role="cell" class="meta">{ends}{limits}</td>
            <td role="cell" class="meta"><div class="acts">{end}</div></td>
        </tr>
    }
    .into_any()
}
