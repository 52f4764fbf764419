//! Deleting old events without breaking the books: what is deleted is noted by team and day in the same transaction, so that the events
//! that are left and the notes still add up to sums and ledger. The caller holds the bookers' lock.

use std::collections::HashSet;

use sqlx::AnyConnection;

use super::{
    checks,
    statistics_checks::{self, event_sum},
};
use crate::{
    domain::{
        ids::{CallId, TeamId},
        time::{DAY_MS, UnixMs},
        usage::UsageEvent,
        usage_sums::Sums,
    },
    storage::RowExt,
};

/// Ids of one statement.
const CHUNK: usize = 250;

/// Teams of organizations that do not keep calls for ever, deleted ones included, and the days that theirs are kept.
pub async fn list_purged_teams(c: &mut AnyConnection) -> Result<Vec<(TeamId, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT t.id, o.call_log_days FROM teams t JOIN organizations o ON o.id = t.organization_id
         WHERE o.call_log_days > 0 ORDER BY t.id",
    );
    rows.fetch_all(c).await?.iter().map(|row| Ok((row.id("id")?, row.int("call_log_days")?))).collect()
}

/// The days that a team's calls are kept; 0 for ever.
pub async fn find_call_log_days(c: &mut AnyConnection, team: TeamId) -> Result<i64, sqlx::Error> {
    let row = sqlx::query("SELECT o.call_log_days FROM teams t JOIN organizations o ON o.id = t.organization_id WHERE t.id = $1");
    let row = row.bind(team.to_string()).fetch_optional(c).await?;
    row.as_ref().map_or(Ok(0), |row| row.int("call_log_days"))
}

/// The day of a team's oldest event before a moment.
pub async fn find_oldest_day(c: &mut AnyConnection, team: TeamId, before: UnixMs) -> Result<Option<UnixMs>, sqlx::Error> {
    let row = sqlx::query("SELECT at FROM usage_events WHERE team_id = $1 AND at < $2 ORDER BY at, id LIMIT 1");
    let row = row.bind(team.to_string()).bind(before.0).fetch_optional(c).await?;
    row.as_ref().map(|row| Ok(row.time("at")?.floor_to(DAY_MS))).transpose()
}

/// Whether events of a day were deleted before.
pub async fn has_purged(c: &mut AnyConnection, team: TeamId, from: UnixMs, to: UnixMs) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT COUNT(*) AS n FROM usage_purged WHERE team_id = $1 AND day_at >= $2 AND day_at < $3");
    Ok(row.bind(team.to_string()).bind(from.floor_to(DAY_MS).0).bind(to.0).fetch_one(c).await?.int("n")? > 0)
}

/// Whether everything that is kept of a day that nothing was deleted of says what its events say, at its finest.
pub async fn is_day_right(c: &mut AnyConnection, team: TeamId, day: UnixMs) -> Result<bool, sqlx::Error> {
    let wrong =
        checks::count_wrong_sums_of_day(c, team, day).await? + statistics_checks::count_wrong_of_day(c, team, day).await?;
    Ok(wrong == 0)
}

/// Deletes the oldest events of a day, at most so many, and notes what they add up to. Gives how many there were.
pub async fn purge_day(c: &mut AnyConnection, team: TeamId, day: UnixMs, limit: i64) -> Result<u64, sqlx::Error> {
    let (team, end) = (team.to_string(), day.plus(DAY_MS));
    let last = sqlx::query(
        "SELECT at, id FROM usage_events WHERE team_id = $1 AND at >= $2 AND at < $3 ORDER BY at, id LIMIT 1 OFFSET $4",
    );
    let last = last.bind(team.clone()).bind(day.0).bind(end.0).bind((limit - 1).max(0)).fetch_optional(&mut *c).await?;
    let (at, id) = match last {
        Some(row) => (row.time("at")?, row.text("id")?),
        // Fewer are left: all of them.
        None => (end, String::new()),
    };
    const THESE: &str = "FROM usage_events e WHERE e.team_id = $1 AND e.at >= $2 AND e.at <= $3 AND (e.at < $3 OR e.id <= $4)";
    let sums: Vec<String> = Sums::COLUMNS.iter().map(|column| event_sum(column)).collect();
    let added = Sums::COLUMNS.iter().copied().chain(["billed_cost", "model_cost"]);
    let added: Vec<String> = added.map(|column| format!("{column} = p.{column} + excluded.{column}")).collect();
    let note = format!(
        "INSERT INTO usage_purged AS p (team_id, day_at, {}, billed_cost, model_cost, deleting)
         SELECT e.team_id, e.at - e.at % {DAY_MS}, {}, {BILLED}, {OF_MODELS}, 1 {THESE} GROUP BY 1, 2
         ON CONFLICT (team_id, day_at) DO UPDATE SET {}, deleting = 1",
        Sums::COLUMNS.join(", "),
        sums.join(", "),
        added.join(", ")
    );
    let granted = |column: &str| {
        format!(
            "SELECT e.team_id, e.{column} AS grant_id, e.at - e.at % {DAY_MS} AS day_at, e.cost {THESE} AND e.{column} IS NOT NULL"
        )
    };
    let grants = format!(
        "INSERT INTO usage_purged_grants AS p (team_id, grant_id, day_at, cost)
         SELECT g.team_id, g.grant_id, g.day_at, CAST(SUM(g.cost) AS BIGINT) FROM ({} UNION ALL {}) g WHERE g.cost > 0 GROUP BY 1, 2, 3
         ON CONFLICT (grant_id, team_id, day_at) DO UPDATE SET cost = p.cost + excluded.cost",
        granted("grant_id"),
        granted("team_grant_id")
    );
    let statements = [
        note,
        grants,
        format!("INSERT INTO usage_purged_calls (id) SELECT e.id {THESE}"),
        // The same without a name for the table, which SQLite takes in no deletion.
        format!("DELETE {}", THESE.replace("usage_events e", "usage_events").replace("e.", "")),
    ];
    let mut deleted = 0;
    for sql in statements {
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.clone()).bind(day.0).bind(at.0).bind(id.clone());
        deleted = done.execute(&mut *c).await?.rows_affected();
    }
    let closed = sqlx::query("UPDATE usage_purged SET deleting = 0 WHERE team_id = $1 AND day_at = $2");
    closed.bind(team).bind(day.0).execute(c).await?;
    Ok(deleted)
}

