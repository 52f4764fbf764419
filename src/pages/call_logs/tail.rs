//! The live tail: new calls wait behind their number until they are asked for. Off until it is wanted.

use leptos::prelude::*;

use crate::{
    components::{Icon, browser},
    pages::{
        live::{Heard, listen},
        watch::bump,
    },
};

/// How often a screen reader is told the number.
const SAID_EVERY_MS: u64 = 10_000;

#[derive(Clone, Copy)]
pub(super) struct Tail {
    /// Loads the page anew.
    pub(super) turn: RwSignal<u32>,
    on: RwSignal<bool>,
    paused: RwSignal<bool>,
    /// Where to listen; empty where there is nothing to listen to.
    address: RwSignal<String>,
    /// Calls that wait: "12", "100+", or none.
    waiting: RwSignal<String>,
    /// What the line beside the switch says.
    state: RwSignal<String>,
    /// What was said last.
    said: RwSignal<String>,
}

impl Tail {
    pub(super) fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            turn: RwSignal::new(0),
            on: RwSignal::new(false),
            paused: RwSignal::new(false),
            address: text(),
            waiting: text(),
            state: text(),
            said: text(),
        }
    }

    /// Notes what the page shows now: from there on calls are new.
    pub(super) fn shows(self, address: &str) {
        if self.address.with_untracked(|now| now != address) {
            self.address.set(address.to_owned());
        }
        self.waiting.set(String::new());
    }

    /// Listens as long as it is wanted.
    pub(super) fn listen(self) {
        Effect::new(move |_| {
            let address = self.address.get();
            if !self.on.get() || self.paused.get() || address.is_empty() {
                return;
            }
            self.state.set("Connecting".to_owned());
            listen(address, move |heard| self.hear(heard));
        });
        Effect::new(move |_| {
            if self.on.get() {
                self.say();
            }
        });
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Live => drop(self.state.try_set("Waiting for calls".to_owned())),
            Heard::Event(_, count) => drop(self.waiting.try_set(count)),
            Heard::Lost => drop(self.state.try_set("Connection lost, trying again".to_owned())),
            Heard::Over(why) => {
                let _ = self.state.try_set(why);
                let _ = self.on.try_set(false);
            }
        }
    }

    /// Tells a screen reader how many calls wait, once in a while.
    fn say(self) {
        browser::after(SAID_EVERY_MS, move || {
            if self.on.try_get_untracked() != Some(true) {
                return;
            }
            let waiting = self.waiting.try_get_untracked().unwrap_or_default();
            let text = if waiting.is_empty() { String::new() } else { new_calls(&waiting) };
            if self.said.try_with_untracked(|said| *said != text) == Some(true) {
                let _ = self.said.try_set(text);
            }
            self.say();
        });
    }

    /// The switch and what it leads to. Without script there is the link that loads the page anew.
    pub(super) fn bar(self, newest: &str, is_newest: bool) -> AnyView {
        let newest = newest.to_owned();
        if !is_newest {
            return view! { <a class="btn sm" href=newest><Icon name="up" class="i-14"/>"Newest calls"</a> }.into_any();
        }
        let on = move || self.on.get();
        let flip = move |_| {
            self.paused.set(false);
            self.state.set(String::new());
            self.on.update(|on| *on = !*on);
        };
        let pause = move |_| self.paused.update(|paused| *paused = !*paused);
        let show = move |_| bump(self.turn);
        let state = move || if self.paused.get() { "Paused".to_owned() } else { self.state.get() };
        let waits = move || {
            let waiting = self.waiting.get();
            (self.on.get() && !waiting.is_empty()).then(|| {
                view! { <button class="btn sm primary" type="button" on:click=show><Icon name="up" class="i-14"/>{new_calls(&waiting)}</button> }
            })
        };
        let pauses = move || {
            on().then(|| {
                let label = move || if self.paused.get() { "Resume" } else { "Pause" };
                view! { <button class="btn sm ghost" type="button" on:click=pause>{label}</button> }
            })
        };
        view! {
            <span class="vh" role="status">{move || self.said.get()}</span>
            <span class="tail-state mute">{move || if on() || !self.state.read().is_empty() { state() } else { String::new() }}</span>
            {waits}
            {pauses}
            <button class="btn sm needs-js live" type="button" role="switch" aria-checked=move || if on() { "true" } else { "false" } on:click=flip>
                <span class="knob" aria-hidden="true"></span>"Live tail"
            </button>
            <a class="btn sm ghost" href=newest rel="external" title="Load the page anew"><Icon name="refresh" class="i-14"/>"Reload"</a>
        }
        .into_any()
    }
}

fn new_calls(count: &str) -> String {
    if count == "1" { "1 new call".to_owned() } else { format!("{count} new calls") }
}
