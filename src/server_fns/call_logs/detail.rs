//! From one call's event to its page.

use super::{CallFact, CallPage, CallPhase, PriceLine, asked::Asked, view::page_of, words};
use crate::{
    domain::{
        format,
        ids::CallId,
        money::{NanoUsd, Price},
        roles::Action,
        usage::{CallEnd, CallFacts, Outcome, UsageEvent},
    },
    server_fns::usage::asked::own_zone,
    service::{Caller, ServiceError, Services, usage::zones::Zone},
};

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    team: &str,
    call: &str,
    asked: &str,
) -> Result<CallPage, ServiceError> {
    let asked = Asked::read(asked).in_zone(own_zone());
    let zone = asked.zone().unwrap_or_else(|_| Zone::utc());
    // Rights first: an id that is none and one that is nobody's look alike.
    let id = CallId::parse(call).unwrap_or_else(|| CallId::from(uuid::Uuid::nil()));
    let event = services.get_call(caller, team, id).await?;
    let view = services.get_team(caller, team).await?;
    let menus = services.log_menus(caller, team).await?;
    let page = page_of(team);
    let kept = Asked::default().with("zone", asked.get("zone")).with("as", asked.get("as"));
    let shown = Shown {
        page: &page,
        kept: &kept,
        everyones: menus.everyones,
        billing: view.standing.may(Action::ViewBilling).then(|| page.replace("/logs", "/billing")),
    };
    let UsageEvent { call, end } = &event;
    let (word, tone, icon) = words::ended(end.outcome);
    let local = zone.local(call.at);
    let (hour, minute, second) = local.clock();
    Ok(CallPage {
        context: view.name,
        id: call.id.to_string(),
        back: kept.address(&page),
        at: format!("{}, {hour:02}:{minute:02}:{second:02} ({})", format::day(local), zone.name()),
        at_utc: format::full(call.at),
        rfc3339: format::rfc3339(call.at),
        status: end.status,
        word: word.to_owned(),
        tone: tone.to_owned(),
        icon: icon.to_owned(),
        meaning: words::meaning(end.outcome, &end.code).to_owned(),
        error: end.code.clone(),
        said: end.message.clone(),
        facts: facts(call, end, &shown),
        phases: phases(end),
        total: if end.latency_ms > 0 { format::latency(end.latency_ms) } else { String::new() },
        prices: if call.test || end.outcome == Outcome::Refused { vec![] } else { prices(call, end) },
        sums: sums(call, end),
        price_note: price_note(call, end),
        related: related(call, end, &shown),
    })
}

struct Shown<'a> {
    page: &'a str,
    kept: &'a Asked,
    everyones: bool,
    billing: Option<String>,
}

impl Shown<'_> {
    /// All calls that have something in common.
    fn only(&self, name: &str, value: &str) -> String {
        self.kept.with(name, value).address(self.page)
    }
}

