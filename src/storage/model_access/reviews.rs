//! What organizations have to look at.

use sqlx::AnyConnection;

use super::super::RowExt;
use crate::domain::{
    ids::{ModelId, OrgId, UserId},
    model_access::{ReviewItem, ReviewKind},
    time::UnixMs,
};

/// Opens an item, unless the same one is open.
pub async fn open(c: &mut AnyConnection, org: OrgId, item: &ReviewItem) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO review_items (id, organization_id, model_id, kind, blocks, opened_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
    )
    .bind(item.id.to_string())
    .bind(org.to_string())
    .bind(item.model.to_string())
    .bind(item.kind.as_str())
    .bind(i64::from(item.blocks))
    .bind(item.opened_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// The open items of an organization, oldest first.
pub async fn list_open(c: &mut AnyConnection, org: OrgId) -> Result<Vec<ReviewItem>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT r.id, r.model_id, m.name, r.kind, r.blocks, r.opened_at FROM review_items r JOIN models m ON m.id = r.model_id
         WHERE r.organization_id = $1 AND r.closed_at IS NULL AND m.deleted_at IS NULL ORDER BY r.id",
    )
    .bind(org.to_string())
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ReviewItem {
                id: row.id("id")?,
                model: row.id("model_id")?,
                model_name: row.text("name")?,
                kind: row.word("kind", ReviewKind::parse)?,
                blocks: row.flag("blocks")?,
                opened_at: row.time("opened_at")?,
                teams: vec![],
            })
        })
        .collect()
}

/// Closes the open items of a model; how many that were.
pub async fn close(c: &mut AnyConnection, org: OrgId, model: ModelId, by: UserId, at: UnixMs) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE review_items SET closed_at = $3, closed_by = $4 WHERE organization_id = $1 AND model_id = $2 AND closed_at IS NULL",
    )
    .bind(org.to_string())
    .bind(model.to_string())
    .bind(at.0)
    .bind(by.to_string())
    .execute(c)
    .await?;
    Ok(done.rows_affected())
}
