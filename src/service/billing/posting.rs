//! Charges of calls: posted in the transaction that books their events.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use crate::{
    domain::{
        billing::{Movement, TeamBilling},
        format,
        ids::{CallId, TeamId},
        ledger::EntryKind,
        time::{DAY_MS, UnixMs},
        usage::UsageEvent,
    },
    storage,
};

/// What is charged for one day of one period.
#[derive(Clone, Copy, Debug)]
struct Charge {
    amount: i64,
    /// When the last of the calls ended.
    at: UnixMs,
    first: CallId,
}

/// Charges events, all of them new, to the balances that were to cover them.
pub async fn charge_events(c: &mut AnyConnection, events: &[&UsageEvent]) -> Result<(), sqlx::Error> {
    // Sorted: two nodes that book at once lock teams in the same order.
    let mut by_team: BTreeMap<TeamId, Vec<&UsageEvent>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.call.billed && event.end.cost.0 > 0) {
        by_team.entry(event.call.team).or_default().push(event);
    }
    for (team, events) in by_team {
        let Some(mut billing) = storage::billing::lock(c, team).await? else {
            // Nothing is dropped silently: the comparison of the books finds these events without a charge.
            tracing::error!(team.id = %team, "calls were admitted on a balance that does not exist");
            continue;
        };
        let mut entries = vec![];
        for ((period_start, day), charge) in by_day(c, &billing, &events).await? {
            let movement = Movement {
                kind: EntryKind::UsageCharge,
                amount: -charge.amount,
                at: charge.at,
                description: format!("Usage on {}", format::date(day)),
                reference: format!("usage:{}", charge.first),
                actor_name: String::new(),
                period_start,
                day: Some(day),
            };
            let too_much = |_| sqlx::Error::Encode("the balance of a team is beyond 64 bits".into());
            entries.push(billing.post(movement).map_err(too_much)?);
        }
        super::write(c, &billing, &entries, None).await?;
    }
    Ok(())
}

async fn by_day(
    c: &mut AnyConnection,
    billing: &TeamBilling,
    events: &[&UsageEvent],
) -> Result<BTreeMap<(UnixMs, UnixMs), Charge>, sqlx::Error> {
    let current = billing.period.start;
    let old = events.iter().any(|event| event.call.at < current);
    let periods = if old { storage::billing::list_periods(c, billing.team).await? } else { vec![] };
    let mut charges: BTreeMap<(UnixMs, UnixMs), Charge> = BTreeMap::new();
    for event in events {
        let at = event.call.at;
        let period_start = match at < current {
            true => periods.iter().map(|period| period.start).find(|start| *start <= at).unwrap_or(current),
            false => current,
        };
        let ended = at.plus(event.end.latency_ms.max(0));
        let new = Charge { amount: 0, at: ended, first: event.call.id };
        let charge = charges.entry((period_start, at.floor_to(DAY_MS))).or_insert(new);
        charge.amount = charge.amount.saturating_add(event.end.cost.0);
        charge.at = charge.at.max(ended);
    }
    Ok(charges)
}
