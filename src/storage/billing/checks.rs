//! Whether the books agree. Each comparison is one statement: it sees one moment, however much is booked beside it.

use sqlx::AnyConnection;

use crate::{
    domain::{ids::TeamId, time::UnixMs},
    storage::RowExt,
};

/// What the books of a team say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Team.
    pub team: TeamId,
    /// Its name.
    pub name: String,
    /// Charges of its events that were to be covered by the balance, deleted ones included.
    pub events: i64,
    /// Charges in its ledger.
    pub charged: i64,
    /// Sum of its ledger.
    pub ledger: i64,
    /// Its balance.
    pub balance: i64,
}

/// Teams on whose books events, ledger and balance say something different, or whose balance is below zero.
pub async fn compare_books(c: &mut AnyConnection) -> Result<Vec<Books>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT x.team_id, t.name, CAST(SUM(x.events) AS BIGINT) AS events, CAST(SUM(x.charged) AS BIGINT) AS charged,
             CAST(SUM(x.ledger) AS BIGINT) AS ledger, CAST(SUM(x.balance) AS BIGINT) AS balance
         FROM (SELECT team_id, SUM(cost) AS events, 0 AS charged, 0 AS ledger, 0 AS balance FROM usage_events WHERE billed = 1 GROUP BY team_id
               UNION ALL
               SELECT team_id, SUM(billed_cost), 0, 0, 0 FROM usage_purged GROUP BY team_id
               UNION ALL
               SELECT team_id, 0, -SUM(CASE WHEN kind = 'usage_charge' THEN amount ELSE 0 END), SUM(amount), 0 FROM ledger GROUP BY team_id
               UNION ALL
               SELECT team_id, 0, 0, 0, balance FROM team_billing) x
         LEFT JOIN teams t ON t.id = x.team_id
         GROUP BY x.team_id, t.name
         HAVING SUM(x.events) <> SUM(x.charged) OR SUM(x.ledger) <> SUM(x.balance) OR SUM(x.balance) < 0 ORDER BY x.team_id",
    )
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Books {
                team: row.id("team_id")?,
                name: row.text_opt("name")?.unwrap_or_default(),
                events: row.int("events")?,
                charged: row.int("charged")?,
                ledger: row.int("ledger")?,
                balance: row.int("balance")?,
            })
        })
        .collect()
}

/// Entries of ledgers whose balance does not follow from the one before. Reads everything.
pub async fn count_broken_chains(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM ledger l LEFT JOIN ledger p ON p.team_id = l.team_id AND p.seq = l.seq - 1
         WHERE (p.seq IS NULL AND l.seq <> 1) OR l.balance_after <> l.amount + COALESCE(p.balance_after, 0)",
    )
    .fetch_one(c)
    .await?
    .int("n")
}

/// What events and sums say that was charged since a time, a multiple of a quarter of an hour.
pub async fn sum_recent(c: &mut AnyConnection, since: UnixMs) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE((SELECT SUM(cost) FROM usage_events WHERE at >= $1), 0) AS BIGINT) AS events,
             CAST(COALESCE((SELECT SUM(cost) FROM usage_rollups WHERE start_at >= $1), 0) AS BIGINT) AS sums",
    )
    .bind(since.0)
    .fetch_one(c)
    .await?;
    Ok((row.int("events")?, row.int("sums")?))
}
