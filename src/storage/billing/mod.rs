//! What teams have of plans, their balance, their ledger and what is read of it.

mod checks;
mod ledger;
mod statements;

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};

pub use checks::{Books, compare_books, count_broken_chains, sum_recent};
pub use ledger::{insert_entries, insert_fee, list_lines, sum_models};
pub use statements::{insert_period, list_fees, list_periods, period_before, sums_of_period};

use super::RowExt;
use crate::domain::{
    billing::{Billing, Renewal, TeamBilling},
    ids::TeamId,
    money::NanoUsd,
    periods::{AnchorDay, Period},
    plans::Terms,
    time::UnixMs,
};

const COLUMNS: &str = "b.team_id, b.plan_id, b.plan_name, b.seat_price, b.included_usage, b.seats, b.period_start, b.period_end,
    b.next_plan_id, b.next_seats, b.ends_at_renewal, b.balance, b.credit, b.spared, b.last_seq, b.last_line, b.line_day, b.line_period";

fn from_row(row: &AnyRow) -> Result<TeamBilling, sqlx::Error> {
    let terms = match row.id_opt("plan_id")? {
        None => None,
        Some(plan) => Some(Terms {
            plan,
            name: row.text("plan_name")?,
            seat_price: NanoUsd(row.int("seat_price")?),
            included_usage: NanoUsd(row.int("included_usage")?),
        }),
    };
    let next = match (row.id_opt("next_plan_id")?, row.int_opt("next_seats")?) {
        _ if row.flag("ends_at_renewal")? => Renewal::End,
        (Some(plan), Some(seats)) => Renewal::Change(plan, seats),
        _ => Renewal::Same,
    };
    Ok(TeamBilling {
        team: row.id("team_id")?,
        terms,
        seats: row.int("seats")?,
        period: Period { start: row.time("period_start")?, end: row.time("period_end")? },
        next,
        balance: row.int("balance")?,
        credit: row.int("credit")?,
        spared: row.int("spared")?,
        seq: row.int("last_seq")?,
        line: row.int("last_line")?,
        usage_line: row.int_opt("line_day")?.zip(row.time_opt("line_period")?),
    })
}

/// What a team has; none where it never had a plan.
pub async fn find(c: &mut AnyConnection, team: TeamId) -> Result<Option<TeamBilling>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM team_billing b WHERE b.team_id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// The same, locked until the transaction ends: whoever else posts to the team waits. Comes after the lock of the team.
pub async fn lock(c: &mut AnyConnection, team: TeamId) -> Result<Option<TeamBilling>, sqlx::Error> {
    // An update locks the row on PostgreSQL; SQLite has one writer anyway.
    sqlx::query("UPDATE team_billing SET balance = balance WHERE team_id = $1").bind(team.to_string()).execute(&mut *c).await?;
    find(c, team).await
}

/// Writes what a team has.
pub async fn put(c: &mut AnyConnection, billing: &TeamBilling) -> Result<(), sqlx::Error> {
    let (terms, (next_plan, next_seats)) = (
        billing.terms.as_ref(),
        match billing.next {
            Renewal::Change(plan, seats) => (Some(plan.to_string()), Some(seats)),
            _ => (None, None),
        },
    );
    sqlx::query(
        "INSERT INTO team_billing (team_id, plan_id, plan_name, seat_price, included_usage, seats, period_start, period_end, next_plan_id,
             next_seats, ends_at_renewal, balance, credit, spared, last_seq, last_line, line_day, line_period)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT (team_id) DO UPDATE SET plan_id = excluded.plan_id, plan_name = excluded.plan_name, seat_price = excluded.seat_price,
             included_usage = excluded.included_usage, seats = excluded.seats, period_start = excluded.period_start,
             period_end = excluded.period_end, next_plan_id = excluded.next_plan_id, next_seats = excluded.next_seats,
             ends_at_renewal = excluded.ends_at_renewal, balance = excluded.balance, credit = excluded.credit, spared = excluded.spared,
             last_seq = excluded.last_seq, last_line = excluded.last_line, line_day = excluded.line_day, line_period = excluded.line_period",
    )
    .bind(billing.team.to_string())
    .bind(terms.map(|terms| terms.plan.to_string()))
    .bind(terms.map(|terms| terms.name.clone()).unwrap_or_default())
    .bind(terms.map_or(0, |terms| terms.seat_price.0))
    .bind(terms.map_or(0, |terms| terms.included_usage.0))
    .bind(billing.seats)
    .bind(billing.period.start.0)
    .bind(billing.period.end.0)
    .bind(next_plan)
    .bind(next_seats)
    .bind(i64::from(billing.next == Renewal::End))
    .bind(billing.balance)
    .bind(billing.credit)
    .bind(billing.spared)
    .bind(billing.seq)
    .bind(billing.line)
    .bind(billing.usage_line.map(|(day, _)| day))
    .bind(billing.usage_line.map(|(_, period)| period.0))
    .execute(c)
    .await?;
    Ok(())
}

