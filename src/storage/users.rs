//! Accounts.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{accounts::User, ids::UserId, time::UnixMs};

/// The columns of an account, for joins with `users u`.
pub(super) const USER_COLUMNS: &str =
    "u.id, u.email, u.email_confirmed_at, u.name, u.platform_admin, u.personal_team_id, u.auth_epoch,
    u.disabled_at, u.created_at";

/// A new account.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The account.
    pub user: &'a User,
    /// Its address, normalized.
    pub email_normalized: &'a str,
    /// PHC string.
    pub password_hash: &'a str,
}

/// An account with what proves its password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// PHC string.
    pub password_hash: String,
}

pub(super) fn from_row(row: &AnyRow) -> Result<User, sqlx::Error> {
    Ok(User {
        id: row.id("id")?,
        email: row.text("email")?,
        email_confirmed_at: row.time_opt("email_confirmed_at")?,
        name: row.text("name")?,
        platform_admin: row.flag("platform_admin")?,
        personal_team: row.id("personal_team_id")?,
        disabled_at: row.time_opt("disabled_at")?,
        auth_epoch: row.int("auth_epoch")?,
        created_at: row.time("created_at")?,
    })
}

/// Writes a new account. Fails with `users_email_key` where the address has one.
pub async fn insert(c: &mut AnyConnection, new: &NewUser<'_>) -> Result<(), sqlx::Error> {
    let user = new.user;
    sqlx::query(
        "INSERT INTO users (id, email, email_normalized, email_confirmed_at, name, password_hash, password_changed_at,
             platform_admin, personal_team_id, auth_epoch, disabled_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $7)",
    )
    .bind(user.id.to_string())
    .bind(&user.email)
    .bind(new.email_normalized)
    .bind(user.email_confirmed_at.map(|at| at.0))
    .bind(&user.name)
    .bind(new.password_hash)
    .bind(user.created_at.0)
    .bind(i64::from(user.platform_admin))
    .bind(user.personal_team.to_string())
    .bind(user.auth_epoch)
    .bind(user.disabled_at.map(|at| at.0))
    .execute(c)
    .await?;
    Ok(())
}

/// The account of an id.
pub async fn find(c: &mut AnyConnection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT {USER_COLUMNS} FROM users u WHERE u.id = $1"));
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// The account of a normalized address, with its password hash.
pub async fn find_credentials(c: &mut AnyConnection, email_normalized: &str) -> Result<Option<Credentials>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT {USER_COLUMNS}, u.password_hash FROM users u WHERE u.email_normalized = $1"));
    let row = sqlx::query(sql).bind(email_normalized).fetch_optional(c).await?;
    row.map(|row| Ok(Credentials { user: from_row(&row)?, password_hash: row.text("password_hash")? })).transpose()
}

/// The password hash of an account.
pub async fn find_password_hash(c: &mut AnyConnection, id: UserId) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query("SELECT password_hash FROM users WHERE id = $1").bind(id.to_string()).fetch_optional(c).await?;
    row.map(|row| row.text("password_hash")).transpose()
}

/// Replaces the password hash without touching sessions: stronger parameters for the same password.
pub async fn update_password_hash(c: &mut AnyConnection, id: UserId, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET password_hash = $2 WHERE id = $1").bind(id.to_string()).bind(hash).execute(c).await?;
    Ok(())
}

/// Sets a new password and raises the epoch: all sessions of the account are dead. Gives the new epoch.
pub async fn change_password(c: &mut AnyConnection, id: UserId, hash: &str, at: UnixMs) -> Result<i64, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE users SET password_hash = $2, password_changed_at = $3, auth_epoch = auth_epoch + 1 WHERE id = $1 RETURNING auth_epoch",
    )
    .bind(id.to_string())
    .bind(hash)
    .bind(at.0)
    .fetch_one(c)
    .await?;
    row.int("auth_epoch")
}

