use leptos::prelude::*;

use super::CopyButton;
use crate::domain::snippets::Snippets;

/// A secret that is shown once: readable in full, with a button that copies it.
#[component]
pub fn Secret(
    #[prop(into)] label: String,
    id: &'static str,
    #[prop(into)] value: String,
    #[prop(optional, into)] hint: String,
    /// Words of the button.
    #[prop(default = "Copy key")]
    copy: &'static str,
) -> impl IntoView {
    let hint = (!hint.is_empty()).then(|| view! { <p class="hint">{hint}</p> });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="secret">
                <input id=id readonly=true value=value.clone() spellcheck="false" autocomplete="off"/>
                <CopyButton text=value label=copy class="sm primary"/>
            </div>
            {hint}
        </div>
    }
}

/// Code to copy, in curl, Python or JavaScript. The switch is a radio group, so it needs no script.
#[component]
pub fn SnippetTabs(
    /// Unique on the page; names the radio group.
    id: &'static str,
    #[prop(default = "Try it")] label: &'static str,
    #[prop(into)] text: Signal<Snippets>,
) -> impl IntoView {
    let of = |find: fn(&Snippets) -> &String| Signal::derive(move || text.with(|text| find(text).clone()));
    let languages = [
        ("curl", "curl", of(|text| &text.curl)),
        ("python", "Python", of(|text| &text.python)),
        ("javascript", "JavaScript", of(|text| &text.javascript)),
    ];
    let radios = languages
        .iter()
        .map(|(value, name, _)| {
            view! {
                <label>
                    // Of no form: which language is looked at is not to be sent.
                    <input type="radio" name=id value=*value checked=*value == "curl" form=""/>
                    {*name}
                </label>
            }
        })
        .collect_view();
    let blocks = languages
        .into_iter()
        .map(|(value, _, code)| {
            view! {
                <div class="snippet-body" data-lang=value>
                    <pre class="code" tabindex="0">{code}</pre>
                    <CopyButton text=code label="Copy" class="sm"/>
                </div>
            }
        })
        .collect_view();
    view! {
        <div class="snippet">
            <div class="snippet-head">
                <span>{label}</span>
                <span class="seg" role="radiogroup" aria-label="Language">{radios}</span>
            </div>
            {blocks}
        </div>
    }
}