fn facts(call: &CallFacts, end: &CallEnd, shown: &Shown<'_>) -> Vec<CallFact> {
    let fact = |label: &str, value: String, href: String| CallFact { label: label.into(), value, href, code: false };
    let plain = |label: &str, value: &str| fact(label, value.to_owned(), String::new());
    let code = |label: &str, value: &str, href: String| CallFact { code: true, ..fact(label, value.to_owned(), href) };
    let member = if shown.everyones { shown.only("member", &call.user.to_string()) } else { String::new() };
    let key = call.key.map(|key| shown.only("key", &key.to_string())).unwrap_or_default();
    let mut facts = vec![
        fact("Member", call.user_name.clone(), member),
        fact("Key", call.key_name.clone(), key),
        code("Model", &call.model_name, shown.only("model", &call.model_name)),
        code("Endpoint", &call.endpoint, String::new()),
        plain("Answer", if call.stream { "Stream" } else { "In one piece" }),
        plain("Decided by", decided(call, end)),
    ];
    if end.provider_name.is_empty() {
        facts.push(plain("Provider", "None was asked"));
    } else {
        facts.push(fact("Provider", end.provider_name.clone(), shown.only("provider", &end.provider_name)));
        let attempts = match end.attempts {
            1 => "Answered at the first attempt".to_owned(),
            n => format!("{n} attempts; this is the last one's provider"),
        };
        facts.push(plain("Attempts", &attempts));
    }
    facts.push(plain(
        "Tokens",
        if end.estimated { "Counted here, as the provider reported none" } else { "As the provider reported them" },
    ));
    if call.test {
        facts.push(plain("Test key", "Costs nothing and is left out of statistics"));
    }
    let day = format::date(call.at.floor_to(crate::domain::time::DAY_MS));
    match (call.billed, end.cost.0) {
        (true, 1..) => facts.push(fact("Ledger day", format!("{day} (UTC)"), shown.billing.clone().unwrap_or_default())),
        (true, _) => facts.push(plain("Ledger day", "None: nothing was charged")),
        (false, _) => facts.push(plain("Ledger day", "None: this context has no plan with a balance")),
    }
    facts
}

/// Which rule let it through, or did not.
fn decided(call: &CallFacts, end: &CallEnd) -> &'static str {
    match (end.outcome, call.grant, call.team_grant) {
        (Outcome::Refused, _, _) => match end.code.as_str() {
            "rate_limit_exceeded" => "A rate limit",
            "budget_exceeded" => "A budget",
            "spending_limit_reached" => "The spending limit",
            "insufficient_balance" => "The balance",
            "model_requires_approval" => "The model's access: approval",
            "model_not_in_key_scope" => "The key's own models",
            "model_not_found" | "model_not_allowed" => "The models of the team",
            _ => "The request itself",
        },
        (_, Some(_), _) => "A grant to this member",
        (_, None, Some(_)) => "A grant to the team",
        (_, None, None) => "The model is open to the team",
    }
}

fn phases(end: &CallEnd) -> Vec<CallPhase> {
    let total = end.latency_ms;
    if total <= 0 || end.attempts == 0 {
        return vec![];
    }
    let phase = |label: &str, ms: i64, kind: &str| CallPhase {
        label: label.to_owned(),
        value: format::latency(ms),
        share_bp: u16::try_from(ms.saturating_mul(10_000) / total).unwrap_or(10_000),
        kind: kind.to_owned(),
    };
    let first = end.first_token_ms.map(|first| first.clamp(0, total));
    let Some(sent) = end.upstream_ms.map(|sent| sent.clamp(0, first.unwrap_or(total))) else {
        // Of a time when queue and provider were not told apart.
        return match first {
            Some(first) => vec![
                phase("Admitted and waiting for the first byte", first, "wait"),
                phase("First byte to the end", total - first, "answer"),
            ],
            None => vec![phase("No byte came", total, "wait")],
        };
    };
    let queued = match end.attempts {
        1 => "Queued, until sent to the provider",
        _ => "Queued, with attempts that failed",
    };
    let mut phases = vec![phase(queued, sent, "queue")];
    match first {
        Some(first) => {
            phases.push(phase("Sent, until the first byte came", first - sent, "wait"));
            phases.push(phase("First byte to the end", total - first, "answer"));
        }
        None => phases.push(phase("Sent, and no byte came", total - sent, "wait")),
    }
    phases
}

fn prices(call: &CallFacts, end: &CallEnd) -> Vec<PriceLine> {
    let cached = end.tokens.cached.min(end.tokens.prompt);
    let line = |what: &str, tokens: u64, price: i64| PriceLine {
        what: what.to_owned(),
        tokens: format::grouped(tokens),
        price: format::price(price),
        amount: exact(tokens, Price(price)),
    };
    let mut lines = vec![line("Input", end.tokens.prompt - cached, call.input_price)];
    if cached > 0 {
        lines.push(line("Cached input", cached, call.cached_price));
    }
    lines.push(line("Output", end.tokens.completion, call.output_price));
    lines
}

