//! What a scope has used in the last minute, hour and day, and what it was charged in a billing month. Calls that were refused count
//! nowhere.

use std::collections::HashMap;

use sqlx::AnyConnection;

use crate::{
    domain::{
        ids::{TeamId, UserId},
        limit_scopes::Scope,
        time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs},
    },
    storage::RowExt,
};

/// Calls and tokens of the windows that end now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowUse {
    /// Of the last minute, hour and 24 hours.
    pub requests: [i64; 3],
    /// The same.
    pub tokens: [i64; 3],
}

/// A condition on events, and what is bound to `$1` and `$2`.
fn events_of(scope: Scope) -> (&'static str, String, String) {
    let none = String::new;
    match scope {
        Scope::Key(key) => ("key_id = $1 AND $2 = ''", key.to_string(), none()),
        Scope::Member(team, user) => ("team_id = $1 AND user_id = $2", team.to_string(), user.to_string()),
        // A member's own, or the whole team's.
        Scope::Grant(grant) => ("(grant_id = $1 OR team_grant_id = $1) AND $2 = ''", grant.to_string(), none()),
        Scope::TeamModel(team, model) => ("team_id = $1 AND model_id = $2", team.to_string(), model.to_string()),
        Scope::Team(team) => ("team_id = $1 AND $2 = ''", team.to_string(), none()),
        Scope::Organization(org) => {
            ("team_id IN (SELECT id FROM teams WHERE organization_id = $1) AND $2 = ''", org.to_string(), none())
        }
    }
}

/// What is in the windows that end now.
pub async fn find_window_use(c: &mut AnyConnection, scope: Scope, now: UnixMs) -> Result<WindowUse, sqlx::Error> {
    let (condition, first, second) = events_of(scope);
    let sum =
        |what: &str, since: &str| format!("CAST(COALESCE(SUM(CASE WHEN at > {since} THEN {what} ELSE 0 END), 0) AS BIGINT)");
    let tokens = "prompt_tokens + completion_tokens";
    let sql = format!(
        "SELECT {} AS r0, {} AS r1, {} AS r2, {} AS t0, {} AS t1, {} AS t2
         FROM usage_events WHERE {condition} AND at > $5 AND outcome <> 'refused'",
        sum("1", "$3"),
        sum("1", "$4"),
        sum("1", "$5"),
        sum(tokens, "$3"),
        sum(tokens, "$4"),
        sum(tokens, "$5"),
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(first)
        .bind(second)
        .bind(now.plus(-MINUTE_MS).0)
        .bind(now.plus(-HOUR_MS).0)
        .bind(now.plus(-DAY_MS).0)
        .fetch_one(c)
        .await?;
    Ok(WindowUse {
        requests: [row.int("r0")?, row.int("r1")?, row.int("r2")?],
        tokens: [row.int("t0")?, row.int("t1")?, row.int("t2")?],
    })
}

/// The most calls and tokens that fell into one minute of the last 24 hours.
pub async fn find_peak_minute(c: &mut AnyConnection, scope: Scope, now: UnixMs) -> Result<(i64, i64), sqlx::Error> {
    let (condition, first, second) = events_of(scope);
    let sql = format!(
        "SELECT CAST(COALESCE(MAX(calls), 0) AS BIGINT) AS calls, CAST(COALESCE(MAX(tokens), 0) AS BIGINT) AS tokens FROM
             (SELECT COUNT(*) AS calls, SUM(prompt_tokens + completion_tokens) AS tokens FROM usage_events
              WHERE {condition} AND at > $3 AND outcome <> 'refused' GROUP BY at / 60000) minutes"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(first).bind(second).bind(now.plus(-DAY_MS).0).fetch_one(c).await?;
    Ok((row.int("calls")?, row.int("tokens")?))
}

/// What a scope was charged since a time; calls of test keys cost nothing.
pub async fn sum_spent(c: &mut AnyConnection, scope: Scope, since: UnixMs) -> Result<i64, sqlx::Error> {
    let (condition, first, second) = events_of(scope);
    let sql = match scope {
        // Sums of whole teams, members and keys are kept.
        Scope::Key(_) | Scope::Member(..) | Scope::Team(_) | Scope::Organization(_) => format!(
            "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS n FROM usage_rollups WHERE {condition} AND start_at >= $3 AND test = 0"
        ),
        // By UTC days, with which periods begin.
        Scope::TeamModel(..) => {
            format!("SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS n FROM model_spend WHERE {condition} AND day_at >= $3")
        }
        Scope::Grant(_) => format!(
            "SELECT CAST(COALESCE(SUM(s.cost), 0) AS BIGINT) AS n FROM
                 (SELECT cost FROM usage_events WHERE {condition} AND at >= $3 AND test = 0
                  UNION ALL SELECT cost FROM usage_purged_grants WHERE grant_id = $1 AND day_at >= $3) s"
        ),
    };
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(first).bind(second).bind(since.0).fetch_one(c).await?.int("n")
}

/// What each model of a team was charged since a time, by name.
pub async fn sum_by_model_since(c: &mut AnyConnection, team: TeamId, since: UnixMs) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT model_name, CAST(SUM(cost) AS BIGINT) AS n FROM usage_rollups WHERE team_id = $1 AND start_at >= $2 AND test = 0
         GROUP BY model_name",
    )
    .bind(team.to_string())
    .bind(since.0)
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.text("model_name")?, row.int("n")?))).collect()
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

/// Whether somebody ever made a call in a team.
pub async fn has_own_calls(c: &mut AnyConnection, team: TeamId, user: UserId) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 AS one FROM usage_pages WHERE team_id = $1 AND user_id = $2 LIMIT 1");
    Ok(row.bind(team.to_string()).bind(user.to_string()).fetch_optional(c).await?.is_some())
}
