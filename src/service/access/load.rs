//! Builds the snapshot from storage.

use std::{collections::HashMap, sync::Arc};

use super::snapshot::{DeploymentEntry, KeyEntry, ModelEntry, ProviderEntry, SecretHash, Snapshot, TeamEntry};
use crate::{
    domain::{
        catalog::{ModelState, Tier},
        ids::{ModelId, OrgId, TeamId},
        time::UnixMs,
    },
    service::{ServiceError, Services, catalog::secret_place, organizations::PERSONAL_POLICY},
    storage::{self, api_keys::LiveKey},
};

/// Reads everything in one go.
pub(super) async fn load(services: &Services) -> Result<Snapshot, ServiceError> {
    let mut c = services.store.reader().await?;
    let mut providers = HashMap::new();
    for (provider, sealed) in storage::catalog::list_providers(&mut c).await? {
        let secret = match sealed.as_str() {
            "" => None,
            sealed => Some(services.vault.open(&secret_place(provider.id), sealed)?),
        };
        let entry = ProviderEntry {
            id: provider.id,
            name: provider.name.clone(),
            kind: provider.kind,
            base_url: provider.base_url,
            secret,
            simulation: provider.simulation,
        };
        providers.insert(provider.name, Arc::new(entry));
    }

    let mut models = vec![];
    let mut model_names = HashMap::new();
    for model in storage::catalog::list_models(&mut c).await? {
        let deployments = model
            .deployments
            .into_iter()
            .filter_map(|d| Some(DeploymentEntry { provider: providers.get(&d.provider)?.clone(), upstream_model: d.model }))
            .collect();
        let entry = Arc::new(ModelEntry {
            id: model.id,
            name: model.name.clone(),
            tier: model.tier,
            modality: model.modality,
            prices: model.prices,
            context_window: model.context_window,
            max_output: model.max_output,
            default_output: model.default_output,
            enabled: model.enabled,
            created_at: created_at(model.id),
            deployments,
        });
        for name in std::iter::once(model.name).chain(model.aliases) {
            model_names.insert(name, entry.clone());
        }
        models.push(entry);
    }

    let mut states: HashMap<OrgId, HashMap<ModelId, ModelState>> = HashMap::new();
    for (org, model, state) in storage::organizations::list_model_states(&mut c).await? {
        states.entry(org).or_default().insert(model, state);
    }
    let states: HashMap<OrgId, Arc<HashMap<ModelId, ModelState>>> =
        states.into_iter().map(|(org, map)| (org, Arc::new(map))).collect();
    let nothing = Arc::new(HashMap::new());
    let personal = match storage::settings::find(&mut c, PERSONAL_POLICY).await?.as_deref() {
        Some("general") => Arc::new(open_general(&models)),
        _ => nothing.clone(),
    };

    let mut teams: HashMap<TeamId, Arc<TeamEntry>> = HashMap::new();
    for team in storage::teams::list_all(&mut c).await? {
        let model_states = match team.organization {
            Some(org) => states.get(&org).unwrap_or(&nothing).clone(),
            None => personal.clone(),
        };
        let entry = TeamEntry {
            id: team.id,
            name: team.name,
            slug: team.slug,
            organization: team.organization,
            mode: team.mode,
            discount_bp: team.discount_bp,
            model_states,
        };
        teams.insert(team.id, Arc::new(entry));
    }

    let mut keys = HashMap::new();
    for live in storage::api_keys::list_live(&mut c).await? {
        let Some(team) = teams.get(&live.key.team) else { continue };
        add_key(&mut keys, live, team)?;
    }
    Ok(Snapshot { keys, models, model_names, teams })
}

fn add_key(keys: &mut HashMap<SecretHash, Arc<KeyEntry>>, live: LiveKey, team: &Arc<TeamEntry>) -> Result<(), ServiceError> {
    let entry = |expires_at: Option<UnixMs>| {
        Arc::new(KeyEntry {
            id: live.key.id,
            name: live.key.name.clone(),
            kind: live.key.kind,
            user: live.key.user,
            user_name: live.user_name.clone(),
            person_gone: live.person_gone,
            revoked: live.key.revoked_at.is_some(),
            expires_at,
            team: team.clone(),
        })
    };
    keys.insert(parse_hash(&live.secret_hash)?, entry(live.key.expires_at));
    if let (Some(hash), Some(until)) = (&live.old_secret_hash, live.key.old_secret_until) {
        let end = live.key.expires_at.map_or(until, |end| end.min(until));
        keys.insert(parse_hash(hash)?, entry(Some(end)));
    }
    Ok(())
}

fn open_general(models: &[Arc<ModelEntry>]) -> HashMap<ModelId, ModelState> {
    models.iter().filter(|model| model.tier == Tier::General).map(|model| (model.id, ModelState::Open)).collect()
}

fn created_at(id: ModelId) -> UnixMs {
    // UUIDv7 begins with 48 bits of milliseconds.
    UnixMs((id.0.as_u128() >> 80) as i64)
}

fn parse_hash(hex: &str) -> Result<SecretHash, ServiceError> {
    let mut hash = [0; 32];
    let wrong = || ServiceError::Internal("a key's hash is not 64 hexadecimal digits".into());
    if hex.len() != 64 || !hex.is_ascii() {
        return Err(wrong());
    }
    for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}
