//! The money of teams, as stories with a moved clock: credit, charges, renewal, expiry, seats, statements.

mod crash;
mod ledger;
mod plans;
mod random;

use super::support::{invariants, people};
use crate::{
    domain::{
        ids::TeamId,
        limits::Limits,
        money::NanoUsd,
        periods::{AnchorDay, Period},
        plan_changes::{PlanChanged, Wanted},
        teams::TeamView,
        time::UnixMs,
        usage::{CallFacts, UsageEvent},
    },
    service::{
        Caller, Services,
        metering::{
            self,
            testing::{completed, event},
        },
        quota::{Ask, BookId, Bound, Hold, NotReserved},
    },
    storage,
};

/// A team "Atlas Search" with its owner, who also runs the platform.
async fn atlas(services: &Services) -> (Caller, TeamView) {
    let maya = people::db_person(services, "Maya", true).await;
    let team = people::team(services, &maya).await;
    (maya, team)
}

async fn put(services: &Services, caller: &Caller, plan: &str, seats: i64) -> PlanChanged {
    let wanted = Wanted::Plan(plan.into(), Some(seats));
    services.change_plan(caller, "atlas-search", &wanted).await.expect("the change is possible")
}

/// Where the team's balance is counted.
async fn bound(services: &Services, team: TeamId) -> (BookId, Bound) {
    let mut c = services.store.reader().await.unwrap();
    let found = storage::teams::find(&mut c, &team.to_string()).await.unwrap().unwrap();
    let (book, scope) = crate::service::billing::place(&found);
    let period = Period::at(services.clock.now(), AnchorDay::default());
    (book, Bound { scope, limits: Limits::default(), budget: None, period, balance: true })
}

/// Reserves for a call, as the gateway does.
async fn reserve(services: &Services, team: TeamId, cost: i64) -> Result<Hold, NotReserved> {
    let (book, bound) = bound(services, team).await;
    let ask = Ask { at: services.clock.now(), tokens: 10, cost: Some(NanoUsd(cost)), bounds: &[bound] };
    services.quota.reserve(book, &ask).await
}

fn facts(n: u64, team: TeamId, at: UnixMs) -> CallFacts {
    CallFacts { team, at, billed: true, test: false, model_name: format!("model-{}", n % 3), ..event(n).call }
}

fn ended(call: CallFacts, cost: i64) -> UsageEvent {
    let end = completed(&call, crate::domain::usage::Tokens::default());
    UsageEvent { end: crate::domain::usage::CallEnd { cost: NanoUsd(cost), list_cost: NanoUsd(cost), ..end }, call }
}

/// A whole call: reserved, settled, booked. False where the balance did not cover it.
async fn call(services: &Services, team: TeamId, n: u64, cost: i64) -> bool {
    let Ok(hold) = reserve(services, team, cost).await else { return false };
    let event = ended(facts(n, team, services.clock.now()), cost);
    hold.settle(10, NanoUsd(cost));
    metering::book(&services.store, &[event]).await.unwrap();
    true
}

async fn balance(services: &Services, caller: &Caller) -> i64 {
    services.get_billing(caller, "atlas-search").await.unwrap().balance.unwrap()
}

/// What the counters say.
async fn counted(services: &Services, team: TeamId) -> Option<i64> {
    let (book, bound) = bound(services, team).await;
    services.quota.standing(book, bound.scope, services.clock.now(), bound.period).balance.map(|amount| amount.0)
}

/// Everything that must hold after a story, the counters included.
async fn check(services: &Services) {
    invariants::check(services).await;
    let found = services.check_books().await.unwrap();
    assert!(found.differences.is_empty(), "{found:?}");
}

async fn raw(services: &Services, sql: String) -> Result<(), sqlx::Error> {
    let mut tx = services.store.begin().await?;
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await?;
    tx.commit().await
}
