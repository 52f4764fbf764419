//! Browsers that a person has signed in with. Strangers' wrong passwords make an account wait longer and longer; a browser that its
//! owner has used before stands outside of that queue, and its own wrong passwords are counted apart. Its cookie opens nothing.
//!
//! A new password forgets all of them: whoever knew the old one may have left a browser behind.

use std::sync::{Arc, OnceLock};

use super::new_token;
use crate::{
    domain::{
        accounts::User,
        time::{DAY_MS, UnixMs},
    },
    service::{RequestFacts, ServiceError, Services, vault::sha256_hex},
    storage,
};

/// A browser is known for so long without a sign-in.
pub const LIFE_MS: i64 = 180 * DAY_MS;
/// Browsers of one person; beyond that, those unused for longest are forgotten.
const MOST_DEVICES: i64 = 20;
/// Length of a token.
const TOKEN_LENGTH: usize = 43;

/// The cookie of a browser: its hash as it was sent, and what the answer gives it.
#[derive(Clone, Debug, Default)]
pub struct DeviceCookie {
    sent: Option<String>,
    given: Arc<OnceLock<String>>,
}

impl DeviceCookie {
    /// The cookie of a request, if it can be one.
    pub fn sent(value: Option<&str>) -> Self {
        let plausible =
            |value: &&str| value.len() == TOKEN_LENGTH && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        Self { sent: value.filter(plausible).map(sha256_hex), given: Arc::default() }
    }

    /// What the answer shall set; none where the browser keeps what it has.
    pub fn given(&self) -> Option<&str> {
        self.given.get().map(String::as_str)
    }
}

fn since(now: UnixMs) -> UnixMs {
    now.plus(-LIFE_MS)
}

impl Services {
    /// The hash of the cookie that came with a request, if the owner of an address has signed in with it before.
    pub(super) async fn known_device(
        &self,
        request: &RequestFacts,
        email_normalized: &str,
    ) -> Result<Option<String>, ServiceError> {
        let Some(hash) = &request.device.sent else { return Ok(None) };
        let mut c = self.store.reader().await?;
        let known = storage::known_devices::is_known(&mut c, hash, email_normalized, since(self.clock.now())).await?;
        Ok(known.then(|| hash.clone()))
    }

    /// Remembers the browser of somebody who signed in. A browser is never remembered under a token that it brought along and that is
    /// not known to be this person's: somebody else may have put it there.
    pub(super) async fn remember_device(&self, user: Option<&User>, request: &RequestFacts) -> Result<(), ServiceError> {
        let token = new_token(&self.random);
        // Without a person the answer looks the same.
        if let Some(user) = user {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            if let Some(hash) = &request.device.sent
                && storage::known_devices::touch(&mut tx, hash, user.id, since(now), now).await?
            {
                tx.commit().await?;
                return Ok(());
            }
            storage::known_devices::insert(&mut tx, &sha256_hex(&token), user.id, now).await?;
            storage::known_devices::delete_old(&mut tx, user.id, since(now), MOST_DEVICES).await?;
            tx.commit().await?;
        }
        // Two sign-ins in one request do not happen; the first cookie would stay.
        let _kept = request.device.given.set(token);
        Ok(())
    }
}
