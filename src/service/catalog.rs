//! The catalog: providers and models. Platform admins only; for everybody else it does not exist.

use std::sync::Arc;

use serde_json::json;
use sqlx::AnyConnection;
use url::Url;

use crate::{
    domain::{
        accounts::{NAME_MAX, check_name},
        catalog::{Deployment, ModelView, NewModel, Provider, ProviderKind, ProviderView, Simulation, Tier},
        field_errors::FieldErrors,
        ids::{ModelId, ProviderId},
        page::{Page, PageRequest},
        prices::is_restricted_by_default,
    },
    service::{
        Caller, ServiceError, Services, Touched, access::snapshot::ModelEntry, audit::Change, organizations::find_model, sorted,
    },
    storage,
};

/// Longest secret that a provider may have.
const SECRET_MAX: usize = 4_096;

/// Input of "create provider" and "edit provider".
#[derive(Clone, Debug, Default)]
pub struct ProviderInput {
    /// Name.
    pub name: String,
    /// `openai` or `simulated`; fixed after creation.
    pub kind: String,
    /// Where calls go.
    pub base_url: String,
    /// New secret; empty keeps the stored one.
    pub secret: String,
    /// Behaviour of the simulated one.
    pub simulation: Simulation,
}

impl Services {
    /// All providers, by name.
    pub async fn list_providers(&self, caller: &Caller) -> Result<Vec<ProviderView>, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        Ok(storage::catalog::list_provider_views(&mut c).await?)
    }

    /// The provider of a name or an id.
    pub async fn get_provider(&self, caller: &Caller, name_or_id: &str) -> Result<ProviderView, ServiceError> {
        let all = self.list_providers(caller).await?;
        all.into_iter().find(|p| p.name == name_or_id || p.id.to_string() == name_or_id).ok_or(ServiceError::NotFound)
    }

    /// Adds a provider; its secret is sealed and never shown again.
    pub async fn create_provider(&self, caller: &Caller, input: ProviderInput) -> Result<ProviderView, ServiceError> {
        self.check_platform_change(caller, "add a provider")?;
        let kind =
            ProviderKind::parse(&input.kind).ok_or_else(|| ServiceError::field("kind", "Choose what the provider speaks."))?;
        let (name, base_url) = self.check_provider(kind, &input)?;
        let at = self.clock.now();
        let mut provider = Provider {
            id: self.random.id_at(at),
            name,
            kind,
            base_url,
            secret_hint: String::new(),
            simulation: input.simulation,
            created_at: at,
        };
        let sealed = self.seal_provider_secret(&mut provider, &input.secret)?;
        let mut tx = self.store.begin().await?;
        storage::catalog::insert_provider(&mut tx, &provider, &sealed)
            .await
            .map_err(|error| name_taken(error, &provider.name))?;
        self.audit_provider(&mut tx, caller, "provider.create", None, Some(&provider)).await?;
        self.commit(tx, Touched::providers()).await?;
        self.get_provider(caller, &provider.id.to_string()).await
    }

    /// Changes a provider. A new scheme, host or port forgets the stored secret: it belonged to the old one.
    pub async fn update_provider(
        &self,
        caller: &Caller,
        name_or_id: &str,
        input: ProviderInput,
    ) -> Result<ProviderView, ServiceError> {
        self.check_platform_change(caller, "change a provider")?;
        let mut tx = self.store.begin().await?;
        let (before, sealed) = storage::catalog::find_provider(&mut tx, name_or_id).await?.ok_or(ServiceError::NotFound)?;
        let (name, base_url) = self.check_provider(before.kind, &input)?;
        let mut provider = Provider { name, base_url, simulation: input.simulation.clone(), ..before.clone() };
        let sealed = if !input.secret.trim().is_empty() {
            self.seal_provider_secret(&mut provider, &input.secret)?
        } else if same_origin(&before.base_url, &provider.base_url) {
            sealed
        } else {
            provider.secret_hint.clear();
            String::new()
        };
        storage::catalog::update_provider(&mut tx, &provider, &sealed)
            .await
            .map_err(|error| name_taken(error, &provider.name))?;
        self.audit_provider(&mut tx, caller, "provider.update", Some(&before), Some(&provider)).await?;
        self.commit(tx, Touched::providers()).await?;
        self.get_provider(caller, &provider.id.to_string()).await
    }

    /// Removes a provider that no model uses. A person who is asked for its name has `typed` it.
    pub async fn delete_provider(&self, caller: &Caller, name_or_id: &str, typed: Option<&str>) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "remove a provider")?;
        let mut tx = self.store.begin().await?;
        let (provider, _) = storage::catalog::find_provider(&mut tx, name_or_id).await?.ok_or(ServiceError::NotFound)?;
        if typed.is_some_and(|typed| typed.trim() != provider.name) {
            let sentence = format!("Type the name of the provider, {}, to confirm.", provider.name);
            return Err(ServiceError::field("confirm_name", sentence));
        }
        if !storage::catalog::delete_provider(&mut tx, provider.id).await? {
            let message = format!("Models still use {}. Give them another provider first.", provider.name);
            return Err(ServiceError::Conflict("provider_in_use", message));
        }
        self.audit_provider(&mut tx, caller, "provider.delete", Some(&provider), None).await?;
        self.commit(tx, Touched::providers()).await
    }

    /// All models, by name.
    pub async fn list_models(&self, caller: &Caller) -> Result<Vec<ModelView>, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        Ok(storage::catalog::list_models(&mut c, self.clock.now()).await?)
    }

    /// A page of the models that a search finds, by tier and name, and how many there are.
    pub async fn find_models(
        &self,
        caller: &Caller,
        text: &str,
        tier: Option<Tier>,
        page: &PageRequest,
    ) -> Result<(usize, Page<ModelView>), ServiceError> {
        caller.check_platform_admin()?;
        let (snapshot, text) = (self.snapshot(), text.trim().to_lowercase());
        let meant =
            |model: &&Arc<ModelEntry>| tier.is_none_or(|tier| model.tier == tier) && model.name.to_lowercase().contains(&text);
        let found: Vec<&Arc<ModelEntry>> = snapshot.models().iter().filter(meant).collect();
        let all = found.len();
        let shown = sorted::page_of(found, |model| format!("{}{}", model.tier as usize, model.name), false, page)?;
        let ids: Vec<ModelId> = shown.items.iter().map(|model| model.id).collect();
        let mut c = self.store.reader().await?;
        let mut items = storage::catalog::list_models_of(&mut c, &ids, self.clock.now()).await?;
        items.sort_by_key(|model| ids.iter().position(|id| *id == model.id));
        Ok((all, Page { items, next_cursor: shown.next_cursor }))
    }

    /// The model of a public name or an id.
    pub async fn get_model(&self, caller: &Caller, name_or_id: &str) -> Result<ModelView, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        find_model(&mut c, name_or_id, self.clock.now()).await
    }

    /// Adds a model. Organizations take it in as their policy says.
    pub async fn create_model(&self, caller: &Caller, model: NewModel) -> Result<ModelView, ServiceError> {
        self.check_platform_change(caller, "add a model")?;
        let model = model.check()?;
        let mut tx = self.store.begin().await?;
        let view = self.insert_model(&mut tx, caller, model).await?;
        self.commit(tx, Touched::model(view.id)).await?;
        Ok(view)
    }

    /// The part of [`Self::create_model`] inside a transaction; the input is checked.
    pub(super) async fn insert_model(
        &self,
        tx: &mut AnyConnection,
        caller: &Caller,
        model: NewModel,
    ) -> Result<ModelView, ServiceError> {
        let at = self.clock.now();
        let id: ModelId = self.random.id_at(at);
        let threshold = self.read_threshold(tx).await?;
        let restricted = model.restricted.unwrap_or_else(|| is_restricted_by_default(model.tier, &model.prices, threshold));
        storage::catalog::insert_model(tx, id, &model, restricted, at).await?;
        self.put_model_parts(tx, id, &model).await?;
        self.enter_first_prices(tx, caller, id, model.prices, model.prices_from).await?;
        self.take_in_model(tx, id, restricted).await?;
        let view = find_model(tx, &id.to_string(), at).await?;
        self.audit_model(tx, caller, "model.create", None, Some(&view)).await?;
        Ok(view)
    }

    /// Changes a model. Calls in flight keep the prices of their admission.
    pub async fn update_model(&self, caller: &Caller, name_or_id: &str, model: NewModel) -> Result<ModelView, ServiceError> {
        self.check_platform_change(caller, "change a model")?;
        let model = model.check()?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = self.lock_model(&mut tx, name_or_id).await?;
        let restricted = model.restricted.unwrap_or(before.restricted);
        storage::catalog::update_model(&mut tx, before.id, &model, restricted).await?;
        self.put_model_parts(&mut tx, before.id, &model).await?;
        self.enter_prices(&mut tx, caller, &before, model.prices, model.prices_from).await?;
        let view = find_model(&mut tx, &before.id.to_string(), now).await?;
        self.audit_model(&mut tx, caller, "model.update", Some(&before), Some(&view)).await?;
        self.commit(tx, Touched::model(view.id)).await?;
        Ok(view)
    }

    /// Takes a model out of the catalog. Its name is free again, what was called stays in the history; keys, teams and
    /// organizations that name it may call nothing by that.
    pub async fn delete_model(&self, caller: &Caller, name_or_id: &str) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "remove a model")?;
        let mut tx = self.store.begin().await?;
        let before = self.lock_model(&mut tx, name_or_id).await?;
        storage::catalog::delete_model(&mut tx, before.id, self.clock.now()).await?;
        self.audit_model(&mut tx, caller, "model.delete", Some(&before), None).await?;
        self.commit(tx, Touched::model(before.id)).await
    }

    async fn lock_model(&self, c: &mut AnyConnection, name_or_id: &str) -> Result<ModelView, ServiceError> {
        let now = self.clock.now();
        let id = find_model(c, name_or_id, now).await?.id;
        storage::catalog::lock_model(c, id).await?;
        // Once more behind the lock: somebody may just have changed it.
        find_model(c, &id.to_string(), now).await
    }

    async fn put_model_parts(&self, c: &mut AnyConnection, id: ModelId, model: &NewModel) -> Result<(), ServiceError> {
        for (field, name) in std::iter::once(("name", &model.name)).chain(model.aliases.iter().map(|alias| ("aliases", alias))) {
            if let Some(owner) = storage::catalog::find_name_elsewhere(c, name, id).await? {
                let message = if owner == *name {
                    format!("There is a model “{owner}” already.")
                } else {
                    format!("“{name}” is another name of the model “{owner}”.")
                };
                return Err(ServiceError::field(field, message));
            }
        }
        // Two at once get past the look above; the database lets one of them through.
        storage::catalog::put_names(c, id, &model.name, &model.aliases).await.map_err(|error| {
            if error.as_database_error().is_some_and(|e| e.is_unique_violation()) {
                ServiceError::field("name", "This name or one of the aliases belongs to another model.")
            } else {
                error.into()
            }
        })?;
        let mut deployments = vec![];
        for Deployment { provider, model } in &model.deployments {
            let Some((found, _)) = storage::catalog::find_provider(c, provider).await? else {
                return Err(ServiceError::field("deployments", format!("There is no provider “{provider}”.")));
            };
            deployments.push((found.id, model.as_str()));
        }
        storage::catalog::put_deployments(c, id, &deployments).await?;
        Ok(())
    }

    fn check_provider(&self, kind: ProviderKind, input: &ProviderInput) -> Result<(String, String), ServiceError> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", check_name(&input.name, "a name", NAME_MAX));
        let base_url = match kind {
            ProviderKind::Simulated => Some(String::new()),
            ProviderKind::Openai => errors.check("base_url", self.upstream.guard().check_base_url(&input.base_url)),
        };
        if input.secret.len() > SECRET_MAX || !input.secret.trim().bytes().all(|b| b.is_ascii_graphic()) {
            errors.add("secret", "A secret is at most 4,096 visible ASCII characters.");
        }
        if let Err(problems) = input.simulation.check() {
            errors.0.extend(problems.0);
        }
        match (name, base_url) {
            (Some(name), Some(base_url)) if errors.0.is_empty() => Ok((name, base_url)),
            _ => Err(errors.into()),
        }
    }

    fn seal_provider_secret(&self, provider: &mut Provider, secret: &str) -> Result<String, ServiceError> {
        let secret = secret.trim();
        provider.secret_hint = match secret.len() {
            0..12 => String::new(),
            length => secret[length - 4..].to_owned(),
        };
        if secret.is_empty() { Ok(String::new()) } else { self.vault.seal(&self.random, &secret_place(provider.id), secret) }
    }

    async fn audit_provider(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        action: &str,
        before: Option<&Provider>,
        after: Option<&Provider>,
    ) -> Result<(), ServiceError> {
        let Some(subject) = after.or(before) else { return Ok(()) };
        let facts = |p: Option<&Provider>| {
            p.map_or(json!({}), |p| {
                json!({"name": p.name, "kind": p.kind, "base_url": p.base_url, "secret": p.secret_hint, "simulation": p.simulation})
            })
        };
        let change = Change {
            action,
            target_kind: "provider",
            target_id: subject.id.to_string(),
            target_name: &subject.name,
            before: facts(before),
            after: facts(after),
            ..Change::default()
        };
        self.audit(c, caller, change).await
    }

    async fn audit_model(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        action: &str,
        before: Option<&ModelView>,
        after: Option<&ModelView>,
    ) -> Result<(), ServiceError> {
        let Some(subject) = after.or(before) else { return Ok(()) };
        let facts = |m: Option<&ModelView>| {
            m.map_or(json!({}), |m| {
                json!({
                    "name": m.name, "aliases": m.aliases, "tier": m.tier, "modality": m.modality, "prices": m.prices,
                    "context_window": m.context_window, "max_output": m.max_output, "default_output": m.default_output,
                    "tokenizer": m.tokenizer,
                    "enabled": m.enabled, "restricted": m.restricted, "deployments": m.deployments,
                })
            })
        };
        let change = Change {
            action,
            target_kind: "model",
            target_id: subject.id.to_string(),
            target_name: &subject.name,
            before: facts(before),
            after: facts(after),
            ..Change::default()
        };
        self.audit(c, caller, change).await
    }
}

/// What a provider's sealed secret is bound to.
pub fn secret_place(id: ProviderId) -> String {
    format!("providers/{id}/secret")
}

fn same_origin(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a.origin() == b.origin(),
        _ => a == b,
    }
}

fn name_taken(error: sqlx::Error, name: &str) -> ServiceError {
    if storage::violates_unique(&error, "providers_name_key", "providers.name") {
        ServiceError::field("name", format!("There is a provider “{name}” already."))
    } else {
        error.into()
    }
}
