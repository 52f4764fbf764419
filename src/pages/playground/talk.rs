//! The conversation of an open page.

use leptos::prelude::*;

use super::{CONVERSATION, FORM, PROMPT};
use crate::{
    components::{
        browser,
        streamed::{self, Piece, Running},
    },
    domain::playground::{ChatDraft, Message},
    server_fns::{
        call::call,
        playground::{GetCallFigures, PlayFigures, PlayRefusal, PlaygroundPage as Playground, read_figures},
    },
};

/// How often and how many times it is looked for the figures of an answer that was stopped.
const LOOK_MS: u64 = 600;
const LOOKS: u32 = 8;

/// One message, and for an answer how it ended.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) mine: bool,
    pub(super) text: ArcRwSignal<String>,
    pub(super) end: ArcRwSignal<End>,
}

/// How an answer ended, as far as it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) call: String,
    pub(super) figures: Option<PlayFigures>,
    pub(super) refusal: Option<PlayRefusal>,
    pub(super) stopped: bool,
}

impl Line {
    fn new(mine: bool, text: String, end: End) -> Self {
        Self { mine, text: ArcRwSignal::new(text), end: ArcRwSignal::new(end) }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Talk {
    /// Of which context it is.
    of: StoredValue<String>,
    pub(super) lines: RwSignal<Vec<Line>>,
    pub(super) model: RwSignal<String>,
    pub(super) system: RwSignal<String>,
    pub(super) max_tokens: RwSignal<String>,
    /// The question that is being typed.
    pub(super) prompt: RwSignal<String>,
    /// An answer is coming.
    pub(super) busy: RwSignal<bool>,
    /// For screen readers: beginnings and ends.
    pub(super) said: RwSignal<String>,
    running: StoredValue<Option<Running>>,
}

impl Talk {
    pub(super) fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            of: StoredValue::new(String::new()),
            lines: RwSignal::new(vec![]),
            model: text(),
            system: text(),
            max_tokens: text(),
            prompt: text(),
            busy: RwSignal::new(false),
            said: text(),
            running: StoredValue::new(None),
        }
    }

    /// Begins with what a plain form has asked, or anew in another context; else the conversation goes on.
    pub(super) fn begin(self, page: &Playground, team: &str, asked: &str) {
        let listed = |name: &str| page.models.iter().any(|model| model.chats && model.name == name);
        let offered = |name: &str| listed(name) || (page.more && !name.is_empty());
        let first = || page.models.iter().find(|model| model.cheapest).map_or_else(String::new, |model| model.name.clone());
        if self.of.get_value() == team {
            if !offered(&self.model.get_untracked()) {
                self.model.set(first());
            }
            return;
        }
        self.stop();
        self.of.set_value(team.to_owned());
        let played = page.played.clone().unwrap_or_default();
        let chosen = [played.model.as_str(), asked].into_iter().find(|name| offered(name)).map(str::to_owned);
        self.model.set(chosen.unwrap_or_else(first));
        self.system.set(played.system);
        self.max_tokens.set(played.max_tokens);
        self.prompt.set(played.prompt.clone());
        let mut lines: Vec<Line> =
            played.messages.into_iter().map(|message| Line::new(message.mine, message.text, End::default())).collect();
        let end = End { call: played.call, figures: played.figures, refusal: played.refusal, stopped: false };
        if end.refusal.is_some() {
            lines.push(Line::new(true, played.prompt, End::default()));
            lines.push(Line::new(false, String::new(), end));
        } else if let Some(last) = lines.last() {
            last.end.set(end);
        }
        self.lines.set(lines);
    }

    /// What the inputs hold now.
    pub(super) fn read_form(self) {
        for (signal, name) in
            [(self.model, "model"), (self.system, "system"), (self.max_tokens, "max_tokens"), (self.prompt, PROMPT)]
        {
            let value = streamed::form_value(FORM, name);
            if signal.with_untracked(|now| *now != value) {
                signal.set(value);
            }
        }
    }

    /// What was said so far, without questions that had no answer; with the question that is being typed.
    pub(super) fn draft(self) -> ChatDraft {
        let mut messages = self.history();
        messages.push(Message { mine: true, text: self.prompt.get() });
        ChatDraft { model: self.model.get(), system: self.system.get(), messages, max_tokens: self.max_tokens.get() }
    }

    /// Questions and their answers. Whoever shows it hears of an answer when it has come, not of each piece of it.
    pub(super) fn history(self) -> Vec<Message> {
        self.busy.track();
        let lines = self.lines.get();
        let pairs = lines.as_chunks::<2>().0.iter().filter(|[_, answer]| answer.text.with_untracked(|answer| !answer.is_empty()));
        pairs.flatten().map(|line| Message { mine: line.mine, text: line.text.get_untracked() }).collect()
    }

