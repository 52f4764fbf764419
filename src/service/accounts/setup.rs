//! The first account of a platform, and accounts made at the command line.

use super::{new_account::NewAccount, new_token};
use crate::{
    domain::{
        email,
        time::{DAY_MS, HOUR_MS},
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, vault::sha256_hex},
    storage::{
        self,
        single_use_tokens::{NewToken, Purpose},
    },
};

const SETUP_LIFE_MS: i64 = HOUR_MS;
const INVITED_ADMIN_LIFE_MS: i64 = DAY_MS;

/// Stands where a password hash would; no password is right.
const NO_PASSWORD: &str = "!";

impl Services {
    /// Whether the platform waits for its first account.
    pub async fn is_empty_platform(&self) -> Result<bool, ServiceError> {
        Ok(storage::users::count(&mut *self.store.reader().await?).await? == 0)
    }

    /// On an empty platform: a new set-up token, to be printed at start; valid for an hour, and the only one. None where there are
    /// accounts already, and in demo mode.
    pub async fn issue_setup_token(&self) -> Result<Option<String>, ServiceError> {
        if self.settings.demo || !self.is_empty_platform().await? {
            return Ok(None);
        }
        let (token, now) = (new_token(&self.random), self.clock.now());
        let mut tx = self.store.begin().await?;
        storage::single_use_tokens::delete_of(&mut tx, Purpose::Setup, None).await?;
        let new = NewToken {
            hash: &sha256_hex(&token),
            purpose: Purpose::Setup,
            user: None,
            email: None,
            created_at: now,
            expires_at: now.plus(SETUP_LIFE_MS),
        };
        storage::single_use_tokens::insert(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// For the command line: makes the account of an address platform admin, and gives the address of a page where its person sets a
    /// password within a day. Nobody else ever knows that password.
    pub async fn create_admin(&self, typed_email: &str) -> Result<String, ServiceError> {
        let normalized = email::normalize(typed_email).map_err(|message| ServiceError::field("email", message))?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let user = match storage::users::find_credentials(&mut tx, &normalized).await? {
            Some(known) => {
                storage::users::set_platform_admin(&mut tx, known.user.id, true).await?;
                known.user
            }
            None => {
                let name = normalized.split('@').next().unwrap_or_default().to_owned();
                let new = NewAccount {
                    email: typed_email.trim().to_owned(),
                    email_normalized: normalized,
                    name,
                    password_hash: NO_PASSWORD.into(),
                    platform_admin: true,
                    email_confirmed: false,
                    at: now,
                };
                self.insert_account(&mut tx, &new).await?
            }
        };
        let token = new_token(&self.random);
        storage::single_use_tokens::delete_of(&mut tx, Purpose::PasswordReset, Some(user.id)).await?;
        let new = NewToken {
            hash: &sha256_hex(&token),
            purpose: Purpose::PasswordReset,
            user: Some(user.id),
            email: None,
            created_at: now,
            expires_at: now.plus(INVITED_ADMIN_LIFE_MS),
        };
        storage::single_use_tokens::insert(&mut tx, &new).await?;
        let change = Change {
            action: "account.make_platform_admin",
            target_kind: "account",
            target_id: user.id.to_string(),
            target_name: &user.name,
            ..Change::default()
        };
        self.audit(&mut tx, &Caller::system(user.clone()), change).await?;
        self.commit(tx, Touched::team(user.personal_team)).await?;
        Ok(format!("{}/reset/{token}", self.settings.public_url))
    }
}
