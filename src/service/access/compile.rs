//! From what storage holds to the snapshot: plain collections in, compiled sets out, no waiting. A whole snapshot is made with the same
//! steps that change a part of one.

use std::{collections::HashMap, sync::Arc};

use super::{
    catalog::{GivenModels, OrganizationSource},
    policy::{GrantEntry, NamedRules, TeamPolicy, TeamRules},
    snapshot::{KeyFacts, KeySecrets, ModelEntry, SecretHash, Snapshot, TeamEntry},
    terms::{OrganizationTerms, TeamTerms},
};
use crate::{
    domain::{
        authorization::TeamState,
        billing::Billing,
        catalog::{ModelState, Tier},
        ids::{GroupId, KeyId, ModelId, OrgId, TeamId, UserId},
        model_set::ModelSet,
        periods::AnchorDay,
        team_policy::TeamRows,
        teams::{AccessMode, Team},
        time::UnixMs,
    },
    service::ServiceError,
    storage::{
        api_keys::LiveKey,
        limits::LimitRow,
        model_access::compiled::{GroupModels, LiveGrant},
    },
};

/// Everything that decides, as storage holds it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Models; their places are set here.
    pub models: Vec<Arc<ModelEntry>>,
    /// What organizations let be done with models.
    pub states: Vec<(OrgId, ModelId, ModelState)>,
    /// What organizations have to review first.
    pub blocked: Vec<(OrgId, ModelId)>,
    /// Personal spaces have the general tier.
    pub personal_general: bool,
    /// Access groups.
    pub groups: HashMap<GroupId, GroupModels>,
    /// What is set on organizations.
    pub organizations: Vec<OrganizationTerms>,
    /// Live teams and personal spaces.
    pub teams: Vec<Team>,
    /// How their calls are paid for.
    pub billing: HashMap<TeamId, Billing>,
    /// What restricting teams name.
    pub team_rows: HashMap<TeamId, TeamRows>,
    /// What members are narrowed to.
    pub member_subsets: HashMap<TeamId, HashMap<UserId, Vec<ModelId>>>,
    /// Grants that nobody took back.
    pub grants: Vec<LiveGrant>,
    /// Limits and budgets of teams and of what is in them.
    pub limits: HashMap<TeamId, Vec<LimitRow>>,
    /// When billing months of teams begin.
    pub anchors: HashMap<TeamId, AnchorDay>,
    /// Keys of live teams.
    pub keys: Vec<LiveKey>,
    /// What narrowed keys may call.
    pub key_subsets: HashMap<KeyId, Vec<ModelId>>,
}

/// What of a team decides, apart from its keys.
#[derive(Clone, Debug)]
pub(super) struct TeamSource {
    pub(super) team: Team,
    pub(super) billing: Billing,
    pub(super) rows: TeamRows,
    pub(super) subsets: HashMap<UserId, Vec<ModelId>>,
    pub(super) grants: Vec<LiveGrant>,
    pub(super) terms: TeamTerms,
}

/// Compiles. Fails where a key's hash is not one.
pub fn compile(mut source: Source) -> Result<Snapshot, ServiceError> {
    let mut snapshot = Snapshot::default();
    let models = GivenModels { states: source.states, blocked: source.blocked };
    let given = OrganizationSource { models, groups: source.groups, terms: source.organizations };
    snapshot.put_catalog(source.models, &given, source.personal_general);
    let mut grants: HashMap<TeamId, Vec<LiveGrant>> = HashMap::new();
    for grant in source.grants {
        grants.entry(grant.team).or_default().push(grant);
    }
    for team in source.teams {
        snapshot.put_team(TeamSource {
            rows: source.team_rows.remove(&team.id).unwrap_or_default(),
            subsets: source.member_subsets.remove(&team.id).unwrap_or_default(),
            grants: grants.remove(&team.id).unwrap_or_default(),
            terms: TeamTerms::new(
                source.anchors.remove(&team.id).unwrap_or_default(),
                &source.limits.remove(&team.id).unwrap_or_default(),
            ),
            billing: source.billing.remove(&team.id).unwrap_or_default(),
            team,
        });
    }
    for live in source.keys {
        let models = source.key_subsets.remove(&live.key.id);
        snapshot.put_key(live, models.as_deref())?;
    }
    Ok(snapshot)
}

impl Snapshot {
    /// The set of some models; those that are gone are in no set.
    pub fn set_of(&self, models: &[ModelId]) -> ModelSet {
        ModelSet::of(self.room(), models.iter().filter_map(|id| self.catalog.places.get(id).copied()))
    }

    /// What a restricting team of an organization would let its members do. Groups of other organizations count for nothing.
    pub fn compile_rules(&self, organization: Option<OrgId>, rows: &TeamRows) -> TeamRules {
        self.compile_named(organization, &self.name_rows(rows))
    }

    /// Whether an organization was read.
    pub(super) fn knows_organization(&self, org: OrgId) -> bool {
        self.organizations.contains_key(&org)
    }

    pub(super) fn room(&self) -> usize {
        self.catalog.models.len()
    }

