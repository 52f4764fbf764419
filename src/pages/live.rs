//! Pages that are told what is new as it happens, by a stream of the server's (`server/live.rs`).

use leptos::prelude::*;

use crate::components::{
    browser,
    streamed::{self, Piece, Running},
};

/// How soon it is asked again after a stream broke off: the first time, and at most.
const AGAIN_MS: (u64, u64) = (2_000, 30_000);
/// How often it is looked whether anybody is looking.
const LOOK_MS: u64 = 3_000;
/// The event behind which nothing comes; its data says why.
const OVER: &str = "over";

/// What a page hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The stream stands.
    Live,
    /// An event: its name, and its data.
    Event(String, String),
    /// The stream broke off. It is asked for again by itself.
    Lost,
    /// There will be none: why.
    Over(String),
}

/// Hears a stream as long as the page stands and is looked at; a page in the background leaves its connection to others. Called in an
/// effect: it ends when the effect runs anew. What it hears first after a time in the background is what the stream begins with.
pub fn listen(path: String, heard: impl Fn(Heard) + Copy + 'static) {
    let ear = Ear {
        path: StoredValue::new(path),
        stopped: StoredValue::new(false),
        running: StoredValue::new(None),
        wait_ms: StoredValue::new(AGAIN_MS.0),
        waits: StoredValue::new(false),
        heard: StoredValue::new_local(Box::new(heard)),
    };
    on_cleanup(move || {
        ear.stopped.set_value(true);
        ear.hang_up();
    });
    ear.ask();
    ear.watch();
}

type Hears = StoredValue<Box<dyn Fn(Heard)>, LocalStorage>;

#[derive(Clone, Copy)]
struct Ear {
    path: StoredValue<String>,
    stopped: StoredValue<bool>,
    running: StoredValue<Option<Running>>,
    wait_ms: StoredValue<u64>,
    /// It broke off, and is asked for again by the clock.
    waits: StoredValue<bool>,
    heard: Hears,
}

impl Ear {
    fn is_gone(self) -> bool {
        self.stopped.try_get_value() != Some(false)
    }

    fn hang_up(self) {
        if let Some(running) = self.running.try_update_value(Option::take).flatten() {
            running.stop();
        }
    }

    fn tell(self, what: Heard) {
        self.heard.try_with_value(|heard| heard(what));
    }

    fn ask(self) {
        if self.is_gone() || !browser::is_visible() {
            return;
        }
        let running = streamed::get(self.path.get_value(), move |piece| self.take(piece));
        self.running.set_value(running);
    }

    fn take(self, piece: Piece) {
        if self.is_gone() {
            return;
        }
        match piece {
            Piece::Begun(_) => {
                self.wait_ms.set_value(AGAIN_MS.0);
                self.tell(Heard::Live);
            }
            Piece::Event(name, data) if name == OVER => self.end(data),
            Piece::Event(name, data) => self.tell(Heard::Event(name, data)),
            Piece::Whole(_, text) => self.end(text),
            Piece::Ended | Piece::Broken => {
                self.running.set_value(None);
                self.tell(Heard::Lost);
                let wait_ms = self.wait_ms.get_value();
                self.wait_ms.set_value((wait_ms * 2).min(AGAIN_MS.1));
                self.waits.set_value(true);
                browser::after(wait_ms, move || {
                    if !self.is_gone() {
                        self.waits.set_value(false);
                        self.ask();
                    }
                });
            }
            Piece::Stopped => {}
        }
    }

    fn end(self, why: String) {
        self.stopped.set_value(true);
        self.hang_up();
        self.tell(Heard::Over(why));
    }

    /// Hangs up while nobody looks, and asks again when somebody does.
    fn watch(self) {
        browser::after(LOOK_MS, move || {
            if self.is_gone() {
                return;
            }
            let hears = self.running.with_value(Option::is_some);
            match (browser::is_visible(), hears) {
                (false, true) => self.hang_up(),
                (true, false) if !self.waits.get_value() => self.ask(),
                _ => {}
            }
            self.watch();
        });
    }
}
