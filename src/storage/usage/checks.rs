//! Whether events and sums agree: each query counts what does not. They read everything, so they are for tests and `doctor`.

use sqlx::AnyConnection;

use super::ROLLUP_MS;
use crate::{
    domain::{
        ids::TeamId,
        time::{DAY_MS, UnixMs},
    },
    storage::RowExt,
};

/// Days of which nothing was deleted: there the finest sums are those of the events. Of the others `purge.rs` compares the days.
pub(super) fn whole_days(alias: &str, at: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM usage_purged p WHERE p.team_id = {alias}.team_id AND p.day_at = {alias}.{at} - {alias}.{at} % {DAY_MS})"
    )
}

/// One day of a team.
pub(super) fn one_day(team: TeamId, day: UnixMs) -> impl Fn(&str, &str) -> String {
    let end = day.plus(DAY_MS);
    // An identifier and numbers: nothing to escape.
    move |alias, at| format!("{alias}.team_id = '{team}' AND {alias}.{at} >= {} AND {alias}.{at} < {}", day.0, end.0)
}

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
    FROM usage_events e WHERE {days} GROUP BY 1, 2, 3, 4, 5, 6";
const OF_SUMS: &str = "SELECT r.team_id, start_at, user_id, key_id, model_name, test, requests, succeeded, failed, refused,
        prompt_tokens, completion_tokens, cost, estimated, cached_tokens, answered, latency_ms, last_call_at FROM usage_rollups r WHERE {days}";
const CHARGED: &str =
    "SELECT e.team_id, e.model_id, e.at - e.at % 86400000 AS day_at, CAST(SUM(e.cost) AS BIGINT) AS cost FROM usage_events e
    WHERE e.model_id IS NOT NULL AND e.cost > 0 AND {days} GROUP BY 1, 2, 3";
const SPENT: &str = "SELECT m.team_id, m.model_id, m.day_at, m.cost FROM model_spend m WHERE {days}";

/// Sums that are not those of the events, and events that are in no sum.
pub async fn count_wrong_sums(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    wrong_sums(c, whole_days).await
}

/// The same of one day of a team.
pub(super) async fn count_wrong_sums_of_day(c: &mut AnyConnection, team: TeamId, day: UnixMs) -> Result<i64, sqlx::Error> {
    wrong_sums(c, one_day(team, day)).await
}

async fn wrong_sums(c: &mut AnyConnection, days: impl Fn(&str, &str) -> String) -> Result<i64, sqlx::Error> {
    let (events, sums) = (OF_EVENTS.replace("{days}", &days("e", "at")), OF_SUMS.replace("{days}", &days("r", "start_at")));
    let (charged, spent) = (CHARGED.replace("{days}", &days("e", "at")), SPENT.replace("{days}", &days("m", "day_at")));
    Ok(difference(c, &events, &sums).await? + difference(c, &charged, &spent).await?)
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
