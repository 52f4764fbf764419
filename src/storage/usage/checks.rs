//! Whether events and sums agree: each query counts what does not. They read everything, so they are for tests and `doctor`.

use sqlx::AnyConnection;

use super::ROLLUP_MS;
use crate::storage::RowExt;

const OF_EVENTS: &str = "SELECT e.team_id, e.at - e.at % $1 AS start_at, e.user_id, COALESCE(e.key_id, '') AS key_id,
        CASE WHEN e.model_id IS NULL THEN '' ELSE e.model_name END AS model_name, e.test,
        COUNT(*) AS requests, CAST(SUM(CASE WHEN e.outcome = 'completed' THEN 1 ELSE 0 END) AS BIGINT) AS succeeded,
        CAST(SUM(CASE WHEN e.outcome IN ('upstream_error', 'upstream_timeout', 'interrupted') THEN 1 ELSE 0 END) AS BIGINT) AS failed,
        CAST(SUM(CASE WHEN e.outcome = 'refused' THEN 1 ELSE 0 END) AS BIGINT) AS refused,
        CAST(SUM(e.prompt_tokens) AS BIGINT) AS prompt_tokens, CAST(SUM(e.completion_tokens) AS BIGINT) AS completion_tokens,
        CAST(SUM(e.cost) AS BIGINT) AS cost, CAST(SUM(e.estimated) AS BIGINT) AS estimated,
        CAST(SUM(e.cached_tokens) AS BIGINT) AS cached_tokens,
        CAST(SUM(CASE WHEN e.outcome IN ('refused', 'interrupted') THEN 0 ELSE 1 END) AS BIGINT) AS answered,
        CAST(SUM(CASE WHEN e.outcome IN ('refused', 'interrupted') THEN 0 ELSE e.latency_ms END) AS BIGINT) AS latency_ms,
        MAX(e.at) AS last_call_at
    FROM usage_events e GROUP BY 1, 2, 3, 4, 5, 6";
const OF_SUMS: &str = "SELECT team_id, start_at, user_id, key_id, model_name, test, requests, succeeded, failed, refused,
        prompt_tokens, completion_tokens, cost, estimated, cached_tokens, answered, latency_ms, last_call_at FROM usage_rollups";
const ANSWERED: &str = "SELECT e.team_id, e.at - e.at % $1 AS start_at, e.test, COUNT(*) AS calls FROM usage_events e
    WHERE e.outcome NOT IN ('refused', 'interrupted') GROUP BY 1, 2, 3";
const TIMED: &str =
    "SELECT l.team_id, l.start_at, l.test, CAST(SUM(l.calls) AS BIGINT) AS calls FROM usage_latencies l GROUP BY 1, 2, 3";

const CHARGED: &str =
    "SELECT e.team_id, e.model_id, e.at - e.at % 86400000 AS day_at, CAST(SUM(e.cost) AS BIGINT) AS cost FROM usage_events e
    WHERE e.model_id IS NOT NULL AND e.cost > 0 GROUP BY 1, 2, 3";
const SPENT: &str = "SELECT team_id, model_id, day_at, cost FROM model_spend";

/// Sums that are not those of the events, and events that are in no sum.
pub async fn count_wrong_sums(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    Ok(difference(c, OF_EVENTS, OF_SUMS).await? + difference(c, CHARGED, SPENT).await?)
}

/// Quarters of an hour whose latencies are not as many as their answered calls.
pub async fn count_wrong_latencies(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    difference(c, ANSWERED, TIMED).await
}

/// Events with a state that is none, or with an amount below zero.
pub async fn count_wrong_events(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM usage_events WHERE outcome NOT IN ('completed', 'cancelled', 'upstream_rejected', 'upstream_error',
             'upstream_timeout', 'interrupted', 'refused') OR prompt_tokens < 0 OR cached_tokens < 0 OR completion_tokens < 0
             OR cost < 0 OR list_cost < 0 OR loss < 0 OR cost > list_cost OR (test = 1 AND cost <> 0)",
    )
    .fetch_one(c)
    .await?
    .int("n")
}

async fn difference(c: &mut AnyConnection, left: &str, right: &str) -> Result<i64, sqlx::Error> {
    let mut count = 0;
    for (left, right) in [(left, right), (right, left)] {
        // The parameter stands in one of the two; naming it here keeps the statements alike.
        let sql = format!("SELECT COUNT(*) AS n, $1 AS rollup_ms FROM ({left} EXCEPT {right}) AS differences");
        count += sqlx::query(sqlx::AssertSqlSafe(sql)).bind(ROLLUP_MS).fetch_one(&mut *c).await?.int("n")?;
    }
    Ok(count)
}
