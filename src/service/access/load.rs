//! Reads from storage what the snapshot is made of.

use std::{collections::HashMap, sync::Arc};

use super::{
    compile::{Source, compile},
    snapshot::{DeploymentEntry, ModelEntry, ProviderEntry, Snapshot},
};
use crate::{
    domain::{ids::ModelId, time::UnixMs},
    service::{ServiceError, Services, catalog::secret_place, organizations::PERSONAL_POLICY},
    storage::{self, AnyConnection, model_access::compiled},
};

/// Reads everything in one go.
pub(super) async fn load(services: &Services) -> Result<Snapshot, ServiceError> {
    let mut c = services.store.reader().await?;
    let source = Source {
        models: load_models(services, &mut c).await?,
        states: storage::organizations::list_model_states(&mut c).await?,
        blocked: compiled::list_blocked(&mut c).await?,
        personal_general: storage::settings::find(&mut c, PERSONAL_POLICY).await?.as_deref() == Some("general"),
        groups: compiled::list_groups(&mut c).await?,
        teams: storage::teams::list_all(&mut c).await?,
        team_rows: compiled::list_team_rows(&mut c).await?,
        member_subsets: compiled::list_member_subsets(&mut c).await?,
        grants: compiled::list_live_grants(&mut c).await?,
        keys: storage::api_keys::list_live(&mut c).await?,
        key_subsets: compiled::list_key_subsets(&mut c).await?,
    };
    compile(source)
}

async fn load_models(services: &Services, c: &mut AnyConnection) -> Result<Vec<(Arc<ModelEntry>, Vec<String>)>, ServiceError> {
    let mut providers = HashMap::new();
    for (provider, sealed) in storage::catalog::list_providers(c).await? {
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
    let now = services.clock.now();
    let mut prices = storage::prices::list_from(c, now, "").await?;
    let mut models = vec![];
    for (place, model) in storage::catalog::list_models(c, now).await?.into_iter().enumerate() {
        let deployments = model
            .deployments
            .into_iter()
            .filter_map(|d| Some(DeploymentEntry { provider: providers.get(&d.provider)?.clone(), upstream_model: d.model }))
            .collect();
        let entry = ModelEntry {
            id: model.id,
            place,
            name: model.name,
            tier: model.tier,
            modality: model.modality,
            prices: prices.remove(&model.id).unwrap_or_default(),
            context_window: model.context_window,
            max_output: model.max_output,
            default_output: model.default_output,
            restricted: model.restricted,
            enabled: model.enabled,
            created_at: created_at(model.id),
            deployments,
        };
        models.push((Arc::new(entry), model.aliases));
    }
    Ok(models)
}

fn created_at(id: ModelId) -> UnixMs {
    // UUIDv7 begins with 48 bits of milliseconds.
    UnixMs((id.0.as_u128() >> 80) as i64)
}
