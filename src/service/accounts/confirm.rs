//! Proving that an account's person reads its address.

use sqlx::AnyConnection;

use super::new_token;
use crate::{
    domain::{accounts::User, email, time::DAY_MS},
    service::{
        Caller, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
        vault::sha256_hex,
    },
    storage::{
        self,
        single_use_tokens::{NewToken, Purpose},
    },
};

const LIFE_MS: i64 = DAY_MS;

impl Services {
    /// Sends the mail with the confirmation link once more; links sent before stop working.
    pub async fn resend_confirmation(&self, caller: &Caller) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        if caller.user.email_confirmed_at.is_some() {
            return Err(ServiceError::Conflict("confirmed", "This address is confirmed already.".into()));
        }
        let normalized = email::normalize(&caller.user.email).map_err(ServiceError::Internal)?;
        self.throttles.count_confirmation(&normalized, caller.ip(), self.clock.now())?;
        let mut tx = self.store.begin().await?;
        self.queue_confirmation(&mut tx, &caller.user, &normalized).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// Confirms the address that a link was mailed to, or makes it the account's. Works signed out too: whoever holds the link reads the
    /// mailbox. A change of the address ends the account's sessions, except the caller's.
    pub async fn confirm_email(&self, caller: Option<&Caller>, token: &str) -> Result<(), ServiceError> {
        let (now, hash) = (self.clock.now(), sha256_hex(token));
        let mut tx = self.store.begin().await?;
        let used = storage::single_use_tokens::consume(&mut tx, &hash, Purpose::EmailConfirmation, now).await?;
        let Some(used) = used else {
            return self.finish_email_change(tx, caller, &hash).await;
        };
        let (Some(id), Some(address)) = (used.user, used.email) else { return Err(over()) };
        if !storage::users::confirm_email(&mut tx, id, &address, now).await? {
            return Err(over());
        }
        let user = storage::users::find(&mut tx, id).await?.ok_or_else(over)?;
        let change = Change {
            action: "account.confirm_email",
            target_kind: "account",
            target_id: user.id.to_string(),
            target_name: &user.name,
            ..Change::default()
        };
        self.audit(&mut tx, &Caller::system(user.clone()), change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Queues the mail with a new confirmation link, in the caller's transaction.
    pub(super) async fn queue_confirmation(
        &self,
        c: &mut AnyConnection,
        user: &User,
        normalized: &str,
    ) -> Result<(), ServiceError> {
        let (token, now) = (new_token(&self.random), self.clock.now());
        storage::single_use_tokens::delete_expired(c, now.plus(-DAY_MS)).await?;
        storage::single_use_tokens::delete_of(c, Purpose::EmailConfirmation, Some(user.id)).await?;
        let new = NewToken {
            hash: &sha256_hex(&token),
            purpose: Purpose::EmailConfirmation,
            user: Some(user.id),
            email: Some(normalized),
            created_at: now,
            expires_at: now.plus(LIFE_MS),
        };
        storage::single_use_tokens::insert(c, &new).await?;
        let mail = NewMail { template: Template::ConfirmEmail, recipient: &user.email, name: &user.name, token: Some(&token) };
        self.queue_mail(c, mail).await?;
        Ok(())
    }
}

/// What a link that does nothing any more is answered with.
pub(super) fn over() -> ServiceError {
    ServiceError::Gone("This link was used already, or its 24 hours are over. Ask for a new one under Account.".into())
}
