//! The decisions: who holds this key, and may it call this model. Plain functions on memory; being so, they can not wait.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    policy::{AskedBy, Boundary},
    snapshot::{GroupEntry, KeyEntry, KeyFacts, ModelEntry, Snapshot, TeamEntry},
};
use crate::{
    domain::{
        api_keys::KeyKind,
        authorization::{self, Facts, TeamState},
        catalog::{ModelState, ProviderKind},
        ids::{GrantId, GroupId, KeyId, ModelId, OrgId, TeamId, UserId},
        model_set::ModelSet,
        time::UnixMs,
    },
    service::{key_secrets, playground::Player},
};

pub use crate::domain::authorization::ModelRefusal;

/// Why a key is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// Unknown, malformed or missing.
    #[error("unknown key")]
    Unknown,
    /// Revoked, or its person was removed or disabled.
    #[error("revoked key")]
    Revoked,
    /// Its time is over.
    #[error("expired key")]
    Expired,
}

/// Whose call it is.
#[derive(Clone, Debug)]
pub enum Bearer {
    /// Whoever sent the key.
    Key(Arc<KeyEntry>),
    /// A signed-in person, from the playground.
    Player(Arc<Player>),
}

impl Bearer {
    /// Context that pays.
    pub fn team(&self) -> &Arc<TeamEntry> {
        match self {
            Self::Key(key) => &key.team,
            Self::Player(player) => player.team(),
        }
    }

    /// Whom the decision about a model is for.
    pub fn holder(&self) -> Holder<'_> {
        match self {
            Self::Key(key) => Holder::of_key(key),
            Self::Player(player) => player.holder(),
        }
    }
}

/// Proof that somebody may call a model. Only [`Snapshot::permit`] makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    bearer: Bearer,
    model: Arc<ModelEntry>,
    grants: [Option<GrantId>; 2],
}

impl Permit {
    /// Who may.
    pub fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    /// The model.
    pub fn model(&self) -> &Arc<ModelEntry> {
        &self.model
    }

    /// The grants by which they may: the member's own, and one to the whole team. None where nothing asks for them.
    pub fn grants(&self) -> [Option<GrantId>; 2] {
        self.grants
    }
}

impl Snapshot {
    /// Who holds this secret. Compared by hash, so the time it takes says nothing about stored secrets.
    pub fn authenticate(&self, secret: &str, now: UnixMs) -> Result<Arc<KeyEntry>, KeyRefusal> {
        if !key_secrets::is_well_formed("tg_", secret) {
            return Err(KeyRefusal::Unknown);
        }
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let key = self.secrets.get(&hash).and_then(|facts| self.in_context(facts)).ok_or(KeyRefusal::Unknown)?;
        if key.revoked || key.person_gone {
            return Err(KeyRefusal::Revoked);
        }
        if key.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyRefusal::Expired);
        }
        Ok(key)
    }

    /// Whether a key may call a model, by its public name or an alias, compared exactly.
    pub fn authorize(&self, key: &Arc<KeyEntry>, model: &str, now: UnixMs) -> Result<Permit, ModelRefusal> {
        self.permit(&Bearer::Key(key.clone()), model, now)
    }

    /// The same for whoever makes a call.
    pub fn permit(&self, bearer: &Bearer, model: &str, now: UnixMs) -> Result<Permit, ModelRefusal> {
        let model = self.catalog.names.get(model).ok_or(ModelRefusal::NotFound)?;
        let holder = bearer.holder();
        let facts = facts(&holder, model, now);
        authorization::decide(&facts)?;
        Ok(Permit { bearer: bearer.clone(), model: model.clone(), grants: used_grants(&holder, model, &facts, now) })
    }

    /// When a key that was accepted before ends by itself; or that it has fallen since: it was revoked, its person was removed or
    /// disabled, its team deleted. A rotation alone leaves it standing, whichever of its secrets was sent.
    pub fn end_of(&self, key: KeyId) -> Result<Option<UnixMs>, KeyRefusal> {
        let key = self.key(key).filter(|key| !key.revoked && !key.person_gone).ok_or(KeyRefusal::Revoked)?;
        Ok(key.expires_at)
    }

    fn in_context(&self, facts: &Arc<KeyFacts>) -> Option<Arc<KeyEntry>> {
        Some(Arc::new(KeyEntry { facts: facts.clone(), team: self.teams.get(&facts.team_id)?.clone() }))
    }

    /// The models that somebody may call, by name.
    pub fn callable(&self, holder: &Holder<'_>, now: UnixMs) -> Vec<Arc<ModelEntry>> {
        self.models().iter().filter(|model| authorization::decide(&facts(holder, model, now)).is_ok()).cloned().collect()
    }

    /// What is known of a model, by its public name or an alias, and of who wants to call it.
    pub fn facts(&self, holder: &Holder<'_>, model: &str, now: UnixMs) -> Option<(Arc<ModelEntry>, Facts)> {
        let model = self.catalog.names.get(model)?;
        Some((model.clone(), facts(holder, model, now)))
    }

    /// The same for every model of the catalog, by name.
    pub fn all_facts(&self, holder: &Holder<'_>, now: UnixMs) -> Vec<(Arc<ModelEntry>, Facts)> {
        self.models().iter().map(|model| (model.clone(), facts(holder, model, now))).collect()
    }

    /// A model, by its public name, an alias or its id.
    pub fn find(&self, name: &str) -> Option<&Arc<ModelEntry>> {
        self.catalog.names.get(name).or_else(|| self.find_id(ModelId::parse(name)?))
    }

    /// A model, by its id.
    pub fn find_id(&self, id: ModelId) -> Option<&Arc<ModelEntry>> {
        self.catalog.models.get(*self.catalog.places.get(&id)?)
    }

    /// An access group.
    pub fn group(&self, id: GroupId) -> Option<&GroupEntry> {
        self.groups.get(&id)
    }

    /// What an organization gives to its teams.
    pub fn boundary(&self, org: OrgId) -> Arc<Boundary> {
        self.boundaries.get(&Some(org)).cloned().unwrap_or_default()
    }

    /// A team or personal space.
    pub fn team(&self, id: TeamId) -> Option<&Arc<TeamEntry>> {
        self.teams.get(&id)
    }

    /// A key, by its id; of a key that was rotated the one with its newest secret.
    pub fn key(&self, id: KeyId) -> Option<Arc<KeyEntry>> {
        self.in_context(&self.keys.get(&id)?.facts)
    }

    /// The keys of a team that work, in the order in which they were made.
    pub fn keys_of(&self, team: TeamId, now: UnixMs) -> Vec<Arc<KeyEntry>> {
        let works = |key: &KeyFacts| !key.revoked && !key.person_gone && key.expires_at.is_none_or(|end| end > now);
        let of_team = self.keys.values().filter(|key| key.facts.team_id == team && works(&key.facts));
        let mut keys: Vec<_> = of_team.filter_map(|key| self.in_context(&key.facts)).collect();
        keys.sort_unstable_by_key(|key| key.id);
        keys
    }

    /// The models of the catalog, by name.
    pub fn models(&self) -> &[Arc<ModelEntry>] {
        &self.catalog.models
    }
}

