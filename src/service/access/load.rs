//! Reads from storage what the snapshot is made of: everything, or what a change touched.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    catalog::{GivenModels, ModelsSource, OrganizationSource},
    compile::{Source, TeamSource, compile},
    snapshot::{DeploymentEntry, ModelEntry, ProviderEntry, Snapshot},
    terms::{OrganizationTerms, TeamTerms},
    touched::Touched,
};
use crate::{
    domain::{
        catalog::{Deployment, ModelView},
        ids::{ModelId, OrgId, ProviderId, TeamId},
        limit_scopes::{Allowance, Scope},
        time::UnixMs,
    },
    service::{ServiceError, Services, catalog::secret_place, organizations::PERSONAL_POLICY},
    storage::{
        self, AnyConnection,
        api_keys::LiveKeys,
        limits::{BilledOrganization, LimitRow},
        model_access::compiled::{self, GroupsOf},
    },
};

/// Reads everything in one go.
pub(super) async fn load_everything(services: &Services) -> Result<Snapshot, ServiceError> {
    let mut c = services.store.reader().await?;
    let mut limits: HashMap<TeamId, Vec<LimitRow>> = HashMap::new();
    let (in_teams, on_organizations): (Vec<_>, Vec<_>) =
        storage::limits::list_all(&mut c).await?.into_iter().partition(|row| row.team.is_some());
    for row in in_teams {
        row.team.into_iter().for_each(|team| limits.entry(team).or_default().push(row));
    }
    let providers = load_providers(services, &mut c).await?;
    let source = Source {
        models: load_models(services, &mut c, &providers, None).await?,
        states: storage::organizations::list_model_states(&mut c, None).await?,
        blocked: compiled::list_blocked(&mut c, None).await?,
        personal_general: personal_general(&mut c).await?,
        groups: compiled::list_groups(&mut c, GroupsOf::All).await?,
        organizations: organization_terms(&mut c, None, &on_organizations).await?,
        teams: storage::teams::list_all(&mut c).await?,
        billing: storage::billing::list_billing(&mut c, None).await?,
        team_rows: compiled::list_team_rows(&mut c, None).await?,
        member_subsets: compiled::list_member_subsets(&mut c, None).await?,
        grants: compiled::list_live_grants(&mut c, None).await?,
        limits,
        anchors: storage::limits::list_anchors(&mut c, None).await?,
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
    let providers =
        if touched.providers || !touched.models.is_empty() { load_providers(services, &mut c).await? } else { HashMap::new() };
    if touched.providers {
        next.put_providers(&providers);
    }
    if !touched.models.is_empty() {
        let ids: Vec<ModelId> = touched.models.iter().copied().collect();
        let models = load_models(services, &mut c, &providers, Some(&ids)).await?;
        next.put_some_models(&touched.models, models, &load_models_source(&mut c, &ids).await?);
    }
    if touched.platform {
        next.put_platform(&compiled::list_groups(&mut c, GroupsOf::Platform).await?, personal_general(&mut c).await?);
    }
    for org in &touched.organizations {
        next.put_organization(*org, &load_organization(&mut c, *org).await?);
    }
    for team in &touched.teams {
        put_team(&mut c, &mut next, *team).await?;
    }
    // Limits of keys are read with those of their teams.
    let mut teams_of_keys = BTreeSet::new();
    let keys = touched.keys.iter().map(|key| LiveKeys::Key(*key));
    for of in touched.users.iter().map(|user| LiveKeys::User(*user)).chain(keys) {
        let mut subsets = compiled::list_key_subsets(&mut c, of).await?;
        let found = storage::api_keys::list_live(&mut c, of).await?;
        if let (LiveKeys::Key(key), true) = (of, found.is_empty()) {
            teams_of_keys.extend(next.key(key).map(|key| key.team_id));
            next.remove_key(key);
        }
        for live in found {
            // A key may come before its team does.
            if next.team(live.key.team).is_none() {
                put_team(&mut c, &mut next, live.key.team).await?;
            }
            teams_of_keys.insert(live.key.team);
            let models = subsets.remove(&live.key.id);
            next.put_key(live, models.as_deref())?;
        }
    }
    for team in teams_of_keys.difference(&touched.teams) {
        next.put_terms(*team, &storage::limits::list_of_team(&mut c, *team).await?);
    }
    Ok(next)
}

async fn load_organization(c: &mut AnyConnection, org: OrgId) -> Result<OrganizationSource, ServiceError> {
    let limits: Vec<_> = storage::limits::find(c, Scope::Organization(org)).await?.into_iter().collect();
    Ok(OrganizationSource {
        models: GivenModels {
            states: storage::organizations::list_model_states(c, Some(org)).await?,
            blocked: compiled::list_blocked(c, Some(org)).await?,
        },
        groups: compiled::list_groups(c, GroupsOf::Organization(org)).await?,
        terms: organization_terms(c, Some(org), &limits).await?,
    })
}

/// What decides about some models, apart from themselves.
async fn load_models_source(c: &mut AnyConnection, ids: &[ModelId]) -> Result<ModelsSource, ServiceError> {
    Ok(ModelsSource {
        given: GivenModels {
            states: storage::organizations::list_states_of_models(c, ids).await?,
            blocked: compiled::list_blocked_models(c, ids).await?,
        },
        named: compiled::list_groups_naming(c, ids).await?,
        tiers: compiled::list_group_tiers(c).await?,
        personal_general: personal_general(c).await?,
    })
}

/// What is set on organizations: all, or one.
async fn organization_terms(
    c: &mut AnyConnection,
    org: Option<OrgId>,
    limits: &[LimitRow],
) -> Result<Vec<OrganizationTerms>, ServiceError> {
    let set: HashMap<Scope, Allowance> = limits.iter().map(|row| (row.scope, row.allowance)).collect();
    let found = storage::limits::list_billed_organizations(c, org).await?;
    let terms = |billed: BilledOrganization| {
        let BilledOrganization { id, name, slug, anchor } = billed;
        let allowance = set.get(&Scope::Organization(id)).copied().unwrap_or_default();
        OrganizationTerms { id, name, slug, anchor, allowance }
    };
    Ok(found.into_iter().map(terms).collect())
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
        next.put_organization(org, &load_organization(c, org).await?);
    }
    let source = TeamSource {
        rows: compiled::list_team_rows(c, Some(id)).await?.remove(&id).unwrap_or_default(),
        subsets: compiled::list_member_subsets(c, Some(id)).await?.remove(&id).unwrap_or_default(),
        grants: compiled::list_live_grants(c, Some(id)).await?,
        terms: TeamTerms::new(
            storage::limits::list_anchors(c, Some(id)).await?.remove(&id).unwrap_or_default(),
            &storage::limits::list_of_team(c, id).await?,
        ),
        billing: storage::billing::list_billing(c, Some(id)).await?.remove(&id).unwrap_or_default(),
        team,
    };
    next.put_team(source);
    Ok(())
}

