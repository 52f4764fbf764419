use leptos::prelude::*;

use crate::{
    components::{Icon, Opt, PickBox, filter_chips},
    server_fns::audit::{AuditAsked, AuditPage as Audit},
};

/// A form that asks by its address, and what it asks for now, each with the way out of it.
pub(super) fn form(page: &Audit, address: &str, asked: &AuditAsked) -> AnyView {
    let any = std::iter::once(Opt::new("", "Any"));
    let actions: Vec<Opt> = any.clone().chain(page.actions.iter().map(|(value, label)| Opt::new(value, label))).collect();
    let results: Vec<Opt> = any.chain([Opt::new("done", "Done"), Opt::new("denied", "Denied")]).collect();
    let kept = [("actor", asked.actor.clone()), ("target", asked.target.clone())];
    let kept = kept
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    view! {
        <form class="filters" method="get" action=address.to_owned() aria-label="Filter entries" role="search">
            {kept}
            {text("person", "Person", "user", &asked.person)}
            <PickBox label="Action" name="action" choices=actions selected=asked.action.clone()/>
            {text("object", "Object", "cube", &asked.object)}
            <PickBox label="Result" name="outcome" choices=results selected=asked.outcome.clone()/>
            {day("from", "From", &asked.from)}
            {day("to", "To", &asked.to)}
            <button class="btn" type="submit">"Filter"</button>
        </form>
        {(!page.chips.is_empty()).then(|| view! { <div class="filters">{filter_chips(&page.chips, address)}</div> })}
    }
    .into_any()
}

fn text(name: &'static str, label: &'static str, icon: &'static str, value: &str) -> AnyView {
    view! {
        <label class="in sm part">
            <Icon name=icon class="i-14"/>
            <input type="search" name=name value=value.to_owned() placeholder=label aria-label=format!("{label}, a part of the name")/>
        </label>
    }
    .into_any()
}

fn day(name: &'static str, label: &'static str, value: &str) -> AnyView {
    view! {
        <label class="pickbox">
            <span>{label}</span>
            <input type="date" name=name value=value.to_owned() aria-label=format!("{label}, a day in UTC")/>
        </label>
    }
    .into_any()
}
