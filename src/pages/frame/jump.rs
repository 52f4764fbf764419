//! Search from every page: the button in the top bar and what it opens.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    app,
    components::{Icon, links},
    domain::address::encode,
    pages::lazy,
};

/// Whether the palette is open; context of the palette.
#[derive(Clone, Copy)]
pub struct Jump(pub RwSignal<bool>);

/// A link to the search page, and from where. Once the page lives, it and `Ctrl`/`Cmd` `K` open the palette over the page.
#[component]
pub(super) fn JumpButton() -> impl IntoView {
    let open = RwSignal::new(false);
    provide_context(Jump(open));
    let location = use_location();
    let address = Memo::new(move |_| format!("/search?at={}", encode(&location.pathname.read())));
    // Whoever sees a team as somebody else searches as themselves, on a page of their own.
    let as_another = move || {
        !app::viewing(&location.pathname.read_untracked(), &location.query.read_untracked().get("as").unwrap_or_default())
            .is_empty()
    };
    close_on_navigation(open);
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            if !(event.ctrl_key() || event.meta_key()) || event.key() != "k" {
                return;
            }
            event.prevent_default();
            if as_another() {
                links::load(&address.get_untracked());
            } else {
                open.update(|open| *open = !*open);
            }
        });
        on_cleanup(move || listener.remove());
    });
    let on_click = move |event: ev::MouseEvent| {
        let elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key();
        if !elsewhere && !as_another() {
            event.prevent_default();
            open.set(true);
        }
    };
    view! {
        <a class="jump" href=move || address.get() aria-label="Search or jump to" aria-keyshortcuts="Control+K Meta+K" on:click=on_click>
            <Icon name="search"/>
            <span class="grow not-m">"Search or jump to"</span>
            <kbd class="not-m">"Ctrl K"</kbd>
        </a>
        {move || open.get().then(lazy::palette)}
    }
}

/// What was found lies on another page; the palette closes with this one.
fn close_on_navigation(open: RwSignal<bool>) {
    let location = use_location();
    Effect::new(move |before: Option<(String, String)>| {
        let now = (location.pathname.get(), location.search.get());
        if before.is_some_and(|before| before != now) {
            open.set(false);
        }
        now
    });
}
