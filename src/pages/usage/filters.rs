use leptos::prelude::*;

use crate::{
    components::{Icon, Opt, PickBox, filter_chips},
    server_fns::{
        statistics::{ChoiceLink, FilterField, UsagePage as Usage},
        usage::asked::UsageAsked,
    },
};

/// Range, filters, intervals and groups: all links and forms that ask by the address.
pub(super) fn bar(page: &Usage, address: &str) -> AnyView {
    let intervals = page.intervals.iter().map(link).collect_view();
    let add = page.fields.is_empty().then(|| {
        view! { <a class="chip add" href=page.add_filter.clone()><Icon name="plus"/>"Add filter"</a> }
    });
    let form = (!page.fields.is_empty()).then(|| add_form(page, address));
    view! {
        <div class="filters">
            {range(page, address)}
            {filter_chips(&page.chips, &page.clear)}
            {add}
            <div class="end">
                {(page.intervals.len() > 1).then(|| view! { <nav class="seg" aria-label="Interval">{intervals}</nav> })}
                {drop("Group by", &page.groups)}
                {drop("Calls", &page.tests)}
            </div>
        </div>
        {form}
    }
    .into_any()
}

fn link(choice: &ChoiceLink) -> AnyView {
    view! { <a href=choice.href.clone() aria-current=choice.here.then_some("true")>{choice.label.clone()}</a> }.into_any()
}

/// Choices that fold away behind the one that is chosen.
fn drop(label: &'static str, choices: &[ChoiceLink]) -> Option<AnyView> {
    let now = choices.iter().find(|choice| choice.here).or(choices.first())?.label.clone();
    let links = choices.iter().map(link).collect_view();
    Some(
        view! {
            <details class="drop">
                <summary class="btn"><span class="mute">{label}</span>{now}<Icon name="chevd" class="i-14"/></summary>
                <nav class="panel" aria-label=label>{links}</nav>
            </details>
        }
        .into_any(),
    )
}

fn range(page: &Usage, address: &str) -> AnyView {
    let presets = page.presets.iter().map(link).collect_view();
    view! {
        <details class="drop wide">
            <summary class="btn"><Icon name="cal"/>{page.range.clone()}<Icon name="chevd" class="i-14"/></summary>
            <div class="panel">
                <nav aria-label="Range">{presets}</nav>
                <form method="get" action=address.to_owned() aria-label="Range of days">
                    {kept(&page.range_keeps)}
                    {day("from", "From", &page.from_day)}
                    {day("to", "To", &page.to_day)}
                    <button class="btn" type="submit">"Show"</button>
                    <p class="mute small">{format!("Whole days, as clocks in {} show them.", page.zone)}</p>
                </form>
            </div>
        </details>
    }
    .into_any()
}

fn day(name: &'static str, label: &'static str, value: &str) -> AnyView {
    view! {
        <label class="pickbox">
            <span>{label}</span>
            <input type="date" name=name value=value.to_owned()/>
        </label>
    }
    .into_any()
}

fn kept(pairs: &[(String, String)]) -> AnyView {
    let inputs = pairs.iter().map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> });
    inputs.collect_view().into_any()
}

fn add_form(page: &Usage, address: &str) -> AnyView {
    let back = page.add_filter.rsplit_once(['?', '&']).map_or_else(|| address.to_owned(), |(back, _)| back.to_owned());
    view! {
        <form class="filters" method="get" action=address.to_owned() aria-label="Filters" role="search">
            {kept(&page.filter_keeps)}
            {page.fields.iter().filter_map(field).collect_view()}
            <button class="btn primary" type="submit">"Filter"</button>
            <a class="btn ghost" href=back>"Cancel"</a>
        </form>
    }
    .into_any()
}

fn field(field: &FilterField) -> Option<AnyView> {
    let name = UsageAsked::FILTERS.into_iter().find(|name| *name == field.name)?;
    let any = std::iter::once(Opt::new("", "Any"));
    let choices: Vec<Opt> = any.chain(field.choices.iter().map(|(value, label)| Opt::new(value, label))).collect();
    Some(view! { <PickBox label=field.label.clone() name=name choices=choices selected=field.chosen.clone()/> }.into_any())
}
