//! Sixty days of calls: weekdays and nights, slow growth, and a few days that stand out.

use super::{
    cast::{KeyCast, MODELS},
    dice::Dice,
    ended,
    people::{Callers, DemoKey},
};
use crate::{
    domain::{
        api_keys::KeyKind,
        catalog::{Modality, ModelState},
        ids::CallId,
        money::NanoUsd,
        time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs},
        usage::{CallEnd, CallFacts, Outcome, Tokens, UsageEvent},
    },
    service::metering::charge,
};

/// Days ago: two providers failed for some hours.
const OUTAGE: i64 = 17;
/// Days ago: a load test with a test key.
const LOAD_TEST: i64 = 33;
/// Days ago: a public holiday.
const HOLIDAY: i64 = 41;
/// Days ago: customers asked three times as much as on other days.
const RUSH: i64 = 25;
/// The last days, in which one key is used three times as much as before.
const UNUSUAL: (i64, &str) = (3, "ranker-offline-eval");

/// Shares of a day's calls by hour (UTC), for people at work.
const AT_WORK: [f64; 24] = [
    0.02, 0.01, 0.01, 0.01, 0.02, 0.05, 0.18, 0.48, 0.82, 0.98, 1.0, 0.92, 0.66, 0.85, 0.98, 0.96, 0.84, 0.60, 0.34, 0.20, 0.14,
    0.09, 0.06, 0.03,
];
/// The same for what serves users around the clock.
const AROUND_THE_CLOCK: [f64; 24] = [
    0.30, 0.26, 0.24, 0.24, 0.28, 0.36, 0.52, 0.70, 0.88, 0.97, 1.0, 0.98, 0.92, 0.95, 1.0, 0.98, 0.92, 0.84, 0.76, 0.70, 0.64,
    0.56, 0.46, 0.36,
];

/// Makes the events, oldest day first. The same seed, time and keys give the same events.
pub(super) fn events(seed: u64, now: UnixMs, days: i64, callers: &Callers) -> impl Iterator<Item = UsageEvent> {
    (0..days).rev().flat_map(move |ago| {
        let mut day = Day {
            ago,
            start: now.floor_to(DAY_MS).plus(-ago * DAY_MS),
            now,
            callers,
            dice: Dice::new(seed ^ (ago.unsigned_abs() << 32)),
        };
        let mut events: Vec<UsageEvent> = callers.keys.iter().flat_map(|key| day.events_of(key)).collect();
        events.sort_unstable_by_key(|event| event.call.at);
        events
    })
}

struct Day<'c> {
    ago: i64,
    start: UnixMs,
    now: UnixMs,
    callers: &'c Callers,
    dice: Dice,
}

