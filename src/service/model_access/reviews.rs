//! What organizations have to look at: new models, and prices that crossed the threshold.

use crate::{
    domain::{
        authorization::TeamState,
        catalog::ModelState,
        ids::{ModelId, ReviewId},
        model_access::{ReviewItem, ReviewKind},
    },
    service::{Caller, ServiceError, Services, Touched},
    storage::{self, AnyConnection, model_access::reviews},
};

impl Services {
    /// The open items of an organization, oldest first, each with the teams that would gain the model. For its admins and platform admins.
    pub async fn list_reviews(&self, caller: &Caller, org: &str) -> Result<Vec<ReviewItem>, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let mut items = reviews::list_open(&mut c, org.id).await?;
        let snapshot = self.snapshot();
        let teams = storage::model_access::teams::list_of_organization(&mut c, org.id).await?;
        for item in &mut items {
            let Some(model) = snapshot.find_id(item.model) else { continue };
            let has_already = snapshot.boundary(org.id).state(model.place) == ModelState::Open && !item.blocks;
            let gains = |id| snapshot.team(id).is_some_and(|team| team.policy.state(model.place) != TeamState::Closed);
            if !has_already {
                item.teams = teams.iter().filter(|(id, ..)| gains(*id)).map(|(.., name)| name.clone()).collect();
            }
        }
        Ok(items)
    }

    /// Closes an item by saying what the organization makes of the model.
    pub async fn close_review(&self, caller: &Caller, org: &str, id: ReviewId, state: ModelState) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_for_admin(&mut tx, caller, org).await?;
        storage::organizations::lock(&mut tx, org.id).await?;
        let items = reviews::list_open(&mut tx, org.id).await?;
        let item = items.into_iter().find(|item| item.id == id).ok_or(ServiceError::NotFound)?;
        self.put_model_state(&mut tx, caller, &org, (item.model, &item.model_name), state).await?;
        self.commit(tx, Touched::organization(org.id)).await
    }

    /// Takes a new model into every organization. Where unrestricted models open by themselves it is open, or needs approval if it is
    /// restricted; elsewhere nobody may call it until it is reviewed. Each gets an item to look at.
    pub(in crate::service) async fn take_in_model(
        &self,
        c: &mut AnyConnection,
        model: ModelId,
        restricted: bool,
    ) -> Result<(), ServiceError> {
        let at = self.clock.now();
        for org in storage::organizations::list(c).await? {
            if org.open_unrestricted_models {
                let state = if restricted { ModelState::Approval } else { ModelState::Open };
                storage::organizations::put_model(c, org.id, model, state, at).await?;
            }
            let item = self.review_item(model, ReviewKind::NewModel, !org.open_unrestricted_models);
            reviews::open(c, org.id, &item).await?;
        }
        Ok(())
    }

    /// Tells every organization that a model's price crossed the threshold. Changes no state.
    pub async fn open_price_reviews(&self, c: &mut AnyConnection, model: ModelId) -> Result<(), ServiceError> {
        for org in storage::organizations::list(c).await? {
            let item = self.review_item(model, ReviewKind::Price, false);
            reviews::open(c, org.id, &item).await?;
        }
        Ok(())
    }

    fn review_item(&self, model: ModelId, kind: ReviewKind, blocks: bool) -> ReviewItem {
        let opened_at = self.clock.now();
        let id = self.random.id_at(opened_at);
        ReviewItem { id, model, model_name: String::new(), kind, blocks, opened_at, teams: vec![] }
    }
}
