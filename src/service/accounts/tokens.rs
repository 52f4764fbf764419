//! Management tokens: bearer credentials of the REST API that act as their person.
//!
//! A new password leaves them alone, as it does elsewhere with personal access tokens: they do not derive from the password, and
//! scripts that nobody looks at would stop at night. It ends sessions, which do derive from it. Who fears that somebody else made a
//! token finds all of them, with their last use, on the account page; a disabled account's tokens all fail.

use serde_json::json;

use crate::{
    domain::{
        accounts::User,
        ids::TokenId,
        management_tokens::{ManagementToken, NewManagementToken, PREFIX, TokenScope},
        time::MINUTE_MS,
    },
    service::{
        Caller, Door, RequestFacts, ServiceError, Services,
        audit::Change,
        key_secrets::{is_well_formed, make_secret},
        vault::{Secret, sha256_hex},
    },
    storage,
};

/// How exactly the last use is noted.
const TOUCH_EVERY_MS: i64 = MINUTE_MS;
/// Tokens of one person.
const MOST_TOKENS: usize = 50;

impl Services {
    /// Makes a token. The secret is given here and never again.
    pub async fn create_token(
        &self,
        caller: &Caller,
        new: NewManagementToken,
    ) -> Result<(ManagementToken, Secret), ServiceError> {
        caller.check_may_write()?;
        let now = self.clock.now();
        let secret = make_secret(PREFIX, self.random.bytes());
        let token = ManagementToken {
            id: self.random.id_at(now),
            name: new.name,
            scope: new.scope,
            suffix: secret[secret.len() - 4..].to_owned(),
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let mut tx = self.store.begin().await?;
        if storage::management_tokens::list_of(&mut tx, caller.user.id).await?.len() >= MOST_TOKENS {
            return Err(ServiceError::Conflict("too_many_tokens", format!("You hold {MOST_TOKENS} tokens. Revoke one first.")));
        }
        storage::management_tokens::insert(&mut tx, caller.user.id, &token, &sha256_hex(&secret)).await?;
        self.audit(&mut tx, caller, change("token.create", &token)).await?;
        tx.commit().await?;
        Ok((token, Secret::new(secret)))
    }

    /// The caller's tokens, newest first.
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<ManagementToken>, ServiceError> {
        Ok(storage::management_tokens::list_of(&mut *self.store.reader().await?, caller.user.id).await?)
    }

    /// Revokes a token of the caller; the next request with it fails.
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let token = storage::management_tokens::revoke(&mut tx, caller.user.id, id, self.clock.now()).await?;
        let token = token.ok_or(ServiceError::NotFound)?;
        self.audit(&mut tx, caller, change("token.revoke", &token)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who a bearer token acts as. [`ServiceError::SignedOut`] for one that is unknown, revoked or expired, and for a disabled account.
    pub async fn authenticate_token(&self, request: &RequestFacts, secret: &str) -> Result<Caller, ServiceError> {
        if !is_well_formed(PREFIX, secret) {
            return Err(ServiceError::SignedOut);
        }
        let now = self.clock.now();
        let found = storage::management_tokens::find_live(&mut *self.store.reader().await?, &sha256_hex(secret), now).await?;
        let (token, user): (ManagementToken, User) = found.ok_or(ServiceError::SignedOut)?;
        if token.last_used_at.is_none_or(|at| now.since(at) >= TOUCH_EVERY_MS) {
            let mut tx = self.store.begin().await?;
            storage::management_tokens::touch(&mut tx, token.id, now).await?;
            tx.commit().await?;
        }
        Ok(Caller::new(user, Door::Api, token.scope == TokenScope::Read, request))
    }
}

fn change<'a>(action: &'a str, token: &'a ManagementToken) -> Change<'a> {
    Change {
        action,
        target_kind: "token",
        target_id: token.id.to_string(),
        target_name: &token.name,
        after: json!({"name": token.name, "scope": token.scope, "expires_at": token.expires_at}),
        ..Change::default()
    }
}
