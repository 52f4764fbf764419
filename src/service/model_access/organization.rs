//! What an organization takes in of the catalog.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::asset_set::seen;
use crate::{
    domain::{asset_sets::ModelChoice, catalog::ModelState, model_access::OrganizationModel},
    service::{Caller, ServiceError, Services, Touched, audit::Change, organizations::Organization},
    storage::{self, AnyConnection},
};

/// Which models of the catalog get a state; something has to be said of them.
#[derive(Clone, Debug, Default)]
pub struct BulkStates {
    /// Which ones.
    pub choice: ModelChoice,
    /// What they become.
    pub state: ModelState,
    /// Restricted ones, too, become open; else they become approval.
    pub open_restricted: bool,
}

impl BulkStates {
    /// What a model becomes.
    pub fn state_of(&self, restricted: bool) -> ModelState {
        match self.state {
            ModelState::Open if restricted && !self.open_restricted => ModelState::Approval,
            state => state,
        }
    }
}

impl Services {
    /// The catalog with what the organization makes of it. For its admins and platform admins.
    pub async fn list_organization_models(&self, caller: &Caller, org: &str) -> Result<Vec<OrganizationModel>, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let snapshot = self.snapshot();
        let (boundary, now) = (snapshot.boundary(org.id), self.clock.now());
        let rows = snapshot.models().iter().map(|model| seen(model, &boundary, now));
        Ok(rows.collect())
    }

    /// Sets many states at once; gives the names of those that changed. What says nothing of the models means all of them only with
    /// `everything`. For the organization's admins and platform admins.
    pub async fn set_model_states(
        &self,
        caller: &Caller,
        org: &str,
        bulk: BulkStates,
        everything: bool,
    ) -> Result<Vec<String>, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_for_admin(&mut tx, caller, org).await?;
        storage::organizations::lock(&mut tx, org.id).await?;
        if !bulk.choice.narrows() && !everything {
            return Err(ServiceError::field("models", "Name models, a tier, a modality or an access group."));
        }
        let snapshot = self.snapshot();
        let in_review: HashSet<_> =
            storage::model_access::reviews::list_open(&mut tx, org.id).await?.iter().map(|item| item.model).collect();
        // As the database has them: the snapshot may be a moment older.
        let states = storage::organizations::list_model_states(&mut tx, Some(org.id)).await?;
        let states: HashMap<_, _> = states.into_iter().map(|(_, model, state)| (model, state)).collect();
        let mut changed = vec![];
        for model in self.chosen(&mut tx, &snapshot, org.id, &bulk.choice, &in_review).await? {
            let state = bulk.state_of(model.restricted);
            let now = states.get(&model.id).copied().unwrap_or_default();
            if now == state && !in_review.contains(&model.id) {
                continue;
            }
            if self.put_model_state(&mut tx, caller, &org, (model.id, &model.name), state).await? {
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
