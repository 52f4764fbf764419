//! What an organization takes in of the catalog.

use serde_json::json;

use crate::{
    domain::{
        catalog::{Modality, ModelState, Tier},
        model_access::OrganizationModel,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, organizations::Organization},
    storage::{self, AnyConnection},
};

/// Which models of the catalog get a state; what is none does not narrow, but something has to be said.
#[derive(Clone, Debug, Default)]
pub struct BulkStates {
    /// By name.
    pub models: Option<Vec<String>>,
    /// Of this tier.
    pub tier: Option<Tier>,
    /// Of this modality.
    pub modality: Option<Modality>,
    /// Of this access group, by id or name.
    pub group: Option<String>,
    /// What they become.
    pub state: ModelState,
    /// Restricted ones, too, become open; else they become approval.
    pub open_restricted: bool,
}

impl Services {
    /// The catalog with what the organization makes of it. For its admins and platform admins.
    pub async fn list_organization_models(&self, caller: &Caller, org: &str) -> Result<Vec<OrganizationModel>, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let snapshot = self.snapshot();
        let (boundary, now) = (snapshot.boundary(org.id), self.clock.now());
        let rows = snapshot.models().iter().map(|model| OrganizationModel {
            id: model.id,
            name: model.name.clone(),
            tier: model.tier,
            modality: model.modality,
            prices: model.prices.at(now),
            restricted: model.restricted,
            enabled: model.enabled,
            state: boundary.state(model.place),
            blocked: !boundary.is_reviewed(model.place),
        });
        Ok(rows.collect())
    }

    /// Sets many states at once; gives the names of those that changed. For the organization's admins and platform admins.
    pub async fn set_model_states(&self, caller: &Caller, org: &str, bulk: BulkStates) -> Result<Vec<String>, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_for_admin(&mut tx, caller, org).await?;
        storage::organizations::lock(&mut tx, org.id).await?;
        if bulk.models.is_none() && bulk.tier.is_none() && bulk.modality.is_none() && bulk.group.is_none() {
            return Err(ServiceError::field("models", "Name models, a tier, a modality or an access group."));
        }
        let snapshot = self.snapshot();
        let named = bulk.models.as_ref().map(|names| super::find_models(&snapshot, "models", names)).transpose()?;
        let group = match &bulk.group {
            Some(name) => Some(self.find_group(&mut tx, Some(org.id), name).await?.id),
            None => None,
        };
        let in_group = |place| group.is_none_or(|id| snapshot.group(id).is_some_and(|group| group.models.contains(place)));
        let mut changed = vec![];
        for model in snapshot.models() {
            let wanted = named.as_ref().is_none_or(|ids| ids.contains(&model.id))
                && bulk.tier.is_none_or(|tier| model.tier == tier)
                && bulk.modality.is_none_or(|modality| model.modality == modality)
                && in_group(model.place);
            let state = match bulk.state {
                ModelState::Open if model.restricted && !bulk.open_restricted => ModelState::Approval,
                state => state,
            };
            if wanted && self.put_model_state(&mut tx, caller, &org, (model.id, &model.name), state).await? {
                changed.push(model.name.clone());
            }
        }
        self.commit(tx, Touched::organization(org.id)).await?;
        Ok(changed)
    }

    /// Sets one state, closes the model's review, and writes it down; whether anything changed.
    pub(in crate::service) async fn put_model_state(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &Organization,
        (model, name): (crate::domain::ids::ModelId, &str),
        state: ModelState,
    ) -> Result<bool, ServiceError> {
        let at = self.clock.now();
        let before = storage::organizations::find_model_state(c, org.id, model).await?;
        let reviewed = storage::model_access::reviews::close(c, org.id, model, caller.user.id, at).await?;
        if before != state {
            storage::organizations::put_model(c, org.id, model, state, at).await?;
        }
        if before == state && reviewed == 0 {
            return Ok(false);
        }
        let change = Change {
            action: "organization.set_model",
            target_kind: "model",
            target_id: model.to_string(),
            target_name: name,
            organization: Some(org.id),
            before: json!({"state": before, "review": if reviewed > 0 { "open" } else { "none" }}),
            after: json!({"state": state, "review": if reviewed > 0 { "closed" } else { "none" }}),
            ..Change::default()
        };
        self.audit(c, caller, change).await?;
        Ok(true)
    }
}