/// Who wants to call a model.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// In which context.
    pub team: &'a TeamEntry,
    /// Who; none for an application key, which is nobody's.
    pub member: Option<UserId>,
    /// What the key is narrowed to.
    pub subset: Option<&'a ModelSet>,
    /// A test key: calls simulated models only.
    pub simulated_only: bool,
}

impl<'a> Holder<'a> {
    /// The key's.
    pub fn of_key(key: &'a KeyEntry) -> Self {
        Self {
            team: &key.team,
            member: (key.kind != KeyKind::Application).then_some(key.user),
            subset: key.models.as_ref(),
            simulated_only: key.kind == KeyKind::Test,
        }
    }

    /// A member, with no key or one that narrows nothing.
    pub fn of_member(team: &'a TeamEntry, user: UserId) -> Self {
        Self { team, member: Some(user), subset: None, simulated_only: false }
    }

    /// Nobody in particular: what the team may call without any member's grant or subset.
    pub fn of_team(team: &'a TeamEntry) -> Self {
        Self { team, member: None, subset: None, simulated_only: false }
    }
}

/// The grants by which somebody may call a model.
pub fn used_grants(holder: &Holder<'_>, model: &ModelEntry, facts: &Facts, now: UnixMs) -> [Option<GrantId>; 2] {
    let asked_by = AskedBy { organization: facts.organization == ModelState::Approval, team: facts.team == TeamState::Approval };
    if !asked_by.organization && !asked_by.team {
        return [None; 2];
    }
    holder.team.policy.used_grants(model.place, holder.member, now, asked_by)
}

/// What the snapshot knows of a model and of who wants to call it.
fn facts(holder: &Holder<'_>, model: &ModelEntry, now: UnixMs) -> Facts {
    let (team, place) = (holder.team, model.place);
    let grants = team.policy.grants(place, holder.member, now);
    let simulated = || model.deployments.iter().all(|d| d.provider.kind == ProviderKind::Simulated);
    Facts {
        enabled: model.enabled,
        priced: model.prices.at(now).cover(model.modality),
        served: !model.deployments.is_empty(),
        reviewed: team.boundary.is_reviewed(place),
        organization: team.boundary.state(place),
        organization_grant: grants.organization,
        team: team.policy.state(place),
        member_grant: grants.member,
        in_member_subset: holder.member.is_none_or(|user| team.policy.member_may_have(user, place)),
        in_key_subset: holder.subset.is_none_or(|subset| subset.contains(place)) && (!holder.simulated_only || simulated()),
    }
}
