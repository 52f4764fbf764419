//! What somebody uses in each of their contexts: the personal space and every team.

use super::forecast::costs_by_day;
use crate::{
    domain::{
        access_requests::RequestState,
        api_keys::{KeyStatus, KeyView},
        ids::TeamId,
        limit_scopes::Scope,
        limit_uses::OwnLimit,
        money::NanoUsd,
        page::PageRequest,
        periods::Period,
        roles::{Action, Role, Standing},
        time::{DAY_MS, UnixMs},
        usage::TestCalls,
        usage_filter::{Dimension, UsageFilter},
    },
    service::{
        Caller, ServiceError, Services,
        access::snapshot::TeamEntry,
        api_keys::KeyQuery,
        quota::{Ask, Names, Payer, book_of},
    },
    storage::{self, usage::UsageScope},
};

/// Days of the trend, today included.
pub const TREND_DAYS: i64 = 28;
/// Keys and requests of one context that are read.
const READ_MAX: u32 = 100;

/// A context of somebody, and what they use in it.
#[derive(Clone, Debug)]
pub struct OwnContext {
    /// Team or personal space.
    pub team: TeamId,
    /// As addresses name it: `me` for the personal space.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its organization's; empty for the personal space.
    pub organization: String,
    /// Role; none in the personal space.
    pub role: Option<Role>,
    /// Its billing month.
    pub period: Period,
    /// Charged for own calls in it.
    pub spent: NanoUsd,
    /// Own calls ever.
    pub has_calls: bool,
    /// Every limit that applies; none for viewers, who make no calls.
    pub limits: Vec<OwnLimit>,
    /// Why the next call would be refused, whatever it is.
    pub blocked: Option<String>,
    /// Nothing may be called here, and nobody meant it to be otherwise: a personal space that was never given anything.
    pub closed: bool,
}

/// What was charged day by day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyCosts {
    /// The first day.
    pub from: UnixMs,
    /// Each day's, the last one's so far.
    pub costs: Vec<i64>,
}

/// Something that somebody asked for and that is not decided yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRequest {
    /// Short name of the team.
    pub slug: String,
    /// Its name.
    pub team: String,
    /// The model; none for a higher budget.
    pub model: Option<String>,
    /// The budget that is asked for.
    pub amount: Option<NanoUsd>,
    /// Since when it waits.
    pub at: UnixMs,
}

/// What the personal view shows.
#[derive(Clone, Debug)]
pub struct OwnView {
    /// Those that refuse calls first, then by what was spent.
    pub contexts: Vec<OwnContext>,
    /// Charged for own calls on each of the last days (UTC), in all contexts.
    pub days: DailyCosts,
    /// Own keys that work, with the place of their context.
    pub keys: Vec<(usize, KeyView)>,
    /// Own requests that wait.
    pub requests: Vec<OwnRequest>,
}

impl OwnContext {
    /// A viewer, who makes no calls.
    pub fn is_onlooker(&self) -> bool {
        !makes_calls(self.role)
    }
}

impl Services {
    /// Everything somebody uses, context by context.
    pub async fn get_own_view(&self, caller: &Caller) -> Result<OwnView, ServiceError> {
        let me = self.me(caller).await?;
        let now = self.clock.now();
        let today = now.floor_to(DAY_MS);
        let from = today.plus((1 - TREND_DAYS) * DAY_MS);
        let mut days = DailyCosts { from, costs: vec![0; TREND_DAYS as usize] };
        let mut contexts = vec![self.own_context(caller, me.personal_team, "me", None).await?];
        for team in &me.teams {
            contexts.push(self.own_context(caller, team.id, &team.slug, Some(team.role)).await?);
        }
        let mut c = self.store.reader().await?;
        for context in &contexts {
            let own = UsageFilter::of(TestCalls::Exclude).only(Dimension::Member, Some(me.id.to_string()));
            let costs = costs_by_day(&mut c, UsageScope::Team(context.team), &own, (from, today.plus(DAY_MS))).await?;
            days.costs.iter_mut().zip(costs).for_each(|(sum, cost)| *sum = sum.saturating_add(cost));
        }
        drop(c);
        contexts.sort_by_key(|context| (context.blocked.is_none(), context.closed, std::cmp::Reverse(context.spent.0)));
        let (mut keys, mut requests) = (vec![], vec![]);
        for (place, context) in contexts.iter().enumerate().filter(|(_, context)| !context.is_onlooker()) {
            let page = PageRequest { limit: Some(READ_MAX), cursor: None };
            let query = KeyQuery { mine: true, status: Some(KeyStatus::Active), page, ..KeyQuery::default() };
            let found = self.list_keys(caller, &context.slug, query).await?.items;
            keys.extend(found.into_iter().filter(|key| key.user == me.id).map(|key| (place, key)));
            if context.role.is_some() {
                requests.extend(self.own_requests(caller, context).await?);
            }
        }
        keys.sort_by_key(|(_, key)| std::cmp::Reverse(key.last_used_at.unwrap_or(key.created_at)));
        requests.sort_by_key(|request| request.at);
        Ok(OwnView { contexts, days, keys, requests })
    }

