use leptos::prelude::*;

use super::Query;
use crate::{
    components::{Badge, Icon, Menu, noscroll},
    domain::authorization::TeamState,
    pages::failure::encode,
    server_fns::team_models::{ModelLine, StateChoice, TeamModelsPage as Models, list_address},
};

/// A state in a word.
pub(super) fn state_word(state: TeamState) -> &'static str {
    match state {
        TeamState::Direct => "Direct",
        TeamState::Approval => "Approval",
        TeamState::Closed => "Closed",
    }
}

/// Class and icon of a state.
fn state_look(state: TeamState) -> (&'static str, &'static str) {
    match state {
        TeamState::Direct => ("ok", "okc"),
        TeamState::Approval => ("wa", "ask"),
        TeamState::Closed => ("no", "lock"),
    }
}

/// A row for whoever sets the access.
pub(super) fn managed(model: &ModelLine, page: &Models, query: &Query) -> AnyView {
    let access = if model.choices.is_empty() { still(model.state) } else { choices(model, query) };
    let dimmed = model.state == TeamState::Closed && model.choices.is_empty();
    view! {
        <tr role="row" class=if dimmed { "dim" } else { "" }>
            {lead(model)}
            {price(model)}
            <td role="cell" class="wide">{access}</td>
            <td role="cell" class="drop by">
                <span class="sub">{model.set_by.clone()}</span>
                <small>{model.set_detail.clone()}</small>
            </td>
            <td role="cell" class="n beside" title=model.calls.clone()>{model.spent.clone()}</td>
            <td role="cell" class="act">{menu(model, page, query)}</td>
        </tr>
    }
    .into_any()
}

/// A row for whoever calls it.
pub(super) fn own(model: &ModelLine, query: &Query) -> AnyView {
    let access = match (model.callable, model.requested) {
        (true, _) => {
            let (class, icon) = if model.set_by == "Approved" { ("st wa", "ask") } else { ("st ok", "okc") };
            view! { <span class=class><Icon name=icon class="i-14"/>{model.set_by.clone()}</span> }.into_any()
        }
        (false, true) => view! { <Badge text="Waiting for a decision" tone="warn" icon="clock"/> }.into_any(),
        (false, false) => view! { <span class="st"><Icon name="ask" class="i-14"/>"Needs an approval"</span> }.into_any(),
    };
    let request = model.may_request.then(|| {
        let href = ask_address(query, model);
        view! { <a class="btn sm" href=href>"Request access"</a> }
    });
    view! {
        <tr role="row">
            {lead(model)}
            {price(model)}
            <td role="cell" class="meta">{access}</td>
            <td role="cell" class="act">{request}</td>
        </tr>
    }
    .into_any()
}

fn lead(model: &ModelLine) -> AnyView {
    let new = model.is_new.then(|| view! { <Badge text="New" tone="acc"/> });
    view! {
        <td role="cell" class="lead">
            <span class="name">{model.name.clone()}" "{new}</span>
            <small>{model.detail.clone()}</small>
        </td>
    }
    .into_any()
}

fn price(model: &ModelLine) -> AnyView {
    let more = (!model.price_more.is_empty()).then(|| view! { " "<span class="mute">{model.price_more.clone()}</span> });
    view! { <td role="cell" class="n drop">{model.price.clone()}{more}</td> }.into_any()
}

/// A state that can not be changed here.
fn still(state: TeamState) -> AnyView {
    let (class, icon) = state_look(state);
    view! { <span class=format!("st {class}")><Icon name=icon class="i-14"/>{state_word(state)}</span> }.into_any()
}

/// The three states. Each that can be chosen is a link to its effects; what the organization does not give says so.
fn choices(model: &ModelLine, query: &Query) -> AnyView {
    let segments = model.choices.iter().map(|choice| segment(choice, model, query)).collect_view();
    view! { <span class="seg tri" role="group" aria-label=format!("Access to {}", model.name)>{segments}</span> }.into_any()
}

fn segment(choice: &StateChoice, model: &ModelLine, query: &Query) -> AnyView {
    let (class, icon) = state_look(choice.state);
    let word = state_word(choice.state);
    if choice.state == model.state {
        return view! { <span class=format!("{class} on") aria-current="true"><Icon name=icon class="i-12"/>{word}</span> }
            .into_any();
    }
    if !choice.refused.is_empty() {
        let (reason, title) = (choice.refused.clone(), choice.refused.clone());
        return view! {
            <span class="off" role="link" tabindex="0" aria-disabled="true" title=title>
                {word}
                <span class="vh">": "{reason}</span>
            </span>
        }
        .into_any();
    }
    let href = change(query, model, choice.state.as_str());
    view! { <a class=class href=href.clone() {..noscroll()}>{word}</a> }.into_any()
}

fn change(query: &Query, model: &ModelLine, to: &str) -> String {
    format!("{}?dialog=change&what=model&name={}&to={to}", list_address(&query.team), encode(&model.name))
}

/// The address of the dialog that asks for a model: on the page of the requests, which then says how the request stands. Here its code
/// would be too much to load.
fn ask_address(query: &Query, model: &ModelLine) -> String {
    format!("{}/requests?dialog=request&model={}", list_address(&query.team), encode(&model.name))
}

fn menu(model: &ModelLine, page: &Models, query: &Query) -> Option<AnyView> {
    let unset = (model.has_row && !model.choices.is_empty()).then(|| {
        let href = change(query, model, "unset");
        view! { <a href=href.clone() {..noscroll()}><Icon name="x"/>"Take away own setting"</a> }
    });
    let request = model.may_request.then(|| {
        let href = ask_address(query, model);
        view! { <a href=href><Icon name="ask"/>"Request access"</a> }
    });
    if !page.may_manage {
        return None;
    }
    let limits = format!("{}?dialog=limits&what=limits&name={}", list_address(&query.team), encode(&model.name));
    let history = format!("/t/{}/audit?target={}", query.team, model.id);
    let explain = format!("{}/explain?model={}", list_address(&query.team), encode(&model.name));
    let menu = view! {
        <Menu
            id=format!("model-{}", model.id)
            label=format!("More about {}", model.name)
            class="end"
            button=|| view! { <Icon name="dots"/> }
        >
            {request}
            <a href=limits.clone() {..noscroll()}><Icon name="gauge"/>"Limits"</a>
            {unset}
            <a href=explain><Icon name="info"/>"Explain access"</a>
            <a href=history><Icon name="clock"/>"History"</a>
        </Menu>
    };
    Some(menu.into_any())
}
