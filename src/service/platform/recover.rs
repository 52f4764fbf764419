//! A team whose owner is out of reach gets another one: by a platform admin, with a reason that everybody concerned reads.

use serde_json::json;

use crate::{
    domain::{
        ids::UserId,
        platform::{OwnerCandidate, RecoveryPreview},
        roles::{OrgRole, Role},
        teams::TeamKind,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        mail::{NewMail, Template},
        platform::check_reason,
    },
    storage,
};

impl Services {
    /// Whom a team could get as its owner, and whom it has.
    pub async fn preview_recovery(&self, caller: &Caller, team: &str) -> Result<RecoveryPreview, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        let team = storage::teams::find(&mut c, team).await?.filter(|team| team.kind == TeamKind::Team);
        let team = team.ok_or(ServiceError::NotFound)?;
        let owner = storage::users::find(&mut c, team.owner).await?.ok_or(ServiceError::NotFound)?;
        let mut members = storage::members::list(&mut c, team.id, "", self.clock.now(), self.month_start()).await?;
        members.retain(|member| member.user != team.owner && !member.disabled);
        members.sort_by_cached_key(|member| {
            (Role::ALL.iter().position(|role| *role == member.role), member.name.to_lowercase(), member.user)
        });
        let candidate =
            |member: storage::members::ListedMember| OwnerCandidate { user: member.user, name: member.name, role: member.role };
        Ok(RecoveryPreview {
            slug: team.slug,
            team: team.name,
            owner: owner.id,
            owner_gets_mail: !owner.email.is_empty(),
            owner_name: owner.name,
            candidates: members.into_iter().map(candidate).collect(),
        })
    }

    /// Makes somebody the owner of a team: one of its members, or any account, which joins it by that. The old owner becomes admin; both
    /// get a mail with the reason.
    pub async fn recover_ownership(&self, caller: &Caller, team: &str, to: UserId, reason: &str) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "recover the ownership of a team")?;
        let reason = check_reason(reason, "a reason, which the old and the new owner will read")?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let found = storage::teams::find(&mut tx, team).await?.filter(|team| team.kind == TeamKind::Team);
        let org = found.as_ref().and_then(|team| team.organization).ok_or(ServiceError::NotFound)?;
        storage::organizations::lock(&mut tx, org).await?;
        // Read again: it may have been transferred or deleted while this waited for its turn.
        let team = match found {
            Some(team) if storage::teams::lock(&mut tx, team.id).await? => {
                storage::teams::find(&mut tx, &team.id.to_string()).await?.ok_or(ServiceError::NotFound)?
            }
            _ => return Err(ServiceError::NotFound),
        };
        let unknown = || ServiceError::field("to", "There is no such account.");
        let new_owner = storage::users::find_undeleted(&mut tx, to).await?.ok_or_else(unknown)?;
        if new_owner.disabled_at.is_some() {
            return Err(ServiceError::field("to", format!("{} is suspended. Choose somebody else.", new_owner.name)));
        }
        if team.owner == to {
            let message = format!("{} owns {} already.", new_owner.name, team.name);
            return Err(ServiceError::Conflict("owner_already", message));
        }
        let old_owner = storage::users::find(&mut tx, team.owner).await?.ok_or(ServiceError::NotFound)?;
        if storage::organizations::find_role(&mut tx, org, to).await?.is_none() {
            storage::organizations::put_member(&mut tx, org, to, OrgRole::Member, now).await?;
        }
        let role = storage::teams::find_role(&mut tx, team.id, to).await?;
        if role.is_none() {
            storage::teams::insert_member(&mut tx, team.id, to, Role::Admin, now).await?;
        }
        if !storage::members::transfer(&mut tx, team.id, team.owner, to).await? {
            return Err(ServiceError::NotFound);
        }
        for (user, to_new_owner) in [(&old_owner, false), (&new_owner, true)] {
            if user.email.is_empty() {
                continue;
            }
            let template = Template::OwnershipRecovered {
                team: team.name.clone(),
                slug: team.slug.clone(),
                from: old_owner.name.clone(),
                to: new_owner.name.clone(),
                by: caller.user.name.clone(),
                reason: reason.clone(),
                to_new_owner,
            };
            self.queue_mail(&mut tx, NewMail { template, recipient: &user.email, name: &user.name, token: None }).await?;
        }
        let change = Change {
            action: "team.recover_ownership",
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: Some(org),
            before: json!({"owner": old_owner.name}),
            after: json!({"owner": new_owner.name, "reason": reason, "joined": role.is_none()}),
        };
        self.audit(&mut tx, caller, change).await?;
        self.commit(tx, Touched::member(team.id, new_owner.id)).await?;
        self.mailer.wake();
        Ok(())
    }
}
