//! The signed-in person's browsers: which there are, and ending them.

use serde_json::json;

use crate::{
    domain::sessions::{SessionRow, device},
    service::{Caller, ServiceError, Services, audit::Change},
    storage::{self, sessions::ListedSession},
};

/// How much of its hash a session is known by in the list: enough to be one of at most twenty.
const SHOWN: usize = 16;

impl Services {
    /// The caller's live sessions, the one used last first.
    pub async fn list_sessions(&self, caller: &Caller) -> Result<Vec<SessionRow>, ServiceError> {
        let mut c = self.store.reader().await?;
        let sessions = storage::sessions::list_of(&mut c, caller.user.id, self.clock.now()).await?;
        Ok(sessions.into_iter().map(|session| row(caller, &session)).collect())
    }

    /// Ends one session of the caller: its browser is signed out at its next request. True if it was the caller's own.
    pub async fn end_session(&self, caller: &Caller, id: &str) -> Result<bool, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let sessions = storage::sessions::list_of(&mut tx, caller.user.id, self.clock.now()).await?;
        let ended = sessions.iter().find(|session| shown_id(session) == id).ok_or(ServiceError::NotFound)?;
        storage::sessions::delete(&mut tx, &ended.id_hash).await?;
        let row = row(caller, ended);
        let after = json!({"device": row.device, "address": row.address});
        self.audit(&mut tx, caller, change(caller, "session.end", after)).await?;
        tx.commit().await?;
        Ok(row.this)
    }

    /// Ends all sessions of the caller except the one that asks, and says how many those were.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<usize, ServiceError> {
        caller.check_may_write()?;
        let kept = caller.session.as_ref().map_or("", |session| session.id_hash.as_str());
        let mut tx = self.store.begin().await?;
        let sessions = storage::sessions::list_of(&mut tx, caller.user.id, self.clock.now()).await?;
        let others = sessions.iter().filter(|session| session.id_hash != kept).count();
        storage::sessions::delete_others(&mut tx, caller.user.id, kept).await?;
        self.audit(&mut tx, caller, change(caller, "session.end_others", json!({"sessions": others}))).await?;
        tx.commit().await?;
        Ok(others)
    }
}

fn shown_id(session: &ListedSession) -> &str {
    session.id_hash.get(..SHOWN).unwrap_or(&session.id_hash)
}

fn row(caller: &Caller, session: &ListedSession) -> SessionRow {
    SessionRow {
        id: shown_id(session).to_owned(),
        device: device(&session.user_agent),
        address: session.address.clone(),
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        this: caller.session.as_ref().is_some_and(|own| own.id_hash == session.id_hash),
    }
}

fn change<'a>(caller: &'a Caller, action: &'a str, after: serde_json::Value) -> Change<'a> {
    Change {
        action,
        target_kind: "account",
        target_id: caller.user.id.to_string(),
        target_name: &caller.user.name,
        after,
        ..Change::default()
    }
}
