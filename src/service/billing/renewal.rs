//! Renewal: at the end of a period what is left of its credit expires, and the next one begins with credit and fee for its seats. Done
//! by a task, and before calls of the next period are booked, each team in a transaction of its own; whoever comes second finds it done.
//! Periods that passed while nothing ran are renewed one after the other.
//!
//! At the start, while calls of an earlier process are booked, the counters do not know yet what those calls hold: then all credit of a
//! period that ends is kept for them, and expires as soon as the last one is booked, before calls are admitted.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{InMemory, write};
use crate::{
    domain::{
        audit::AuditOutcome,
        billing::{Renewal, RenewalContext, TeamBilling},
        ids::TeamId,
        teams::Team,
        time::{SECOND_MS, UnixMs},
        usage::UsageEvent,
    },
    service::{ServiceError, Services, Touched},
    storage,
};

/// Between two looks at what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Teams of one look.
const AT_ONCE: i64 = 200;
/// From a renewal to the first look whether calls of the last period are still open: whoever was being admitted then is on disk by now.
const GRACE_MS: i64 = 2 * SECOND_MS;

impl Services {
    /// Renews what is due, until it is told to stop. Run once, by the composition.
    pub async fn run_renewals(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.renew_due().await {
                tracing::warn!(error = %error, "plans that are due could not be renewed; tried again in a second");
            }
            if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Renews what is due, and ends what was spared for calls that are over by now. Gives how many teams were renewed.
    pub async fn renew_due(&self) -> Result<usize, ServiceError> {
        let now = self.clock.now();
        let due = storage::billing::list_due(&mut *self.store.reader().await?, now, AT_ONCE).await?;
        let mut renewed = 0;
        for team in due {
            renewed += usize::from(self.renew_team(team, now).await?);
        }
        self.expire_spared(now).await?;
        Ok(renewed)
    }

    /// Renews a team's plan as often as it takes to reach a moment; `false` where it is not due, or done already.
    pub async fn renew_team(&self, team: TeamId, until: UnixMs) -> Result<bool, ServiceError> {
        let mut tx = self.store.begin().await?;
        if !storage::teams::lock(&mut tx, team).await? {
            return Ok(false);
        }
        let Some(team) = storage::teams::find(&mut tx, &team.to_string()).await? else { return Ok(false) };
        let Some(mut billing) = storage::billing::lock(&mut tx, team.id).await?.filter(|billing| billing.is_due(until)) else {
            return Ok(false);
        };
        let (anchor, members) =
            (storage::billing::anchor_day(&mut tx, team.id).await?, storage::teams::count_members(&mut tx, team.id).await?);
        let before = facts(&billing);
        let mut memory = InMemory::of(self, &team);
        // What calls hold or were not booked with yet is the difference between the balance and what memory gives.
        let recovering = self.meter.is_recovering();
        let mut taken = if recovering { 0 } else { memory.take(billing.credit + billing.spared, billing.lasting()) };
        let in_memory = billing.balance - taken;
        while billing.is_due(until) {
            let id = match (billing.next, &billing.terms) {
                (Renewal::Change(plan, _), _) => plan,
                (_, Some(terms)) => terms.plan,
                (_, None) => break,
            };
            let plan = storage::plans::find(&mut tx, &id.to_string()).await?;
            let plan = plan.ok_or_else(|| ServiceError::Internal(format!("plan {id} of team {} is gone", team.id)))?;
            let context = RenewalContext { at: self.clock.now(), plan: &plan, anchor, members };
            let renewed = billing.renew(&context, taken)?;
            if billing.terms.is_some() {
                storage::billing::insert_period(&mut tx, team.id, billing.period).await?;
            }
            write(&mut tx, &billing, &renewed.entries, renewed.fee.as_ref()).await?;
            // In a period that nobody saw, nothing was used.
            taken = if recovering { 0 } else { billing.credit };
        }
        // What is stored becomes the counters' beginning once all of it is booked.
        memory.added = if recovering { 0 } else { billing.balance - in_memory };
        if billing.terms.is_some() && team.seats != Some(billing.seats) {
            storage::billing::set_seats(&mut tx, team.id, Some(billing.seats)).await?;
        }
        self.audit_by_itself(&mut tx, "team.renew_plan", &team, before, facts(&billing)).await?;
        memory.commit(self, tx, Touched::team(team.id)).await?;
        Ok(true)
    }

    /// Before calls are booked: begins the periods that they belong to.
    pub(in crate::service) async fn renew_for(&self, events: &[UsageEvent]) -> Result<(), ServiceError> {
        let Some(latest) = events.iter().filter(|event| event.call.billed).map(|event| event.call.at).max() else {
            return Ok(());
        };
        let due = storage::billing::list_due(&mut *self.store.reader().await?, latest, i64::MAX).await?;
        for team in due {
            let of_team = events.iter().filter(|event| event.call.billed && event.call.team == team);
            if let Some(until) = of_team.map(|event| event.call.at).max() {
                self.renew_team(team, until).await?;
            }
        }
        Ok(())
    }

    /// At the start, when what an earlier process left is booked: none of its calls is open any more, so nothing is kept for them.
    pub(super) async fn expire_left_over(&self) -> Result<(), ServiceError> {
        self.expire_spared(self.clock.now().plus(GRACE_MS)).await
    }

    async fn expire_spared(&self, now: UnixMs) -> Result<(), ServiceError> {
        let spared = storage::billing::list_spared(&mut *self.store.reader().await?).await?;
        let spared: Vec<_> = spared.into_iter().filter(|(_, renewed)| renewed.plus(GRACE_MS) <= now).collect();
        if spared.is_empty() {
            return Ok(());
        }
        // What has ended must be charged first.
        self.book_ended_calls().await?;
        for (team, renewed) in spared {
            if self.meter.has_open_call(team, renewed).await {
                continue;
            }
            let mut tx = self.store.begin().await?;
            let Some(team) = storage::teams::find(&mut tx, &team.to_string()).await? else { continue };
            let Some(mut billing) = storage::billing::lock(&mut tx, team.id).await? else { continue };
            if billing.spared == 0 || billing.renewed_at() != renewed {
                continue;
            }
            let mut memory = InMemory::of(self, &team);
            let taken = memory.take(billing.spared, 0);
            if let Some(entry) = billing.expire_spared(self.clock.now(), taken)? {
                write(&mut tx, &billing, &[entry], None).await?;
                memory.commit(self, tx, Touched::default()).await?;
            }
        }
        Ok(())
    }

    /// An audit entry of what nobody did: the passing of time.
    async fn audit_by_itself(
        &self,
        c: &mut sqlx::AnyConnection,
        action: &str,
        team: &Team,
        before: serde_json::Value,
        after: serde_json::Value,
    ) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let entry = storage::audit::NewAuditEntry {
            id: self.random.id_at(now),
            at: now,
            actor: None,
            actor_name: "Tallygate",
            action,
            outcome: AuditOutcome::Done,
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            before: before.to_string(),
            after: after.to_string(),
            source: "system",
            address: String::new(),
            request_id: String::new(),
        };
        storage::audit::insert(c, &entry).await?;
        Ok(())
    }
}

/// What the audit log says of a team's plan.
pub(super) fn facts(billing: &TeamBilling) -> serde_json::Value {
    json!({
        "plan": billing.terms.as_ref().map(|terms| terms.name.clone()),
        "seats": billing.seats,
        "balance": billing.balance,
        "period_end": billing.period.end,
    })
}
