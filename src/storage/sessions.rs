//! Sessions of signed-in browsers. Ids are stored as SHA-256; a row that is gone never comes back.

use sqlx::AnyConnection;

use super::{
    RowExt,
    users::{self, USER_COLUMNS},
};
use crate::domain::{accounts::User, ids::UserId, time::UnixMs};

/// A new session.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// SHA-256 of the id in the cookie.
    pub id_hash: &'a str,
    /// Who signed in; none for a session that opens nothing.
    pub user: Option<UserId>,
    /// The account's epoch at that moment.
    pub auth_epoch: i64,
    /// What else the session holds (JSON).
    pub data: &'a str,
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// Where it came from.
    pub address: &'a str,
    /// When it began; before now where it goes on under another id.
    pub began: UnixMs,
    /// Now.
    pub at: UnixMs,
    /// End without use.
    pub idle_expires_at: UnixMs,
    /// End in any case.
    pub absolute_expires_at: UnixMs,
}

/// The person of a live session.
#[derive(Clone, Debug)]
pub struct SessionUser {
    /// The account, as it is now.
    pub user: User,
    /// Last use that was noted.
    pub last_seen_at: UnixMs,
    /// When the password was last entered.
    pub verified_at: Option<UnixMs>,
    /// End in any case.
    pub absolute_expires_at: UnixMs,
}

/// Writes a session. `false` where the id exists already.
pub async fn insert(c: &mut AnyConnection, new: &NewSession<'_>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO sessions (id_hash, user_id, auth_epoch, data, user_agent, address, created_at, last_seen_at, verified_at,
             idle_expires_at, absolute_expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10) ON CONFLICT (id_hash) DO NOTHING",
    )
    .bind(new.id_hash)
    .bind(new.user.map(|id| id.to_string()))
    .bind(new.auth_epoch)
    .bind(new.data)
    .bind(new.user_agent)
    .bind(new.address)
    .bind(new.began.0)
    .bind(new.at.0)
    .bind(new.idle_expires_at.0)
    .bind(new.absolute_expires_at.0)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The data of a live session.
pub async fn find_data(c: &mut AnyConnection, id_hash: &str, now: UnixMs) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query("SELECT data FROM sessions WHERE id_hash = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2")
        .bind(id_hash)
        .bind(now.0)
        .fetch_optional(c)
        .await?;
    row.map(|row| row.text("data")).transpose()
}

/// Replaces the data of a session that exists; one that was ended stays ended.
pub async fn update_data(c: &mut AnyConnection, id_hash: &str, data: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET data = $2 WHERE id_hash = $1").bind(id_hash).bind(data).execute(c).await?;
    Ok(())
}

