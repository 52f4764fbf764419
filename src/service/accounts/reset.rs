//! Forgotten passwords.

use sqlx::AnyConnection;

use super::new_token;
use crate::{
    domain::{email, ids::UserId, time::MINUTE_MS},
    service::{
        Caller, Door, RequestFacts, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
        vault::{Secret, sha256_hex},
    },
    storage::{
        self,
        single_use_tokens::{NewToken, Purpose},
    },
};

const LIFE_MS: i64 = 30 * MINUTE_MS;

impl Services {
    /// Mails a link for a new password, if the address has an account; the answer is the same if not. Links sent before stop working.
    pub async fn forgot_password(&self, request: &RequestFacts, typed_email: &str) -> Result<(), ServiceError> {
        let normalized = email::normalize(typed_email).map_err(|message| ServiceError::field("email", message))?;
        let now = self.clock.now();
        self.throttles.count_reset(&normalized, request.ip(), now)?;
        let mut tx = self.store.begin().await?;
        let known =
            storage::users::find_credentials(&mut tx, &normalized).await?.filter(|known| known.user.disabled_at.is_none());
        let user = known.as_ref().map(|known| known.user.id);
        // One wish at a time, or two at once would each leave a link behind that works.
        storage::users::lock(&mut tx, user).await?;
        // Without an account the same rows are written and taken out again before they are committed: the same work, and no trace.
        let token = new_token(&self.random);
        let hash = sha256_hex(&token);
        storage::single_use_tokens::delete_of(&mut tx, Purpose::PasswordReset, user).await?;
        let new = NewToken {
            hash: &hash,
            purpose: Purpose::PasswordReset,
            user,
            email: None,
            created_at: now,
            expires_at: now.plus(LIFE_MS),
        };
        storage::single_use_tokens::insert(&mut tx, &new).await?;
        let (recipient, name) =
            known.as_ref().map_or((normalized.as_str(), ""), |known| (known.user.email.as_str(), known.user.name.as_str()));
        let mail = NewMail { template: Template::PasswordReset, recipient, name, token: Some(&token) };
        let mail = self.queue_mail(&mut tx, mail).await?;
        if user.is_none() {
            storage::single_use_tokens::delete(&mut tx, &hash).await?;
            storage::mails::delete(&mut tx, mail).await?;
        }
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// Writes the token of a reset link, in the caller's transaction.
    pub(in crate::service) async fn insert_reset_token(
        &self,
        c: &mut AnyConnection,
        user: UserId,
    ) -> Result<String, ServiceError> {
        let (token, now) = (new_token(&self.random), self.clock.now());
        let new = NewToken {
            hash: &sha256_hex(&token),
            purpose: Purpose::PasswordReset,
            user: Some(user),
            email: None,
            created_at: now,
            expires_at: now.plus(LIFE_MS),
        };
        storage::single_use_tokens::insert(c, &new).await?;
        Ok(token)
    }

    /// Whether a reset link still works, for its page.
    pub async fn is_reset_token_good(&self, token: &str) -> Result<bool, ServiceError> {
        let mut c = self.store.reader().await?;
        let hash = sha256_hex(token);
        Ok(storage::single_use_tokens::find_live(&mut c, &hash, Purpose::PasswordReset, self.clock.now()).await?.is_some())
    }

    /// Sets a new password with a mailed link. All sessions of the account end, and so do other links.
    pub async fn reset_password(
        &self,
        request: &RequestFacts,
        door: Door,
        token: &str,
        password: Secret,
    ) -> Result<(), ServiceError> {
        let hash = sha256_hex(token);
        let mut c = self.store.reader().await?;
        let live = storage::single_use_tokens::find_live(&mut c, &hash, Purpose::PasswordReset, self.clock.now()).await?;
        let id = live.and_then(|token| token.user).ok_or_else(over)?;
        let user = storage::users::find(&mut c, id).await?.filter(|user| user.disabled_at.is_none()).ok_or_else(over)?;
        drop(c);
        let known = self.guessable_words(&user.name, &user.email).await?;
        self.passwords.judge(password.clone(), known).await?;
        let password_hash = self.passwords.hash(password, &self.random).await?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        storage::users::lock(&mut tx, Some(user.id)).await?;
        storage::single_use_tokens::consume(&mut tx, &hash, Purpose::PasswordReset, now).await?.ok_or_else(over)?;
        storage::users::change_password(&mut tx, user.id, &password_hash, now).await?;
        storage::sessions::delete_others(&mut tx, user.id, "").await?;
        storage::known_devices::delete_of(&mut tx, user.id).await?;
        storage::single_use_tokens::delete_of(&mut tx, Purpose::PasswordReset, Some(user.id)).await?;
        storage::single_use_tokens::delete_of(&mut tx, Purpose::EmailChange, Some(user.id)).await?;
        // The link came by mail: whoever used it reads that mailbox.
        let normalized = email::normalize(&user.email).map_err(ServiceError::Internal)?;
        storage::users::confirm_email(&mut tx, user.id, &normalized, now).await?;
        let mail = NewMail { template: Template::PasswordChanged, recipient: &user.email, name: &user.name, token: None };
        self.queue_mail(&mut tx, mail).await?;
        let change = Change {
            action: "account.reset_password",
            target_kind: "account",
            target_id: user.id.to_string(),
            target_name: &user.name,
            ..Change::default()
        };
        self.audit(&mut tx, &Caller::new(user.clone(), door, false, request), change).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }
}

fn over() -> ServiceError {
    ServiceError::Gone(
        "This link was used already, was replaced by a newer one, or its 30 minutes are over. Ask for a new one.".into(),
    )
}
