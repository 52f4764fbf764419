//! What a team's overview adds to its statistics: how its budget goes, and what waits for whoever looks.

use crate::{
    domain::{
        access_requests::RequestState,
        api_keys::KeyKind,
        forecast::{Forecast, forecast},
        ids::{KeyId, TeamId},
        invitations::InvitationState,
        limit_scopes::{Budget, BudgetPer, Scope},
        limit_words::{self, LimitedName, Reached},
        money::NanoUsd,
        page::PageRequest,
        periods::Period,
        roles::{Action, Standing},
        teams::TeamKind,
        time::{DAY_MS, UnixMs},
        usage::TestCalls,
        usage_buckets::Intervals,
        usage_filter::UsageFilter,
        usage_sums::Cell,
    },
    service::{
        Caller, ServiceError, Services,
        limits::{LimitsView, Place},
        quota::{Names, book_of, limited_name},
        usage::Burn,
    },
    storage::{self, AnyConnection, usage::UsageScope},
};

/// Keys that end within this are told of.
const SOON_MS: i64 = 7 * DAY_MS;
/// Requests that are counted; more are "100".
const REQUESTS_MAX: u32 = 100;

/// How the money of a team, or of an organization, goes.
#[derive(Clone, Debug)]
pub struct BudgetBurn {
    /// By day.
    pub burn: Burn,
    /// The billing month.
    pub period: Period,
    /// The one before.
    pub before: Period,
    /// The budget that holds now.
    pub budget: Option<Budget>,
    /// Charged in what the budget runs over; without one, in the month.
    pub spent: NanoUsd,
    /// What becomes of what is left of the budget.
    pub forecast: Option<Forecast>,
}

impl BudgetBurn {
    /// When a budget begins anew; none for one in all.
    pub fn resets_at(&self, budget: Budget) -> Option<UnixMs> {
        (budget.per == BudgetPer::Period).then_some(self.period.end)
    }
}

/// Something that waits for whoever looks, who can do something about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Requests for models.
    AccessRequests(Requests),
    /// Requests for higher budgets.
    BudgetRequests(Requests),
    /// A key that ends soon.
    KeyEnds {
        /// Which.
        key: KeyRef,
        /// When.
        at: UnixMs,
    },
    /// A key that has spent its budget.
    KeySpent {
        /// Which.
        key: KeyRef,
        /// The budget.
        budget: NanoUsd,
    },
    /// Invitations that nobody accepted yet.
    Invitations {
        /// How many.
        count: usize,
        /// When the first of them ends.
        ends_at: UnixMs,
    },
}

/// Requests that wait for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// How many.
    pub count: usize,
    /// Who has waited longest.
    pub oldest_from: String,
    /// Since when.
    pub oldest_at: UnixMs,
}

/// A key, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRef {
    /// Identifier.
    pub id: KeyId,
    /// Its name.
    pub name: String,
    /// Name of who made it.
    pub user_name: String,
}

