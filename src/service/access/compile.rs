//! From what storage holds to the snapshot: plain collections in, compiled sets out, no waiting.

use std::{collections::HashMap, sync::Arc};

use super::{
    policy::{Boundary, GrantEntry, TeamPolicy, TeamRules},
    snapshot::{GroupEntry, KeyEntry, ModelEntry, SecretHash, Snapshot, TeamEntry},
};
use crate::{
    domain::{
        authorization::TeamState,
        catalog::{ModelState, Tier},
        ids::{GroupId, KeyId, ModelId, OrgId, TeamId, UserId},
        model_set::ModelSet,
        team_policy::TeamRows,
        teams::{AccessMode, Team},
        time::UnixMs,
    },
    service::ServiceError,
    storage::{
        api_keys::LiveKey,
        model_access::compiled::{GroupModels, LiveGrant},
    },
};

/// Everything that decides, as storage holds it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Models in order, with their aliases; their places are set here.
    pub models: Vec<(Arc<ModelEntry>, Vec<String>)>,
    /// What organizations let be done with models.
    pub states: Vec<(OrgId, ModelId, ModelState)>,
    /// What organizations have to review first.
    pub blocked: Vec<(OrgId, ModelId)>,
    /// Personal spaces have the general tier.
    pub personal_general: bool,
    /// Access groups.
    pub groups: HashMap<GroupId, GroupModels>,
    /// Live teams and personal spaces.
    pub teams: Vec<Team>,
    /// What restricting teams name.
    pub team_rows: HashMap<TeamId, TeamRows>,
    /// What members are narrowed to.
    pub member_subsets: HashMap<TeamId, HashMap<UserId, Vec<ModelId>>>,
    /// Grants that nobody took back.
    pub grants: Vec<LiveGrant>,
    /// Keys of live teams.
    pub keys: Vec<LiveKey>,
    /// What narrowed keys may call.
    pub key_subsets: HashMap<KeyId, Vec<ModelId>>,
}

/// Compiles. Fails where a key's hash is not one.
pub fn compile(source: Source) -> Result<Snapshot, ServiceError> {
    let mut snapshot = Snapshot::default();
    for (place, (model, aliases)) in source.models.into_iter().enumerate() {
        debug_assert_eq!(model.place, place, "models stand in their places");
        snapshot.places.insert(model.id, place);
        for name in std::iter::once(model.name.clone()).chain(aliases) {
            snapshot.model_names.insert(name, model.clone());
        }
        snapshot.models.push(model);
    }
    for (id, group) in source.groups {
        let mut models = snapshot.set_of(&group.models);
        for model in snapshot.models.iter().filter(|model| group.tiers.contains(&model.tier)) {
            models.insert(model.place);
        }
        snapshot.groups.insert(id, GroupEntry { organization: group.organization, models });
    }
    snapshot.boundaries = boundaries(&snapshot, &source.states, &source.blocked, source.personal_general);
    let mut grants: HashMap<TeamId, Vec<GrantEntry>> = HashMap::new();
    for grant in source.grants {
        let Some(place) = snapshot.places.get(&grant.model) else { continue };
        let ends_at = grant.ends_at.unwrap_or(UnixMs(i64::MAX));
        let entry = GrantEntry { place: *place, user: grant.user, level: grant.level, ends_at };
        grants.entry(grant.team).or_default().push(entry);
    }

    let nothing = Arc::new(Boundary::default());
    for team in source.teams {
        let rows = source.team_rows.get(&team.id);
        let mut grants = grants.remove(&team.id).unwrap_or_default();
        grants.sort_by_key(|grant| grant.place);
        let subsets = source.member_subsets.get(&team.id);
        let policy = TeamPolicy {
            rules: (team.mode == AccessMode::Restrict)
                .then(|| rows.map_or_else(TeamRules::default, |rows| snapshot.compile_rules(team.organization, rows))),
            subsets: subsets
                .map(|subsets| subsets.iter().map(|(user, models)| (*user, snapshot.set_of(models))).collect())
                .unwrap_or_default(),
            grants,
        };
        let entry = TeamEntry {
            id: team.id,
            name: team.name,
            slug: team.slug,
            organization: team.organization,
            discount_bp: team.discount_bp,
            boundary: snapshot.boundaries.get(&team.organization).unwrap_or(&nothing).clone(),
            policy,
        };
        snapshot.teams.insert(team.id, Arc::new(entry));
    }

    snapshot.keys.reserve(source.keys.len());
    for live in source.keys {
        let Some(team) = snapshot.teams.get(&live.key.team).cloned() else { continue };
        let models = source.key_subsets.get(&live.key.id).map(|models| snapshot.set_of(models));
        add_key(&mut snapshot.keys, live, models, team)?;
    }
    Ok(snapshot)
}

