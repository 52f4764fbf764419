use leptos::prelude::*;

use super::{Icon, browser};

/// Copies `text`; says "Copied" for two seconds, to the eye and to a screen reader. Hidden where there is no script.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] label: String,
    /// As of [`Button`](super::Button).
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let on_click = move |_| {
        browser::copy(&text.get_untracked());
        copied.set(true);
        browser::after(2_000, move || {
            let _ = copied.try_set(false);
        });
    };
    view! {
        <button class=format!("btn needs-js {class}") type="button" on:click=on_click>
            <Icon name="copy" class="i-14"/>
            <span role="status">{move || if copied.get() { "Copied".to_owned() } else { label.clone() }}</span>
        </button>
    }
}