/// Makes other transactions that lock the same account wait until this one has ended, on both engines; without an account the
/// statement is the same. Taken before rows that belong to the account, always in this order.
pub async fn lock(c: &mut AnyConnection, id: Option<UserId>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET auth_epoch = auth_epoch WHERE id = $1")
        .bind(id.map_or_else(String::new, |id| id.to_string()))
        .execute(c)
        .await?;
    Ok(())
}

/// Sets the display name.
pub async fn update_name(c: &mut AnyConnection, id: UserId, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET name = $2 WHERE id = $1").bind(id.to_string()).bind(name).execute(c).await?;
    Ok(())
}

/// Marks the address as confirmed, if it still is this one.
pub async fn confirm_email(c: &mut AnyConnection, id: UserId, email_normalized: &str, at: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE users SET email_confirmed_at = COALESCE(email_confirmed_at, $3) WHERE id = $1 AND email_normalized = $2",
    )
    .bind(id.to_string())
    .bind(email_normalized)
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Gives an account another address, which its person has proven, and raises the epoch: all sessions of the account are dead. Gives the
/// new epoch. Fails with `users_email_key` where the address has an account.
pub async fn change_email(
    c: &mut AnyConnection,
    id: UserId,
    email: &str,
    email_normalized: &str,
    at: UnixMs,
) -> Result<i64, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE users SET email = $2, email_normalized = $3, email_confirmed_at = $4, auth_epoch = auth_epoch + 1 WHERE id = $1
         RETURNING auth_epoch",
    )
    .bind(id.to_string())
    .bind(email)
    .bind(email_normalized)
    .bind(at.0)
    .fetch_one(c)
    .await?;
    row.int("auth_epoch")
}

/// Suspends an account, or ends that. Either way the epoch rises: sessions from before are dead.
pub async fn set_disabled(c: &mut AnyConnection, id: UserId, at: Option<UnixMs>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET disabled_at = $2, auth_epoch = auth_epoch + 1 WHERE id = $1")
        .bind(id.to_string())
        .bind(at.map(|at| at.0))
        .execute(c)
        .await?;
    Ok(())
}

/// Raises the epoch: all sessions of the account are dead. Gives the new one.
pub async fn raise_epoch(c: &mut AnyConnection, id: UserId) -> Result<i64, sqlx::Error> {
    let row = sqlx::query("UPDATE users SET auth_epoch = auth_epoch + 1 WHERE id = $1 RETURNING auth_epoch")
        .bind(id.to_string())
        .fetch_one(c)
        .await?;
    row.int("auth_epoch")
}

