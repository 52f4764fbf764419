//! Gateway keys. Secrets are never here, only their SHA-256.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    api_keys::{ApiKey, KeyKind, KeyStatus},
    ids::{KeyId, TeamId, UserId},
    time::UnixMs,
};

const COLUMNS: &str = "k.id, k.team_id, k.user_id, k.kind, k.name, k.prefix, k.suffix, k.expires_at, k.revoked_at, k.old_secret_until, k.created_at";

/// A key with its owner's name and what it spent.
#[derive(Clone, Debug)]
pub struct ListedKey {
    /// The key.
    pub key: ApiKey,
    /// Owner's name.
    pub user_name: String,
    /// Spent since the start of the month.
    pub spent: i64,
}

/// A key as the gateway needs it, with both hashes and its person's state.
#[derive(Clone, Debug)]
pub struct LiveKey {
    /// The key.
    pub key: ApiKey,
    /// SHA-256 of the secret, in hexadecimal.
    pub secret_hash: String,
    /// SHA-256 of the secret that a rotation replaced.
    pub old_secret_hash: Option<String>,
    /// Owner's name.
    pub user_name: String,
    /// Whether the person is disabled, or no member of the team any more.
    pub person_gone: bool,
}

fn from_row(row: &AnyRow) -> Result<ApiKey, sqlx::Error> {
    Ok(ApiKey {
        id: row.id("id")?,
        team: row.id("team_id")?,
        user: row.id("user_id")?,
        kind: row.word("kind", KeyKind::parse)?,
        name: row.text("name")?,
        prefix: row.text("prefix")?,
        suffix: row.text("suffix")?,
        expires_at: row.time_opt("expires_at")?,
        revoked_at: row.time_opt("revoked_at")?,
        old_secret_until: row.time_opt("old_secret_until")?,
        created_at: row.time("created_at")?,
        last_used_at: None,
    })
}

/// Writes a new key.
pub async fn insert(c: &mut AnyConnection, key: &ApiKey, secret_hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO api_keys (id, team_id, user_id, kind, name, secret_hash, prefix, suffix, expires_at, revoked_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(key.id.to_string())
    .bind(key.team.to_string())
    .bind(key.user.to_string())
    .bind(key.kind.as_str())
    .bind(&key.name)
    .bind(secret_hash)
    .bind(&key.prefix)
    .bind(&key.suffix)
    .bind(key.expires_at.map(|at| at.0))
    .bind(key.revoked_at.map(|at| at.0))
    .bind(key.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// A key of a team.
pub async fn find(c: &mut AnyConnection, team: TeamId, id: KeyId) -> Result<Option<ApiKey>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys k WHERE k.team_id = $1 AND k.id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// Which keys of a team are asked for.
#[derive(Clone, Debug)]
pub struct KeyFilter<'a> {
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only where name, prefix or owner contain this, whatever the case.
    pub text: &'a str,
    /// Only keys of this status at this moment.
    pub status: Option<(KeyStatus, UnixMs)>,
    /// Only keys older than this id (keyset paging, newest first).
    pub before: Option<KeyId>,
    /// Most rows.
    pub limit: i64,
    /// Spend is summed from here.
    pub month_start: UnixMs,
}

/// Keys of a team, newest first.
pub async fn list(c: &mut AnyConnection, team: TeamId, filter: &KeyFilter<'_>) -> Result<Vec<ListedKey>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, u.name AS user_name,
             -- The last quarter alone: a key of some months has ten thousands of them.
             (SELECT MAX(r.last_call_at) FROM usage_rollups r WHERE r.key_id = k.id
                 AND r.start_at = (SELECT MAX(l.start_at) FROM usage_rollups l WHERE l.key_id = k.id)) AS last_used_at,
             CAST(COALESCE((SELECT SUM(r.cost) FROM usage_rollups r WHERE r.key_id = k.id AND r.start_at >= $6), 0) AS BIGINT) AS spent
         FROM api_keys k JOIN users u ON u.id = k.user_id
         WHERE k.team_id = $1 AND ($2 = '' OR k.user_id = $2) AND ($3 = '' OR k.id < $3)
           AND ($4 = '%%' OR LOWER(k.name) LIKE $4 ESCAPE '\\' OR LOWER(k.prefix) LIKE $4 ESCAPE '\\' OR LOWER(u.name) LIKE $4 ESCAPE '\\')
           AND ($7 = '' OR ($7 = 'revoked' AND k.revoked_at IS NOT NULL) OR (k.revoked_at IS NULL AND CASE
               WHEN k.expires_at <= $8 THEN $7 = 'expired'
               WHEN k.old_secret_until > $8 THEN $7 = 'rotated' OR $7 = 'active'
               ELSE $7 = 'active' END))
         ORDER BY k.id DESC LIMIT $5"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(team.to_string())
        .bind(filter.user.map(|id| id.to_string()).unwrap_or_default())
        .bind(filter.before.map(|id| id.to_string()).unwrap_or_default())
        .bind(super::contains(filter.text))
        .bind(filter.limit)
        .bind(filter.month_start.0)
        .bind(filter.status.map_or("", |(status, _)| status.as_str()))
        .bind(filter.status.map_or(0, |(_, now)| now.0))
        .fetch_all(c)
        .await?;
    rows.iter()
        .map(|row| {
            let key = ApiKey { last_used_at: row.time_opt("last_used_at")?, ..from_row(row)? };
            Ok(ListedKey { key, user_name: row.text("user_name")?, spent: row.int("spent")? })
        })
        .collect()
}

/// Keys of a team that were not revoked, of one person or of all; those that have expired included.
pub async fn list_unrevoked(c: &mut AnyConnection, team: TeamId, user: Option<UserId>) -> Result<Vec<ApiKey>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys k WHERE k.team_id = $1 AND ($2 = '' OR k.user_id = $2) AND k.revoked_at IS NULL ORDER BY k.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(team.to_string())
        .bind(user.map(|id| id.to_string()).unwrap_or_default())
        .fetch_all(c)
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many keys of a team work now.
pub async fn count_active(c: &mut AnyConnection, team: TeamId, user: Option<UserId>, now: UnixMs) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM api_keys WHERE team_id = $1 AND ($2 = '' OR user_id = $2) AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > $3)",
    )
    .bind(team.to_string())
    .bind(user.map(|id| id.to_string()).unwrap_or_default())
    .bind(now.0)
    .fetch_one(c)
    .await?
    .int("n")
}

