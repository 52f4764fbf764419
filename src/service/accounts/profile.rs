//! What people change about their own account.

use serde_json::json;
use tower_sessions::Session;

use super::{passwords::Verdict, sessions::session_hash};
use crate::{
    domain::{
        accounts::{NAME_MAX, check_name, check_password_length},
        email,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        mail::{NewMail, Template},
        vault::Secret,
    },
    storage::{self, single_use_tokens::Purpose},
};

impl Services {
    /// Changes the caller's display name.
    pub async fn change_name(&self, caller: &Caller, typed: &str) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let name = check_name(typed, "your name", NAME_MAX).map_err(|message| ServiceError::field("name", message))?;
        let mut tx = self.store.begin().await?;
        storage::users::update_name(&mut tx, caller.user.id, &name).await?;
        let change = Change {
            action: "account.change_name",
            target_kind: "account",
            target_id: caller.user.id.to_string(),
            target_name: &name,
            before: json!({"name": caller.user.name}),
            after: json!({"name": name}),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        self.commit(tx, Touched::user(caller.user.id)).await
    }

    /// Changes the caller's password. This session goes on; all others end at once, and so do links for a reset.
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: Option<&Session>,
        current: Secret,
        new: Secret,
    ) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        check_password_length(new.expose()).map_err(|message| ServiceError::field("password", message))?;
        let wrong = || ServiceError::field("current_password", "This is not your current password.");
        check_password_length(current.expose()).map_err(|_| wrong())?;
        let normalized = email::normalize(&caller.user.email).map_err(ServiceError::Internal)?;
        let attempt = self.throttles.begin_login(&normalized, caller.ip(), self.clock.now())?;
        let hash = storage::users::find_password_hash(&mut *self.store.reader().await?, caller.user.id).await?;
        if self.passwords.verify(current.clone(), hash).await? == Verdict::Wrong {
            return Err(wrong());
        }
        attempt.succeed();
        if current.expose() == new.expose() {
            return Err(ServiceError::field("password", "This is your current password. Choose a new one."));
        }
        let known = self.guessable_words(&caller.user.name, &normalized).await?;
        self.passwords.judge(new.clone(), known).await?;
        let hash = self.passwords.hash(new, &self.random).await?;
        let kept = session.and_then(Session::id).map(session_hash).unwrap_or_default();
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let epoch = storage::users::change_password(&mut tx, caller.user.id, &hash, now).await?;
        storage::sessions::delete_others(&mut tx, caller.user.id, &kept).await?;
        storage::sessions::keep(&mut tx, &kept, epoch, now).await?;
        storage::single_use_tokens::delete_of(&mut tx, Purpose::PasswordReset, Some(caller.user.id)).await?;
        storage::known_devices::delete_of(&mut tx, caller.user.id).await?;
        storage::single_use_tokens::delete_of(&mut tx, Purpose::EmailChange, Some(caller.user.id)).await?;
        let mail =
            NewMail { template: Template::PasswordChanged, recipient: &caller.user.email, name: &caller.user.name, token: None };
        self.queue_mail(&mut tx, mail).await?;
        let change = Change {
            action: "account.change_password",
            target_kind: "account",
            target_id: caller.user.id.to_string(),
            target_name: &caller.user.name,
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        tx.commit().await?;
        self.mailer.wake();
        match session {
            Some(session) => self.rotate_session(session, caller.user.id, epoch).await,
            None => Ok(()),
        }
    }
}
