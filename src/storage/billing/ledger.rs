//! Writing and reading the ledger.

use sqlx::AnyConnection;

use crate::{
    domain::{
        billing::Fee,
        ids::TeamId,
        ledger::{Entry, EntryKind, LedgerFilter, LedgerLine},
        time::UnixMs,
        usage::UsageShare,
    },
    storage::RowExt,
};

/// Writes entries of a team, in their order.
pub async fn insert_entries(c: &mut AnyConnection, team: TeamId, entries: &[Entry]) -> Result<(), sqlx::Error> {
    for entry in entries {
        let movement = &entry.movement;
        sqlx::query(
            "INSERT INTO ledger (team_id, seq, line, at, kind, amount, balance_after, description, reference, actor_name, period_start, day)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(team.to_string())
        .bind(entry.seq)
        .bind(entry.line)
        .bind(movement.at.0)
        .bind(movement.kind.as_str())
        .bind(movement.amount)
        .bind(entry.balance_after)
        .bind(&movement.description)
        .bind(&movement.reference)
        .bind(&movement.actor_name)
        .bind(movement.period_start.0)
        .bind(movement.day.map(|day| day.0))
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

/// Writes a fee of a team.
pub async fn insert_fee(c: &mut AnyConnection, team: TeamId, fee: &Fee) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO seat_fees (team_id, reference, period_start, at, description, amount) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(team.to_string())
    .bind(&fee.reference)
    .bind(fee.period_start.0)
    .bind(fee.at.0)
    .bind(&fee.description)
    .bind(fee.amount)
    .execute(c)
    .await?;
    Ok(())
}

/// Lines of a team's ledger before one (0 for the newest), newest first.
pub async fn list_lines(
    c: &mut AnyConnection,
    team: TeamId,
    filter: &LedgerFilter,
    before: i64,
    most: i64,
) -> Result<Vec<LedgerLine>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT g.line, g.amount, l.at, l.kind, l.description, l.balance_after, l.actor_name, l.day, l.period_start
         FROM (SELECT line, CAST(SUM(amount) AS BIGINT) AS amount, MAX(seq) AS seq FROM ledger
               WHERE team_id = $1 AND ($2 = '' OR kind = $2) AND ($3 = -1 OR period_start = $3) AND ($4 = 0 OR line < $4)
               GROUP BY line ORDER BY line DESC LIMIT $5) g
         JOIN ledger l ON l.team_id = $1 AND l.seq = g.seq ORDER BY g.line DESC",
    )
    .bind(team.to_string())
    .bind(filter.kind.map_or("", EntryKind::as_str))
    .bind(filter.period_start.map_or(-1, |start| start.0))
    .bind(before)
    .bind(most)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LedgerLine {
                line: row.int("line")?,
                at: row.time("at")?,
                kind: row.word("kind", EntryKind::parse)?,
                amount: row.int("amount")?,
                description: row.text("description")?,
                balance_after: row.int("balance_after")?,
                actor_name: row.text("actor_name")?,
                day: row.time_opt("day")?,
                period_start: row.time("period_start")?,
            })
        })
        .collect()
}

/// What models were charged to the balance for calls of a span of time, dearest first; only calls and cost are told.
pub async fn sum_models(c: &mut AnyConnection, team: TeamId, from: UnixMs, to: UnixMs) -> Result<Vec<UsageShare>, sqlx::Error> {
    // Where single calls are not kept any more, their sums are: a call without a charge counts there, too.
    let sql = if crate::storage::usage::has_purged(&mut *c, team, from, to).await? {
        "SELECT model_name, CAST(SUM(requests) AS BIGINT) AS requests, CAST(SUM(cost) AS BIGINT) AS cost FROM usage_rollups
         WHERE team_id = $1 AND start_at >= $2 AND start_at < $3 AND cost > 0 GROUP BY model_name ORDER BY 3 DESC, 1"
    } else {
        "SELECT model_name, COUNT(*) AS requests, CAST(SUM(cost) AS BIGINT) AS cost FROM usage_events
         WHERE team_id = $1 AND at >= $2 AND at < $3 AND billed = 1 AND cost > 0 GROUP BY model_name ORDER BY 3 DESC, 1"
    };
    let rows = sqlx::query(sql).bind(team.to_string()).bind(from.0).bind(to.0).fetch_all(c).await?;
    rows.iter()
        .map(|row| {
            let name = row.text("model_name")?;
            let mut share = UsageShare { id: name.clone(), name, ..UsageShare::default() };
            (share.figures.requests, share.figures.cost) = (row.int("requests")?, row.int("cost")?);
            Ok(share)
        })
        .collect()
}
