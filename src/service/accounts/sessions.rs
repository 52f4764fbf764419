//! Sessions of signed-in browsers. A session says who signed in and when, never what they may do: that is read for every request.

use tower_sessions::{Session, session, session_store};

use crate::{
    domain::{
        accounts::User,
        ids::UserId,
        time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs},
    },
    service::{Caller, CallerSession, Door, RequestFacts, ServiceError, Services, audit::Change, vault::sha256_hex},
    storage::{self, sessions::SessionUser},
};

use super::session_store::{SIGNED_IN, SignedIn};

/// A session ends after so long without use …
const IDLE_MS: i64 = 12 * HOUR_MS;
/// … and after so long in any case.
const ABSOLUTE_MS: i64 = 7 * DAY_MS;
/// Sessions of one person; beyond that, those unused for longest end.
pub(super) const MOST_SESSIONS: i64 = 20;
/// How exactly the last use is noted.
const TOUCH_EVERY_MS: i64 = MINUTE_MS;
/// What is kept of a browser's name.
const LONGEST_AGENT: usize = 200;

/// When a session that is used now ends without further use; never after its absolute end.
pub(super) fn idle_end(now: UnixMs, absolute: UnixMs) -> UnixMs {
    now.plus(IDLE_MS).min(absolute)
}

/// When a session that begins now ends in any case.
pub(super) fn absolute_end(now: UnixMs) -> UnixMs {
    now.plus(ABSOLUTE_MS)
}

/// How a session's id is stored.
pub fn session_hash(id: session::Id) -> String {
    sha256_hex(&id.to_string())
}

impl Services {
    /// Starts the session of somebody who signed in, under a new id; whatever the browser had before is over.
    /// Without a person the session opens nothing.
    pub async fn open_session(&self, session: &Session, user: Option<&User>, request: &RequestFacts) -> Result<(), ServiceError> {
        let signed_in = SignedIn {
            user: user.map(|user| user.id),
            auth_epoch: user.map_or(0, |user| user.auth_epoch),
            user_agent: request.user_agent.chars().take(LONGEST_AGENT).collect(),
            address: request.address.clone(),
            began: None,
        };
        session.clear().await;
        session.cycle_id().await.map_err(storage_away)?;
        session.insert(SIGNED_IN, signed_in).await.map_err(storage_away)?;
        session.save().await.map_err(storage_away)?;
        self.remember_device(user, request).await
    }

    /// Gives a browser's session another id, after its password was entered again or its person's rights were changed: whoever knows the
    /// old id has nothing any more. What it holds and its end in any case stay; the password counts as entered now. A session that ended
    /// meanwhile stays ended.
    pub(in crate::service) async fn rotate_session(
        &self,
        session: &Session,
        user: UserId,
        auth_epoch: i64,
    ) -> Result<(), ServiceError> {
        let Some(hash) = session.id().map(session_hash) else { return Ok(()) };
        let found = storage::sessions::find_life(&mut *self.store.reader().await?, &hash, self.clock.now()).await?;
        let Some(life) = found else { return Ok(()) };
        let signed_in = SignedIn {
            user: Some(user),
            auth_epoch,
            user_agent: life.user_agent,
            address: life.address,
            began: Some((life.created_at, life.absolute_expires_at)),
        };
        session.insert(SIGNED_IN, signed_in).await.map_err(storage_away)?;
        session.cycle_id().await.map_err(storage_away)?;
        session.save().await.map_err(storage_away)
    }

    /// Ends the session of a browser; its id is worth nothing from then on.
    pub async fn close_session(&self, session: &Session, caller: Option<&Caller>) -> Result<(), ServiceError> {
        session.flush().await.map_err(storage_away)?;
        if let Some(caller) = caller {
            let mut tx = self.store.begin().await?;
            let change = Change {
                action: "session.end",
                target_kind: "account",
                target_id: caller.user.id.to_string(),
                target_name: &caller.user.name,
                ..Change::default()
            };
            self.audit(&mut tx, caller, change).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Who a browser's session belongs to, as the account is now. None for a session that ended, of an older epoch, or of an account
    /// that is disabled.
    pub async fn find_session_user(&self, session: &Session, by: AskedBy) -> Result<Option<SessionUser>, ServiceError> {
        let Some(id) = session.id() else { return Ok(None) };
        let (hash, now) = (session_hash(id), self.clock.now());
        let found = storage::sessions::find_user(&mut *self.store.reader().await?, &hash, now).await?;
        if let Some(found) = &found
            && by == AskedBy::Person
            && now.since(found.last_seen_at) >= TOUCH_EVERY_MS
        {
            let mut tx = self.store.begin_aside().await?;
            storage::sessions::touch(&mut tx, &hash, now, idle_end(now, found.absolute_expires_at)).await?;
            tx.commit().await?;
        }
        Ok(found)
    }
}

/// Who is behind a request of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// Somebody uses the product.
    Person,
    /// An open page asks for news by itself, which keeps no session alive: nobody may be there.
    Page,
}

/// The caller behind a browser's session, if anybody is signed in.
pub async fn caller_of(
    services: &Services,
    session: &Session,
    door: Door,
    request: &RequestFacts,
) -> Result<Option<Caller>, ServiceError> {
    caller_behind(services, session, door, request, AskedBy::Person).await
}

/// The same, where a page may have asked by itself.
pub async fn caller_behind(
    services: &Services,
    session: &Session,
    door: Door,
    request: &RequestFacts,
    by: AskedBy,
) -> Result<Option<Caller>, ServiceError> {
    let found = services.find_session_user(session, by).await?;
    Ok(found.zip(session.id()).map(|(found, id)| {
        let session = CallerSession { id_hash: session_hash(id), verified_at: found.verified_at, handle: Some(session.clone()) };
        Caller::new(found.user, door, false, request).in_session(session)
    }))
}

fn storage_away(error: session::Error) -> ServiceError {
    match error {
        session::Error::Store(session_store::Error::Backend(cause)) => {
            tracing::warn!(cause, "sessions could not be read or written");
            ServiceError::Busy
        }
        other => ServiceError::Internal(format!("session: {other}")),
    }
}
