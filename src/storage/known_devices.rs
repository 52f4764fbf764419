//! Browsers that a person has signed in with. Only hashes of their cookies are here.

use sqlx::AnyConnection;

use crate::domain::{ids::UserId, time::UnixMs};

/// Whether a person, by normalized address, has signed in with a browser and used it since.
pub async fn is_known(c: &mut AnyConnection, hash: &str, email_normalized: &str, since: UnixMs) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT 1 AS known FROM known_devices d JOIN users u ON u.id = d.user_id
         WHERE d.token_hash = $1 AND u.email_normalized = $2 AND d.last_used_at > $3",
    )
    .bind(hash)
    .bind(email_normalized)
    .bind(since.0)
    .fetch_optional(c)
    .await?;
    Ok(row.is_some())
}

/// Writes a browser down.
pub async fn insert(c: &mut AnyConnection, hash: &str, user: UserId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO known_devices (token_hash, user_id, created_at, last_used_at) VALUES ($1, $2, $3, $3)")
        .bind(hash)
        .bind(user.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Notes that a person signed in again with a browser. `false` where it is not known to be theirs.
pub async fn touch(c: &mut AnyConnection, hash: &str, user: UserId, since: UnixMs, at: UnixMs) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE known_devices SET last_used_at = $4 WHERE token_hash = $1 AND user_id = $2 AND last_used_at > $3")
            .bind(hash)
            .bind(user.to_string())
            .bind(since.0)
            .bind(at.0)
            .execute(c)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// Removes those that a person has not used since a time, and of the others all but the newest.
pub async fn delete_old(c: &mut AnyConnection, user: UserId, since: UnixMs, keep: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM known_devices WHERE user_id = $1 AND (last_used_at <= $2 OR token_hash NOT IN
             (SELECT token_hash FROM known_devices WHERE user_id = $1 ORDER BY last_used_at DESC, token_hash LIMIT $3))",
    )
    .bind(user.to_string())
    .bind(since.0)
    .bind(keep)
    .execute(c)
    .await?;
    Ok(())
}

/// Removes all of a person's.
pub async fn delete_of(c: &mut AnyConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM known_devices WHERE user_id = $1").bind(user.to_string()).execute(c).await?;
    Ok(())
}
