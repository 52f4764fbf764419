//! Permissions for models that need approval, given directly, taken back, or over by themselves.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::teams::speaks_for_organization;
use crate::{
    domain::{
        api_keys::check_expiry,
        audit::AuditOutcome,
        authorization::GrantLevel,
        ids::{GrantId, ModelId, RequestId, UserId},
        limit_scopes::Allowance,
        model_access::Grant,
        roles::{Action, Standing},
        teams::Team,
        time::UnixMs,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        mail::{NewMail, Template},
    },
    storage::{self, AnyConnection, model_access::grants},
};

/// How often grants are looked through for those that are over.
const EXPIRY_PAUSE: Duration = Duration::from_secs(10);

impl Services {
    /// The live grants of a team: everybody's for whoever sets its access, else those that count for the caller.
    pub async fn list_grants(&self, caller: &Caller, team: &str) -> Result<Vec<Grant>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let all = grants::list_live(&mut c, team.id, self.clock.now()).await?;
        let may_see = |grant: &Grant| standing.may(Action::ManageLimits) || grant.user.is_none_or(|user| user == caller.user.id);
        Ok(all.into_iter().filter(may_see).collect())
    }

    /// Grants a model to a member, or to the whole team, which only the organization can.
    pub async fn create_grant(
        &self,
        caller: &Caller,
        team: &str,
        model: &str,
        user: Option<UserId>,
        until: Option<UnixMs>,
    ) -> Result<Grant, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?;
        check_expiry(until, self.clock.now()).map_err(|message| ServiceError::field("until", message))?;
        let snapshot = self.snapshot();
        let model = super::find_models(&snapshot, "model", [&model.to_owned()])?[0];
        if let Some(user) = user {
            let known = storage::teams::find_role(&mut tx, team.id, user).await?;
            known.ok_or_else(|| ServiceError::field("user", "This account is no member of the team."))?;
        } else if !speaks_for_organization(standing) {
            let message = "Only the organization's admins grant a model to a whole team. Set the team's own state instead.";
            return Err(ServiceError::field("user", message));
        }
        let grant = self.insert_grant(&mut tx, caller, (&team, standing), (user, model, until), None).await?;
        self.commit(tx, Touched::team(team.id)).await?;
        Ok(grant)
    }

    /// Takes a grant back: the next call is refused.
    pub async fn end_grant(&self, caller: &Caller, team: &str, id: GrantId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?;
        let now = self.clock.now();
        let live = grants::list_live(&mut tx, team.id, now).await?;
        let grant = live.into_iter().find(|grant| grant.id == id).ok_or(ServiceError::NotFound)?;
        if grant.level == GrantLevel::Organization && !speaks_for_organization(standing) {
            return Err(ServiceError::Forbidden("The organization gave this. One of its admins can take it back.".into()));
        }
        grants::end(&mut tx, id, now).await?;
        let before = json!({"model": grant.model_name, "user": grant.user_name, "until": grant.ends_at});
        self.audit(&mut tx, caller, grant_change("access.revoke", &team, &grant, before, json!({}))).await?;
        self.commit(tx, Touched::team(team.id)).await
    }

    /// Writes a grant. Whose word it is, is settled here for good: a later change of roles changes nothing.
    pub(super) async fn insert_grant(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        (team, standing): (&Team, Standing),
        (user, model, ends_at): (Option<UserId>, ModelId, Option<UnixMs>),
        request: Option<RequestId>,
    ) -> Result<Grant, ServiceError> {
        let created_at = self.clock.now();
        let user_name = match user {
            Some(user) => storage::users::find(c, user).await?.map_or_else(String::new, |user| user.name),
            None => String::new(),
        };
        let level = if speaks_for_organization(standing) { GrantLevel::Organization } else { GrantLevel::Team };
        let grant = Grant {
            id: self.random.id_at(created_at),
            team: team.id,
            team_slug: team.slug.clone(),
            team_name: team.name.clone(),
            user,
            user_name,
            model,
            model_name: self.snapshot().find_id(model).map_or_else(String::new, |model| model.name.clone()),
            level,
            granted_by: caller.user.name.clone(),
            created_at,
            ends_at,
            allowance: Allowance::default(),
        };
        grants::insert(c, &grant, caller.user.id, request).await?;
        let after = json!({"model": grant.model_name, "user": grant.user_name, "until": ends_at, "level": level});
        self.audit(c, caller, grant_change("access.grant", team, &grant, json!({}), after)).await?;
        Ok(grant)
    }

    /// Notes grants that are over, again and again, until it is told to stop.
    pub async fn run_grant_expiry(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(EXPIRY_PAUSE)).await.is_some() {
            if let Err(error) = self.expire_grants().await {
                tracing::warn!(error = %error, "grants that are over could not be noted; they count no more all the same");
            }
        }
    }

    /// Notes the grants whose time is over, and tells whom they were given to. They count no more from their last moment on, whether or
    /// not this has run. Gives how many it noted.
    pub async fn expire_grants(&self) -> Result<usize, ServiceError> {
        let mut c = self.store.reader().await?;
        if grants::list_due(&mut c, self.clock.now()).await?.is_empty() {
            return Ok(0);
        }
        drop(c);
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let (mut noted, mut touched) = (0, vec![]);
        for grant in grants::list_due(&mut tx, now).await? {
            if !grants::end(&mut tx, grant.id, now).await? {
                continue;
            }
            noted += 1;
            touched.push(grant.team);
            let Some(team) = storage::teams::find(&mut tx, &grant.team.to_string()).await? else { continue };
            let entry = storage::audit::NewAuditEntry {
                id: self.random.id_at(now),
                at: now,
                actor: None,
                actor_name: "Tallygate",
                action: "access.expire",
                outcome: AuditOutcome::Done,
                target_kind: "model",
                target_id: grant.model.to_string(),
                target_name: &grant.model_name,
                team: Some(team.id),
                organization: team.organization,
                before: json!({"user": grant.user_name, "until": grant.ends_at}).to_string(),
                after: json!({}).to_string(),
                source: "system",
                address: String::new(),
                request_id: String::new(),
            };
            storage::audit::insert(&mut tx, &entry).await?;
            if let Some(user) = grant.user
                && let Some(user) = storage::users::find(&mut tx, user).await?
            {
                let template =
                    Template::AccessEnded { team: team.name.clone(), slug: team.slug.clone(), model: grant.model_name.clone() };
                self.queue_mail(&mut tx, NewMail { template, recipient: &user.email, name: &user.name, token: None }).await?;
            }
        }
        self.commit(tx, Touched::teams(touched)).await?;
        self.mailer.wake();
        Ok(noted)
    }
}

fn grant_change<'a>(
    action: &'a str,
    team: &Team,
    grant: &'a Grant,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Change<'a> {
    Change {
        action,
        target_kind: "model",
        target_id: grant.model.to_string(),
        target_name: &grant.model_name,
        team: Some(team.id),
        organization: team.organization,
        before,
        after,
    }
}
