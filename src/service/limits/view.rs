//! What is set on a scope, beside what it lies within and what is promised below it.

use super::Place;
use crate::{
    domain::{
        limit_scopes::{Allowance, BudgetPer, Scope},
        limits::{Limits, Window},
        money::NanoUsd,
        periods::Period,
        roles::Action,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services},
    storage::{self, AnyConnection, limits::LimitRow},
};

/// The limits of a scope, as pages and REST show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsView {
    /// On what.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// What is set.
    pub allowance: Allowance,
    /// Raised with every change; 0 where nothing is set.
    pub version: i64,
    /// What it lies within; none for the outermost.
    pub ceiling: Option<Ceiling>,
    /// What is set right below it, added up: it may be more than there is.
    pub promised: Promised,
    /// Its billing month.
    pub period: Period,
    /// As of when.
    pub at: UnixMs,
}

/// The limits that a scope lies within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Whose they are.
    pub name: String,
    /// What is set there.
    pub allowance: Allowance,
}

/// One window of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowView {
    /// Which.
    pub window: Window,
    /// What is set; none for no limit.
    pub limit: Option<i64>,
    /// The parent's, which it lies within.
    pub ceiling: Option<i64>,
}

/// What is set on the scopes right below, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promised {
    /// Windows; none where nobody below has one.
    pub limits: Limits,
    /// Budgets per period.
    pub budget: Option<NanoUsd>,
}

impl LimitsView {
    /// Windows, in the order in which they are checked.
    pub fn windows(&self) -> impl Iterator<Item = WindowView> + '_ {
        Window::ALL.into_iter().map(|window| WindowView {
            window,
            limit: self.allowance.limits.get(window),
            ceiling: self.ceiling.as_ref().and_then(|ceiling| ceiling.allowance.limits.get(window)),
        })
    }
}

impl Services {
    /// What is set on a scope.
    pub(in crate::service) async fn view_limits(&self, c: &mut AnyConnection, place: &Place) -> Result<LimitsView, ServiceError> {
        let at = self.clock.now();
        let row = storage::limits::find(c, place.scope).await?;
        let ceiling = match &place.parent {
            Some((scope, name)) => {
                let above = storage::limits::find(c, *scope).await?;
                Some(Ceiling { name: name.clone(), allowance: above.map(|row| row.allowance).unwrap_or_default() })
            }
            None => None,
        };
        let billed = match place.scope {
            Scope::Organization(_) => place.scope,
            _ => place.team.map_or(place.scope, Scope::Team),
        };
        let anchor = storage::limits::find_anchor(c, billed).await?;
        Ok(LimitsView {
            scope: place.scope,
            name: place.name.clone(),
            allowance: row.map(|row| row.allowance).unwrap_or_default(),
            version: row.map_or(0, |row| row.version),
            ceiling,
            promised: promised(&storage::limits::list_below(c, place.scope).await?),
            period: Period::at(at, anchor),
            at,
        })
    }
}

impl Services {
    /// Everything that is set in a team: on its members, models, grants and keys. Whoever does not set it sees what is set on
    /// themselves and their keys.
    pub async fn list_caps(&self, caller: &Caller, team: &str) -> Result<Vec<LimitsView>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let mut caps = vec![];
        for row in storage::limits::list_of_team(&mut c, team.id).await? {
            let own = match row.scope {
                Scope::Team(_) | Scope::Organization(_) => continue,
                Scope::Member(_, user) => user == caller.user.id,
                Scope::Key(id) => {
                    let key = storage::api_keys::find(&mut c, team.id, id).await?;
                    key.is_some_and(|key| key.user == caller.user.id && !key.is_the_teams())
                }
                Scope::TeamModel(..) | Scope::Grant(_) => false,
            };
            if own || standing.may(Action::ManageLimits) {
                let name = self.scope_name(&mut c, row.scope).await?;
                caps.push(self.view_limits(&mut c, &Place::of_team(&team, row.scope, name)).await?);
            }
        }
        Ok(caps)
    }
}

/// Adds up what is set. A sum that does not fit is as good as the largest that does.
pub(super) fn promised(rows: &[LimitRow]) -> Promised {
    let mut sum = Promised::default();
    for allowance in rows.iter().map(|row| &row.allowance) {
        for window in Window::ALL {
            if let Some(value) = allowance.limits.get(window) {
                sum.limits.set(window, Some(sum.limits.get(window).unwrap_or_default().saturating_add(value)));
            }
        }
        if let Some(budget) = allowance.budget.filter(|_| allowance.per == BudgetPer::Period) {
            sum.budget = Some(NanoUsd(sum.budget.unwrap_or_default().0.saturating_add(budget.0)));
        }
    }
    sum
}
