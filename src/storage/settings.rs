//! Settings of the platform: names and texts.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::time::UnixMs;

/// The value of a setting.
pub async fn find(c: &mut AnyConnection, name: &str) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query("SELECT value FROM settings WHERE name = $1").bind(name).fetch_optional(c).await?;
    row.map(|row| row.text("value")).transpose()
}

/// Sets a setting.
pub async fn put(c: &mut AnyConnection, name: &str, value: &str, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO settings (name, value, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
    )
    .bind(name)
    .bind(value)
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Sets a setting that has no value yet. Of several who try at once, one gets `true`.
pub async fn insert_if_absent(c: &mut AnyConnection, name: &str, value: &str, at: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("INSERT INTO settings (name, value, changed_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(value)
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}