/// Closes an account for good. Its name stays for history; its address is free again.
pub async fn delete(c: &mut AnyConnection, id: UserId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET email = '', email_normalized = 'deleted:' || id, email_confirmed_at = NULL, password_hash = '!',
             platform_admin = 0, disabled_at = $2, deleted_at = $2, auth_epoch = auth_epoch + 1 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Locks the accounts of all platform admins until the transaction ends, and says how many of them are not suspended: of two who would
/// leave the platform without one, the second sees what the first did.
pub async fn lock_platform_admins(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    // An update locks the rows on PostgreSQL; SQLite has one writer anyway.
    sqlx::query("UPDATE users SET name = name WHERE platform_admin = 1").execute(&mut *c).await?;
    sqlx::query("SELECT COUNT(*) AS n FROM users WHERE platform_admin = 1 AND disabled_at IS NULL").fetch_one(c).await?.int("n")
}

/// Platform admins that are not suspended.
pub async fn list_platform_admins(c: &mut AnyConnection) -> Result<Vec<User>, sqlx::Error> {
    let sql = format!(
        "SELECT {USER_COLUMNS} FROM users u WHERE u.platform_admin = 1 AND u.disabled_at IS NULL AND u.deleted_at IS NULL ORDER BY u.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// An account in the platform's list.
#[derive(Clone, Debug)]
pub struct ListedUser {
    /// The account.
    pub user: User,
    /// Shared teams.
    pub teams: i64,
    /// Of these, owned ones.
    pub owned_teams: i64,
    /// Live sessions.
    pub sessions: i64,
    /// Last use of one of them.
    pub last_seen_at: Option<UnixMs>,
}

/// Which accounts are asked for.
#[derive(Clone, Debug)]
pub struct UserFilter<'a> {
    /// Only where name or address contain this, whatever the case.
    pub text: &'a str,
    /// Only those that are suspended, or are not.
    pub suspended: Option<bool>,
    /// Only those that run the platform, or do not.
    pub platform_admin: Option<bool>,
    /// Only accounts older than this one (keyset paging, newest first).
    pub before: Option<UserId>,
    /// Most rows.
    pub limit: i64,
    /// Sessions are live now.
    pub now: UnixMs,
}

/// Figures of an account `u`; `$1` is now.
const FIGURES: &str = "
    (SELECT COUNT(*) FROM team_members m JOIN teams t ON t.id = m.team_id AND t.kind = 'team' AND t.deleted_at IS NULL
        WHERE m.user_id = u.id) AS teams,
    (SELECT COUNT(*) FROM teams t WHERE t.owner_user_id = u.id AND t.kind = 'team' AND t.deleted_at IS NULL) AS owned_teams,
    (SELECT COUNT(*) FROM sessions s WHERE s.user_id = u.id AND s.auth_epoch = u.auth_epoch AND s.idle_expires_at > $1
        AND s.absolute_expires_at > $1) AS sessions,
    (SELECT MAX(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id AND s.auth_epoch = u.auth_epoch AND s.idle_expires_at > $1
        AND s.absolute_expires_at > $1) AS last_seen_at";

fn listed(row: &AnyRow) -> Result<ListedUser, sqlx::Error> {
    Ok(ListedUser {
        user: from_row(row)?,
        teams: row.int("teams")?,
        owned_teams: row.int("owned_teams")?,
        sessions: row.int("sessions")?,
        last_seen_at: row.time_opt("last_seen_at")?,
    })
}

/// Accounts that are not deleted, newest first.
pub async fn list(c: &mut AnyConnection, filter: &UserFilter<'_>) -> Result<Vec<ListedUser>, sqlx::Error> {
    let sql = format!(
        "SELECT {USER_COLUMNS}, {FIGURES} FROM users u
         WHERE u.deleted_at IS NULL AND ($2 = '%%' OR LOWER(u.name) LIKE $2 ESCAPE '\\' OR LOWER(u.email) LIKE $2 ESCAPE '\\')
           AND ($3 < 0 OR ($3 = 1 AND u.disabled_at IS NOT NULL) OR ($3 = 0 AND u.disabled_at IS NULL))
           AND ($4 = '' OR u.id < $4) AND ($6 < 0 OR u.platform_admin = $6)
         ORDER BY u.id DESC LIMIT $5"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(filter.now.0)
        .bind(super::contains(filter.text))
        .bind(filter.suspended.map_or(-1, i64::from))
        .bind(filter.before.map(|id| id.to_string()).unwrap_or_default())
        .bind(filter.limit)
        .bind(filter.platform_admin.map_or(-1, i64::from))
        .fetch_all(c)
        .await?;
    rows.iter().map(listed).collect()
}

/// The account of an id with its figures, unless it is deleted.
pub async fn find_listed(c: &mut AnyConnection, id: UserId, now: UnixMs) -> Result<Option<ListedUser>, sqlx::Error> {
    let sql = format!("SELECT {USER_COLUMNS}, {FIGURES} FROM users u WHERE u.id = $2 AND u.deleted_at IS NULL");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now.0).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(listed).transpose()
}

/// The account of an id, unless it is deleted.
pub async fn find_undeleted(c: &mut AnyConnection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let sql = format!("SELECT {USER_COLUMNS} FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// How many accounts there are; 0 means an empty platform.
pub async fn count(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query("SELECT COUNT(*) AS n FROM users").fetch_one(c).await?.int("n")
}

/// Makes an account platform admin, or takes it back.
pub async fn set_platform_admin(c: &mut AnyConnection, id: UserId, admin: bool) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET platform_admin = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(i64::from(admin))
        .execute(c)
        .await?;
    Ok(())
}
