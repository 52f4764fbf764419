//! Price lists that wait for somebody to choose from them.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::{
    ids::{PriceListId, UserId},
    price_list::ListEntry,
    time::UnixMs,
};

/// Keeps a list, and forgets those from before a time.
pub async fn insert(
    c: &mut AnyConnection,
    id: PriceListId,
    user: UserId,
    entries: &str,
    (at, forgotten_before): (UnixMs, UnixMs),
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM price_lists WHERE created_at < $1").bind(forgotten_before.0).execute(&mut *c).await?;
    sqlx::query("INSERT INTO price_lists (id, user_id, entries, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id.to_string())
        .bind(user.to_string())
        .bind(entries)
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// The entries of somebody's own list.
pub async fn find(c: &mut AnyConnection, id: PriceListId, user: UserId) -> Result<Option<Vec<ListEntry>>, sqlx::Error> {
    let row = sqlx::query("SELECT entries FROM price_lists WHERE id = $1 AND user_id = $2")
        .bind(id.to_string())
        .bind(user.to_string())
        .fetch_optional(c)
        .await?;
    row.map(|row| row.json("entries")).transpose()
}