impl Day<'_> {
    fn events_of(&mut self, key: &DemoKey) -> Vec<UsageEvent> {
        let count = self.dice.count(self.expected(key.cast));
        (0..count)
            .filter_map(|_| {
                let at = self.moment(key.cast);
                let ended = [key.key.expires_at, key.key.revoked_at].into_iter().flatten().any(|end| end <= at);
                let possible = at >= key.key.created_at && at < self.now.plus(-2 * MINUTE_MS) && !ended;
                // The dice are thrown all the same, so that the other calls of the day do not depend on it.
                let event = self.event(key, at);
                possible.then_some(event)
            })
            .collect()
    }

    /// Usual calls of a key on this day.
    fn expected(&self, (_, _, name, kind, _, _, usual, _): &KeyCast) -> f64 {
        let weekend = self.start.weekday() >= 5;
        let of_week = match (kind, weekend) {
            (_, false) => 1.0,
            (KeyKind::Application, true) => 0.55,
            (_, true) => 0.12,
        };
        let growth = 1.15 - 0.35 * self.ago as f64 / 60.0;
        let special = match (self.ago, *name) {
            (ago, name) if ago <= UNUSUAL.0 && name == UNUSUAL.1 => 3.4,
            (LOAD_TEST, "load-test") => 140.0,
            (RUSH, "helpdesk-bot-prod") => 3.0,
            (HOLIDAY, _) if *kind == KeyKind::Person => 0.12,
            _ => 1.0,
        };
        usual * of_week * growth * special
    }

    fn moment(&mut self, (_, _, name, kind, ..): &KeyCast) -> UnixMs {
        let hour = match (*name, kind) {
            ("nightly-reindex", _) => 1 + self.dice.below(2),
            (_, KeyKind::Application) => self.hour(&AROUND_THE_CLOCK),
            _ => self.hour(&AT_WORK),
        };
        self.start.plus(hour.cast_signed() * HOUR_MS + self.dice.below(HOUR_MS.unsigned_abs()).cast_signed())
    }

    fn hour(&mut self, shares: &[f64; 24]) -> u64 {
        loop {
            let hour = self.dice.below(24);
            if self.dice.happens(shares[hour as usize]) {
                return hour;
            }
        }
    }

    fn event(&mut self, key: &DemoKey, at: UnixMs) -> UsageEvent {
        let models = key.cast.7;
        let choice = match self.dice.share() {
            ..0.68 => 0,
            ..0.92 => 1,
            _ => 2,
        };
        let model = models[choice.min(models.len() - 1)];
        let mut call = self.facts(key, at, model);
        let outcome = self.outcome(key.cast, at, model, call.stream);
        if outcome == Outcome::Refused {
            return self.refused(call);
        }
        let cast = &MODELS[model];
        let (prompt, completion, first, per_token) = cast.usual;
        let prompt = self.dice.around(prompt).clamp(20.0, cast.context_window as f64 * 0.8) as u64;
        let completion = self.dice.around(completion).clamp(0.0, cast.max_output as f64) as u64;
        let cached = if self.dice.happens(0.4) { (prompt as f64 * self.dice.share() * 0.8) as u64 } else { 0 };
        let slow = if self.ago <= UNUSUAL.0 && key.cast.2 == UNUSUAL.1 { 1.9 } else { 1.0 };
        let first_ms = self.dice.around(first * slow) as i64;
        let full_ms = first_ms + (self.dice.around(per_token * slow) * completion as f64) as i64;
        let (tokens, status, code, latency_ms) = match outcome {
            Outcome::UpstreamError => (Tokens::default(), 502, "upstream_error", first_ms),
            Outcome::UpstreamTimeout => (Tokens::default(), 504, "upstream_timeout", 120_000),
            Outcome::UpstreamRejected => (Tokens::default(), 400, "invalid_request", first_ms / 2),
            Outcome::Cancelled => (Tokens { prompt, cached: 0, completion: completion / 3 }, 200, "", (first_ms + full_ms) / 2),
            _ => (Tokens { prompt, cached, completion }, 200, "", full_ms),
        };
        let answered = tokens != Tokens::default();
        let (cost, list_cost) = charge(&call, tokens);
        let provider = &self.callers.providers[cast.provider];
        if !call.stream && outcome == Outcome::Cancelled {
            call.stream = true;
        }
        let end = CallEnd {
            outcome,
            status,
            code: code.into(),
            tokens,
            estimated: outcome == Outcome::Cancelled,
            provider: Some(provider.id),
            provider_name: provider.name.clone(),
            attempts: 1,
            upstream_ms: Some(ended::queued_ms(&call, latency_ms.min(first_ms))),
            first_token_ms: answered.then_some(first_ms),
            latency_ms,
            cost,
            list_cost,
            loss: NanoUsd(0),
            message: ended::told(&call, outcome, code),
        };
        UsageEvent { call, end }
    }

    fn outcome(&mut self, (_, _, name, ..): &KeyCast, at: UnixMs, model: usize, stream: bool) -> Outcome {
        let outage = self.ago == OUTAGE && MODELS[model].provider < 2 && (11..15).contains(&at.clock().0);
        let failing = if outage {
            0.55
        } else if self.ago <= UNUSUAL.0 && *name == UNUSUAL.1 {
            0.035
        } else {
            0.004
        };
        let dice = self.dice.share();
        // Thrown in any case, so that one more failure does not change every later call.
        let (refused, timeout, rejected, left) =
            (self.dice.happens(0.007), self.dice.happens(0.0012), self.dice.happens(0.0025), self.dice.happens(0.008));
        match dice {
            dice if dice < failing => Outcome::UpstreamError,
            _ if refused => Outcome::Refused,
            _ if timeout => Outcome::UpstreamTimeout,
            _ if rejected => Outcome::UpstreamRejected,
            _ if left && stream => Outcome::Cancelled,
            _ => Outcome::Completed,
        }
    }

    fn facts(&mut self, key: &DemoKey, at: UnixMs, model: usize) -> CallFacts {
        let view = &self.callers.models[model];
        let embedding = MODELS[model].modality == Modality::Embedding;
        let price = |price: Option<crate::domain::money::Price>| price.unwrap_or_default().0;
        CallFacts {
            id: CallId::new(at, self.dice.bytes()),
            at,
            team: key.team.id,
            team_name: key.team.name.clone(),
            organization: key.team.organization,
            user: key.key.user,
            user_name: key.user_name.clone(),
            key: Some(key.key.id),
            key_name: key.key.name.clone(),
            test: key.key.kind == KeyKind::Test,
            model: Some(view.id),
            model_name: view.name.clone(),
            endpoint: if embedding { "embeddings" } else { "chat/completions" }.into(),
            stream: !embedding && self.dice.happens(0.55),
            input_price: price(view.prices.input),
            cached_price: price(view.prices.cached),
            output_price: price(view.prices.output),
            discount_bp: key.team.discount_bp,
            billed: false,
            prompt_estimate: 0,
            grant: None,
            team_grant: None,
            reserve: NanoUsd(i64::MAX),
        }
    }

    /// Somebody asked for what they may not call, or for what there is not.
    fn refused(&mut self, mut call: CallFacts) -> UsageEvent {
        let approval = MODELS.iter().position(|cast| cast.state == ModelState::Approval).filter(|_| self.dice.happens(0.6));
        let (status, code) = match approval {
            Some(model) => {
                (call.model, call.model_name) = (Some(self.callers.models[model].id), MODELS[model].name.into());
                (403, "model_requires_approval")
            }
            None => {
                (call.model, call.model_name) = (None, "gpt-4o-latest".into());
                (404, "model_not_found")
            }
        };
        call.endpoint = "chat/completions".into();
        let end = CallEnd {
            outcome: Outcome::Refused,
            status,
            code: code.into(),
            tokens: Tokens::default(),
            estimated: false,
            provider: None,
            provider_name: String::new(),
            attempts: 0,
            upstream_ms: None,
            first_token_ms: None,
            latency_ms: 1,
            cost: NanoUsd(0),
            list_cost: NanoUsd(0),
            loss: NanoUsd(0),
            message: ended::told(&call, Outcome::Refused, code),
        };
        UsageEvent { call, end }
    }
}
