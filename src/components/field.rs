use leptos::prelude::*;

use super::{Icon, drawn};

/// A labelled input with its hint and its error, tied together for assistive technology. The error replaces the hint.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    name: &'static str,
    /// Defaults to `name`; set it where a page has the name twice.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(default = "text")] kind: &'static str,
    /// What stands in it at first. What was typed stays by itself.
    #[prop(optional, into)]
    value: Option<String>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: MaybeProp<String>,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] readonly: bool,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional)] minlength: Option<u32>,
    #[prop(optional)] pattern: Option<&'static str>,
    #[prop(optional, into)] min: Option<String>,
    #[prop(optional, into)] max: Option<String>,
    #[prop(optional)] step: Option<&'static str>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] prefix: &'static str,
    #[prop(optional)] suffix: &'static str,
    /// `sm` or `xl`.
    #[prop(optional)]
    size: &'static str,
    /// A link at the end of the label line: words and address.
    #[prop(optional_no_strip)]
    aside: Option<(&'static str, &'static str)>,
    /// What of the label is set in bold.
    #[prop(optional, into)]
    strong: String,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.to_owned());
    let note_id = format!("{id}-note");
    let described = (!hint.is_empty()).then(|| note_id.clone());
    let described_on_error = note_id.clone();
    // A password can be looked at; that is decided in the browser only, so both sides render it hidden at first.
    let shown = RwSignal::new(false);
    let is_password = kind == "password";
    let input_kind = move || if is_password && shown.get() { "text" } else { kind };
    let toggle = is_password.then(|| {
        view! {
            <button
                class="ib sm needs-js"
                type="button"
                aria-label="Show password"
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >
                <Icon name="eye"/>
            </button>
        }
    });
    let prefix = (!prefix.is_empty()).then(|| view! { <span class="pre" aria-hidden="true">{prefix}</span> });
    let suffix = (!suffix.is_empty()).then(|| view! { <span class="suf">{suffix}</span> });
    view! {
        <div class="field">
            {label_line(&id, label, &strong, optional, aside)}
            <div class=format!("in {size}")>
                {prefix}
                <input
                    id=id.clone()
                    name=name
                    type=input_kind
                    value=value
                    required=required
                    autofocus=autofocus
                    readonly=readonly
                    autocomplete=autocomplete
                    inputmode=inputmode
                    maxlength=maxlength
                    minlength=minlength
                    pattern=pattern
                    min=min
                    max=max
                    step=step
                    placeholder=placeholder
                    aria-invalid=move || error.try_get().flatten().is_some().then_some("true")
                    aria-describedby=move || if error.try_get().flatten().is_some() { Some(described_on_error.clone()) } else { described.clone() }
                />
                {suffix}
                {toggle}
            </div>
            {note_line(note_id, hint, error)}
        </div>
    }
}

/// The same for longer text.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] id: Option<String>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] error: MaybeProp<String>,
    #[prop(optional)] required: bool,
    #[prop(optional)] optional: bool,
    #[prop(default = 3)] rows: u32,
    #[prop(optional)] maxlength: Option<u32>,
    /// Set in the monospaced face, without spell checking.
    #[prop(optional)]
    code: bool,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.to_owned());
    let note_id = format!("{id}-note");
    let described = note_id.clone();
    view! {
        <div class="field">
            {label_line(&id, label, "", optional, None)}
            <div class="in">
                <textarea
                    id=id.clone()
                    class=if code { "mono" } else { "" }
                    name=name
                    rows=rows
                    required=required
                    maxlength=maxlength
                    spellcheck=if code { "false" } else { "true" }
                    aria-invalid=move || error.try_get().flatten().is_some().then_some("true")
                    aria-describedby=described
                >
                    {value}
                </textarea>
            </div>
            {note_line(note_id, hint, error)}
        </div>
    }
}

/// The line above an input: label, of which a part may be bold, "optional", a link.
pub(super) fn label_line(
    id: &str,
    label: String,
    strong: &str,
    optional: bool,
    aside: Option<(&'static str, &'static str)>,
) -> AnyView {
    let label = match label.split_once(strong).filter(|_| !strong.is_empty()) {
        Some((before, after)) => view! { {before.to_owned()} <b>{strong.to_owned()}</b> {after.to_owned()} }.into_any(),
        None => label.into_any(),
    };
    let optional = optional.then(|| view! { <span class="opt">"optional"</span> });
    let aside = aside.map(|(words, href)| view! { <a class="link" href=href>{words}</a> });
    view! {
        <span class="label">
            <label for=id.to_owned()>{label}</label>
            {optional}
            {aside}
        </span>
    }
    .into_any()
}

/// The line below an input: its error, else its hint.
pub(super) fn note_line(id: String, hint: String, error: MaybeProp<String>) -> AnyView {
    // It may be gone already: a dialog that an answer closes is still on the page for a moment.
    drawn(move || match error.try_get().flatten() {
        Some(text) => Some(view! { <p class="err" id=id.clone()><Icon name="alert"/><span>{text}</span></p> }.into_any()),
        None if hint.is_empty() => None,
        None => Some(view! { <p class="hint" id=id.clone()>{hint.clone()}</p> }.into_any()),
    })
}
