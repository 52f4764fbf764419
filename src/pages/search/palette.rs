use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_location;

use super::{PLACEHOLDER, no_match, parts};
use crate::{
    components::{Icon, browser},
    pages::{data::PageData, failure::part_failure, frame::Jump},
    server_fns::search::{Hits, Search},
};

/// How long typing rests before it is searched for.
const REST_MS: u64 = 120;

/// What the palette shows, beside the hits themselves.
#[derive(Clone, Copy)]
struct State {
    /// What stands in the field.
    typed: RwSignal<String>,
    /// What is searched for: the same, a moment later.
    asked: RwSignal<String>,
    /// What the hits on the page are for.
    shown: RwSignal<String>,
    /// How many hits there are.
    count: RwSignal<usize>,
    /// Which of them `Enter` opens.
    chosen: RwSignal<usize>,
    /// `Enter` was pressed before its hits were there.
    entered: RwSignal<bool>,
}

impl State {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            typed: text(),
            asked: text(),
            shown: text(),
            count: RwSignal::new(0),
            chosen: RwSignal::new(0),
            entered: RwSignal::new(false),
        }
    }

    fn on_input(self, text: String) {
        self.typed.set(text.clone());
        browser::after(REST_MS, move || {
            // The palette may be closed by then.
            if self.typed.try_get_untracked().is_some_and(|typed| typed == text) {
                self.asked.set(text);
            }
        });
    }

    fn on_key(self, event: &ev::KeyboardEvent) {
        let (count, chosen) = (self.count.get_untracked(), self.chosen.get_untracked());
        match event.key().as_str() {
            "ArrowDown" if count > 0 => self.choose((chosen + 1) % count),
            "ArrowUp" if count > 0 => self.choose((chosen + count - 1) % count),
            "Enter" => self.enter(),
            _ => return,
        }
        event.prevent_default();
    }

    fn choose(self, place: usize) {
        self.chosen.set(place);
        browser::scroll_to(&hit_id(place));
    }

    /// Opens the chosen hit, or the first of what was typed as soon as it is known.
    fn enter(self) {
        let typed = self.typed.get_untracked();
        if typed.trim() == self.shown.get_untracked() {
            browser::press(&format!("#{}", hit_id(self.chosen.get_untracked())));
        } else {
            self.entered.set(true);
            self.asked.set(typed);
        }
    }

    /// Takes the hits that came.
    fn show(self, hits: &Hits) {
        let count = hits.groups.iter().map(|group| group.hits.len()).sum();
        self.count.set(count);
        self.chosen.set(0);
        self.shown.set(hits.text.clone());
        if self.entered.get_untracked() && self.typed.get_untracked().trim() == hits.text {
            self.entered.set(false);
            // The hits stand on the page a moment later.
            browser::after(0, || browser::press(&format!("#{}", hit_id(0))));
        }
    }

    /// For whoever does not see the list.
    fn summary(self) -> String {
        match (self.count.get(), self.shown.get()) {
            (0, text) if text.is_empty() => String::new(),
            (0, text) => no_match(&text),
            (1, _) => "1 result".to_owned(),
            (n, _) => format!("{n} results"),
        }
    }
}

fn hit_id(place: usize) -> String {
    format!("hit-{place}")
}

/// Search over the page that is open: what is typed, the hits below it, and keys to walk among them.
#[component]
pub fn Palette() -> impl IntoView {
    let Jump(open) = expect_context();
    let state = State::new();
    let at = use_location().pathname.get_untracked();
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = node.get() {
            browser::open_modal(dialog);
        }
    });
    on_cleanup(browser::return_focus);
    let hits = PageData::load(move || Search { text: state.asked.get(), at: at.clone() });
    let expanded = move || if state.count.get() > 0 { "true" } else { "false" };
    let active = move || (state.count.get() > 0).then(|| hit_id(state.chosen.get()));
    view! {
        <dialog class="dlg palette" aria-label="Search" closedby="any" node_ref=node on:close=move |_| open.set(false)>
            <label class="ask">
                <Icon name="search"/>
                <input
                    type="text"
                    autofocus=true
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="200"
                    role="combobox"
                    aria-label="Search or jump to"
                    aria-autocomplete="list"
                    aria-controls="hits"
                    aria-expanded=expanded
                    aria-activedescendant=active
                    placeholder=PLACEHOLDER
                    on:input=move |event| state.on_input(event_target_value(&event))
                    on:keydown=move |event| state.on_key(&event)
                />
            </label>
            <p class="vh" role="status">{move || state.summary()}</p>
            <div class="found">
                {hits
                    .part(
                        || view! { <p class="more">"Loading"</p> }.into_any(),
                        |error| part_failure("Search", error),
                        move |hits| list(hits, state, open),
                    )}
            </div>
            <footer aria-hidden="true">
                <span><kbd>"↑"</kbd><kbd>"↓"</kbd>"choose"</span>
                <span><kbd>"↵"</kbd>"open"</span>
                <span><kbd>"Esc"</kbd>"close"</span>
            </footer>
        </dialog>
    }
}

fn list(hits: Hits, state: State, open: RwSignal<bool>) -> AnyView {
    state.show(&hits);
    if hits.groups.is_empty() {
        return view! { <p class="more">{no_match(&hits.text)}</p> }.into_any();
    }
    let mut place = 0;
    let groups = hits.groups.into_iter().map(|group| {
        let title = group.title.clone();
        let more = group.more.then(|| view! { <span>"more match"</span> });
        let options = group.hits.into_iter().map(|hit| {
            let (here, href) = (place, hit.href.clone());
            place += 1;
            let chosen = move || if state.chosen.get() == here { "true" } else { "false" };
            // It may lead to the page that is open: that closes the palette, too.
            let close = move |_| open.set(false);
            view! {
                <a class="hit" id=hit_id(here) role="option" tabindex="-1" href=href aria-selected=chosen on:click=close>
                    {parts(hit)}
                </a>
            }
            .into_any()
        });
        let options = options.collect_view();
        view! {
            <div role="group" aria-label=title>
                <h3 aria-hidden="true">{group.title}{more}</h3>
                {options}
            </div>
        }
        .into_any()
    });
    view! { <div id="hits" role="listbox" aria-label="Results">{groups.collect_view()}</div> }.into_any()
}
