//! Who was warned of what: once for each period and threshold.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::{limit_scopes::Scope, time::UnixMs};

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

/// The scopes, out of some, about which something was sent since a time.
pub async fn list_scopes(c: &mut AnyConnection, since: UnixMs) -> Result<Vec<Scope>, sqlx::Error> {
    let rows = sqlx::query("SELECT DISTINCT scope FROM limit_alerts WHERE sent_at > $1 OR period_start = 0")
        .bind(since.0)
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| row.word("scope", Scope::parse)).collect()
}
