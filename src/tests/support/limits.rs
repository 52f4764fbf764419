//! Limits of tests, written past the pages, and whether counters are those of what is booked.

use crate::{
    domain::{
        ids::TeamId,
        limit_forms::AllowanceChange,
        limit_scopes::{Allowance, Scope},
        limits::Limits,
        money::{DOLLAR, NanoUsd},
        periods::{AnchorDay, Period},
    },
    service::{
        Services, Touched,
        quota::{BookId, Quota, Standing},
    },
    storage::{self, limits::LimitRow},
};

/// A budget for each billing month and nothing else.
pub(crate) fn budget(amount: i64) -> Allowance {
    Allowance { budget: Some(NanoUsd(amount)), ..Allowance::default() }
}

/// Requests per minute and nothing else.
pub(crate) fn rpm(value: i64) -> Allowance {
    Allowance { limits: Limits { rpm: Some(value), ..Limits::default() }, ..Allowance::default() }
}

/// A budget as somebody sets it, in dollars.
pub(crate) fn set_budget(dollars: i64) -> AllowanceChange {
    AllowanceChange { budget: Some(Some(NanoUsd(dollars * DOLLAR))), ..AllowanceChange::default() }
}

/// Requests per minute as somebody sets them.
pub(crate) fn set_rpm(value: i64) -> AllowanceChange {
    AllowanceChange { limits: Some(rpm(value).limits), ..AllowanceChange::default() }
}

/// Sets what a scope of a team, or its organization, may use.
pub(crate) async fn db_limit(services: &Services, team: TeamId, scope: Scope, allowance: Allowance) {
    let organization = services.snapshot().team(team).expect("the team").organization;
    let root = organization.map_or(Scope::Team(team), Scope::Organization);
    let (parent, of_team, touched) = match scope {
        Scope::Organization(id) => (None, None, Touched::organization(id)),
        Scope::Team(_) => (organization.map(Scope::Organization), Some(team), Touched::team(team)),
        Scope::Key(id) => (Some(Scope::Team(team)), Some(team), Touched::key(id)),
        _ => (Some(Scope::Team(team)), Some(team), Touched::team(team)),
    };
    let row = LimitRow { scope, parent, root, team: of_team, allowance, version: 0 };
    let mut tx = services.store.begin().await.expect("a transaction");
    storage::limits::put(&mut tx, &row, services.clock.now()).await.expect("it lies within its parent's");
    services.commit(tx, touched).await.expect("it commits");
}

/// What a scope of a team has used, by the counters that refuse.
pub(crate) fn standing(services: &Services, team: TeamId, scope: Scope) -> Standing {
    let organization = services.snapshot().team(team).expect("the team").organization;
    let book = organization.map_or(BookId::Personal(team), BookId::Organization);
    let now = services.clock.now();
    services.quota.standing(book, scope, now, Period::at(now, AnchorDay::default()))
}

/// INV-6: at rest nothing is held, and counters are what a process counts that starts now.
pub(crate) async fn check_counters(services: &Services, team: TeamId, scopes: &[Scope]) {
    while services.book_ended_calls().await.expect("the database answers") > 0 {}
    let mut restarted = services.clone();
    restarted.quota = Quota::default();
    restarted.recover_counters().await.expect("the database answers");
    for scope in scopes {
        let kept = standing(services, team, *scope);
        assert_eq!(kept.held, NanoUsd(0), "{scope:?}");
        assert_eq!(kept, standing(&restarted, team, *scope), "{scope:?}");
    }
}
