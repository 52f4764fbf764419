//! What members and keys are narrowed to. Narrowing never widens: a set is cut with what its owner may call, at every call.

use std::collections::HashSet;

use serde_json::json;

use crate::{
    domain::{
        authorization::{self, Facts, ModelRefusal},
        ids::{ModelId, UserId},
        roles::Action,
        team_models::{NarrowingPreview, PREVIEW_DAYS},
        teams::Team,
        time::DAY_MS,
    },
    service::{Caller, ServiceError, Services, Touched, access::decide::Holder, audit::Change},
    storage::{
        self, AnyConnection,
        model_access::{subsets, teams},
    },
};

impl Services {
    /// Narrows a member to some models, or to nothing; none lifts it. For whoever sets the team's model access.
    pub async fn set_member_models(
        &self,
        caller: &Caller,
        team: &str,
        user: UserId,
        models: Option<Vec<String>>,
    ) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?;
        storage::teams::find_role(&mut tx, team.id, user).await?.ok_or(ServiceError::NotFound)?;
        let member = storage::users::find(&mut tx, user).await?.ok_or(ServiceError::NotFound)?;
        let snapshot = self.snapshot();
        let models = models.map(|names| super::find_models(&snapshot, "models", &names)).transpose()?;
        let before = subsets::find_member(&mut tx, team.id, user).await?;
        subsets::put_member(&mut tx, team.id, user, models.as_deref()).await?;
        let change = Change {
            action: "member.set_models",
            target_kind: "member",
            target_id: user.to_string(),
            target_name: &member.name,
            team: Some(team.id),
            organization: team.organization,
            before: json!({"models": self.model_names(before.as_deref())}),
            after: json!({"models": self.model_names(models.as_deref())}),
        };
        self.audit(&mut tx, caller, change).await?;
        self.commit(tx, Touched::team(team.id)).await
    }

    /// What narrowing a member to some models would do, or lifting it. For whoever sets the team's model access.
    pub async fn preview_member_models(
        &self,
        caller: &Caller,
        team: &str,
        user: UserId,
        models: Option<Vec<String>>,
    ) -> Result<NarrowingPreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        storage::teams::find_role(&mut c, team.id, user).await?.ok_or(ServiceError::NotFound)?;
        let member = storage::users::find(&mut c, user).await?.ok_or(ServiceError::NotFound)?;
        let snapshot = self.snapshot();
        let then = models.map(|names| super::find_models(&snapshot, "models", &names)).transpose()?;
        let then: Option<HashSet<ModelId>> = then.map(|models| models.into_iter().collect());
        let now = self.clock.now();
        let usage = teams::list_usage(&mut c, team.id, Some(user), now.plus(-PREVIEW_DAYS * DAY_MS)).await?;
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let stands = subsets::find_member(&mut c, team.id, user).await?;
        let mut preview = NarrowingPreview {
            user,
            name: member.name,
            now: self.model_names(stands.as_deref()),
            choices: vec![],
            lost: vec![],
            gained: vec![],
            left: 0,
        };
        for (model, facts) in snapshot.all_facts(&Holder::of_member(entry, user), now) {
            let free = authorization::decide(&Facts { in_member_subset: true, ..facts });
            if free == Err(ModelRefusal::NotFound) {
                continue;
            }
            preview.choices.push(model.name.clone());
            let may_have = then.as_ref().is_none_or(|models| models.contains(&model.id));
            let (before, after) = (authorization::decide(&facts).is_ok(), free.is_ok() && may_have);
            preview.left += usize::from(after);
            if before && !after {
                preview.lost.push((model.name.clone(), usage.get(&model.name).map_or(0, |(calls, _)| *calls)));
            } else if after && !before {
                preview.gained.push(model.name.clone());
            }
        }
        Ok(preview)
    }

    /// The models that a key of somebody is to be narrowed to: each must be one that they may call or ask for, or have stood there before.
    pub(in crate::service) fn check_key_models(
        &self,
        team: &Team,
        holder: Option<UserId>,
        names: &[String],
        before: &[ModelId],
    ) -> Result<Vec<ModelId>, ServiceError> {
        let snapshot = self.snapshot();
        let models = super::find_models(&snapshot, "models", names)?;
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let holder = Holder { team: entry, member: holder, subset: None, simulated_only: false };
        let now = self.clock.now();
        for id in &models {
            let Some(model) = snapshot.find_id(*id).filter(|_| !before.contains(id)) else { continue };
            let decided = snapshot.facts(&holder, &model.name, now).map(|(_, facts)| authorization::decide(&facts));
            if matches!(decided, None | Some(Err(authorization::ModelRefusal::NotFound))) {
                return Err(ServiceError::field("models", format!("There is no model “{}” in {}.", model.name, team.name)));
            }
        }
        Ok(models)
    }

    /// Names of models, for the audit log.
    pub(in crate::service) fn model_names(&self, models: Option<&[ModelId]>) -> Option<Vec<String>> {
        let snapshot = self.snapshot();
        models.map(|ids| ids.iter().filter_map(|id| Some(snapshot.find_id(*id)?.name.clone())).collect())
    }

    /// Names of models, for interfaces.
    pub fn names_of_models(&self, models: &[ModelId]) -> Vec<String> {
        self.model_names(Some(models)).unwrap_or_default()
    }

    /// Ends what somebody was granted in a team and withdraws what they asked for, because they leave it. What narrows them stays: coming
    /// back widens nothing.
    pub(in crate::service) async fn end_access_of(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        user: UserId,
    ) -> Result<(), ServiceError> {
        let at = self.clock.now();
        storage::model_access::grants::end_of_member(c, team.id, user, at).await?;
        storage::requests::withdraw_of_member(c, team.id, user, at).await?;
        Ok(())
    }
}
