//! What made-up calls have besides their figures: how long they were queued, and what their clients were told.

use crate::domain::{
    call_words,
    limit_words::{self, LimitedName, Reached},
    limits::Window,
    time::SECOND_MS,
    usage::{CallFacts, Outcome},
};

/// Milliseconds until a call was sent, at most so many. Made of its id: another throw of the dice would change every call that comes later.
pub(super) fn queued_ms(call: &CallFacts, most: i64) -> i64 {
    let last = call.id.0.as_bytes()[15];
    i64::from(1 + last % 4).min(most)
}

/// What its client was told of an error; nothing of what a provider says.
pub(super) fn told(call: &CallFacts, outcome: Outcome, code: &str) -> String {
    match (outcome, code) {
        (Outcome::UpstreamError, _) => call_words::PROVIDER_FAILED.into(),
        (Outcome::UpstreamTimeout, _) => call_words::PROVIDER_TIMED_OUT.into(),
        (Outcome::Refused, "model_not_found") => call_words::no_such_model(&call.model_name),
        (Outcome::Refused, "model_requires_approval") => call_words::needs_approval(&call.model_name),
        (Outcome::Refused, "rate_limit_exceeded") => full(call),
        _ => String::new(),
    }
}

fn full(call: &CallFacts) -> String {
    let name = LimitedName { scope: "member", name: call.user_name.clone(), team: call.team_name.clone(), personal: false };
    let resets_at = Some(call.at.plus(20 * SECOND_MS));
    let reached = Reached::Window { window: Window::Rpm, limit: 60, used: Some(60), asked: 1, resets_at };
    limit_words::refused(&name, &reached, None, call.at)
}
