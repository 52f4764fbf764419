use leptos::prelude::*;

use super::{Icon, browser};

/// Says briefly that something worked. Never for errors, never the only record of a change.
#[derive(Clone, Copy)]
pub struct Toaster {
    message: RwSignal<Option<(u32, String)>>,
}

impl Toaster {
    /// Makes the one toaster of the page, for `provide_context`.
    #[must_use]
    pub fn new() -> Self {
        Self { message: RwSignal::new(None) }
    }

    /// Shows `text` for six seconds, in place of any other.
    pub fn show(&self, text: impl Into<String>) {
        let message = self.message;
        let number = message.with_untracked(|now| now.as_ref().map_or(0, |(number, _)| number + 1));
        message.set(Some((number, text.into())));
        browser::after(6_000, move || {
            // A newer one has its own six seconds.
            let same = message.try_with_untracked(|now| now.as_ref().is_some_and(|(shown, _)| *shown == number));
            if same == Some(true) {
                message.set(None);
            }
        });
    }
}

impl Default for Toaster {
    fn default() -> Self {
        Self::new()
    }
}

/// The toaster that the page's shell provides.
pub fn use_toaster() -> Toaster {
    use_context().unwrap_or_default()
}

/// The place where toasts appear.
#[component]
pub fn Toasts(toaster: Toaster) -> impl IntoView {
    let toast = move || {
        toaster.message.get().map(|(_, text)| {
            view! {
                <div class="toast">
                    <Icon name="okc"/>
                    <span class="grow">{text}</span>
                    <button class="ib sm" type="button" aria-label="Dismiss" on:click=move |_| toaster.message.set(None)>
                        <Icon name="x" class="i-14"/>
                    </button>
                </div>
            }
        })
    };
    view! { <div class="toasts" role="status">{toast}</div> }
}