/// The person of a session: live, of the account's present epoch, and the account not disabled.
pub async fn find_user(c: &mut AnyConnection, id_hash: &str, now: UnixMs) -> Result<Option<SessionUser>, sqlx::Error> {
    let sql = format!(
        "SELECT {USER_COLUMNS}, s.last_seen_at, s.verified_at, s.absolute_expires_at FROM sessions s
         JOIN users u ON u.id = s.user_id AND u.auth_epoch = s.auth_epoch
         WHERE s.id_hash = $1 AND s.idle_expires_at > $2 AND s.absolute_expires_at > $2 AND u.disabled_at IS NULL"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id_hash).bind(now.0).fetch_optional(c).await?;
    row.map(|row| {
        Ok(SessionUser {
            user: users::from_row(&row)?,
            last_seen_at: row.time("last_seen_at")?,
            verified_at: row.time_opt("verified_at")?,
            absolute_expires_at: row.time("absolute_expires_at")?,
        })
    })
    .transpose()
}

/// Notes that a session is in use.
pub async fn touch(c: &mut AnyConnection, id_hash: &str, now: UnixMs, idle_expires_at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET last_seen_at = $2, idle_expires_at = $3 WHERE id_hash = $1 AND last_seen_at < $2")
        .bind(id_hash)
        .bind(now.0)
        .bind(idle_expires_at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Moves a session to the account's present epoch: it survives the change that ended the others.
pub async fn keep(c: &mut AnyConnection, id_hash: &str, auth_epoch: i64, now: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET auth_epoch = $2, verified_at = $3 WHERE id_hash = $1")
        .bind(id_hash)
        .bind(auth_epoch)
        .bind(now.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Moves a session to the account's present epoch without anybody having entered a password.
pub async fn set_epoch(c: &mut AnyConnection, id_hash: &str, auth_epoch: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sessions SET auth_epoch = $2 WHERE id_hash = $1").bind(id_hash).bind(auth_epoch).execute(c).await?;
    Ok(())
}

/// What a session keeps when it goes on under another id.
#[derive(Clone, Debug)]
pub struct SessionLife {
    /// What the browser calls itself.
    pub user_agent: String,
    /// Where it came from.
    pub address: String,
    /// Began at.
    pub created_at: UnixMs,
    /// End in any case.
    pub absolute_expires_at: UnixMs,
}

/// The life of a session that is not over.
pub async fn find_life(c: &mut AnyConnection, id_hash: &str, now: UnixMs) -> Result<Option<SessionLife>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT user_agent, address, created_at, absolute_expires_at FROM sessions
         WHERE id_hash = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2",
    )
    .bind(id_hash)
    .bind(now.0)
    .fetch_optional(c)
    .await?;
    row.map(|row| {
        Ok(SessionLife {
            user_agent: row.text("user_agent")?,
            address: row.text("address")?,
            created_at: row.time("created_at")?,
            absolute_expires_at: row.time("absolute_expires_at")?,
        })
    })
    .transpose()
}

/// A session in its person's list.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// SHA-256 of the id in the cookie.
    pub id_hash: String,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Where it came from.
    pub address: String,
    /// Began at.
    pub created_at: UnixMs,
    /// Last use that was noted.
    pub last_seen_at: UnixMs,
}

/// The live sessions of a person, the one used last first.
pub async fn list_of(c: &mut AnyConnection, user: UserId, now: UnixMs) -> Result<Vec<ListedSession>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT s.id_hash, s.user_agent, s.address, s.created_at, s.last_seen_at FROM sessions s
         JOIN users u ON u.id = s.user_id AND u.auth_epoch = s.auth_epoch
         WHERE s.user_id = $1 AND s.idle_expires_at > $2 AND s.absolute_expires_at > $2 ORDER BY s.last_seen_at DESC, s.id_hash",
    )
    .bind(user.to_string())
    .bind(now.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ListedSession {
                id_hash: row.text("id_hash")?,
                user_agent: row.text("user_agent")?,
                address: row.text("address")?,
                created_at: row.time("created_at")?,
                last_seen_at: row.time("last_seen_at")?,
            })
        })
        .collect()
}

/// Ends a session.
pub async fn delete(c: &mut AnyConnection, id_hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE id_hash = $1").bind(id_hash).execute(c).await?;
    Ok(())
}

/// Ends all sessions of a person except one.
pub async fn delete_others(c: &mut AnyConnection, user: UserId, kept: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id_hash <> $2").bind(user.to_string()).bind(kept).execute(c).await?;
    Ok(())
}

/// Ends the sessions of a person that were used longest ago, so that `most` are left.
pub async fn delete_oldest(c: &mut AnyConnection, user: UserId, most: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM sessions WHERE user_id = $1 AND id_hash NOT IN
             (SELECT id_hash FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, created_at DESC, id_hash LIMIT $2)",
    )
    .bind(user.to_string())
    .bind(most)
    .execute(c)
    .await?;
    Ok(())
}

/// Removes sessions that have ended.
pub async fn delete_expired(c: &mut AnyConnection, now: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE idle_expires_at <= $1 OR absolute_expires_at <= $1").bind(now.0).execute(c).await?;
    Ok(())
}
