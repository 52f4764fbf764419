//! Tallygate: a team dashboard with an embedded LLM gateway.
//!
//! | module | what it holds | compiled for |
//! |---|---|---|
//! | [`domain`] | pure types and rules: money, roles, keys, catalog, usage figures | server and browser |
//! | [`error`] | what a browser may learn of a failure | server and browser |
//! | [`components`], [`pages`], [`app`] | the dashboard | server and browser |
//! | [`server_fns`] | the pages' door to the services | server and browser |
//! | [`wire`] | how answers travel to the pages | server and browser |
//! | `service` | what the product does, for any door | server |
//! | `storage` | all SQL | server |
//! | `gateway` | the OpenAI-compatible data plane | server |
//! | `api` | the REST management API | server |
//! | `server` | composition: configuration, router, layers, shutdown | server |

#![recursion_limit = "512"]

pub mod app;
pub mod components;
pub mod domain;
pub mod error;
pub mod pages;
pub mod server_fns;
pub mod wire;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod gateway;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod storage;

/// Wakes the server's HTML up in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    // Waits for the code of the page's group, where it has one.
    leptos::mount::hydrate_lazy(app::App);
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