/// What the balance covered of events.
const BILLED: &str = "CAST(SUM(CASE WHEN e.billed = 1 THEN e.cost ELSE 0 END) AS BIGINT)";
/// What the catalog's models were charged.
const OF_MODELS: &str = "CAST(SUM(CASE WHEN e.model_id IS NOT NULL THEN e.cost ELSE 0 END) AS BIGINT)";

/// Which of some events were deleted before. Asks for none that are younger than all that were.
pub async fn find_purged_calls(c: &mut AnyConnection, events: &[UsageEvent]) -> Result<HashSet<CallId>, sqlx::Error> {
    let row = sqlx::query("SELECT MAX(day_at) AS day_at FROM usage_purged").fetch_one(&mut *c).await?;
    let Some(latest) = row.time_opt("day_at")? else { return Ok(HashSet::new()) };
    let old: Vec<CallId> = events.iter().filter(|event| event.call.at < latest.plus(DAY_MS)).map(|event| event.call.id).collect();
    let mut found = HashSet::new();
    if !old.is_empty() {
        // Nobody deletes meanwhile.
        super::lock_statistics(&mut *c).await?;
    }
    for chunk in old.chunks(CHUNK) {
        let places: Vec<String> = (1..=chunk.len()).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT id FROM usage_purged_calls WHERE id IN ({})", places.join(", "));
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false);
        let query = chunk.iter().fold(query, |query, id| query.bind(id.to_string()));
        for row in query.fetch_all(&mut *c).await? {
            found.insert(row.id("id")?);
        }
    }
    Ok(found)
}

/// Days with deleted events whose notes and remaining events do not add up to what is kept of them.
pub async fn count_wrong_purged(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let finest = format!("WHERE {}", statistics_checks::finest_of("k"));
    let all: Vec<(&str, String)> = Sums::COLUMNS.iter().map(|column| (*column, format!("k.{column}"))).collect();
    let one = |column, kept: &str| vec![(column, kept.to_owned())];
    let sources = [
        ("usage_rollups", "start_at", "", all.clone()),
        ("usage_pages", "day_at", "", all.clone()),
        ("usage_series", "start_at", finest.as_str(), all),
        ("model_spend", "day_at", "", one("model_cost", "k.cost")),
    ];
    let mut wrong = 0;
    for (table, start, condition, columns) in sources {
        let each = |of: &dyn Fn(&(&str, String)) -> String| columns.iter().map(of).collect::<Vec<_>>();
        let of_events = each(&|(column, _)| match *column {
            "model_cost" => OF_MODELS.to_owned(),
            column => event_sum(column),
        });
        let day = |alias: &str, start: &str| {
            format!("p.team_id = {alias}.team_id AND p.day_at = {alias}.{start} - {alias}.{start} % {DAY_MS}")
        };
        let sql = format!(
            "SELECT COUNT(*) AS n FROM (SELECT x.team_id, x.day_at FROM (
                 SELECT p.team_id, p.day_at, {} FROM usage_purged p
                 UNION ALL SELECT p.team_id, p.day_at, {} FROM usage_events e JOIN usage_purged p ON {} GROUP BY p.team_id, p.day_at
                 UNION ALL SELECT p.team_id, p.day_at, {} FROM {table} k JOIN usage_purged p ON {} {condition} GROUP BY p.team_id, p.day_at
             ) x GROUP BY x.team_id, x.day_at HAVING {}) AS differences",
            each(&|(column, _)| (*column).to_owned()).join(", "),
            of_events.join(", "),
            day("e", "at"),
            each(&|(_, kept)| format!("CAST(-SUM({kept}) AS BIGINT)")).join(", "),
            day("k", start),
            each(&|(column, _)| format!("SUM(x.{column}) <> 0")).join(" OR ")
        );
        wrong += sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *c).await?.int("n")?;
    }
    Ok(wrong)
}