impl Snapshot {
    /// The set of some models; those that are gone are in no set.
    pub fn set_of(&self, models: &[ModelId]) -> ModelSet {
        ModelSet::of(self.models.len(), models.iter().filter_map(|id| self.places.get(id).copied()))
    }

    /// What a restricting team of an organization would let its members do. Groups of other organizations count for nothing.
    pub fn compile_rules(&self, organization: Option<OrgId>, rows: &TeamRows) -> TeamRules {
        let room = self.models.len();
        let mut named: Vec<Option<TeamState>> = vec![None; room];
        for (model, state) in &rows.models {
            if let Some(place) = self.places.get(model) {
                named[*place] = Some(*state);
            }
        }
        let mut grouped = ModelSet::new(room);
        let known = rows.groups.iter().filter_map(|id| self.groups.get(id));
        known
            .filter(|group| group.organization.is_none() || group.organization == organization)
            .for_each(|group| grouped.insert_all(&group.models));
        let tiers = Tier::ALL.map(|tier| rows.tier(tier));
        let mut rules = TeamRules { direct: ModelSet::new(room), approval: ModelSet::new(room) };
        for (place, (model, row)) in self.models.iter().zip(named).enumerate() {
            match TeamState::of_rules(row, grouped.contains(place), tiers[model.tier as usize]) {
                TeamState::Direct => rules.direct.insert(place),
                TeamState::Approval => rules.approval.insert(place),
                TeamState::Closed => {}
            }
        }
        rules
    }
}

fn boundaries(
    snapshot: &Snapshot,
    states: &[(OrgId, ModelId, ModelState)],
    blocked: &[(OrgId, ModelId)],
    personal_general: bool,
) -> HashMap<Option<OrgId>, Arc<Boundary>> {
    let room = snapshot.models.len();
    let empty = || Boundary { open: ModelSet::new(room), approval: ModelSet::new(room), blocked: ModelSet::new(room) };
    let mut boundaries: HashMap<Option<OrgId>, Boundary> = HashMap::new();
    for (org, model, state) in states {
        let Some(place) = snapshot.places.get(model) else { continue };
        let boundary = boundaries.entry(Some(*org)).or_insert_with(empty);
        match state {
            ModelState::Open => boundary.open.insert(*place),
            ModelState::Approval => boundary.approval.insert(*place),
            ModelState::Closed => {}
        }
    }
    for (org, model) in blocked {
        if let Some(place) = snapshot.places.get(model) {
            boundaries.entry(Some(*org)).or_insert_with(empty).blocked.insert(*place);
        }
    }
    let mut personal = empty();
    if personal_general {
        let general = snapshot.models.iter().filter(|model| model.tier == Tier::General);
        general.for_each(|model| personal.open.insert(model.place));
    }
    boundaries.insert(None, personal);
    boundaries.into_iter().map(|(org, boundary)| (org, Arc::new(boundary))).collect()
}

fn add_key(
    keys: &mut HashMap<SecretHash, Arc<KeyEntry>>,
    live: LiveKey,
    models: Option<ModelSet>,
    team: Arc<TeamEntry>,
) -> Result<(), ServiceError> {
    let entry = KeyEntry {
        id: live.key.id,
        name: live.key.name,
        kind: live.key.kind,
        user: live.key.user,
        user_name: live.user_name,
        person_gone: live.person_gone,
        revoked: live.key.revoked_at.is_some(),
        expires_at: live.key.expires_at,
        models,
        team,
    };
    if let (Some(hash), Some(until)) = (&live.old_secret_hash, live.key.old_secret_until) {
        let end = live.key.expires_at.map_or(until, |end| end.min(until));
        keys.insert(parse_hash(hash)?, Arc::new(KeyEntry { expires_at: Some(end), ..entry.clone() }));
    }
    keys.insert(parse_hash(&live.secret_hash)?, Arc::new(entry));
    Ok(())
}

fn parse_hash(hex: &str) -> Result<SecretHash, ServiceError> {
    let mut hash = [0; 32];
    let wrong = || ServiceError::Internal("a key's hash is not 64 hexadecimal digits".into());
    if hex.len() != 64 {
        return Err(wrong());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(wrong);
    for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = (digit(digits[0])? << 4 | digit(digits[1])?) as u8;
    }
    Ok(hash)
}