impl Services {
    /// How a team's money goes in its billing month. For everybody who sees the team.
    pub async fn get_team_burn(&self, caller: &Caller, team: &str) -> Result<BudgetBurn, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let view = self.view_limits(&mut c, &Place::of_team(&team, Scope::Team(team.id), team.name.clone())).await?;
        let spent = self.find_spent(&mut c, &view).await?;
        self.budget_burn(&mut c, &view, spent).await
    }

    /// How the money goes that limits are of, of which `spent` is charged in what its budget runs over.
    pub(in crate::service) async fn budget_burn(
        &self,
        c: &mut AnyConnection,
        view: &LimitsView,
        spent: NanoUsd,
    ) -> Result<BudgetBurn, ServiceError> {
        let anchor = storage::limits::find_anchor(c, view.scope).await?;
        let before = Period::at(view.period.start.plus(-1), anchor);
        let burn = self.burn_of(c, view.scope, (before, view.period)).await?;
        let budget = view.allowance.budget_at(view.at);
        let forecast = budget.and_then(|budget| goes_on(&burn, budget, spent, view));
        Ok(BudgetBurn { burn, period: view.period, before, budget, spent, forecast })
    }

    /// Changes whenever a call of a team was booked or a key of it was made. For everybody who sees the team.
    pub async fn overview_stamp(&self, caller: &Caller, team: &str) -> Result<String, ServiceError> {
        let mut c = self.store.reader().await?;
        let (found, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let today = self.clock.now().floor_to(DAY_MS);
        let mut cells = [Cell::default()];
        let day = Intervals::whole(today, today.plus(DAY_MS));
        let all = UsageFilter::of(TestCalls::Include);
        storage::usage::add_cells(&mut c, UsageScope::Team(found.id), &all, &day, &mut cells).await?;
        let keys = self.snapshot().keys_of(found.id, self.clock.now()).len();
        Ok(format!("{}.{}.{keys}", today.0, cells[0].sums.requests))
    }

    /// What the caller's calls in a team cost since a time.
    pub async fn get_own_spent(&self, caller: &Caller, team: &str, since: UnixMs) -> Result<NanoUsd, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::OwnKeys).await?;
        Ok(NanoUsd(storage::usage::sum_spent(&mut c, Scope::Member(team.id, caller.user.id), since).await?))
    }

    /// The name of a team that sentences about its limits begin with.
    pub fn limited_team(&self, team: TeamId) -> Option<LimitedName> {
        Some(limited_name(self.snapshot().team(team)?, Names::default(), Scope::Team(team)))
    }

    /// The sentence of a budget that is used up.
    pub fn budget_sentence(&self, of: &LimitedName, burn: &BudgetBurn, budget: Budget) -> String {
        let (used, resets_at) = (Some(burn.spent), burn.resets_at(budget));
        let reached = Reached::Budget { per: budget.per, limit: budget.amount, used, asked: NanoUsd(0), resets_at };
        limit_words::warned(of, &reached, self.clock.now())
    }

    /// What waits for the caller in a team, the most urgent first.
    pub async fn list_waiting(&self, caller: &Caller, team: &str) -> Result<Vec<Waiting>, ServiceError> {
        let (found, standing) = {
            let mut c = self.store.reader().await?;
            self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?
        };
        let mut waiting = vec![];
        if standing.may(Action::ManageLimits) && found.kind == TeamKind::Team {
            let page = PageRequest { limit: Some(REQUESTS_MAX), cursor: None };
            let models = self.list_access_requests(caller, team, true, &page).await?.items;
            let models = models.iter().filter(|request| request.may_decide);
            waiting.extend(requests(models.map(|request| (&request.user_name, request.created_at))).map(Waiting::AccessRequests));
            let budgets = self.list_budget_requests(caller, team, &page).await?.items;
            let budgets = budgets.iter().filter(|request| request.may_decide && request.state == RequestState::Pending);
            waiting
                .extend(requests(budgets.map(|request| (&request.user_name, request.created_at))).map(Waiting::BudgetRequests));
        }
        waiting.extend(self.waiting_keys(caller, standing, found.id));
        if standing.may(Action::ManageMembers) && found.kind == TeamKind::Team {
            let open = self.list_invitations(caller, team).await?;
            let open: Vec<_> = open.iter().filter(|open| open.state == InvitationState::Pending).collect();
            let ends_at = open.iter().map(|open| open.expires_at).min();
            waiting.extend(ends_at.map(|ends_at| Waiting::Invitations { count: open.len(), ends_at }));
        }
        Ok(waiting)
    }

    /// Keys that the caller manages and that end soon or have spent their budget, in the order of their ends.
    fn waiting_keys(&self, caller: &Caller, standing: Standing, team: TeamId) -> Vec<Waiting> {
        let (snapshot, now) = (self.snapshot(), self.clock.now());
        let Some(entry) = snapshot.team(team) else { return vec![] };
        let any = standing.may(Action::ManageAnyKey);
        let own = standing.may(Action::OwnKeys);
        let period = Period::at(now, entry.terms.anchor);
        let mut spent = vec![];
        let mut ending = vec![];
        for key in snapshot.keys_of(team, now) {
            let is_own = key.user == caller.user.id && key.kind != KeyKind::Application;
            if !any && !(own && is_own) {
                continue;
            }
            let named = || KeyRef { id: key.id, name: key.name.clone(), user_name: key.user_name.clone() };
            if let Some(budget) = entry.terms.of(Scope::Key(key.id)).budget_at(now) {
                let standing = self.quota.standing(book_of(entry), Scope::Key(key.id), now, period);
                let used = match budget.per {
                    BudgetPer::Period => standing.spent,
                    BudgetPer::Total => standing.spent_in_all,
                };
                if used >= budget.amount {
                    spent.push(Waiting::KeySpent { key: named(), budget: budget.amount });
                }
            }
            if let Some(at) = key.expires_at.filter(|at| at.since(now) <= SOON_MS) {
                ending.push((at, Waiting::KeyEnds { key: named(), at }));
            }
        }
        ending.sort_by_key(|(at, _)| *at);
        spent.into_iter().chain(ending.into_iter().map(|(_, key)| key)).collect()
    }
}

fn goes_on(burn: &Burn, budget: Budget, spent: NanoUsd, view: &LimitsView) -> Option<Forecast> {
    let left = budget.amount.0.saturating_sub(spent.0);
    let pace = burn.pace.as_ref().filter(|_| left > 0)?;
    let resets_at = (budget.per == BudgetPer::Period).then_some(view.period.end);
    Some(forecast(pace, left, view.at, resets_at))
}

fn requests<'a>(all: impl Iterator<Item = (&'a String, UnixMs)>) -> Option<Requests> {
    let (mut count, mut oldest) = (0, None::<(&String, UnixMs)>);
    for request in all {
        count += 1;
        oldest = oldest.filter(|oldest| oldest.1 <= request.1).or(Some(request));
    }
    oldest.map(|(from, at)| Requests { count, oldest_from: from.clone(), oldest_at: at })
}
