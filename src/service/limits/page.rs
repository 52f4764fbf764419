//! What the pages of limits show: everything of one team, or of one organization, in one reading.

use std::collections::HashMap;

use super::{LimitsOf, LimitsView, Place, used::Used};
use crate::{
    domain::{
        authorization::TeamState,
        ids::{KeyId, ModelId},
        limit_scopes::{Allowance, Budget, BudgetPer, Scope},
        money::NanoUsd,
        periods::Period,
        roles::{Action, Standing},
        teams::{Team, TeamKind},
        time::UnixMs,
        usage::TestCalls,
        usage_buckets::{Intervals, Span},
        usage_filter::{Dimension, UsageFilter},
    },
    service::{Caller, ServiceError, Services},
    storage::{self, usage::UsageScope},
};

/// A team's limits with what is used of them.
#[derive(Clone, Debug)]
pub struct TeamLimits {
    /// Team or personal space.
    pub team: Team,
    /// Name of its owner.
    pub owner_name: String,
    /// What the viewer is to it.
    pub standing: Standing,
    /// Its limits.
    pub view: LimitsView,
    /// What is used of them.
    pub used: Used,
}

/// Something in a team, or a team of an organization, with its limits; nothing set, mostly.
#[derive(Clone, Debug)]
pub struct Capped {
    /// On what.
    pub scope: Scope,
    /// As an address names it: account, model, team.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A line about it.
    pub detail: String,
    /// Its limits.
    pub view: LimitsView,
    /// Charged in what its budget runs over; in the billing month where it has none.
    pub spent: NanoUsd,
}

/// What is set on a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyAllowance {
    /// Its limits and its budget.
    pub allowance: Allowance,
    /// Charged in all, where its budget runs over that.
    pub in_all: Option<NanoUsd>,
}