/// How many keys of a person work now, wherever; application keys belong to their team.
pub async fn count_active_of(c: &mut AnyConnection, user: UserId, now: UnixMs) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM api_keys k JOIN teams t ON t.id = k.team_id AND t.deleted_at IS NULL
         WHERE k.user_id = $1 AND k.kind <> 'application' AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)",
    )
    .bind(user.to_string())
    .bind(now.0)
    .fetch_one(c)
    .await?
    .int("n")
}

/// Renames a key.
pub async fn rename(c: &mut AnyConnection, id: KeyId, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE api_keys SET name = $2 WHERE id = $1").bind(id.to_string()).bind(name).execute(c).await?;
    Ok(())
}

/// Sets when a key ends.
pub async fn set_expiry(c: &mut AnyConnection, id: KeyId, expires_at: Option<UnixMs>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE api_keys SET expires_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(expires_at.map(|at| at.0))
        .execute(c)
        .await?;
    Ok(())
}

/// Revokes a key, if it is not revoked yet; whether it did.
pub async fn revoke(c: &mut AnyConnection, id: KeyId, at: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE api_keys SET revoked_at = $2, old_secret_hash = NULL, old_secret_until = NULL WHERE id = $1 AND revoked_at IS NULL")
        .bind(id.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Revokes all keys of a person, in all teams and the personal space; how many that were. Application keys belong to their teams and go on.
pub async fn revoke_all_of(c: &mut AnyConnection, user: UserId, personal: TeamId, at: UnixMs) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE api_keys SET revoked_at = $3, old_secret_hash = NULL, old_secret_until = NULL
         WHERE revoked_at IS NULL AND ((user_id = $1 AND kind <> 'application') OR team_id = $2)",
    )
    .bind(user.to_string())
    .bind(personal.to_string())
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(done.rows_affected())
}

/// A new secret for a key; the present one works until `old_until`.
pub async fn rotate(c: &mut AnyConnection, key: &ApiKey, secret_hash: &str, old_until: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE api_keys SET old_secret_hash = secret_hash, old_secret_until = $3, secret_hash = $2, prefix = $4, suffix = $5
         WHERE id = $1 AND revoked_at IS NULL",
    )
    .bind(key.id.to_string())
    .bind(secret_hash)
    .bind(old_until.0)
    .bind(&key.prefix)
    .bind(&key.suffix)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Of whose keys the gateway's state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveKeys {
    /// Everybody's.
    All,
    /// A person's, application keys that they made included.
    User(UserId),
    /// One key.
    Key(KeyId),
}

impl LiveKeys {
    /// A condition on the table `k`, and what is bound to it.
    pub(super) fn condition(self) -> (String, String) {
        let (column, bound) = match self {
            Self::All => ("k.id", String::new()),
            Self::User(user) => ("k.user_id", user.to_string()),
            Self::Key(key) => ("k.id", key.to_string()),
        };
        (super::where_is(column, &bound), bound)
    }
}

/// Keys of live teams, revoked and expired ones included, so that the gateway can say what happened to them.
pub async fn list_live(c: &mut AnyConnection, of: LiveKeys) -> Result<Vec<LiveKey>, sqlx::Error> {
    let (condition, bound) = of.condition();
    let sql = format!(
        "SELECT {COLUMNS}, k.secret_hash, k.old_secret_hash, u.name AS user_name,
             CAST(CASE WHEN k.kind <> 'application' AND (u.disabled_at IS NOT NULL OR m.user_id IS NULL) THEN 1 ELSE 0 END AS BIGINT) AS person_gone
         FROM api_keys k JOIN users u ON u.id = k.user_id JOIN teams t ON t.id = k.team_id AND t.deleted_at IS NULL
         LEFT JOIN team_members m ON m.team_id = k.team_id AND m.user_id = k.user_id WHERE {condition}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(bound).fetch_all(c).await?;
    rows.iter()
        .map(|row| {
            Ok(LiveKey {
                key: from_row(row)?,
                secret_hash: row.text("secret_hash")?,
                old_secret_hash: row.text_opt("old_secret_hash")?,
                user_name: row.text("user_name")?,
                person_gone: row.flag("person_gone")?,
            })
        })
        .collect()
}

/// The name of a key, whatever became of it.
pub async fn find_name(c: &mut AnyConnection, id: KeyId) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query("SELECT name FROM api_keys WHERE id = $1").bind(id.to_string()).fetch_optional(c).await?;
    row.map(|row| row.text("name")).transpose()
}
