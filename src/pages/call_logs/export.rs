//! Files of all calls that the filters let through. The browser fetches them by a plain link, as large as they are; the page asks the
//! server meanwhile how far they have come.

use leptos::prelude::*;

use crate::{
    components::{Icon, browser},
    server_fns::call::call,
    server_fns::call_logs::{ExportState, GetExportProgress},
};

/// How often it is asked.
const ASK_MS: u64 = 1_000;
/// How often nothing may be known of a file before it is given up: the browser may ask where to put it first.
const PATIENCE: u32 = 60;

/// The links, and how far the file has come that was fetched with one.
pub(super) fn links(files: Vec<(String, String, String)>, export: String) -> AnyView {
    let shown = RwSignal::new(ExportState::default());
    let export = StoredValue::new(export);
    let fetched = move |_| {
        shown.set(ExportState { text: "The file begins".to_owned(), ..ExportState::default() });
        ask(export, shown, 0);
    };
    let links = files
        .into_iter()
        .map(|(label, name, href)| {
            view! {
                // A file, not a page: the browser fetches it.
                <a class="btn" href=href download=name rel="external" on:click=fetched><Icon name="down"/>{format!("Export {label}")}</a>
            }
        })
        .collect_view();
    let meter = move || {
        let state = shown.get();
        (!state.text.is_empty()).then(|| {
            let bar = state.share_bp.map(|share| {
                let width = format!("width:{}.{:02}%", share / 100, share % 100);
                view! { <span class="export-bar" aria-hidden="true"><i style=width></i></span> }
            });
            view! { <span class="export">{bar}<span class="mute">{state.text}</span></span> }
        })
    };
    view! { <span role="status" class="export-state">{meter}</span>{links} }.into_any()
}

fn ask(export: StoredValue<String>, shown: RwSignal<ExportState>, unknown: u32) {
    browser::after(ASK_MS, move || {
        let Some(name) = export.try_get_value() else { return };
        leptos::task::spawn_local(async move {
            let unknown = match call(GetExportProgress { export: name }).await {
                Ok(Some(state)) => {
                    let over = state.over;
                    if shown.try_set(state).is_some() || over {
                        return;
                    }
                    0
                }
                Ok(None) | Err(_) => unknown + 1,
            };
            if unknown < PATIENCE {
                ask(export, shown, unknown);
            } else {
                let _ = shown.try_set(ExportState::default());
            }
        });
    });
}
