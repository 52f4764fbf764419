use leptos::prelude::*;

use super::{
    Icon,
    field::{label_line, note_line},
};

/// One entry of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    pub value: String,
    pub label: String,
}

impl Opt {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

fn options(options: Vec<Opt>, selected: &str) -> AnyView {
    options
        .into_iter()
        .map(|option| {
            let chosen = option.value == selected;
            view! { <option value=option.value selected=chosen>{option.label}</option> }
        })
        .collect_view()
        .into_any()
}

/// A labelled native select.
#[component]
pub fn Select(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] id: Option<String>,
    choices: Vec<Opt>,
    #[prop(optional, into)] selected: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: MaybeProp<String>,
    #[prop(optional)] required: bool,
    #[prop(optional)] optional: bool,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.to_owned());
    let note_id = format!("{id}-note");
    let described = note_id.clone();
    view! {
        <div class="field">
            {label_line(&id, label, "", optional, None)}
            <div class="in sel">
                <select
                    id=id.clone()
                    name=name
                    required=required
                    aria-invalid=move || error.try_get().flatten().is_some().then_some("true")
                    aria-describedby=described
                >
                    {options(choices, &selected)}
                </select>
                <Icon name="chevd"/>
            </div>
            {note_line(note_id, hint, error)}
        </div>
    }
}

/// A select of a filter bar, its label inside the box: "Status Any".
#[component]
pub fn PickBox(
    #[prop(into)] label: String,
    name: &'static str,
    choices: Vec<Opt>,
    #[prop(optional, into)] selected: String,
) -> impl IntoView {
    view! {
        <label class="pickbox">
            <span>{label}</span>
            <select name=name>{options(choices, &selected)}</select>
            <Icon name="chevd"/>
        </label>
    }
}