    fn name_rows(&self, rows: &TeamRows) -> NamedRules {
        let in_state = |state: TeamState| {
            let models: Vec<ModelId> = rows.models.iter().filter(|(_, of)| *of == state).map(|(model, _)| *model).collect();
            self.set_of(&models)
        };
        let mut groups = rows.groups.clone();
        groups.sort();
        NamedRules { rows: TeamState::ALL.map(in_state), groups, tiers: Tier::ALL.map(|tier| rows.tier(tier)) }
    }

    pub(super) fn compile_named(&self, organization: Option<OrgId>, named: &NamedRules) -> TeamRules {
        let mut grouped = ModelSet::new(self.room());
        let known = named.groups.iter().filter_map(|id| self.groups.get(id));
        known
            .filter(|group| group.organization.is_none() || group.organization == organization)
            .for_each(|group| grouped.insert_all(&group.models));
        let mut rules = TeamRules { direct: ModelSet::new(self.room()), approval: ModelSet::new(self.room()) };
        for (place, model) in self.catalog.models.iter().enumerate() {
            match TeamState::of_rules(named.row(place), grouped.contains(place), named.tiers[model.tier as usize]) {
                TeamState::Direct => rules.direct.insert(place),
                TeamState::Approval => rules.approval.insert(place),
                TeamState::Closed => {}
            }
        }
        rules
    }

    /// Puts a team in, new or changed.
    pub(super) fn put_team(&mut self, source: TeamSource) {
        let TeamSource { team, billing, rows, subsets, grants, terms } = source;
        let named = (team.mode == AccessMode::Restrict).then(|| self.name_rows(&rows));
        let grants = in_order(grants.iter().filter_map(|grant| self.grant_entry(grant)).collect());
        let policy = TeamPolicy {
            rules: named.as_ref().map(|named| self.compile_named(team.organization, named)),
            named,
            subsets: subsets.iter().map(|(user, models)| (*user, self.set_of(models))).collect(),
            grants,
        };
        let entry = TeamEntry {
            id: team.id,
            name: team.name,
            slug: team.slug,
            organization: team.organization,
            discount_bp: team.discount_bp,
            billing,
            boundary: self.boundaries.get(&team.organization).cloned().unwrap_or_default(),
            policy: Arc::new(policy),
            terms: Arc::new(terms),
            organization_terms: self.terms_of(team.organization),
        };
        self.teams.insert(team.id, Arc::new(entry));
    }

    pub(super) fn terms_of(&self, organization: Option<OrgId>) -> Option<Arc<OrganizationTerms>> {
        self.organizations.get(&organization?).cloned()
    }

    /// Takes a team out, with its keys.
    pub(super) fn remove_team(&mut self, id: TeamId) {
        if self.teams.remove(&id).is_some() {
            let keys: Vec<KeyId> = self.keys.values().filter(|key| key.facts.team_id == id).map(|key| key.facts.id).collect();
            keys.into_iter().for_each(|key| self.remove_key(key));
        }
    }

    /// Puts a key in, new or changed.
    pub(super) fn put_key(&mut self, live: LiveKey, models: Option<&[ModelId]>) -> Result<(), ServiceError> {
        self.remove_key(live.key.id);
        let secret = parse_hash(&live.secret_hash)?;
        let facts = KeyFacts {
            id: live.key.id,
            team_id: live.key.team,
            name: live.key.name,
            kind: live.key.kind,
            user: live.key.user,
            user_name: live.user_name,
            person_gone: live.person_gone,
            revoked: live.key.revoked_at.is_some(),
            expires_at: live.key.expires_at,
            models: models.map(|models| self.set_of(models)),
        };
        let mut old = None;
        if let (Some(hash), Some(until)) = (&live.old_secret_hash, live.key.old_secret_until) {
            let hash = parse_hash(hash)?;
            let end = live.key.expires_at.map_or(until, |end| end.min(until));
            self.secrets.insert(hash, Arc::new(KeyFacts { expires_at: Some(end), ..facts.clone() }));
            old = Some(hash);
        }
        let facts = Arc::new(facts);
        self.secrets.insert(secret, facts.clone());
        self.keys.insert(facts.id, KeySecrets { facts, secret, old });
        Ok(())
    }

    /// Takes a key out.
    pub(super) fn remove_key(&mut self, id: KeyId) {
        if let Some(key) = self.keys.remove(&id) {
            self.secrets.remove(&key.secret);
            key.old.iter().for_each(|old| _ = self.secrets.remove(old));
        }
    }

    fn grant_entry(&self, grant: &LiveGrant) -> Option<GrantEntry> {
        let ends_at = grant.ends_at.unwrap_or(UnixMs(i64::MAX));
        Some(GrantEntry {
            id: grant.id,
            place: *self.catalog.places.get(&grant.model)?,
            user: grant.user,
            level: grant.level,
            ends_at,
        })
    }
}

/// Grants in the order in which they are looked up.
pub(super) fn in_order(mut grants: Vec<GrantEntry>) -> Vec<GrantEntry> {
    grants.sort_by_key(|grant| (grant.place, grant.user, grant.level as usize, grant.ends_at, grant.id));
    grants
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
