//! Search from every page: the button in the top bar and what it opens.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    app,
    components::{Icon, browser, drawn, links},
    domain::address::encode,
    pages::lazy,
};

/// Whether the palette is open; context of the palette.
#[derive(Clone, Copy)]
pub struct Jump(pub RwSignal<bool>);

/// A link to the search page, and from where. Once the page lives, it and `Ctrl`/`Cmd` `K` open the palette over the page; the palette's
/// code comes with its first opening.
#[component]
pub(super) fn JumpButton() -> impl IntoView {
    let Jump(open) = expect_context();
    let draw = RwSignal::new(None);
    let location = use_location();
    // It is followed where no script is: then the page is loaded as a whole, and this with it.
    let address = format!("/search?at={}", encode(&location.pathname.read_untracked()));
    let toggle = move || {
        // Whoever sees a team as somebody else searches as themselves, on a page of their own.
        let member = location.query.read_untracked().get("as").unwrap_or_default();
        if !app::viewing(&location.pathname.read_untracked(), &member).is_empty() {
            links::load("/search");
            return;
        }
        if draw.read_untracked().is_none() {
            lazy::load_palette(draw);
        }
        open.update(|open| *open = !*open);
    };
    browser::on_jump_keys(toggle);
    let on_click = move |event: ev::MouseEvent| {
        // With these keys links open elsewhere.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            toggle();
        }
    };
    view! {
        <a class="jump" href=address aria-label="Search or jump to" aria-keyshortcuts="Control+K Meta+K" on:click=on_click>
            <Icon name="search"/>
            <span class="grow not-m">"Search or jump to"</span>
            <kbd class="not-m">"Ctrl K"</kbd>
        </a>
        {drawn(move || draw.get().filter(|_| open.get()).map(|draw| draw()))}
    }
}
