//! How a call ends whose process ended before it.

use super::{charge, record::Checkpoint};
use crate::domain::{
    money::NanoUsd,
    usage::{CallEnd, CallFacts, Outcome, Tokens},
};

/// A stream is charged as of its last checkpoint: its client has seen that much. The client of a plain call, and of a stream before
/// its first checkpoint, has seen nothing: it pays nothing, and what the call used upstream, as far as that is known, is the
/// platform's loss.
pub(super) fn interrupted(facts: &CallFacts, checkpoint: Option<Checkpoint>) -> CallEnd {
    let nothing = NanoUsd(0);
    let tokens =
        checkpoint.map_or_else(|| Tokens { prompt: facts.prompt_estimate, ..Tokens::default() }, |checkpoint| checkpoint.tokens);
    let (cost, list_cost) = charge(facts, tokens);
    let (cost, list_cost, loss) =
        if facts.stream && checkpoint.is_some() { (cost, list_cost, nothing) } else { (nothing, nothing, cost) };
    CallEnd {
        outcome: Outcome::Interrupted,
        // What the client got of an answer is not known.
        status: 0,
        code: String::new(),
        tokens,
        estimated: true,
        provider: None,
        provider_name: String::new(),
        attempts: 0,
        upstream_ms: None,
        first_token_ms: None,
        latency_ms: checkpoint.map_or(0, |checkpoint| checkpoint.at.since(facts.at)),
        cost,
        list_cost,
        loss,
        message: String::new(),
    }
}
