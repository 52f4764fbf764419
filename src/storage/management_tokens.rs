//! Management tokens: bearer credentials of the REST API.

use sqlx::{AnyConnection, any::AnyRow};

use super::{
    RowExt,
    users::{self, USER_COLUMNS},
};
use crate::domain::{
    accounts::User,
    ids::{TokenId, UserId},
    management_tokens::{ManagementToken, TokenScope},
    time::UnixMs,
};

fn from_row(row: &AnyRow) -> Result<ManagementToken, sqlx::Error> {
    Ok(ManagementToken {
        id: row.id("id")?,
        name: row.text("name")?,
        scope: row.word("scope", TokenScope::parse)?,
        suffix: row.text("suffix")?,
        created_at: row.time("created_at")?,
        expires_at: row.time_opt("expires_at")?,
        last_used_at: row.time_opt("last_used_at")?,
    })
}

/// Writes a token.
pub async fn insert(c: &mut AnyConnection, user: UserId, token: &ManagementToken, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO management_tokens (id, user_id, name, scope, token_hash, suffix, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(token.id.to_string())
    .bind(user.to_string())
    .bind(&token.name)
    .bind(token.scope.as_str())
    .bind(hash)
    .bind(&token.suffix)
    .bind(token.created_at.0)
    .bind(token.expires_at.map(|at| at.0))
    .execute(c)
    .await?;
    Ok(())
}

/// A person's tokens that are not revoked, newest first.
pub async fn list_of(c: &mut AnyConnection, user: UserId) -> Result<Vec<ManagementToken>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, name, scope, suffix, created_at, expires_at, last_used_at FROM management_tokens
         WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id DESC",
    )
    .bind(user.to_string())
    .fetch_all(c)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Revokes a person's token; gives it, or nothing where there is none to revoke.
pub async fn revoke(
    c: &mut AnyConnection,
    user: UserId,
    id: TokenId,
    at: UnixMs,
) -> Result<Option<ManagementToken>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE management_tokens SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
         RETURNING id, name, scope, suffix, created_at, expires_at, last_used_at",
    )
    .bind(id.to_string())
    .bind(user.to_string())
    .bind(at.0)
    .fetch_optional(c)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// Revokes all tokens of a person.
pub async fn revoke_all_of(c: &mut AnyConnection, user: UserId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE management_tokens SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL")
        .bind(user.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// The token of a hash and the account behind it, if both are good now.
pub async fn find_live(c: &mut AnyConnection, hash: &str, now: UnixMs) -> Result<Option<(ManagementToken, User)>, sqlx::Error> {
    let sql = format!(
        "SELECT {USER_COLUMNS}, t.id AS token_id, t.name AS token_name, t.scope, t.suffix, t.created_at AS token_created_at,
             t.expires_at, t.last_used_at
         FROM management_tokens t JOIN users u ON u.id = t.user_id
         WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) AND u.disabled_at IS NULL"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(hash).bind(now.0).fetch_optional(c).await?;
    row.map(|row| {
        let token = ManagementToken {
            id: row.id("token_id")?,
            name: row.text("token_name")?,
            scope: row.word("scope", TokenScope::parse)?,
            suffix: row.text("suffix")?,
            created_at: row.time("token_created_at")?,
            expires_at: row.time_opt("expires_at")?,
            last_used_at: row.time_opt("last_used_at")?,
        };
        Ok((token, users::from_row(&row)?))
    })
    .transpose()
}

/// Notes that a token was used.
pub async fn touch(c: &mut AnyConnection, id: TokenId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE management_tokens SET last_used_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}