impl Services {
    /// A team's limits, for everybody in it.
    pub async fn get_limits_page(&self, caller: &Caller, team: &str) -> Result<TeamLimits, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let place = Place::of_team(&team, Scope::Team(team.id), team.name.clone());
        let view = self.view_limits(&mut c, &place).await?;
        let used = self.find_used(&mut c, &place, &view).await?;
        let owner_name = storage::users::find(&mut c, team.owner).await?.map_or_else(String::new, |owner| owner.name);
        Ok(TeamLimits { team, owner_name, standing, view, used })
    }

    /// What the members of a team who have a budget spent of it: spent and budget, by account. For whoever sees who used what.
    pub async fn list_member_budgets(&self, caller: &Caller, team: &str) -> Result<HashMap<String, (i64, i64)>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewEveryonesUsage).await?;
        let now = self.clock.now();
        let mut budgets: Vec<(String, Budget)> = vec![];
        for row in storage::limits::list_of_team(&mut c, team.id).await? {
            if let (Scope::Member(_, user), Some(budget)) = (row.scope, row.allowance.budget_at(now)) {
                budgets.push((user.to_string(), budget));
            }
        }
        let start = self.period_start(&mut c, &team).await?;
        let mut uses = HashMap::new();
        for (per, from) in [(BudgetPer::Period, start), (BudgetPer::Total, UnixMs(0))] {
            if !budgets.iter().any(|(_, budget)| budget.per == per) {
                continue;
            }
            let (scope, whole) = (UsageScope::Team(team.id), Intervals::whole(from, now.plus(Span::Quarter.ms())));
            let filter = UsageFilter::of(TestCalls::Exclude);
            let spent = storage::usage::sum_by(&mut c, scope, &filter, Dimension::Member, &whole).await?;
            for (user, budget) in budgets.iter().filter(|(_, budget)| budget.per == per) {
                uses.insert(user.clone(), (spent.get(user).map_or(0, |sums| sums.cost), budget.amount.0));
            }
        }
        Ok(uses)
    }

    /// The members of a team with what each may use; to whoever does not set it, their own row alone.
    pub async fn list_member_caps(&self, caller: &Caller, team: &str) -> Result<Vec<Capped>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let month_start = self.period_start(&mut c, &team).await?;
        let members = storage::members::list(&mut c, team.id, "", self.clock.now(), month_start).await?;
        let mut caps = vec![];
        for member in members {
            if member.user != caller.user.id && !standing.may(Action::ManageLimits) {
                continue;
            }
            let scope = Scope::Member(team.id, member.user);
            let view = self.view_limits(&mut c, &Place::of_team(&team, scope, member.name.clone())).await?;
            let (id, spent) = (member.user.to_string(), self.spent_of(&mut c, &view, member.spent).await?);
            caps.push(Capped { scope, id, name: member.name, detail: member.email, view, spent });
        }
        caps.sort_by(|a, b| a.name.to_lowercase().cmp(&b.name.to_lowercase()).then(a.id.cmp(&b.id)));
        Ok(caps)
    }

    /// The models that somebody in a team may call or ask for, with what the team may use of each.
    pub async fn list_model_caps(&self, caller: &Caller, team: &str) -> Result<Vec<Capped>, ServiceError> {
        let models = self.get_team_access(caller, team).await?.models;
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let start = self.period_start(&mut c, &team).await?;
        let spent: HashMap<String, i64> = storage::usage::sum_by_model_since(&mut c, team.id, start).await?;
        let set = storage::limits::list_of_team(&mut c, team.id).await?;
        let mut caps = vec![];
        for model in models {
            let scope = Scope::TeamModel(team.id, model.id);
            let reachable = model.team != TeamState::Closed;
            if !reachable && !set.iter().any(|row| row.scope == scope) {
                continue;
            }
            let view = self.view_limits(&mut c, &Place::of_team(&team, scope, model.name.clone())).await?;
            let spent = self.spent_of(&mut c, &view, spent.get(&model.name).copied().unwrap_or_default()).await?;
            caps.push(Capped { scope, id: model.name.clone(), name: model.name, detail: String::new(), view, spent });
        }
        Ok(caps)
    }

    /// An organization's limits with what is used of them, and its teams with theirs. For its admins and platform admins.
    pub async fn get_organization_limits_page(
        &self,
        caller: &Caller,
        org: &str,
    ) -> Result<(LimitsView, Used, Vec<Capped>), ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let place = Place::of_organization(&org);
        let view = self.view_limits(&mut c, &place).await?;
        let used = self.find_used(&mut c, &place, &view).await?;
        let mut caps = vec![];
        for row in storage::organizations::list_teams(&mut c, org.id, view.period.start).await? {
            let Some(team) = storage::teams::find(&mut c, &row.id.to_string()).await? else { continue };
            let scope = Scope::Team(team.id);
            let own = self.view_limits(&mut c, &Place::of_team(&team, scope, team.name.clone())).await?;
            let spent = self.spent_of(&mut c, &own, row.spent).await?;
            caps.push(Capped { scope, id: team.slug.clone(), name: team.name, detail: String::new(), view: own, spent });
        }
        Ok((view, used, caps))
    }

    /// What is set on keys of a team; for the rows of a list that shows only keys that may be seen.
    pub async fn list_key_allowances(&self, caller: &Caller, team: &str) -> Result<HashMap<KeyId, KeyAllowance>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let mut keys = HashMap::new();
        for row in storage::limits::list_of_team(&mut c, team.id).await? {
            let (Scope::Key(id), allowance) = (row.scope, row.allowance) else { continue };
            let in_all = match allowance.per {
                BudgetPer::Period => None,
                BudgetPer::Total => Some(NanoUsd(storage::usage::sum_spent(&mut c, row.scope, UnixMs(0)).await?)),
            };
            keys.insert(id, KeyAllowance { allowance, in_all });
        }
        Ok(keys)
    }

    /// What is set on models of a team, for those who set it.
    pub async fn list_model_allowances(&self, caller: &Caller, team: &str) -> Result<HashMap<ModelId, Allowance>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        let of_model = |row: storage::limits::LimitRow| match row.scope {
            Scope::TeamModel(_, id) => Some((id, row.allowance)),
            _ => None,
        };
        Ok(storage::limits::list_of_team(&mut c, team.id).await?.into_iter().filter_map(of_model).collect())
    }

    /// What a team was charged in what a budget would run over. For those who set it.
    pub async fn get_team_spent(&self, caller: &Caller, team: &str, per: BudgetPer) -> Result<NanoUsd, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        let since = match per {
            BudgetPer::Period => self.period_start(&mut c, &team).await?,
            BudgetPer::Total => UnixMs(0),
        };
        Ok(NanoUsd(storage::usage::sum_spent(&mut c, Scope::Team(team.id), since).await?))
    }

    /// What counts against a scope's budget, where the figure of the billing month is known already.
    async fn spent_of(&self, c: &mut storage::AnyConnection, view: &LimitsView, month: i64) -> Result<NanoUsd, ServiceError> {
        match view.allowance.per {
            BudgetPer::Period => Ok(NanoUsd(month)),
            BudgetPer::Total => self.find_spent(c, view).await,
        }
    }

    /// What a member, or a model, of a team may use, for the dialog that sets it.
    pub async fn get_cap(&self, caller: &Caller, team: &str, of: LimitsOf<'_>) -> Result<LimitsView, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        let place = self.place_in(&mut c, &team, of).await?;
        self.view_limits(&mut c, &place).await
    }

    async fn period_start(&self, c: &mut storage::AnyConnection, team: &Team) -> Result<UnixMs, ServiceError> {
        let anchor = storage::limits::find_anchor(c, Scope::Team(team.id)).await?;
        Ok(Period::at(self.clock.now(), anchor).start)
    }
}

impl TeamLimits {
    /// A personal space's.
    pub fn is_personal(&self) -> bool {
        self.team.kind == TeamKind::Personal
    }

    /// Whether the viewer sets windows, and caps of members and models. A personal space's limits come from the platform.
    pub fn may_manage(&self) -> bool {
        self.team.kind == TeamKind::Team && self.standing.may(Action::ManageLimits)
    }

    /// Whether the viewer asks for higher budgets, or decides.
    pub fn may_request(&self) -> bool {
        let may = |action| self.standing.may(action);
        self.team.kind == TeamKind::Team && (may(Action::RequestAccess) || may(Action::ManageLimits))
    }

    /// Whether the viewer sets the spending limit.
    pub fn may_spend(&self) -> bool {
        self.team.kind == TeamKind::Team && self.standing.may(Action::ManageBilling)
    }
}
