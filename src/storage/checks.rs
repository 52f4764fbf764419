//! Whether keys are where they belong. Reads everything, so it is for tests and `doctor`.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::time::UnixMs;

/// Keys that work and should not: of a team that is gone, or of a person who is not in the team any more or may have no keys there. A key
/// of the team itself needs no person. Those of suspended accounts are refused while the suspension lasts, and are not counted.
pub async fn count_stray_keys(c: &mut AnyConnection, now: UnixMs) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM api_keys k JOIN teams t ON t.id = k.team_id JOIN users u ON u.id = k.user_id
         WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $1)
           AND (t.deleted_at IS NOT NULL OR (k.kind <> 'application' AND (u.deleted_at IS NOT NULL OR NOT EXISTS
             (SELECT 1 FROM team_members m WHERE m.team_id = k.team_id AND m.user_id = k.user_id
                AND (m.role <> 'viewer' OR t.owner_user_id = m.user_id)))))",
    )
    .bind(now.0)
    .fetch_one(c)
    .await?
    .int("n")
}