    /// Asks.
    pub(super) fn send(self, page: StoredValue<Playground>) {
        self.read_form();
        let Some(door) = page.try_with_value(|page| page.door.clone()).filter(|door| !door.is_empty()) else { return };
        if self.busy.get_untracked() || self.prompt.with_untracked(|prompt| prompt.trim().is_empty()) {
            return;
        }
        let body = untrack(|| self.draft()).body(true);
        let question = self.prompt.get_untracked();
        let answer = Line::new(false, String::new(), End::default());
        let (asked, coming) = (Line::new(true, question.clone(), End::default()), answer.clone());
        self.lines.update(|lines| lines.extend([asked, coming]));
        self.busy.set(true);
        self.said.set("The answer is coming.".into());
        self.prompt.set(String::new());
        streamed::fill(PROMPT, "");
        streamed::show_end(CONVERSATION);
        let running = streamed::post(door, body, move |piece| self.take(&answer, &question, piece));
        self.running.set_value(running);
    }

    /// Ends the answer that is coming.
    pub(super) fn stop(self) {
        if let Some(running) = self.running.try_get_value().flatten() {
            running.stop();
        }
    }

    /// Forgets all of it.
    pub(super) fn clear(self) {
        self.stop();
        self.lines.set(vec![]);
        self.said.set("A new conversation.".into());
    }

    fn take(self, answer: &Line, question: &str, piece: Piece) {
        match piece {
            Piece::Begun(call) => answer.end.update(|end| end.call = call),
            Piece::Whole(call, body) => {
                answer.end.update(|end| (end.call, end.refusal) = (call, Some(refusal(&body))));
                // It can be asked again as it is.
                let _ = self.prompt.try_set(question.to_owned());
                streamed::fill(PROMPT, question);
            }
            Piece::Event(name, data) if name == "figures" => {
                answer.end.update(|end| end.figures = read_figures(&data));
            }
            Piece::Event(_, data) => {
                if let Some(text) = streamed::pick(&data, &["choices", "0", "delta", "content"]) {
                    answer.text.update(|all| all.push_str(&text));
                    streamed::show_end(CONVERSATION);
                } else if streamed::pick(&data, &["error", "message"]).is_some() {
                    answer.end.update(|end| end.refusal = Some(refusal(&data)));
                }
            }
            Piece::Ended => self.ended(&end_words(&answer.end.get_untracked())),
            Piece::Broken => {
                let message = "No answer from the server. Check the connection and try again.".to_owned();
                answer.end.update(|end| end.refusal = Some(PlayRefusal { message, ..PlayRefusal::default() }));
                self.ended("The answer broke off.");
            }
            Piece::Stopped => {
                answer.end.update(|end| end.stopped = true);
                self.ended("Stopped.");
                let (team, call) = (self.of.try_get_value().unwrap_or_default(), answer.end.get_untracked().call);
                if !call.is_empty() {
                    ask_figures(answer.end.clone(), GetCallFigures { team, call }, LOOKS);
                }
            }
        }
    }

    /// The page may be gone by now.
    fn ended(self, words: &str) {
        let _ = self.busy.try_set(false);
        let _ = self.said.try_set(words.to_owned());
        streamed::show_end(CONVERSATION);
    }
}

/// Looks after a stop whether the call is booked, so that its figures stand there as well.
fn ask_figures(end: ArcRwSignal<End>, asked: GetCallFigures, looks: u32) {
    browser::after(LOOK_MS, move || {
        leptos::task::spawn_local(async move {
            match call(asked.clone()).await {
                Ok(Some(figures)) => end.update(|end| end.figures = Some(figures)),
                Ok(None) if looks > 1 => ask_figures(end, asked, looks - 1),
                _ => {}
            }
        });
    });
}

fn refusal(body: &str) -> PlayRefusal {
    let word = |name: &str| streamed::pick(body, &["error", name]).unwrap_or_default();
    let message = word("message");
    let message = if message.is_empty() { "The call was refused.".to_owned() } else { message };
    PlayRefusal { message, code: word("code"), raw: body.to_owned() }
}

fn end_words(end: &End) -> String {
    match (&end.refusal, &end.figures) {
        (Some(refusal), _) => refusal.message.clone(),
        (None, Some(figures)) => format!("The answer is complete. {} tokens, {}.", figures.tokens, figures.cost),
        (None, None) => "The answer is complete.".to_owned(),
    }
}
