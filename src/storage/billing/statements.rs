//! Periods, and what statements say of them.

use sqlx::AnyConnection;

use crate::{
    domain::{billing::Fee, ids::TeamId, ledger::EntryKind, periods::Period, time::UnixMs},
    storage::RowExt,
};

/// Notes a period of a team; one that begins at the same moment is noted once.
pub async fn insert_period(c: &mut AnyConnection, team: TeamId, period: Period) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO billing_periods (team_id, start_at, end_at) VALUES ($1, $2, $3) ON CONFLICT (team_id, start_at) DO NOTHING",
    )
    .bind(team.to_string())
    .bind(period.start.0)
    .bind(period.end.0)
    .execute(c)
    .await?;
    Ok(())
}

/// The periods of a team, newest first.
pub async fn list_periods(c: &mut AnyConnection, team: TeamId) -> Result<Vec<Period>, sqlx::Error> {
    let rows = sqlx::query("SELECT start_at, end_at FROM billing_periods WHERE team_id = $1 ORDER BY start_at DESC")
        .bind(team.to_string())
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| Ok(Period { start: row.time("start_at")?, end: row.time("end_at")? })).collect()
}

/// The start of the last period that had begun at a moment.
pub async fn period_before(c: &mut AnyConnection, team: TeamId, at: UnixMs) -> Result<Option<UnixMs>, sqlx::Error> {
    let row = sqlx::query("SELECT MAX(start_at) AS start_at FROM billing_periods WHERE team_id = $1 AND start_at <= $2")
        .bind(team.to_string())
        .bind(at.0)
        .fetch_one(c)
        .await?;
    row.time_opt("start_at")
}

/// What was in the ledger before a period, and each kind's sum in it.
pub async fn sums_of_period(
    c: &mut AnyConnection,
    team: TeamId,
    start: UnixMs,
) -> Result<(i64, Vec<(EntryKind, i64)>), sqlx::Error> {
    let opening = sqlx::query(
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount FROM ledger WHERE team_id = $1 AND period_start < $2",
    )
    .bind(team.to_string())
    .bind(start.0)
    .fetch_one(&mut *c)
    .await?
    .int("amount")?;
    let rows = sqlx::query(
        "SELECT kind, CAST(SUM(amount) AS BIGINT) AS amount FROM ledger WHERE team_id = $1 AND period_start = $2 GROUP BY kind",
    )
    .bind(team.to_string())
    .bind(start.0)
    .fetch_all(c)
    .await?;
    let sums: Result<Vec<_>, sqlx::Error> =
        rows.iter().map(|row| Ok((row.word("kind", EntryKind::parse)?, row.int("amount")?))).collect();
    Ok((opening, sums?))
}

/// Fees of a period, oldest first.
pub async fn list_fees(c: &mut AnyConnection, team: TeamId, start: UnixMs) -> Result<Vec<Fee>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT reference, period_start, at, description, amount FROM seat_fees WHERE team_id = $1 AND period_start = $2
         ORDER BY at, reference",
    )
    .bind(team.to_string())
    .bind(start.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Fee {
                reference: row.text("reference")?,
                period_start: row.time("period_start")?,
                at: row.time("at")?,
                description: row.text("description")?,
                amount: row.int("amount")?,
            })
        })
        .collect()
}