async fn personal_general(c: &mut AnyConnection) -> Result<bool, ServiceError> {
    Ok(storage::settings::find(c, PERSONAL_POLICY).await?.as_deref() == Some("general"))
}

async fn load_providers(
    services: &Services,
    c: &mut AnyConnection,
) -> Result<HashMap<ProviderId, Arc<ProviderEntry>>, ServiceError> {
    let mut providers = HashMap::new();
    for (provider, sealed) in storage::catalog::list_providers(c).await? {
        let secret = match sealed.as_str() {
            "" => None,
            sealed => Some(services.vault.open(&secret_place(provider.id), sealed)?),
        };
        let entry = ProviderEntry {
            id: provider.id,
            name: provider.name,
            kind: provider.kind,
            base_url: provider.base_url,
            secret,
            simulation: provider.simulation,
        };
        providers.insert(provider.id, Arc::new(entry));
    }
    Ok(providers)
}

/// All models, or those of some ids. Their places are set when they are put in.
async fn load_models(
    services: &Services,
    c: &mut AnyConnection,
    providers: &HashMap<ProviderId, Arc<ProviderEntry>>,
    only: Option<&[ModelId]>,
) -> Result<Vec<Arc<ModelEntry>>, ServiceError> {
    let by_name: HashMap<&str, &Arc<ProviderEntry>> = providers.values().map(|entry| (entry.name.as_str(), entry)).collect();
    let now = services.clock.now();
    let mut prices = storage::prices::list_from(c, now, only).await?;
    let models = match only {
        None => storage::catalog::list_models(c, now).await?,
        Some(ids) => storage::catalog::list_models_of(c, ids, now).await?,
    };
    let entry = |model: ModelView| {
        let served_by = |deployment: Deployment| {
            let provider = (*by_name.get(deployment.provider.as_str())?).clone();
            Some(DeploymentEntry { provider, upstream_model: deployment.model })
        };
        Arc::new(ModelEntry {
            id: model.id,
            place: 0,
            name: model.name,
            aliases: model.aliases,
            tier: model.tier,
            modality: model.modality,
            prices: prices.remove(&model.id).unwrap_or_default(),
            context_window: model.context_window,
            max_output: model.max_output,
            default_output: model.default_output,
            tokenizer: model.tokenizer,
            restricted: model.restricted,
            enabled: model.enabled,
            created_at: created_at(model.id),
            deployments: model.deployments.into_iter().filter_map(served_by).collect(),
        })
    };
    Ok(models.into_iter().map(entry).collect())
}

fn created_at(id: ModelId) -> UnixMs {
    // UUIDv7 begins with 48 bits of milliseconds.
    UnixMs((id.0.as_u128() >> 80) as i64)
}
