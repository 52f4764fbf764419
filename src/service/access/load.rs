//! Reads from storage what the snapshot is made of: everything, or what a change touched.

use std::{collections::HashMap, sync::Arc};

use super::{
    compile::{OrganizationSource, Source, TeamSource, compile},
    snapshot::{DeploymentEntry, ModelEntry, ProviderEntry, Snapshot},
    touched::Touched,
};
use crate::{
    domain::{
        ids::{ModelId, OrgId, TeamId},
        time::UnixMs,
    },
    service::{ServiceError, Services, catalog::secret_place, organizations::PERSONAL_POLICY},
    storage::{self, AnyConnection, api_keys::LiveKeys, model_access::compiled},
};

/// Reads everything in one go.
pub(super) async fn load_everything(services: &Services) -> Result<Snapshot, ServiceError> {
    let mut c = services.store.reader().await?;
    let source = Source {
        models: load_models(services, &mut c).await?,
        states: storage::organizations::list_model_states(&mut c, None).await?,
        blocked: compiled::list_blocked(&mut c, None).await?,
        personal_general: personal_general(&mut c).await?,
        groups: compiled::list_groups(&mut c, None).await?,
        teams: storage::teams::list_all(&mut c).await?,
        team_rows: compiled::list_team_rows(&mut c, None).await?,
        member_subsets: compiled::list_member_subsets(&mut c, None).await?,
        grants: compiled::list_live_grants(&mut c, None).await?,
        keys: storage::api_keys::list_live(&mut c, LiveKeys::All).await?,
        key_subsets: compiled::list_key_subsets(&mut c, LiveKeys::All).await?,
    };
    compile(source)
}

/// Reads what a change touched, and leaves the rest as it is. What is read is newer than the change, and whatever else was changed since
/// names itself what it touched.
pub(super) async fn load_touched(services: &Services, before: &Snapshot, touched: &Touched) -> Result<Snapshot, ServiceError> {
    let mut c = services.store.reader().await?;
    let mut next = before.clone();
    // From the wide to the narrow: places of models first, then what teams have of them.
    if touched.catalog {
        let given = load_organization(&mut c, None).await?;
        next.put_catalog(load_models(services, &mut c).await?, &given, personal_general(&mut c).await?);
    } else {
        for org in &touched.organizations {
            next.put_organization(*org, &load_organization(&mut c, Some(*org)).await?);
        }
    }
    for team in &touched.teams {
        put_team(&mut c, &mut next, *team).await?;
    }
    let keys = touched.keys.iter().map(|key| LiveKeys::Key(*key));
    for of in touched.users.iter().map(|user| LiveKeys::User(*user)).chain(keys) {
        let mut subsets = compiled::list_key_subsets(&mut c, of).await?;
        let found = storage::api_keys::list_live(&mut c, of).await?;
        if let (LiveKeys::Key(key), true) = (of, found.is_empty()) {
            next.remove_key(key);
        }
        for live in found {
            // A key may come before its team does.
            if next.team(live.key.team).is_none() {
                put_team(&mut c, &mut next, live.key.team).await?;
            }
            let models = subsets.remove(&live.key.id);
            next.put_key(live, models.as_deref())?;
        }
    }
    Ok(next)
}

async fn load_organization(c: &mut AnyConnection, org: Option<OrgId>) -> Result<OrganizationSource, ServiceError> {
    Ok(OrganizationSource {
        states: storage::organizations::list_model_states(c, org).await?,
        blocked: compiled::list_blocked(c, org).await?,
        groups: compiled::list_groups(c, org).await?,
    })
}

async fn put_team(c: &mut AnyConnection, next: &mut Snapshot, id: TeamId) -> Result<(), ServiceError> {
    let Some(team) = storage::teams::find(c, &id.to_string()).await? else {
        next.remove_team(id);
        return Ok(());
    };
    // A team may come before its organization does.
    if let Some(org) = team.organization
        && !next.knows_organization(org)
    {
        next.put_organization(org, &load_organization(c, Some(org)).await?);
    }
    let source = TeamSource {
        rows: compiled::list_team_rows(c, Some(id)).await?.remove(&id).unwrap_or_default(),
        subsets: compiled::list_member_subsets(c, Some(id)).await?.remove(&id).unwrap_or_default(),
        grants: compiled::list_live_grants(c, Some(id)).await?,
        team,
    };
    next.put_team(source);
    Ok(())
}

async fn personal_general(c: &mut AnyConnection) -> Result<bool, ServiceError> {
    Ok(storage::settings::find(c, PERSONAL_POLICY).await?.as_deref() == Some("general"))
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
