//! The money of the demo: a team on a plan from the first day of its usage, with renewals, an adjustment, and a request that waits.

use crate::{
    domain::{
        accounts::User,
        ids::TeamId,
        ledger::{EntryKind, LedgerFilter},
        money::{DOLLAR, NanoUsd},
        plan_changes::Wanted,
        plans::NewPlan,
    },
    service::{Caller, ServiceError, Services},
    storage,
};

/// The team on a plan, what it is on, and for how many seats.
const ON_PLAN: (&str, &str, i64) = ("atlas-search", "Pro", 30);
/// What a seat of that plan costs and brings.
const TERMS: (i64, i64) = (220 * DOLLAR, 250 * DOLLAR);
/// Who runs the platform, and who asks for a plan: address, team, plan, seats.
const ADMIN: &str = "maya.okafor@northwind.example";
const ASKS: (&str, &str, &str, i64) = ("priya.raman@northwind.example", "support-automation", "Starter", 8);

/// Begins the plan, as of the clock of `past`; gives the team that is on it. A second time changes nothing.
pub(super) async fn begin(past: &Services) -> Result<TeamId, ServiceError> {
    let admin = caller(past, ADMIN).await?;
    let (team, plan, seats) = ON_PLAN;
    let billing = past.get_billing(&admin, team).await?;
    if billing.balance.is_none() {
        let terms = NewPlan::check(plan, Some(NanoUsd(TERMS.0)), Some(NanoUsd(TERMS.1)), false, true)?;
        past.update_plan(&admin, plan, terms).await?;
        past.change_plan(&admin, team, &Wanted::Plan(plan.into(), Some(seats))).await?;
    }
    Ok(past.get_team(&admin, team).await?.id)
}

/// What happened last.
pub(super) async fn end(past: &Services) -> Result<(), ServiceError> {
    past.renew_due().await?;
    let admin = caller(past, ADMIN).await?;
    let filter = LedgerFilter { kind: Some(EntryKind::Adjustment), ..LedgerFilter::default() };
    if past.list_ledger(&admin, ON_PLAN.0, &filter, &Default::default()).await?.items.is_empty() {
        past.adjust_balance(&admin, ON_PLAN.0, 50 * DOLLAR, "Goodwill for the outage of two providers").await?;
    }
    let (who, team, plan, seats) = ASKS;
    past.change_plan(&caller(past, who).await?, team, &Wanted::Plan(plan.into(), Some(seats))).await?;
    Ok(())
}

async fn caller(services: &Services, email: &str) -> Result<Caller, ServiceError> {
    let mut c = services.store.reader().await?;
    let found: Option<User> = storage::users::find_credentials(&mut c, email).await?.map(|found| found.user);
    found.map(Caller::system).ok_or_else(|| ServiceError::Internal(format!("the demo has nobody at {email}")))
}
