//! Entering the password once more before what can not be taken back.

use super::passwords::Verdict;
use crate::{
    domain::{accounts::check_password_length, email, time::MINUTE_MS},
    service::{Caller, ServiceError, Services, vault::Secret},
    storage,
};

/// How long an entered password counts.
const STEP_UP_MS: i64 = 10 * MINUTE_MS;

impl Services {
    /// Whether the caller must enter the password before the next step that asks for it. Management tokens always must.
    pub fn needs_password(&self, caller: &Caller) -> bool {
        let verified = caller.session.as_ref().and_then(|session| session.verified_at);
        verified.is_none_or(|at| self.clock.now().since(at) >= STEP_UP_MS)
    }

    /// Lets through whoever entered the password within the last ten minutes, or enters it now; else a problem of the field `password`.
    /// An entered password gives the session another id.
    /// Call it before a transaction begins: checking a password takes time.
    pub async fn step_up(&self, caller: &Caller, password: Option<Secret>) -> Result<(), ServiceError> {
        let Some(password) = password.filter(|password| !password.expose().is_empty()) else {
            if self.needs_password(caller) {
                return Err(ServiceError::field(
                    "password",
                    "Enter your password: it was last asked for more than 10 minutes ago.",
                ));
            }
            return Ok(());
        };
        let wrong = || ServiceError::field("password", "This is not your password.");
        check_password_length(password.expose()).map_err(|_| wrong())?;
        let normalized = email::normalize(&caller.user.email).map_err(ServiceError::Internal)?;
        let attempt = self.throttles.begin_login(&normalized, caller.ip(), self.clock.now())?;
        let hash = storage::users::find_password_hash(&mut *self.store.reader().await?, caller.user.id).await?;
        if self.passwords.verify(password, hash).await? == Verdict::Wrong {
            return Err(wrong());
        }
        attempt.succeed();
        match caller.session.as_ref().and_then(|session| session.handle.as_ref()) {
            Some(session) => self.rotate_session(session, caller.user.id, caller.user.auth_epoch).await,
            None => Ok(()),
        }
    }
}
