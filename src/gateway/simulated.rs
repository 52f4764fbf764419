//! The simulated provider: answers inside this process, with the latency, length and failures that are set on its page. The text
//! follows from the call's id, so the same call always gets the same answer.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::Serialize;

use super::{
    dispatch::output_bound,
    wire::chat_request::{ChatRequest, Target},
};
use crate::{
    domain::{catalog::Simulation, ids::CallId},
    service::{
        access::snapshot::ProviderEntry,
        upstream::{UpstreamAnswer, UpstreamBody, UpstreamFault},
    },
};

const WORDS: [&str; 48] = [
    "the",
    "tally",
    "is",
    "kept",
    "at",
    "gate",
    "and",
    "every",
    "cart",
    "counted",
    "once",
    "a",
    "clerk",
    "writes",
    "what",
    "passes",
    "in",
    "ink",
    "that",
    "does",
    "not",
    "fade",
    "while",
    "lanterns",
    "burn",
    "along",
    "wall",
    "until",
    "morning",
    "brings",
    "another",
    "queue",
    "of",
    "travellers",
    "with",
    "grain",
    "salt",
    "letters",
    "some",
    "pay",
    "by",
    "month",
    "others",
    "for",
    "each",
    "step",
    "they",
    "take",
];

/// What one call gets.
struct Script {
    id: String,
    created: u128,
    model: String,
    words: Vec<&'static str>,
    choices: u64,
    prompt_tokens: usize,
    finish: &'static str,
    simulation: Simulation,
    /// After how many words the connection breaks.
    cut_after: Option<usize>,
}

/// Answers a call.
pub fn answer(
    provider: &ProviderEntry,
    request: &ChatRequest,
    body_len: usize,
    target: &Target<'_>,
    call: CallId,
) -> UpstreamAnswer {
    let simulation = provider.simulation.clone();
    let mut dice = Dice::of(provider, call);
    if dice.roll(1_000) < u64::from(simulation.failure_per_mille) {
        return respond(500, Box::pin(stream::empty()), false);
    }
    let is_cut = dice.roll(1_000) < u64::from(simulation.cut_per_mille);
    let wanted = u64::from(simulation.output_tokens);
    let length = wanted.min(output_bound(request, target)) as usize;
    let words: Vec<&str> = (0..length).map(|_| WORDS[dice.roll(WORDS.len() as u64) as usize]).collect();
    let script = Script {
        id: format!("chatcmpl-{}", call.0.simple()),
        created: (call.0.as_u128() >> 80) / 1_000,
        model: target.model.to_owned(),
        cut_after: is_cut.then(|| dice.roll(length.max(1) as u64) as usize),
        words,
        choices: request.choices,
        prompt_tokens: body_len.div_ceil(4),
        finish: if (length as u64) < wanted { "length" } else { "stop" },
        simulation,
    };
    let body = if request.stream { script.events() } else { script.whole() };
    respond(200, body, request.stream)
}

pub(super) fn respond(status: u16, body: UpstreamBody, stream: bool) -> UpstreamAnswer {
    let content_type = if stream { "text/event-stream" } else { "application/json" };
    UpstreamAnswer { status, content_type: content_type.into(), retry_after_s: None, body }
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    object: &'static str,
    created: u128,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<Text<'a>>,
    logprobs: (),
    finish_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Text<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
    prompt_tokens_details: PromptDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: usize,
}

impl Script {
    fn usage(&self) -> Option<Usage> {
        let completion = self.words.len() * self.choices as usize;
        let details = PromptDetails { cached_tokens: 0 };
        let (prompt, total) = (self.prompt_tokens, self.prompt_tokens + completion);
        Some(Usage { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total, prompt_tokens_details: details })
    }

    fn json(&self, object: &'static str, choices: Vec<Choice<'_>>, usage: Option<Usage>) -> String {
        let answer = Answer { id: &self.id, object, created: self.created, model: &self.model, choices, usage };
        serde_json::to_string(&answer).unwrap_or_default()
    }

    fn whole(self) -> UpstreamBody {
        stream::once(async move {
            let per_token = u64::from(self.simulation.per_token_ms) * self.words.len() as u64;
            pause(u64::from(self.simulation.first_token_ms) + per_token).await;
            if self.cut_after.is_some() {
                return Err(UpstreamFault::Broken);
            }
            let text = self.words.join(" ");
            let choice = |index| {
                let message = Some(Text { role: Some("assistant"), content: Some(&text) });
                Choice { index, message, delta: None, logprobs: (), finish_reason: Some(self.finish) }
            };
            Ok(Bytes::from(self.json("chat.completion", (0..self.choices).map(choice).collect(), self.usage())))
        })
        .boxed()
    }

    fn events(self) -> UpstreamBody {
        stream::unfold((self, 0), |(script, at)| async move {
            let piece = script.event(at).await?;
            Some((piece, (script, at + 1)))
        })
        .boxed()
    }

    /// One word after the other, then the reason of the end with usage and `[DONE]`.
    async fn event(&self, at: usize) -> Option<Result<Bytes, UpstreamFault>> {
        if self.cut_after.is_some_and(|cut| at > cut) {
            return (self.cut_after == Some(at - 1)).then_some(Err(UpstreamFault::Broken));
        }
        if at > self.words.len() {
            return None;
        }
        pause(u64::from(if at == 0 { self.simulation.first_token_ms } else { self.simulation.per_token_ms })).await;
        let Some(word) = self.words.get(at) else {
            let mut last = self.chunk(&Text { role: None, content: None }, Some(self.finish));
            let usage = self.json("chat.completion.chunk", vec![], self.usage());
            last.push_str(&format!("data: {usage}\n\ndata: [DONE]\n\n"));
            return Some(Ok(last.into()));
        };
        let event = match at {
            0 => self.chunk(&Text { role: Some("assistant"), content: Some(word) }, None),
            _ => self.chunk(&Text { role: None, content: Some(&format!(" {word}")) }, None),
        };
        Some(Ok(event.into()))
    }

    fn chunk(&self, delta: &Text<'_>, finish: Option<&'static str>) -> String {
        let choice = |index| {
            let delta = Some(Text { role: delta.role, content: delta.content });
            Choice { index, message: None, delta, logprobs: (), finish_reason: finish }
        };
        let one = |index| format!("data: {}\n\n", self.json("chat.completion.chunk", vec![choice(index)], None));
        (0..self.choices).map(one).collect()
    }
}

pub(super) async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

/// SplitMix64.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// Those of a call at a provider: attempts of one call at several simulated providers fail independently.
    pub(super) fn of(provider: &ProviderEntry, call: CallId) -> Self {
        Self((call.0.as_u128() ^ provider.id.0.as_u128().rotate_left(64)) as u64)
    }

    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}