/// Live teams whose period is over, those of some teams where any are named.
pub async fn list_due(c: &mut AnyConnection, now: UnixMs, most: i64) -> Result<Vec<TeamId>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT b.team_id FROM team_billing b JOIN teams t ON t.id = b.team_id AND t.deleted_at IS NULL
         WHERE b.plan_id IS NOT NULL AND b.period_end <= $1 ORDER BY b.period_end, b.team_id LIMIT $2",
    )
    .bind(now.0)
    .bind(most)
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| row.id("team_id")).collect()
}

/// Teams with credit of the last period that waits for open calls, and when that period ended.
pub async fn list_spared(c: &mut AnyConnection) -> Result<Vec<(TeamId, UnixMs)>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM team_billing b WHERE b.spared > 0 ORDER BY b.team_id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(|row| from_row(row).map(|billing| (billing.team, billing.renewed_at()))).collect()
}

/// What live teams on a plan have.
pub async fn list_on_plan(c: &mut AnyConnection) -> Result<Vec<TeamBilling>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM team_billing b JOIN teams t ON t.id = b.team_id AND t.deleted_at IS NULL
         WHERE b.plan_id IS NOT NULL ORDER BY b.team_id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// Balances of all teams that have, or had, a plan.
pub async fn list_balances(c: &mut AnyConnection) -> Result<Vec<(TeamId, i64)>, sqlx::Error> {
    let rows = sqlx::query("SELECT team_id, balance FROM team_billing").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.id("team_id")?, row.int("balance")?))).collect()
}

/// How calls of live teams are paid for, of all or of one; whoever is missing is not billed.
pub async fn list_billing(c: &mut AnyConnection, team: Option<TeamId>) -> Result<HashMap<TeamId, Billing>, sqlx::Error> {
    let team = team.map(|team| team.to_string()).unwrap_or_default();
    let of = super::where_is("t.id", &team);
    let sql = format!(
        "SELECT t.id, CASE WHEN b.plan_id IS NULL THEN NULL ELSE b.period_end END AS period_end,
             COALESCE(b.ends_at_renewal, 0) AS ends_at_renewal FROM teams t
         LEFT JOIN team_billing b ON b.team_id = t.id LEFT JOIN organizations o ON o.id = t.organization_id
         LEFT JOIN limits l ON l.scope = 'team:' || t.id
         WHERE t.deleted_at IS NULL AND {of} AND (b.plan_id IS NOT NULL OR (o.allow_unbilled = 0 AND l.budget IS NULL))"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team).fetch_all(c).await?;
    rows.iter()
        .map(|row| {
            let ends = row.flag("ends_at_renewal")?;
            let billing = row.time_opt("period_end")?.map(|period_end| Billing::Balance { period_end, ends });
            Ok((row.id("id")?, billing.unwrap_or(Billing::Closed)))
        })
        .collect()
}

/// A team's anchor day.
pub async fn anchor_day(c: &mut AnyConnection, team: TeamId) -> Result<AnchorDay, sqlx::Error> {
    let row = sqlx::query("SELECT anchor_day FROM teams WHERE id = $1").bind(team.to_string()).fetch_one(c).await?;
    Ok(AnchorDay::new(row.int("anchor_day")?).unwrap_or_default())
}

/// Sets the seats and the discount of a team.
pub async fn set_seats(c: &mut AnyConnection, team: TeamId, seats: Option<i64>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE teams SET seats = $2 WHERE id = $1").bind(team.to_string()).bind(seats).execute(c).await?;
    Ok(())
}

/// Sets the discount of a team, in basis points.
pub async fn set_discount(c: &mut AnyConnection, team: TeamId, discount_bp: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE teams SET discount_bp = $2 WHERE id = $1").bind(team.to_string()).bind(discount_bp).execute(c).await?;
    Ok(())
}
