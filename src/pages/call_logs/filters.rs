use leptos::prelude::*;

use super::steps;
use crate::{
    components::{Icon, filter_chips},
    server_fns::call_logs::{CallLogPage, FieldKind, FilterField},
};

/// A form that asks by its address, and what it asks for now, each with the way out of it.
pub(super) fn form(page: &CallLogPage) -> AnyView {
    let hidden = page
        .hidden
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone()/> })
        .collect_view();
    let action = page.address.split('?').next().unwrap_or_default().to_owned();
    let fields = page.fields.iter().map(boxed).collect_view();
    let more = page.more.iter().map(labelled).collect_view();
    view! {
        <div class="filters">{steps("Range", "", page.presets.clone())}</div>
        <form class="filters log-filters" method="get" action=action aria-label="Filter calls" role="search">
            {hidden}
            {fields}
            <details class="more" open=page.more_set>
                <summary class="btn">"More filters"</summary>
                <div class="more-grid">{more}</div>
            </details>
            <button class="btn" type="submit">"Filter"</button>
        </form>
        {(!page.chips.is_empty()).then(|| view! { <div class="filters">{filter_chips(&page.chips, &page.address)}</div> })}
    }
    .into_any()
}

/// A filter with its label inside the box.
fn boxed(field: &FilterField) -> AnyView {
    let input = input(field, None);
    let icon = (field.kind == FieldKind::Pick).then(|| view! { <Icon name="chevd"/> });
    view! { <label class="pickbox"><span>{field.label.clone()}</span>{input}{icon}</label> }.into_any()
}

/// A filter with its label above.
fn labelled(field: &FilterField) -> AnyView {
    let id = format!("f-{}", field.name);
    let input = input(field, Some(id.clone()));
    let (class, icon) = match field.kind {
        FieldKind::Pick => ("in sel", Some(view! { <Icon name="chevd"/> })),
        _ => ("in", None),
    };
    view! {
        <div class="field">
            <label for=id>{field.label.clone()}</label>
            <div class=class>{input}{icon}</div>
        </div>
    }
    .into_any()
}

fn input(field: &FilterField, id: Option<String>) -> AnyView {
    let (name, value) = (field.name.clone(), field.value.clone());
    match field.kind {
        FieldKind::Pick => {
            let options = field
                .choices
                .iter()
                .map(|(choice, label)| {
                    let chosen = *choice == field.value;
                    view! { <option value=choice.clone() selected=chosen>{label.clone()}</option> }
                })
                .collect_view();
            view! { <select id=id name=name>{options}</select> }.into_any()
        }
        FieldKind::Text => view! { <input id=id type="text" name=name value=value autocomplete="off"/> }.into_any(),
        FieldKind::Number => {
            view! { <input id=id type="text" inputmode="numeric" name=name value=value autocomplete="off"/> }.into_any()
        }
        FieldKind::Day => view! { <input id=id type="date" name=name value=value/> }.into_any(),
    }
}
