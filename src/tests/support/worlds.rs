//! Random organizations, teams, groups, grants and keys, and beside them a reference that says with plain set algebra who may call what.
//! It knows nothing of how the product decides: everything here is a number, a flag or a set.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection, prelude::*};

pub(crate) type Set = BTreeSet<usize>;

/// Names of the model at each place sort as the places do.
pub(crate) const MODELS: usize = 7;
pub(crate) const MEMBERS: usize = 3;
/// The first is the personal space of the first member, the others belong to the organizations in turn.
pub(crate) const TEAMS: usize = 4;
pub(crate) const ORGANIZATIONS: usize = 2;

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) models: Vec<Model>,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) personal_general: bool,
    pub(crate) groups: Vec<Group>,
    pub(crate) teams: Vec<Team>,
    pub(crate) keys: Vec<Key>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) enabled: bool,
    pub(crate) priced: bool,
    pub(crate) served: bool,
    pub(crate) simulated: bool,
    pub(crate) alias: bool,
    /// 0 is the general one.
    pub(crate) tier: usize,
}

/// 0: open or direct; 1: approval; 2: closed.
pub(crate) type State = u8;

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) states: BTreeMap<usize, State>,
    pub(crate) blocked: Set,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// None for the platform's.
    pub(crate) organization: Option<usize>,
    pub(crate) models: Set,
    pub(crate) tiers: Set,
}

#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub(crate) restrict: bool,
    pub(crate) rows: BTreeMap<usize, State>,
    pub(crate) groups: Set,
    pub(crate) tiers: BTreeMap<usize, State>,
    pub(crate) subsets: BTreeMap<usize, Set>,
    pub(crate) grants: Vec<Grant>,
}

#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) member: Option<usize>,
    pub(crate) model: usize,
    pub(crate) by_organization: bool,
    /// Milliseconds from now; none for no end.
    pub(crate) ends_in: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) team: usize,
    pub(crate) member: usize,
    /// 0: a person's; 1: an application's; 2: a test key.
    pub(crate) kind: u8,
    pub(crate) narrowed: Option<Set>,
}

/// What a call must be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Through,
    NeedsApproval,
    OutsideKey,
    Hidden,
}

impl World {
    pub(crate) fn organization_of(team: usize) -> Option<usize> {
        (team > 0).then(|| (team - 1) % ORGANIZATIONS)
    }

    fn all(&self) -> Set {
        (0..self.models.len()).collect()
    }

    fn where_model(&self, holds: impl Fn(&Model) -> bool) -> Set {
        self.all().into_iter().filter(|at| holds(&self.models[*at])).collect()
    }

    fn of_tiers(&self, tiers: impl Fn(usize) -> bool) -> Set {
        self.where_model(|model| tiers(model.tier))
    }

    /// What the organization gives, without a grant and with one.
    fn given(&self, team: usize) -> (Set, Set) {
        let Some(org) = Self::organization_of(team) else {
            let open = if self.personal_general { self.of_tiers(|tier| tier == 0) } else { Set::new() };
            return (open, Set::new());
        };
        let org = &self.organizations[org];
        let of =
            |wanted: State| &self.all().into_iter().filter(|at| org.states.get(at) == Some(&wanted)).collect() - &org.blocked;
        (of(0), of(1))
    }

    /// What the team takes of it, without a grant and with one.
    fn taken(&self, team: usize) -> (Set, Set) {
        let rules = &self.teams[team];
        if !rules.restrict {
            return (self.all(), Set::new());
        }
        let org = Self::organization_of(team);
        let mut grouped = Set::new();
        for group in rules.groups.iter().map(|at| &self.groups[*at]) {
            if group.organization.is_none() || group.organization == org {
                grouped = &(&grouped | &group.models) | &self.of_tiers(|tier| group.tiers.contains(&tier));
            }
        }
        let rowed: Set = rules.rows.keys().copied().collect();
        let rows = |wanted: State| rules.rows.iter().filter(|(_, state)| **state == wanted).map(|(at, _)| *at).collect::<Set>();
        let tiers = |wanted: State| self.of_tiers(|tier| rules.tiers.get(&tier) == Some(&wanted));
        let beside = &(&self.all() - &rowed) - &grouped;
        let direct = &(&rows(0) | &(&grouped - &rowed)) | &(&tiers(0) & &beside);
        let approval = &rows(1) | &(&tiers(1) & &beside);
        (direct, approval)
    }

    fn granted(&self, team: usize, counts: impl Fn(&Grant) -> bool) -> Set {
        let live = self.teams[team].grants.iter().filter(|grant| grant.ends_in.is_none_or(|ms| ms > 0) && counts(grant));
        live.map(|grant| grant.model).collect()
    }

