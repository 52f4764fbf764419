//! Sums of a team's calls, from the rollups; never from single events.

use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    domain::{
        ids::TeamId,
        time::UnixMs,
        usage::{Figures, TestCalls, UsageShare},
    },
    storage::RowExt,
};

/// Which calls are summed.
#[derive(Clone, Copy, Debug)]
pub struct ReportFilter {
    /// Team or personal space.
    pub team: TeamId,
    /// Start, included; a multiple of [`super::ROLLUP_MS`].
    pub from: UnixMs,
    /// End, excluded; a multiple of [`super::ROLLUP_MS`].
    pub to: UnixMs,
    /// With or without calls of test keys.
    pub test: TestCalls,
}

const SUMS: &str = "CAST(SUM(r.requests) AS BIGINT) AS requests, CAST(SUM(r.succeeded) AS BIGINT) AS succeeded,
    CAST(SUM(r.failed) AS BIGINT) AS failed, CAST(SUM(r.refused) AS BIGINT) AS refused,
    CAST(SUM(r.prompt_tokens) AS BIGINT) AS prompt_tokens, CAST(SUM(r.completion_tokens) AS BIGINT) AS completion_tokens,
    CAST(SUM(r.cost) AS BIGINT) AS cost, CAST(SUM(r.estimated) AS BIGINT) AS estimated";

fn figures(row: &AnyRow) -> Result<Figures, sqlx::Error> {
    Ok(Figures {
        requests: row.int("requests")?,
        succeeded: row.int("succeeded")?,
        failed: row.int("failed")?,
        refused: row.int("refused")?,
        prompt_tokens: row.int("prompt_tokens")?,
        completion_tokens: row.int("completion_tokens")?,
        cost: row.int("cost")?,
        estimated: row.int("estimated")?,
    })
}

/// 0 and 1 are what the column holds; 2 takes both.
fn flag(test: TestCalls) -> i64 {
    match test {
        TestCalls::Exclude => 0,
        TestCalls::Only => 1,
        TestCalls::Include => 2,
    }
}

/// Sums by interval, oldest first; intervals without calls are missing.
pub async fn sum_by_bucket(
    c: &mut AnyConnection,
    filter: &ReportFilter,
    bucket_ms: i64,
) -> Result<Vec<(UnixMs, Figures)>, sqlx::Error> {
    let sql = format!(
        "SELECT r.start_at - r.start_at % $5 AS start, {SUMS} FROM usage_rollups r
         WHERE r.team_id = $1 AND r.start_at >= $2 AND r.start_at < $3 AND ($4 = 2 OR r.test = $4) GROUP BY 1 ORDER BY 1"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(filter.team.to_string())
        .bind(filter.from.0)
        .bind(filter.to.0)
        .bind(flag(filter.test))
        .bind(bucket_ms)
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| Ok((row.time("start")?, figures(row)?))).collect()
}

/// How many calls had a latency of each class, by interval: start, class, calls.
pub async fn count_latencies(
    c: &mut AnyConnection,
    filter: &ReportFilter,
    bucket_ms: i64,
) -> Result<Vec<(UnixMs, i64, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT l.start_at - l.start_at % $5 AS start, l.class, CAST(SUM(l.calls) AS BIGINT) AS calls FROM usage_latencies l
         WHERE l.team_id = $1 AND l.start_at >= $2 AND l.start_at < $3 AND ($4 = 2 OR l.test = $4) GROUP BY 1, 2",
    )
    .bind(filter.team.to_string())
    .bind(filter.from.0)
    .bind(filter.to.0)
    .bind(flag(filter.test))
    .bind(bucket_ms)
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.time("start")?, row.int("class")?, row.int("calls")?))).collect()
}

/// Sums by person, dearest first.
pub async fn sum_by_member(c: &mut AnyConnection, filter: &ReportFilter) -> Result<Vec<UsageShare>, sqlx::Error> {
    sum_by(c, filter, "r.user_id AS id, COALESCE(MAX(u.name), '') AS name", "LEFT JOIN users u ON u.id = r.user_id").await
}

/// Sums by key, dearest first; calls without one are the playground's.
pub async fn sum_by_key(c: &mut AnyConnection, filter: &ReportFilter) -> Result<Vec<UsageShare>, sqlx::Error> {
    let group = "r.key_id AS id, COALESCE(MAX(CASE WHEN r.key_id = '' THEN 'Playground' ELSE k.name END), '') AS name";
    sum_by(c, filter, group, "LEFT JOIN api_keys k ON k.id = r.key_id").await
}

/// Sums by model as it was asked for, dearest first; calls of unknown models have an empty name.
pub async fn sum_by_model(c: &mut AnyConnection, filter: &ReportFilter) -> Result<Vec<UsageShare>, sqlx::Error> {
    sum_by(c, filter, "r.model_name AS id, MAX(r.model_name) AS name", "").await
}

async fn sum_by(
    c: &mut AnyConnection,
    filter: &ReportFilter,
    group: &'static str,
    join: &'static str,
) -> Result<Vec<UsageShare>, sqlx::Error> {
    let sql = format!(
        "SELECT {group}, {SUMS} FROM usage_rollups r {join}
         WHERE r.team_id = $1 AND r.start_at >= $2 AND r.start_at < $3 AND ($4 = 2 OR r.test = $4)
         GROUP BY 1 ORDER BY SUM(r.cost) DESC, SUM(r.requests) DESC, 1"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(filter.team.to_string())
        .bind(filter.from.0)
        .bind(filter.to.0)
        .bind(flag(filter.test))
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| Ok(UsageShare { id: row.text("id")?, name: row.text("name")?, figures: figures(row)? })).collect()
}

/// Whether a team ever made a call.
pub async fn has_calls(c: &mut AnyConnection, team: TeamId) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 AS one FROM usage_rollups WHERE team_id = $1 LIMIT 1").bind(team.to_string());
    Ok(row.fetch_optional(c).await?.is_some())
}

/// What a team was charged in a range.
pub async fn sum_cost(c: &mut AnyConnection, team: TeamId, from: UnixMs, to: UnixMs) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS cost FROM usage_rollups WHERE team_id = $1 AND start_at >= $2 AND start_at < $3",
    )
    .bind(team.to_string())
    .bind(from.0)
    .bind(to.0)
    .fetch_one(c)
    .await?
    .int("cost")
}
