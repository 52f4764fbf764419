//! Sessions in the product's own database, for tower-sessions.
//!
//! The usual stores write with an upsert, and so bring a session back to life that ended while another request was under way. Here
//! `save` changes only what exists. Who signed in stands in columns that are written once, when the session begins; ends are decided
//! by the product's clock, not by the record.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::sessions::{MOST_SESSIONS, absolute_end, idle_end, session_hash};
use crate::{
    domain::{ids::UserId, time::UnixMs},
    service::Services,
    storage::{self, sessions::NewSession},
};

/// Name of the value that a new session is made of; it becomes columns and is not kept among the data.
pub(super) const SIGNED_IN: &str = "signed_in";

/// Who signs in, and from where.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SignedIn {
    pub(super) user: Option<UserId>,
    pub(super) auth_epoch: i64,
    pub(super) user_agent: String,
    pub(super) address: String,
    /// When a session began that goes on under another id, and when it ends in any case.
    pub(super) began: Option<(UnixMs, UnixMs)>,
}

/// The store that the session layer is given.
#[derive(Clone)]
pub struct DatabaseSessions {
    services: Services,
}

impl DatabaseSessions {
    /// Sessions of these services.
    pub fn new(services: Services) -> Self {
        Self { services }
    }

    async fn insert(&self, record: &mut Record) -> std::result::Result<(), sqlx::Error> {
        let signed_in = record.data.get(SIGNED_IN).cloned().and_then(|value| serde_json::from_value::<SignedIn>(value).ok());
        let signed_in = signed_in.unwrap_or_default();
        let now = self.services.clock.now();
        let (began, absolute) = signed_in.began.unwrap_or((now, absolute_end(now)));
        let data = data_of(record);
        let mut tx = self.services.store.begin().await?;
        storage::sessions::delete_expired(&mut tx, now).await?;
        loop {
            let new = NewSession {
                id_hash: &session_hash(record.id),
                user: signed_in.user,
                auth_epoch: signed_in.auth_epoch,
                data: &data,
                user_agent: &signed_in.user_agent,
                address: &signed_in.address,
                began,
                at: now,
                idle_expires_at: idle_end(now, absolute),
                absolute_expires_at: absolute,
            };
            if storage::sessions::insert(&mut tx, &new).await? {
                break;
            }
            record.id = Id::default();
        }
        if let Some(user) = signed_in.user {
            storage::sessions::delete_oldest(&mut tx, user, MOST_SESSIONS).await?;
        }
        tx.commit().await
    }

    async fn update(&self, record: &Record) -> std::result::Result<(), sqlx::Error> {
        let mut tx = self.services.store.begin().await?;
        storage::sessions::update_data(&mut tx, &session_hash(record.id), &data_of(record)).await?;
        tx.commit().await
    }

    async fn find(&self, id: Id) -> std::result::Result<Option<String>, sqlx::Error> {
        let mut c = self.services.store.reader().await?;
        storage::sessions::find_data(&mut c, &session_hash(id), self.services.clock.now()).await
    }

    async fn remove(&self, id: Id) -> std::result::Result<(), sqlx::Error> {
        let mut tx = self.services.store.begin().await?;
        storage::sessions::delete(&mut tx, &session_hash(id)).await?;
        tx.commit().await
    }
}

impl std::fmt::Debug for DatabaseSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseSessions")
    }
}

#[async_trait]
impl SessionStore for DatabaseSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.insert(record).await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.update(record).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(data) = self.find(*id).await.map_err(backend)? else { return Ok(None) };
        let data = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
        // The row's own columns say when it ends; this end is only asked for by stores that keep records in memory.
        Ok(Some(Record { id: *id, data, expiry_date: OffsetDateTime::UNIX_EPOCH }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.remove(*id).await.map_err(backend)
    }
}

fn data_of(record: &Record) -> String {
    let kept = record.data.iter().filter(|(name, _)| *name != SIGNED_IN).map(|(name, value)| (name.clone(), value.clone()));
    Value::Object(kept.collect()).to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