/// Units at a price to the last digit: both are whole numbers of nothing smaller than 10⁻¹⁵ dollars.
fn exact(units: u64, price: Price) -> String {
    const DOLLAR: u128 = 1_000_000_000_000_000;
    let amount = u128::from(units) * u128::from(price.0.unsigned_abs());
    let (whole, fraction) = (amount / DOLLAR, format!("{:015}", amount % DOLLAR));
    let fraction = fraction.trim_end_matches('0');
    format!("${}.{fraction:0<2}", format::grouped(u64::try_from(whole).unwrap_or(u64::MAX)))
}

fn sums(call: &CallFacts, end: &CallEnd) -> Vec<(String, String, bool)> {
    let amount = |amount: NanoUsd| {
        let plain = amount.plain();
        if plain.contains('.') { format!("${plain}") } else { format!("${plain}.00") }
    };
    let mut sums = vec![];
    if call.discount_bp > 0 && end.list_cost.0 > 0 {
        sums.push(("List price".to_owned(), amount(end.list_cost), false));
        let off = NanoUsd(end.list_cost.0.saturating_sub(end.cost.0).saturating_sub(beyond(end)));
        sums.push((format!("Discount, {}", format::percent_bp(call.discount_bp)), format!("−{}", amount(off)), false));
    }
    if end.loss.0 > 0 {
        sums.push(("Borne by the platform".to_owned(), amount(end.loss), false));
    }
    sums.push(("Charged".to_owned(), amount(end.cost), true));
    sums
}

/// What was not charged of the price because it was more than the call had reserved.
fn beyond(end: &CallEnd) -> i64 {
    if end.outcome == Outcome::Interrupted { 0 } else { end.loss.0 }
}

fn price_note(call: &CallFacts, end: &CallEnd) -> String {
    let mut notes = vec![];
    match end.outcome {
        Outcome::Refused => notes.push("A call that is not sent costs nothing."),
        _ if call.test => notes.push("Calls of test keys cost nothing."),
        Outcome::Interrupted if end.cost.0 == 0 => notes.push("Its client received nothing, so it costs nothing."),
        _ => notes.push("Prices per million tokens, as they stood when the call was admitted; the sum is rounded once, to a billionth of a dollar."),
    }
    if end.loss.0 > 0 {
        notes.push("What was used upstream and is not charged is the platform's loss.");
    }
    notes.join(" ")
}

fn related(call: &CallFacts, end: &CallEnd, shown: &Shown<'_>) -> Vec<(String, String)> {
    let around = |asked: Asked| {
        let (from, to) = (call.at.plus(-HALF_MS), call.at.plus(HALF_MS));
        asked.with("from", &from.0.to_string()).with("to", &to.0.to_string()).address(shown.page)
    };
    let mut links = vec![("All calls of these 10 minutes".to_owned(), around(shown.kept.clone()))];
    if let Some(key) = call.key {
        links.push(("The same key in these 10 minutes".to_owned(), around(shown.kept.with("key", &key.to_string()))));
    }
    if !end.code.is_empty() {
        links.push((format!("All calls with {}", end.code), shown.only("code", &end.code)));
    }
    links
}

/// Before and after a call.
const HALF_MS: i64 = 5 * crate::domain::time::MINUTE_MS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::DOLLAR;

    #[test]
    fn amounts_are_written_to_the_last_digit() {
        assert_eq!(exact(12, Price(DOLLAR)), "$0.000012");
        assert_eq!(exact(1_000_000, Price(3 * DOLLAR)), "$3.00");
        assert_eq!(exact(1, Price(1)), "$0.000000000000001");
        assert_eq!(exact(2_000_000_000, Price(DOLLAR / 2)), "$1,000.00");
        assert_eq!(exact(0, Price(DOLLAR)), "$0.00");
    }
}