    /// What somebody may call, and what they may ask for. No member stands for an application key.
    pub(crate) fn of_holder(&self, team: usize, member: Option<usize>) -> (Set, Set) {
        let ready = self.where_model(|model| model.enabled && model.priced && model.served);
        let (open, on_request) = self.given(team);
        let by_organization =
            self.granted(team, |grant| grant.by_organization && (grant.member.is_none() || grant.member == member));
        let from_organization = &open | &(&on_request & &by_organization);
        let (direct, by_approval) = self.taken(team);
        let to_member = self.granted(team, |grant| grant.member.is_some() && grant.member == member);
        let from_team = &direct | &(&by_approval & &to_member);
        let own = match member.and_then(|member| self.teams[team].subsets.get(&member)) {
            Some(subset) => subset.clone(),
            None => self.all(),
        };
        let callable = &(&(&ready & &from_organization) & &from_team) & &own;
        let reachable = &(&(&ready & &(&open | &on_request)) & &(&direct | &by_approval)) & &own;
        let askable = &reachable - &callable;
        (callable, askable)
    }

    /// What a key may call.
    pub(crate) fn of_key(&self, key: &Key) -> Set {
        let (owners, _) = self.of_holder(key.team, Self::holder(key));
        &owners & &self.scope(key)
    }

    pub(crate) fn holder(key: &Key) -> Option<usize> {
        (key.kind != 1).then_some(key.member)
    }

    fn scope(&self, key: &Key) -> Set {
        let simulated = if key.kind == 2 { self.where_model(|model| model.simulated) } else { self.all() };
        key.narrowed.as_ref().map_or_else(|| simulated.clone(), |narrowed| &simulated & narrowed)
    }

    /// How a call with a key is answered.
    pub(crate) fn answer(&self, key: &Key, model: usize) -> Answer {
        let (callable, askable) = self.of_holder(key.team, Self::holder(key));
        if askable.contains(&model) {
            Answer::NeedsApproval
        } else if !callable.contains(&model) {
            Answer::Hidden
        } else if self.scope(key).contains(&model) {
            Answer::Through
        } else {
            Answer::OutsideKey
        }
    }
}

fn set() -> impl Strategy<Value = Set> {
    collection::btree_set(0..MODELS, 0..MODELS)
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![3 => Just(0), 2 => Just(1), 1 => Just(2)]
}

fn states() -> impl Strategy<Value = BTreeMap<usize, State>> {
    collection::btree_map(0..MODELS, state(), 0..=MODELS)
}

fn model() -> impl Strategy<Value = Model> {
    let mostly = || prop::bool::weighted(0.85);
    (mostly(), mostly(), mostly(), any::<bool>(), any::<bool>(), 0..3usize)
        .prop_map(|(enabled, priced, served, simulated, alias, tier)| Model { enabled, priced, served, simulated, alias, tier })
}

fn grant() -> impl Strategy<Value = Grant> {
    let ends_in = prop_oneof![2 => Just(None), 2 => Just(Some(60_000)), 1 => Just(Some(0)), 1 => Just(Some(-1))];
    (prop::option::of(0..MEMBERS), 0..MODELS, any::<bool>(), ends_in)
        .prop_map(|(member, model, by_organization, ends_in)| Grant { member, model, by_organization, ends_in })
}

fn team() -> impl Strategy<Value = Team> {
    let tiers = collection::btree_map(0..3usize, state(), 0..3);
    let subsets = collection::btree_map(0..MEMBERS, set(), 0..2);
    let groups = collection::btree_set(0..3usize, 0..3);
    let grants = collection::vec(grant(), 0..6);
    (any::<bool>(), states(), groups, tiers, subsets, grants).prop_map(|(restrict, rows, groups, tiers, subsets, grants)| Team {
        restrict,
        rows: rows.into_iter().take(3).collect(),
        groups,
        tiers,
        subsets,
        grants,
    })
}

/// A world.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let organization = (states(), collection::btree_set(0..MODELS, 0..2));
    let organization = organization.prop_map(|(states, blocked)| Organization { states, blocked });
    let group = (prop::option::of(0..ORGANIZATIONS), set(), collection::btree_set(0..3usize, 0..2));
    let group = group.prop_map(|(organization, models, tiers)| Group { organization, models, tiers });
    let key = (0..TEAMS, 0..MEMBERS, 0..3u8, prop::option::weighted(0.4, set()));
    let key = key.prop_map(|(team, member, kind, narrowed)| {
        let member = if team == 0 { 0 } else { member };
        Key { team, member, kind, narrowed }
    });
    (
        collection::vec(model(), MODELS),
        collection::vec(organization, ORGANIZATIONS),
        any::<bool>(),
        collection::vec(group, 3),
        collection::vec(team(), TEAMS),
        collection::vec(key, 1..8),
    )
        .prop_map(|(models, organizations, personal_general, groups, mut teams, keys)| {
            // A personal space narrows nothing and nobody grants there.
            teams[0] = Team {
                restrict: false,
                rows: BTreeMap::new(),
                groups: Set::new(),
                tiers: BTreeMap::new(),
                subsets: BTreeMap::new(),
                grants: vec![],
            };
            World { models, organizations, personal_general, groups, teams, keys }
        })
}
