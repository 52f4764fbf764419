//! Who was warned of what: once for each period and threshold.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::{ids::UserId, limit_scopes::Scope, time::UnixMs};

/// A threshold that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// By what.
    pub scope: Scope,
    /// `rpd`, `tpd`, `budget` or `balance`.
    pub what: &'static str,
    /// Percent.
    pub threshold: i64,
    /// Start of the period that it counts for.
    pub period_start: UnixMs,
}

/// Notes it; false where it was noted for this period before, or since a time.
pub async fn insert_new(c: &mut AnyConnection, reached: &Reached, since: UnixMs, now: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO limit_alerts (scope, what, threshold, period_start, sent_at)
         SELECT $1, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) WHERE NOT EXISTS
             (SELECT 1 FROM limit_alerts WHERE scope = $1 AND what = $2 AND threshold = CAST($3 AS BIGINT) AND sent_at > CAST($6 AS BIGINT))
         ON CONFLICT (scope, what, threshold, period_start) DO NOTHING",
    )
    .bind(reached.scope.name())
    .bind(reached.what)
    .bind(reached.threshold)
    .bind(reached.period_start.0)
    .bind(now.0)
    .bind(since.0)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether it was noted for this period before, or since a time.
pub async fn is_noted(c: &mut AnyConnection, reached: &Reached, since: UnixMs) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM limit_alerts WHERE scope = $1 AND what = $2 AND threshold = $3 AND (period_start = $4 OR sent_at > $5)",
    )
    .bind(reached.scope.name())
    .bind(reached.what)
    .bind(reached.threshold)
    .bind(reached.period_start.0)
    .bind(since.0)
    .fetch_one(c)
    .await?;
    Ok(row.int("n")? > 0)
}

/// Somebody's teams, and what is their own in teams, as far as something was sent about it since a time, or about all time.
pub async fn list_scopes_of(c: &mut AnyConnection, user: UserId, since: UnixMs) -> Result<Vec<Scope>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT a.scope FROM limit_alerts a WHERE (a.sent_at > $1 OR a.period_start = 0) AND a.scope IN
             (SELECT 'team:' || m.team_id FROM team_members m WHERE m.user_id = $2
              UNION ALL SELECT 'member:' || m.team_id || ':' || m.user_id FROM team_members m WHERE m.user_id = $2
              UNION ALL SELECT 'grant:' || g.id FROM model_grants g WHERE g.user_id = $2 AND g.ended_at IS NULL
              UNION ALL SELECT 'key:' || k.id FROM api_keys k WHERE k.user_id = $2 AND k.kind <> 'application' AND k.revoked_at IS NULL)
         ORDER BY a.scope",
    )
    .bind(since.0)
    .bind(user.to_string())
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| row.word("scope", Scope::parse)).collect()
}
