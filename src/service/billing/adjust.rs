//! What platform admins set: adjustments of a balance, with a reason, and discounts.

use serde_json::json;

use super::{InMemory, write};
use crate::{
    domain::{
        billing::Movement,
        format,
        ids::PlanRequestId,
        ledger::EntryKind,
        money::{DOLLAR, NanoUsd},
        roles::Action,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, platform::check_reason},
    storage,
};

/// The most that one adjustment moves: $1,000,000.
const MOST: i64 = 1_000_000 * DOLLAR;
/// A discount of everything.
const WHOLE_BP: i64 = 10_000;

impl Services {
    /// Adds to a team's balance, or takes from it what no running call holds. Platform admins only.
    pub async fn adjust_balance(&self, caller: &Caller, team: &str, amount: i64, reason: &str) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "adjust a balance")?;
        if amount == 0 || amount.checked_abs().is_none_or(|amount| amount > MOST) {
            return Err(ServiceError::field("amount", "Enter an amount up to $1,000,000, with a minus to take away; not 0."));
        }
        let reason = check_reason(reason, "a reason")?;
        let (found, _) = self.find_team_for(&mut *self.store.reader().await?, caller, team, Action::ViewBilling).await?;
        self.renew_team(found.id, self.clock.now()).await?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ViewBilling).await?;
        let no_plan =
            || ServiceError::Conflict("no_plan", format!("{} never had a plan, so it has no balance to adjust.", team.name));
        let mut billing = storage::billing::lock(&mut tx, team.id).await?.ok_or_else(no_plan)?;
        let at = self.clock.now();
        let mut memory = InMemory::of(self, &team);
        if amount < 0 {
            let free = memory.take(-amount, 0).min(billing.balance.max(0));
            if free < -amount {
                let sentence = format!(
                    "Only {} can be taken away: the balance is {}, and running calls hold the rest.",
                    format::money(NanoUsd(free)),
                    format::money(NanoUsd(billing.balance))
                );
                return Err(ServiceError::field("amount", sentence));
            }
        } else {
            memory.added = amount;
        }
        let before = billing.balance;
        let entry = billing.post(Movement {
            kind: EntryKind::Adjustment,
            amount,
            at,
            description: reason.clone(),
            reference: format!("adjustment:{}", self.random.id_at::<PlanRequestId>(at)),
            actor_name: caller.user.name.clone(),
            period_start: billing.period.start,
            day: None,
        })?;
        write(&mut tx, &billing, &[entry], None).await?;
        let change = Change {
            action: "team.adjust_balance",
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            before: json!({"balance": before}),
            after: json!({"balance": billing.balance, "reason": reason}),
        };
        self.audit(&mut tx, caller, change).await?;
        memory.commit(self, tx, Touched::default()).await
    }

    /// Sets a team's discount on usage, in basis points: calls that are admitted from now on have it. Platform admins only.
    pub async fn set_discount(&self, caller: &Caller, team: &str, discount_bp: i64) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "set a discount")?;
        if !(0..=WHOLE_BP).contains(&discount_bp) {
            return Err(ServiceError::field("discount_bp", "Enter a discount from 0 % to 100 %."));
        }
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ViewBilling).await?;
        storage::billing::set_discount(&mut tx, team.id, discount_bp).await?;
        let change = Change {
            action: "team.set_discount",
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            before: json!({"discount_bp": team.discount_bp}),
            after: json!({"discount_bp": discount_bp}),
        };
        self.audit(&mut tx, caller, change).await?;
        self.commit(tx, Touched::team(team.id)).await
    }
}
