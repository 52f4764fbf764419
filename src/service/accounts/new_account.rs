//! Writing an account together with its personal space.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::User,
        ids::{TeamId, UserId},
        teams::{AccessMode, Team, TeamKind},
        time::UnixMs,
    },
    service::{Caller, Door, RequestFacts, ServiceError, Services, audit::Change},
    storage,
};

/// An account to write. Everything in it is checked.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Address, as typed.
    pub email: String,
    /// Address, normalized.
    pub email_normalized: String,
    /// Display name.
    pub name: String,
    /// PHC string.
    pub password_hash: String,
    /// Runs the platform.
    pub platform_admin: bool,
    /// The address is proven.
    pub email_confirmed: bool,
    /// Made at.
    pub at: UnixMs,
}

impl Services {
    /// Writes an account and its personal space, in the caller's transaction. Fails with the conflict `email_taken`; on PostgreSQL the
    /// transaction is then over.
    pub async fn insert_account(&self, c: &mut AnyConnection, new: &NewAccount) -> Result<User, ServiceError> {
        let (id, team_id): (UserId, TeamId) = (self.random.id_at(new.at), self.random.id_at(new.at));
        let user = User {
            id,
            email: new.email.clone(),
            email_confirmed_at: new.email_confirmed.then_some(new.at),
            name: new.name.clone(),
            platform_admin: new.platform_admin,
            personal_team: team_id,
            disabled_at: None,
            auth_epoch: 0,
            created_at: new.at,
        };
        let row =
            storage::users::NewUser { user: &user, email_normalized: &new.email_normalized, password_hash: &new.password_hash };
        storage::users::insert(c, &row).await.map_err(|error| {
            if storage::violates_unique(&error, "users_email_key", "users.email_normalized") {
                ServiceError::Conflict("email_taken", "This address has an account. Sign in with it.".into())
            } else {
                error.into()
            }
        })?;
        let space = Team {
            id: team_id,
            kind: TeamKind::Personal,
            organization: None,
            organization_name: String::new(),
            organization_slug: String::new(),
            // Nobody types it: personal pages live under `/me`.
            slug: format!("me-{:016x}", u64::from_be_bytes(self.random.bytes())),
            name: "Personal".into(),
            owner: id,
            mode: AccessMode::Inherit,
            self_service: true,
            ranking_open: false,
            alert_emails: vec![],
            seats: Some(1),
            discount_bp: 0,
            created_at: new.at,
        };
        storage::teams::insert(c, &space).await?;
        Ok(user)
    }

    /// Notes in the audit log how an account began; its person is the actor.
    pub(super) async fn audit_new_account(
        &self,
        c: &mut AnyConnection,
        user: &User,
        door: Door,
        request: &RequestFacts,
    ) -> Result<(), ServiceError> {
        let caller = Caller::new(user.clone(), door, false, request);
        let change = Change {
            action: "account.create",
            target_kind: "account",
            target_id: user.id.to_string(),
            target_name: &user.name,
            after: json!({"name": user.name, "platform_admin": user.platform_admin}),
            ..Change::default()
        };
        self.audit(c, &caller, change).await
    }
}
