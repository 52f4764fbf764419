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