    async fn own_context(
        &self,
        caller: &Caller,
        team: TeamId,
        slug: &str,
        role: Option<Role>,
    ) -> Result<OwnContext, ServiceError> {
        let limits = if makes_calls(role) { self.own_limits(caller, &team.to_string()).await? } else { vec![] };
        let mut c = self.store.reader().await?;
        let (found, _) = self.find_team_for(&mut c, caller, &team.to_string(), Action::ViewTeam).await?;
        let snapshot = self.snapshot();
        let entry = snapshot.team(team).ok_or(ServiceError::NotFound)?;
        let now = self.clock.now();
        let period = Period::at(now, entry.terms.anchor);
        let member = Scope::Member(team, caller.user.id);
        let spent = NanoUsd(storage::usage::sum_spent(&mut c, member, period.start).await?);
        let has_calls = storage::usage::has_own_calls(&mut c, team, caller.user.id).await?;
        let refusal = if makes_calls(role) { self.refusal_of_any(caller, entry, now) } else { None };
        // What a personal space may spend comes from the platform's default policy, which gives nothing: no alarm.
        let closed = role.is_none() && !has_calls && refusal.is_some();
        Ok(OwnContext {
            team,
            slug: slug.to_owned(),
            name: found.name,
            organization: found.organization_name,
            role,
            period,
            spent,
            has_calls,
            limits,
            blocked: refusal.filter(|_| !closed),
            closed,
        })
    }

    /// What would refuse the smallest call that the caller could make with no key.
    fn refusal_of_any(&self, caller: &Caller, team: &TeamEntry, now: UnixMs) -> Option<String> {
        let payer = Payer { team, key: None, member: Some(caller.user.id), grants: [None, None], model: None };
        let bounds = payer.bounds(now);
        let ask = Ask { at: now, tokens: 1, cost: Some(NanoUsd(1)), bounds: &bounds };
        let refusal = self.quota.test(book_of(team), &ask).into_iter().next()?;
        let names = Names { user: &caller.user.name, ..Names::default() };
        Some(self.limit_hit((&payer, names), &ask, &refusal, None).sentence)
    }

    async fn own_requests(&self, caller: &Caller, context: &OwnContext) -> Result<Vec<OwnRequest>, ServiceError> {
        let page = PageRequest { limit: Some(READ_MAX), cursor: None };
        let of = |model, amount, at| OwnRequest { slug: context.slug.clone(), team: context.name.clone(), model, amount, at };
        let models = self.list_access_requests(caller, &context.slug, true, &page).await?.items;
        let own = models.into_iter().filter(|request| request.user == caller.user.id);
        let mut found: Vec<_> = own.map(|request| of(Some(request.model_name), None, request.created_at)).collect();
        let budgets = self.list_budget_requests(caller, &context.slug, &page).await?.items;
        let own = budgets.into_iter().filter(|request| request.user == caller.user.id && request.state == RequestState::Pending);
        found.extend(own.map(|request| of(None, Some(request.wanted), request.created_at)));
        Ok(found)
    }
}

/// Everybody but viewers.
fn makes_calls(role: Option<Role>) -> bool {
    role.is_none_or(|role| Standing { role: Some(role), ..Standing::default() }.may(Action::OwnKeys))
}
