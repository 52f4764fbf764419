//! What a call may use at most, and its reservation at every limit, budget and balance that it is counted at.

use bytes::Bytes;

use super::{error::GatewayError, wire::request::Request};
use crate::{
    domain::{money::NanoUsd, tokenizer::Tokenizer, usage::CallFacts},
    service::{
        Services,
        access::{
            decide::{Holder, Permit},
            snapshot::{ModelEntry, TeamEntry},
        },
        metering::most,
        quota::{Ask, Hold, Names, NotReserved, Payer, book_of},
        tokens,
    },
};

/// The most that a call may use.
#[derive(Clone, Copy, Debug)]
struct Most {
    prompt: u64,
    /// Of one choice.
    output: u64,
    choices: u64,
}

impl Most {
    fn of(request: &Request, body: &[u8], model: &ModelEntry) -> Self {
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        let unnamed = count(model.default_output.unwrap_or(model.max_output));
        Self {
            prompt: request.prompt_bound(body, count(model.context_window)),
            output: request.output_bound(unnamed),
            choices: request.choices(),
        }
    }

    fn completion(self) -> u64 {
        self.output.saturating_mul(self.choices)
    }

    fn tokens(self) -> u64 {
        self.prompt.saturating_add(self.completion())
    }

    fn cost(self, facts: &CallFacts) -> Option<NanoUsd> {
        most(facts, self.prompt, self.completion())
    }
}

/// Reserves for a permitted call, and notes in its facts what was reserved.
pub async fn reserve(
    services: &Services,
    facts: &mut CallFacts,
    permit: &Permit,
    request: &Request,
    body: &Bytes,
) -> Result<Hold, GatewayError> {
    let mut most = Most::of(request, body, permit.model());
    facts.reserve = most.cost(facts).ok_or_else(|| GatewayError::Invalid(request.unpriceable()))?;
    let holder = permit.bearer().holder();
    let payer = payer(&holder, facts, permit);
    let bounds = payer.bounds(facts.at);
    let mut ask = Ask { at: facts.at, tokens: most.tokens(), cost: (!facts.test).then_some(facts.reserve), bounds: &bounds };
    let book = book_of(holder.team);
    let mut reserved = services.quota.reserve(book, &ask).await;
    // A prompt's length is a cheap bound. Only where it would refuse, and a shorter prompt would pass, the prompt is counted.
    if let (Err(NotReserved::Refused(_)), Some(tokenizer)) = (&reserved, permit.model().tokenizer)
        && body.len() <= tokens::BOUND_MAX
        && passes(services, facts, Most { prompt: 0, ..most }, &ask, holder.team)
    {
        most.prompt = most.prompt.min(counted(request, body, permit.model(), tokenizer).await?);
        facts.reserve = most.cost(facts).ok_or_else(|| GatewayError::Invalid(request.unpriceable()))?;
        ask = Ask { tokens: most.tokens(), cost: ask.cost.map(|_| facts.reserve), ..ask };
        reserved = services.quota.reserve(book, &ask).await;
    }
    match reserved {
        Ok(hold) => Ok(hold),
        Err(NotReserved::Unavailable) => Err(GatewayError::Unavailable),
        Err(NotReserved::Refused(refusal)) => {
            let fits = largest_output(services, facts, most, &ask, holder.team);
            let names = Names { key: &facts.key_name, user: &facts.user_name, model: &facts.model_name };
            Err(GatewayError::Limit(Box::new(services.limit_hit((&payer, names), &ask, &refusal, fits))))
        }
    }
}

/// The prompt's bound by the model's own tokenizer, counted beside the threads that answer.
async fn counted(request: &Request, body: &Bytes, model: &ModelEntry, tokenizer: Tokenizer) -> Result<u64, GatewayError> {
    let (request, body, window) = (request.clone(), body.clone(), u64::try_from(model.context_window).unwrap_or(0));
    let counting = tokio::task::spawn_blocking(move || request.counted_bound(&body, window, tokenizer));
    counting.await.map_err(|_| GatewayError::Unavailable)
}

/// Whether a call that used no more than this would pass now.
fn passes(services: &Services, facts: &CallFacts, most: Most, ask: &Ask<'_>, team: &TeamEntry) -> bool {
    most.cost(facts).is_some_and(|cost| {
        let ask = Ask { tokens: most.tokens(), cost: ask.cost.map(|_| cost), ..*ask };
        services.quota.test(book_of(team), &ask).is_empty()
    })
}

fn payer<'a>(holder: &Holder<'a>, facts: &CallFacts, permit: &Permit) -> Payer<'a> {
    Payer { team: holder.team, key: facts.key, member: holder.member, grants: permit.grants(), model: Some(permit.model().id) }
}

/// The largest output maximum with which a refused call would pass; none where no smaller one helps.
fn largest_output(services: &Services, facts: &CallFacts, most: Most, ask: &Ask<'_>, team: &TeamEntry) -> Option<u64> {
    let passes = |output: u64| passes(services, facts, Most { output, ..most }, ask, team);
    if most.output <= 1 || !passes(1) {
        return None;
    }
    let (mut fits, mut beyond) = (1, most.output);
    while beyond - fits > 1 {
        let middle = fits + (beyond - fits) / 2;
        if passes(middle) {
            fits = middle;
        } else {
            beyond = middle;
        }
    }
    Some(fits)
}
