//! Tokens of one use: set-up, password reset, e-mail confirmation. Only their hashes are here.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{ids::UserId, time::UnixMs};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first account of a platform.
    Setup,
    /// A new password.
    PasswordReset,
    /// Proof that an address is read by its account's person.
    EmailConfirmation,
    /// The same for an address that the account is to have from then on.
    EmailChange,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::PasswordReset => "password_reset",
            Self::EmailConfirmation => "email_confirmation",
            Self::EmailChange => "email_change",
        }
    }
}

/// A new token.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// SHA-256 of the token.
    pub hash: &'a str,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is; none for set-up.
    pub user: Option<UserId>,
    /// The address that it confirms: normalized, for a change as typed.
    pub email: Option<&'a str>,
    /// Made at.
    pub created_at: UnixMs,
    /// Good until.
    pub expires_at: UnixMs,
}

/// What a live token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    /// Whose it is.
    pub user: Option<UserId>,
    /// The address that it confirms.
    pub email: Option<String>,
}

fn from_row(row: &AnyRow) -> Result<LiveToken, sqlx::Error> {
    Ok(LiveToken { user: row.id_opt("user_id")?, email: row.text_opt("email")? })
}

/// Writes a token.
pub async fn insert(c: &mut AnyConnection, new: &NewToken<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO single_use_tokens (token_hash, purpose, user_id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new.hash)
    .bind(new.purpose.as_str())
    .bind(new.user.map(|id| id.to_string()))
    .bind(new.email)
    .bind(new.created_at.0)
    .bind(new.expires_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Takes a token out again, in the transaction that wrote it.
pub async fn delete(c: &mut AnyConnection, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM single_use_tokens WHERE token_hash = $1").bind(hash).execute(c).await?;
    Ok(())
}

/// Removes a person's tokens of a purpose: only the newest is good, and none after what it was for has happened.
/// Without a person: the tokens that belong to nobody.
pub async fn delete_of(c: &mut AnyConnection, purpose: Purpose, user: Option<UserId>) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM single_use_tokens WHERE purpose = $1 AND COALESCE(user_id, '') = $2")
        .bind(purpose.as_str())
        .bind(user.map_or_else(String::new, |id| id.to_string()))
        .execute(c)
        .await?;
    Ok(())
}

/// Removes all tokens of a person, whatever they are for.
pub async fn delete_all_of(c: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM single_use_tokens WHERE user_id = $1").bind(user.to_string()).execute(c).await?;
    Ok(())
}

/// The token of a hash, if it is good now.
pub async fn find_live(
    c: &mut AnyConnection,
    hash: &str,
    purpose: Purpose,
    now: UnixMs,
) -> Result<Option<LiveToken>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT user_id, email FROM single_use_tokens WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
    )
    .bind(hash)
    .bind(purpose.as_str())
    .bind(now.0)
    .fetch_optional(c)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// Uses a token up. Of several who try at once, one gets it.
pub async fn consume(c: &mut AnyConnection, hash: &str, purpose: Purpose, now: UnixMs) -> Result<Option<LiveToken>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE single_use_tokens SET used_at = $3
         WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 RETURNING user_id, email",
    )
    .bind(hash)
    .bind(purpose.as_str())
    .bind(now.0)
    .fetch_optional(c)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// Removes tokens that ended before a time.
pub async fn delete_expired(c: &mut AnyConnection, before: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM single_use_tokens WHERE expires_at < $1").bind(before.0).execute(c).await?;
    Ok(())
}
