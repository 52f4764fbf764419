//! Limits and budgets as people set them: on an organization, a team, a model in a team, a grant, a member, a key. Everything lies
//! within what stands above it; the database holds that (migration 0012), and what is said of it is said here. The gateway counts with
//! `service::quota`; what is set is in its snapshot before the answer is given, so that it holds for the very next call.

mod page;
mod put;
mod scopes;
mod used;
mod view;

pub use page::{Capped, KeyAllowance, TeamLimits};
pub use put::How;
pub use used::Used;
pub use view::{Ceiling, LimitsView, Promised, WindowView};

pub(in crate::service) use put::Place;

use crate::{
    domain::{
        field_errors::FieldErrors,
        format,
        ids::{GrantId, UserId},
        limit_forms::{AllowanceChange, MAX_BUDGET, wrong_budget},
        limit_scopes::{Raise, Scope},
        money::NanoUsd,
        roles::Action,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched},
    storage,
};

/// Whose limits are changed.
#[derive(Clone, Copy, Debug)]
pub enum LimitsOf<'a> {
    /// A team's own.
    Team,
    /// A member's in it.
    Member(UserId),
    /// A model's in it, by name.
    Model(&'a str),
    /// A grant's.
    Grant(GrantId),
}

/// A team's budget as it is to be.
#[derive(Clone, Copy, Debug)]
pub struct SpendingLimit {
    /// The amount; none for no limit.
    pub amount: Option<NanoUsd>,
    /// Until when; then the former amount is back.
    pub until: Option<UnixMs>,
}

impl Services {
    /// Limits of a team, for everybody in it.
    pub async fn get_team_limits(&self, caller: &Caller, team: &str) -> Result<LimitsView, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let place = Place::of_team(&team, Scope::Team(team.id), team.name.clone());
        self.view_limits(&mut c, &place).await
    }

    /// Limits of an organization. For its admins and platform admins.
    pub async fn get_organization_limits(&self, caller: &Caller, org: &str) -> Result<LimitsView, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        self.view_limits(&mut c, &Place::of_organization(&org)).await
    }

    /// Sets limits within a team. A budget of the team itself is its spending limit, which is its owner's to set.
    pub async fn put_limits(
        &self,
        caller: &Caller,
        team: &str,
        of: LimitsOf<'_>,
        change: AllowanceChange,
        how: How,
    ) -> Result<LimitsView, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let money = change.budget.is_some() || change.per.is_some() || change.raise.is_some();
        let spends = matches!(of, LimitsOf::Team) && money;
        let action = if spends && change.limits.is_none() { Action::ManageBilling } else { Action::ManageLimits };
        let (team, standing) = self.lock_team_and_organization_for(&mut tx, caller, team, action).await?;
        if spends && !standing.may(Action::ManageBilling) {
            return Err(self.denied(caller, &team, Action::ManageBilling));
        }
        let place = self.place_in(&mut tx, &team, of).await?;
        let touched = self.put_allowance(&mut tx, caller, &place, change, how).await?;
        let view = self.view_limits(&mut tx, &place).await?;
        self.commit(tx, touched).await?;
        Ok(view)
    }

    /// Sets what an organization's teams may use together. For its admins and platform admins.
    pub async fn put_organization_limits(
        &self,
        caller: &Caller,
        org: &str,
        change: AllowanceChange,
        how: How,
    ) -> Result<LimitsView, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_to_change(&mut tx, caller, org).await?;
        storage::organizations::lock(&mut tx, org.id).await?;
        let place = Place::of_organization(&org);
        let touched = self.put_allowance(&mut tx, caller, &place, change, how).await?;
        let view = self.view_limits(&mut tx, &place).await?;
        self.commit(tx, touched).await?;
        Ok(view)
    }

    /// Sets a team's spending limit, for good or until a time: then what was before is back by itself.
    pub async fn put_spending_limit(
        &self,
        caller: &Caller,
        team: &str,
        limit: SpendingLimit,
        how: How,
    ) -> Result<LimitsView, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_and_organization_for(&mut tx, caller, team, Action::ManageBilling).await?;
        let place = Place::of_team(&team, Scope::Team(team.id), team.name.clone());
        let touched = self.put_budget(&mut tx, caller, &place, limit, how).await.map_err(|error| match error {
            ServiceError::Invalid(fields) => ServiceError::Invalid(fields.renamed("budget", "spending_limit")),
            other => other,
        })?;
        let view = self.view_limits(&mut tx, &place).await?;
        self.commit(tx, touched).await?;
        Ok(view)
    }

    /// Sets a budget, for good or until a time.
    pub(in crate::service) async fn put_budget(
        &self,
        c: &mut storage::AnyConnection,
        caller: &Caller,
        place: &Place,
        limit: SpendingLimit,
        how: How,
    ) -> Result<Touched, ServiceError> {
        let before = storage::limits::find(c, place.scope).await?.map(|row| row.allowance).unwrap_or_default();
        let change = change_of_budget(before.budget, limit, self.clock.now())?;
        self.put_allowance(c, caller, place, change, how).await
    }
}

/// What an amount means: for good it is the budget; until a time it is a raise of the present one.
pub fn change_of_budget(before: Option<NanoUsd>, limit: SpendingLimit, now: UnixMs) -> Result<AllowanceChange, FieldErrors> {
    let Some(until) = limit.until else {
        return Ok(AllowanceChange { budget: Some(limit.amount), raise: Some(None), ..AllowanceChange::default() });
    };
    if until <= now {
        return Err(FieldErrors::one("until", "Choose a time in the future."));
    }
    let Some(before) = before else {
        return Err(FieldErrors::one(
            "until",
            "Nothing limits spending now. Set a budget first; then it can be raised for a while.",
        ));
    };
    let amount = limit.amount.ok_or_else(|| FieldErrors::one("budget", "Say an amount that holds until then."))?;
    if amount > MAX_BUDGET {
        return Err(FieldErrors::one("budget", wrong_budget()));
    }
    if amount <= before {
        let message =
            format!("For a while it can only be more than {}. To lower it, leave the end empty.", format::money(before));
        return Err(FieldErrors::one("budget", message));
    }
    let raise = Raise { by: NanoUsd(amount.0 - before.0), until };
    Ok(AllowanceChange { raise: Some(Some(raise)), ..AllowanceChange::default() })
}
