use leptos::prelude::*;

/// A checkbox with its words beside it. Inside a form; its value is `true`.
#[component]
pub fn Checkbox(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional)] checked: bool,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] hint: String,
) -> impl IntoView {
    let hint = (!hint.is_empty()).then(|| view! { <small>{hint}</small> });
    view! {
        <label class="chk">
            <input type="checkbox" name=name value="true" checked=checked required=required/>
            <span>{label}{hint}</span>
        </label>
    }
}

/// One choice of a radio group or a segmented control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A line below the label; radio groups only.
    pub hint: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: String::new() }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// Two to four short choices in a row, as native radios.
#[component]
pub fn Segmented(
    #[prop(into)] label: String,
    name: &'static str,
    choices: Vec<Choice>,
    #[prop(into)] selected: String,
    #[prop(optional, into)] hint: String,
) -> impl IntoView {
    let radios = choices
        .into_iter()
        .map(|choice| {
            let checked = choice.value == selected;
            view! {
                <label>
                    <input type="radio" name=name value=choice.value checked=checked/>
                    {choice.label}
                </label>
            }
        })
        .collect_view();
    let hint = (!hint.is_empty()).then(|| view! { <p class="hint">{hint}</p> });
    view! {
        <fieldset class="field">
            <legend>{label}</legend>
            <span class="seg">{radios}</span>
            {hint}
        </fieldset>
    }
}

/// Choices one below the other, each with a line that explains it.
#[component]
pub fn RadioGroup(
    #[prop(into)] label: String,
    name: &'static str,
    choices: Vec<Choice>,
    #[prop(into)] selected: String,
) -> impl IntoView {
    let radios = choices
        .into_iter()
        .map(|choice| {
            let checked = choice.value == selected;
            let hint = (!choice.hint.is_empty()).then(|| view! { <small>{choice.hint}</small> });
            view! {
                <label class="chk">
                    <input type="radio" name=name value=choice.value checked=checked/>
                    <span>{choice.label}{hint}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend>{label}</legend>
            {radios}
        </fieldset>
    }
}
