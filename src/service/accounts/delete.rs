//! Deleting one's account. What it did stays under its name; everything that it could do ends in one transaction.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::User,
        email,
        roles::{OrgRole, Role},
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        mail::{NewMail, Template},
        vault::Secret,
    },
    storage,
};

impl Services {
    /// Deletes the caller's account; `confirm` is its address, typed. Refused to whoever others depend on: the owner of a shared team, the
    /// only admin of an organization or of the platform. Keys stop, memberships and the personal space end, the address is free again.
    pub async fn delete_account(&self, caller: &Caller, confirm: &str, password: Secret) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let user = &caller.user;
        if email::normalize(confirm).ok() != email::normalize(&user.email).ok() {
            return Err(ServiceError::field("confirm", format!("Type {} to confirm.", user.email)));
        }
        self.check_password(caller, password).await?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        check_nobody_depends_on(&mut tx, user).await?;
        let teams = storage::teams::list_of(&mut tx, user.id).await?;
        let organizations = storage::organizations::list_of(&mut tx, user.id).await?;
        let keys = storage::api_keys::revoke_all_of(&mut tx, user.id, user.personal_team, now).await?;
        storage::management_tokens::revoke_all_of(&mut tx, user.id, now).await?;
        storage::members::delete_all_of(&mut tx, user.id).await?;
        storage::teams::close(&mut tx, user.personal_team, now).await?;
        for org in &organizations {
            storage::organizations::delete_member(&mut tx, org.id, user.id).await?;
        }
        self.withdraw_invitations_without_right(&mut tx, caller, user.id).await?;
        storage::sessions::delete_others(&mut tx, user.id, "").await?;
        storage::known_devices::delete_of(&mut tx, user.id).await?;
        storage::single_use_tokens::delete_all_of(&mut tx, user.id).await?;
        storage::users::delete(&mut tx, user.id, now).await?;
        let mail = NewMail { template: Template::AccountDeleted, recipient: &user.email, name: &user.name, token: None };
        self.queue_mail(&mut tx, mail).await?;
        for team in &teams {
            let change = Change {
                action: "member.leave",
                target_kind: "member",
                target_id: user.id.to_string(),
                target_name: &user.name,
                team: Some(team.id),
                before: json!({"role": team.role}),
                after: json!({"account": "deleted"}),
                ..Change::default()
            };
            self.audit(&mut tx, caller, change).await?;
        }
        let change = Change {
            action: "account.delete",
            target_kind: "account",
            target_id: user.id.to_string(),
            target_name: &user.name,
            before: json!({"keys": keys, "teams": teams.len(), "organizations": organizations.len()}),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        let left = teams.iter().map(|team| team.id).chain([user.personal_team]);
        self.commit(tx, Touched::teams(left).and(Touched::user(user.id))).await?;
        self.mailer.wake();
        Ok(())
    }
}

async fn check_nobody_depends_on(c: &mut AnyConnection, user: &User) -> Result<(), ServiceError> {
    if user.platform_admin && storage::users::lock_platform_admins(c).await? <= 1 {
        let message = "You are the only platform admin. Make somebody else one first.";
        return Err(ServiceError::Conflict("last_platform_admin", message.into()));
    }
    let mut alone = vec![];
    for org in storage::organizations::list_of(c, user.id).await? {
        storage::organizations::lock(c, org.id).await?;
        let admin = storage::organizations::find_role(c, org.id, user.id).await? == Some(OrgRole::Admin);
        if admin && storage::organizations::count_other_admins(c, org.id, user.id).await? == 0 {
            alone.push(org.name);
        }
    }
    if !alone.is_empty() {
        let message = format!("You are the only admin of {}. Make somebody else one first.", listed(&alone));
        return Err(ServiceError::Conflict("last_organization_admin", message));
    }
    let teams = storage::teams::list_of(c, user.id).await?;
    let owned: Vec<String> = teams.into_iter().filter(|team| team.role == Role::Owner).map(|team| team.name).collect();
    if owned.is_empty() {
        return Ok(());
    }
    let them = if owned.len() == 1 { "it" } else { "them" };
    Err(ServiceError::Conflict("last_owner", format!("You own {}. Transfer or delete {them} first.", listed(&owned))))
}

/// `A`, `A and B`, `A, B and C`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
