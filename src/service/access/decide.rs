//! The decisions: who holds this key, and may it call this model. Plain functions on memory; being so, they can not wait.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::snapshot::{KeyEntry, ModelEntry, Snapshot, TeamEntry};
use crate::domain::{
    api_keys::{self, KeyKind},
    catalog::{ModelState, ProviderKind},
    ids::KeyId,
    teams::AccessMode,
    time::UnixMs,
};

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

/// Why a key may not call a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelRefusal {
    /// Unknown, disabled, unpriced, or closed to the key's owner: all the same to the caller.
    #[error("no such model")]
    NotFound,
    /// Can be called once somebody grants it.
    #[error("model requires approval")]
    RequiresApproval,
    /// The context may call it, this key may not: a test key calls simulated models only.
    #[error("model is outside the key's scope")]
    NotInKeyScope,
}

/// Proof that a key may call a model. Only [`Snapshot::authorize`] makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    key: Arc<KeyEntry>,
    model: Arc<ModelEntry>,
}

impl Permit {
    /// The key.
    pub fn key(&self) -> &Arc<KeyEntry> {
        &self.key
    }

    /// The model.
    pub fn model(&self) -> &Arc<ModelEntry> {
        &self.model
    }
}

impl Snapshot {
    /// Who holds this secret. Compared by hash, so the time it takes says nothing about stored secrets.
    pub fn authenticate(&self, secret: &str, now: UnixMs) -> Result<Arc<KeyEntry>, KeyRefusal> {
        if !api_keys::is_well_formed("tg_", secret) {
            return Err(KeyRefusal::Unknown);
        }
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let key = self.keys.get(&hash).ok_or(KeyRefusal::Unknown)?;
        if key.revoked || key.person_gone {
            return Err(KeyRefusal::Revoked);
        }
        if key.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyRefusal::Expired);
        }
        Ok(key.clone())
    }

    /// Whether a key may call a model, by its public name or an alias, compared exactly.
    pub fn authorize(&self, key: &Arc<KeyEntry>, model: &str) -> Result<Permit, ModelRefusal> {
        let model = self.model_names.get(model).ok_or(ModelRefusal::NotFound)?;
        match state(&key.team, model) {
            ModelState::Open if !in_scope(key, model) => Err(ModelRefusal::NotInKeyScope),
            ModelState::Open => Ok(Permit { key: key.clone(), model: model.clone() }),
            ModelState::Approval => Err(ModelRefusal::RequiresApproval),
            ModelState::Closed => Err(ModelRefusal::NotFound),
        }
    }

    /// When a key that was accepted before ends by itself; or that it has fallen since: it was revoked, its person was removed or
    /// disabled, its team deleted. A rotation alone leaves it standing, whichever of its secrets was sent.
    pub fn end_of(&self, key: KeyId) -> Result<Option<UnixMs>, KeyRefusal> {
        let of_key = self.keys.values().filter(|entry| entry.id == key && !entry.revoked && !entry.person_gone);
        let latest = of_key.map(|entry| entry.expires_at.unwrap_or(UnixMs(i64::MAX))).max().ok_or(KeyRefusal::Revoked)?;
        Ok((latest != UnixMs(i64::MAX)).then_some(latest))
    }

    /// The models that a key may call, by name.
    pub fn callable(&self, key: &KeyEntry) -> Vec<Arc<ModelEntry>> {
        self.models.iter().filter(|model| state(&key.team, model) == ModelState::Open && in_scope(key, model)).cloned().collect()
    }

    /// The models that a context may call with a person's key, by name.
    pub fn callable_in(&self, team: &TeamEntry) -> Vec<Arc<ModelEntry>> {
        self.models.iter().filter(|model| state(team, model) == ModelState::Open).cloned().collect()
    }

    /// The models of the catalog, by name.
    pub fn models(&self) -> &[Arc<ModelEntry>] {
        &self.models
    }
}

/// What a context may do with a model: the one rule, asked by the gateway, `/v1/models` and pages.
fn state(team: &TeamEntry, model: &ModelEntry) -> ModelState {
    // A team that restricts itself opens models by rules of its own; without rules an empty selection allows nothing.
    if !is_ready(model) || team.mode == AccessMode::Restrict {
        return ModelState::Closed;
    }
    team.model_states.get(&model.id).copied().unwrap_or_default()
}

fn in_scope(key: &KeyEntry, model: &ModelEntry) -> bool {
    key.kind != KeyKind::Test || model.deployments.iter().all(|d| d.provider.kind == ProviderKind::Simulated)
}

fn is_ready(model: &ModelEntry) -> bool {
    model.enabled && !model.deployments.is_empty() && model.prices.input.is_some() && model.prices.output.is_some()
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
