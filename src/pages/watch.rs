//! Pages that stay open and show what is new.

use leptos::prelude::*;

use crate::{
    components::browser,
    server_fns::call::{Ask, call},
};

/// Asks for a mark as long as the page stands and is looked at, and says so when it is not the one that is shown. Called in an effect:
/// it ends when the effect runs anew.
pub fn watch<F: Ask<Output = String>>(
    every_ms: u64,
    question: F,
    shown: StoredValue<String>,
    changed: impl Fn() + Copy + 'static,
) {
    let stopped = StoredValue::new(false);
    on_cleanup(move || stopped.set_value(true));
    ask_later(Watch { every_ms, question, shown, stopped }, changed);
}

#[derive(Clone)]
struct Watch<F> {
    every_ms: u64,
    question: F,
    shown: StoredValue<String>,
    stopped: StoredValue<bool>,
}

fn ask_later<F: Ask<Output = String>>(watch: Watch<F>, changed: impl Fn() + Copy + 'static) {
    browser::after(watch.every_ms, move || {
        let gone = move || watch.stopped.try_get_value() != Some(false);
        if gone() {
            return;
        }
        if !browser::is_visible() {
            return ask_later(watch, changed);
        }
        leptos::task::spawn_local(async move {
            // Where the server does not answer, the page stays as it is and asks again.
            if let Ok(mark) = call(watch.question.clone()).await
                && !gone()
                && watch.shown.try_get_value().is_some_and(|shown| !shown.is_empty() && shown != mark)
            {
                changed();
            }
            ask_later(watch, changed);
        });
    });
}

/// Makes what depends on a number load anew, if it still stands.
pub fn bump(turn: RwSignal<u32>) {
    turn.try_update(|turn| *turn = turn.wrapping_add(1));
}
