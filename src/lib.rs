//! Tallygate: a team dashboard with an embedded LLM gateway.

#![recursion_limit = "512"]

pub mod app;
pub mod components;

/// Wakes the server's HTML up in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
