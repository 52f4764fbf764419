//! Another address for an account: asked for with the password, confirmed by whoever reads the new mailbox, told to the old one.

use serde_json::json;

use super::{confirm::over, new_token};
use crate::{
    domain::{email, time::DAY_MS},
    service::{
        Caller, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
        vault::{Secret, sha256_hex},
    },
    storage::{
        self, Tx,
        single_use_tokens::{NewToken, Purpose},
    },
};

const LIFE_MS: i64 = DAY_MS;

impl Services {
    /// Mails a link to the address that the account is to have. Nothing changes before it is opened; links sent before stop working.
    /// The answer is the same for an address that has an account: only its mailbox tells.
    pub async fn change_email(&self, caller: &Caller, typed: &str, password: Secret) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let normalized = email::normalize(typed).map_err(|message| ServiceError::field("email", message))?;
        if email::normalize(&caller.user.email).is_ok_and(|own| own == normalized) {
            return Err(ServiceError::field("email", "This is your address already."));
        }
        self.check_password(caller, password).await?;
        let now = self.clock.now();
        self.throttles.count_confirmation(&normalized, caller.ip(), now)?;
        let (token, typed) = (new_token(&self.random), typed.trim());
        let mut tx = self.store.begin().await?;
        storage::users::lock(&mut tx, Some(caller.user.id)).await?;
        storage::single_use_tokens::delete_of(&mut tx, Purpose::EmailChange, Some(caller.user.id)).await?;
        match storage::users::find_credentials(&mut tx, &normalized).await? {
            Some(known) => {
                let (recipient, name) = (known.user.email.as_str(), known.user.name.as_str());
                self.queue_mail(&mut tx, NewMail { template: Template::AccountExists, recipient, name, token: None }).await?;
            }
            None => {
                let new = NewToken {
                    hash: &sha256_hex(&token),
                    purpose: Purpose::EmailChange,
                    user: Some(caller.user.id),
                    email: Some(typed),
                    created_at: now,
                    expires_at: now.plus(LIFE_MS),
                };
                storage::single_use_tokens::insert(&mut tx, &new).await?;
                let name = caller.user.name.as_str();
                let mail = NewMail { template: Template::ChangeEmail, recipient: typed, name, token: Some(&token) };
                self.queue_mail(&mut tx, mail).await?;
            }
        }
        let change = Change {
            action: "account.ask_email_change",
            target_kind: "account",
            target_id: caller.user.id.to_string(),
            target_name: &caller.user.name,
            after: json!({"email": typed}),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// The second half, when the link in the new mailbox is opened and its form sent.
    pub(super) async fn finish_email_change(&self, mut tx: Tx, caller: Option<&Caller>, hash: &str) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let used = storage::single_use_tokens::consume(&mut tx, hash, Purpose::EmailChange, now).await?;
        let (Some(id), Some(typed)) = used.map_or((None, None), |used| (used.user, used.email)) else { return Err(over()) };
        let user = storage::users::find(&mut tx, id).await?.filter(|user| user.disabled_at.is_none()).ok_or_else(over)?;
        let normalized = email::normalize(&typed).map_err(|_| over())?;
        let epoch = storage::users::change_email(&mut tx, id, &typed, &normalized, now).await.map_err(|error| {
            if storage::violates_unique(&error, "users_email_key", "users.email_normalized") {
                ServiceError::Conflict(
                    "email_taken",
                    "This address has an account of its own by now. Nothing was changed.".into(),
                )
            } else {
                error.into()
            }
        })?;
        let own = caller.filter(|caller| caller.user.id == id).and_then(|caller| caller.session.as_ref());
        let kept = own.map_or("", |session| session.id_hash.as_str());
        storage::sessions::delete_others(&mut tx, id, kept).await?;
        storage::sessions::set_epoch(&mut tx, kept, epoch).await?;
        storage::known_devices::delete_of(&mut tx, id).await?;
        // Links that went to the old address open nothing any more.
        storage::single_use_tokens::delete_all_of(&mut tx, id).await?;
        let template = Template::EmailChanged { to: typed.clone() };
        self.queue_mail(&mut tx, NewMail { template, recipient: &user.email, name: &user.name, token: None }).await?;
        let change = Change {
            action: "account.change_email",
            target_kind: "account",
            target_id: id.to_string(),
            target_name: &user.name,
            before: json!({"email": user.email}),
            after: json!({"email": typed}),
            ..Change::default()
        };
        let actor = own.and(caller).cloned().unwrap_or_else(|| Caller::system(user.clone()));
        self.audit(&mut tx, &actor, change).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// Asks for the password, however recently it was entered: for what would hand the account over, or end it.
    pub(super) async fn check_password(&self, caller: &Caller, password: Secret) -> Result<(), ServiceError> {
        if password.expose().is_empty() {
            return Err(ServiceError::field("password", "Enter your password."));
        }
        self.step_up(caller, Some(password)).await
    }
}
