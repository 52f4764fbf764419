//! Made-up events for tests: deterministic, varied, with prices that make odd charges.

use crate::{
    domain::{
        ids::{CallId, KeyId, ModelId, TeamId, UserId, uuid_v7},
        money::NanoUsd,
        time::{MINUTE_MS, UnixMs},
        usage::{CallEnd, CallFacts, Outcome, Tokens, UsageEvent},
    },
    service::metering::charge,
};

/// When made-up calls begin.
pub(crate) const START: UnixMs = UnixMs(1_795_000_000_000);

fn id<T: From<uuid::Uuid>>(kind: u8, n: u64) -> T {
    let mut random = [kind; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    T::from(uuid_v7(START, random))
}

/// The team of a number.
pub(crate) fn team(n: u64) -> TeamId {
    id(1, n)
}

/// The person of a number.
pub(crate) fn user(n: u64) -> UserId {
    id(2, n)
}

/// The call id of a number.
pub(crate) fn call_id(n: u64) -> CallId {
    id(4, n)
}

/// The event of a number: of one of two teams, three persons, four keys, three models, over two days.
pub(crate) fn event(n: u64) -> UsageEvent {
    // A fixed scatter (SplitMix64): neighbours differ in everything.
    let mut seed = n;
    let mut pick = |below: u64| {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    };
    let outcome = Outcome::ALL[pick(Outcome::ALL.len() as u64) as usize];
    let key = pick(5);
    let model = pick(4);
    let call = CallFacts {
        id: call_id(n),
        at: START.plus(pick(2 * 24 * 60) as i64 * MINUTE_MS + pick(60_000) as i64),
        team: team(pick(2)),
        team_name: "Atlas".into(),
        organization: None,
        user: user(pick(3)),
        user_name: "Ada \"<b>\" O'Neil".into(),
        key: (key > 0).then(|| id::<KeyId>(3, key)),
        key_name: "ci".into(),
        test: pick(5) == 0,
        model: (model > 0).then(|| id::<ModelId>(5, model)),
        model_name: format!("model-{model}"),
        endpoint: "chat/completions".into(),
        stream: pick(2) == 0,
        input_price: 3_000_000_007,
        cached_price: 300_000_001,
        output_price: 15_000_000_011,
        discount_bp: pick(3) as i64 * 500,
        billed: false,
        prompt_estimate: 900,
        grant: None,
        team_grant: None,
        reserve: NanoUsd(i64::MAX),
    };
    let refused = outcome == Outcome::Refused;
    let tokens = if refused {
        Tokens::default()
    } else {
        let prompt = pick(20_000);
        Tokens { prompt, cached: pick(prompt + 1), completion: pick(5_000) }
    };
    let (cost, list_cost) = charge(&call, tokens);
    let (estimated, latency_ms) = (pick(4) == 0, pick(30_000) as i64);
    let end = CallEnd {
        outcome,
        status: if refused { 429 } else { 200 },
        code: String::new(),
        tokens,
        estimated,
        provider: None,
        provider_name: "mock".into(),
        attempts: u32::from(!refused),
        upstream_ms: (!refused).then_some(latency_ms / 10),
        first_token_ms: None,
        latency_ms,
        cost,
        list_cost,
        loss: NanoUsd(0),
        message: if refused { "Call refused: \"Ünited\" – 令.".into() } else { String::new() },
    };
    UsageEvent { call, end }
}

/// The facts of a running call.
pub(crate) fn facts(n: u64, stream: bool) -> CallFacts {
    CallFacts { stream, test: false, discount_bp: 0, ..event(n).call }
}

/// The end of a call that went well.
pub(crate) fn completed(facts: &CallFacts, tokens: Tokens) -> CallEnd {
    let (cost, list_cost) = charge(facts, tokens);
    CallEnd {
        outcome: Outcome::Completed,
        status: 200,
        tokens,
        cost,
        list_cost,
        latency_ms: 120,
        estimated: false,
        ..event(1).end
    }
}
