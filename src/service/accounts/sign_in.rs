//! Signing in with e-mail and password.

use serde_json::json;

use super::passwords::Verdict;
use crate::{
    domain::{
        accounts::{PASSWORD_MAX, User},
        audit::AuditOutcome,
        email,
        ids::UserId,
    },
    service::{Door, RequestFacts, ServiceError, Services, vault::Secret},
    storage::{self, audit::NewAuditEntry},
};

/// Longest address that is looked up; whatever is longer has no account.
const LONGEST_EMAIL: usize = 254;

impl Services {
    /// Checks e-mail and password. Open a session for the account that this gives.
    ///
    /// An unknown address, a wrong password and a disabled account get the same answer after the same work.
    pub async fn sign_in(
        &self,
        request: &RequestFacts,
        door: Door,
        typed_email: &str,
        password: Secret,
    ) -> Result<User, ServiceError> {
        // Decided by the input alone, so it says nothing about accounts, and nothing is hashed.
        if password.expose().len() > PASSWORD_MAX * 4 || typed_email.len() > LONGEST_EMAIL {
            return Err(ServiceError::WrongCredentials);
        }
        let normalized = email::normalize(typed_email).unwrap_or_else(|_| typed_email.trim().to_ascii_lowercase());
        let now = self.clock.now();
        let attempt = match self.known_device(request, &normalized).await? {
            Some(device) => self.throttles.begin_known_login(&device, &normalized, request.ip(), now)?,
            None => self.throttles.begin_login(&normalized, request.ip(), now)?,
        };
        let known = storage::users::find_credentials(&mut *self.store.reader().await?, &normalized).await?;
        let (user, hash) = known.map(|known| (known.user, known.password_hash)).unzip();
        let verdict = self.passwords.verify(password.clone(), hash).await?;
        let user = match (verdict, user) {
            (Verdict::Wrong, user) => return self.refuse_sign_in(request, door, user.map(|user| user.id)).await,
            (_, Some(user)) if user.disabled_at.is_some() => return self.refuse_sign_in(request, door, Some(user.id)).await,
            (_, Some(user)) => user,
            (_, None) => return Err(ServiceError::WrongCredentials),
        };
        attempt.succeed();
        let stronger = match verdict {
            Verdict::RightButOutdated => Some(self.passwords.hash(password, &self.random).await?),
            Verdict::Right | Verdict::Wrong => None,
        };
        let mut tx = self.store.begin().await?;
        if let Some(hash) = stronger {
            storage::users::update_password_hash(&mut tx, user.id, &hash).await?;
        }
        let name = user.name.clone();
        storage::audit::insert(&mut tx, &self.sign_in_entry(request, door, "session.start", Some(user.id), &name)).await?;
        tx.commit().await?;
        Ok(user)
    }

    async fn refuse_sign_in(&self, request: &RequestFacts, door: Door, target: Option<UserId>) -> Result<User, ServiceError> {
        let mut tx = self.store.begin().await?;
        let mut entry = self.sign_in_entry(request, door, "session.refuse", None, "");
        entry.outcome = AuditOutcome::Denied;
        entry.target_id = target.map_or_else(String::new, |id| id.to_string());
        storage::audit::insert(&mut tx, &entry).await?;
        tx.commit().await?;
        Err(ServiceError::WrongCredentials)
    }

    /// An audit entry of somebody who is not signed in yet.
    fn sign_in_entry<'a>(
        &self,
        request: &RequestFacts,
        door: Door,
        action: &'a str,
        actor: Option<UserId>,
        name: &'a str,
    ) -> NewAuditEntry<'a> {
        let at = self.clock.now();
        NewAuditEntry {
            id: self.random.id_at(at),
            at,
            actor,
            actor_name: name,
            action,
            outcome: AuditOutcome::Done,
            target_kind: "account",
            target_id: actor.map_or_else(String::new, |id| id.to_string()),
            target_name: name,
            team: None,
            organization: None,
            before: json!({}).to_string(),
            after: json!({}).to_string(),
            source: door.as_str(),
            address: request.address.clone(),
            request_id: request.request_id.clone(),
        }
    }
}
