//! What is said about a limit that a call met: the same words and figures for the gateway, explain and the playground.

use super::{
    bounds::Payer,
    scope::{Ask, Full, Refusal, Rooms},
};
use crate::{
    domain::{
        billing::Billing,
        limit_scopes::Scope,
        limit_words::{self, LimitedName, Reached},
        limits::Counted,
        money::NanoUsd,
        time::UnixMs,
    },
    service::{Services, access::snapshot::TeamEntry},
};

/// A limit that a call met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitHit {
    /// The error's type.
    pub kind: &'static str,
    /// The error's code.
    pub code: &'static str,
    /// What happened, which limit, what is used, when it resets, who can change it.
    pub sentence: String,
    /// What it is set on.
    pub scope: &'static str,
    /// Which window, or over what the budget runs.
    pub window: &'static str,
    /// Calls, tokens or nano-dollars; none for a balance.
    pub limit: Option<i64>,
    /// The same; none for an organization's and for a balance.
    pub used: Option<i64>,
    /// When this same call would fit; none where waiting does not help.
    pub resets_at: Option<UnixMs>,
    /// Seconds until then.
    pub wait_s: Option<i64>,
    /// Where it can be changed.
    pub manage_url: String,
    /// What is left of the windows that will be full first.
    pub rooms: Rooms,
}

/// The names that a sentence may need.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Of the key.
    pub key: &'a str,
    /// Of the person.
    pub user: &'a str,
    /// Of the model.
    pub model: &'a str,
}

impl Services {
    /// Says what a refusal means. `fits` is the largest `max_tokens` with which the call would pass.
    pub fn limit_hit(
        &self,
        (payer, names): (&Payer<'_>, Names<'_>),
        ask: &Ask<'_>,
        refusal: &Refusal,
        fits: Option<u64>,
    ) -> LimitHit {
        let reached = reached(refusal, ask, payer.team.billing);
        self.hit_of((payer.team, names), refusal.scope, &reached, fits, ask.at).with_rooms(refusal)
    }

    fn hit_of(
        &self,
        (team, names): (&TeamEntry, Names<'_>),
        scope: Scope,
        reached: &Reached,
        fits: Option<u64>,
        now: UnixMs,
    ) -> LimitHit {
        let (kind, code) = limit_words::type_and_code(scope, reached);
        let (limit, used, resets_at) = figures(reached);
        LimitHit {
            kind,
            code,
            sentence: limit_words::refused(&limited_name(team, names, scope), reached, fits, now),
            scope: scope.as_str(),
            window: limit_words::window_word(reached),
            limit,
            used,
            resets_at,
            wait_s: resets_at.map(|at| limit_words::wait_s(at, now)),
            manage_url: format!("{}{}", self.settings.public_url, manage_path(team, scope)),
            rooms: Rooms::default(),
        }
    }
}

impl LimitHit {
    fn with_rooms(mut self, refusal: &Refusal) -> Self {
        self.rooms = *refusal.rooms;
        self
    }
}

/// What a scope is called.
pub fn limited_name(team: &TeamEntry, names: Names<'_>, scope: Scope) -> LimitedName {
    let organization = || team.organization_terms.as_ref().map_or_else(String::new, |terms| terms.name.clone());
    let name = match scope {
        Scope::Key(_) => names.key.to_owned(),
        Scope::Member(..) => names.user.to_owned(),
        Scope::Grant(_) | Scope::TeamModel(..) => names.model.to_owned(),
        Scope::Team(_) => team.name.clone(),
        Scope::Organization(_) => organization(),
    };
    LimitedName { scope: scope.as_str(), name, team: team.name.clone(), personal: team.organization.is_none() }
}

/// The page on which a limit is set.
fn manage_path(team: &TeamEntry, scope: Scope) -> String {
    match (scope, &team.organization_terms) {
        (Scope::Organization(_), Some(terms)) => format!("/o/{}/limits", terms.slug),
        (_, None) => "/me".into(),
        _ => format!("/t/{}/quotas", team.slug),
    }
}

fn reached(refusal: &Refusal, ask: &Ask<'_>, billing: Billing) -> Reached {
    let is_shared = matches!(refusal.scope, Scope::Organization(_));
    let asked_cost = ask.cost.unwrap_or_default();
    match refusal.full {
        Full::Window { window, limit, used, resets_at } => Reached::Window {
            window,
            limit,
            used: (!is_shared).then_some(used),
            asked: if window.counted() == Counted::Requests { 1 } else { ask.tokens },
            resets_at,
        },
        Full::Budget { per, limit, used, resets_at } => {
            Reached::Budget { per, limit, used: (!is_shared).then_some(used), asked: asked_cost, resets_at }
        }
        Full::Balance { left } => match billing {
            Billing::Balance { period_end, ends } => Reached::Balance { left, asked: asked_cost, resets_at: period_end, ends },
            Billing::Closed | Billing::Unbilled => Reached::NoBilling,
        },
    }
}

fn figures(reached: &Reached) -> (Option<i64>, Option<i64>, Option<UnixMs>) {
    let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let money = |amount: NanoUsd| amount.0;
    match *reached {
        Reached::Window { limit, used, resets_at, .. } => (Some(count(limit)), used.map(count), resets_at),
        Reached::Budget { limit, used, resets_at, .. } => (Some(money(limit)), used.map(money), resets_at),
        Reached::Balance { resets_at, .. } => (None, None, Some(resets_at)),
        Reached::NoBilling => (None, None, None),
    }
}
