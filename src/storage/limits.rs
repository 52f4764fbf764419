//! Limits and budgets, one row a scope. That a row lies within its parent's is held by the database (migrations 0010).

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    ids::TeamId,
    limit_scopes::{Allowance, BudgetPer, Raise, Scope},
    limits::Limits,
    money::NanoUsd,
    time::UnixMs,
};

/// What is set on a scope, and where the scope stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRow {
    /// On what.
    pub scope: Scope,
    /// What it lies within; none for the outermost.
    pub parent: Option<Scope>,
    /// The outermost scope.
    pub root: Scope,
    /// The team that it belongs to; none for an organization's.
    pub team: Option<TeamId>,
    /// What is set.
    pub allowance: Allowance,
    /// Raised with every change.
    pub version: i64,
}

const COLUMNS: &str = "scope, parent, root, team_id, rpm, tpm, rph, rpd, tpd, budget, budget_per, raise_by, raise_until, version";

fn from_row(row: &AnyRow) -> Result<LimitRow, sqlx::Error> {
    let raise = match (row.int_opt("raise_by")?, row.time_opt("raise_until")?) {
        (Some(by), Some(until)) => Some(Raise { by: NanoUsd(by), until }),
        _ => None,
    };
    let parent = row.text_opt("parent")?.map(|_| row.word("parent", Scope::parse)).transpose()?;
    Ok(LimitRow {
        scope: row.word("scope", Scope::parse)?,
        parent,
        root: row.word("root", Scope::parse)?,
        team: row.id_opt("team_id")?,
        allowance: Allowance {
            limits: Limits {
                rpm: row.int_opt("rpm")?,
                tpm: row.int_opt("tpm")?,
                rph: row.int_opt("rph")?,
                rpd: row.int_opt("rpd")?,
                tpd: row.int_opt("tpd")?,
            },
            budget: row.int_opt("budget")?.map(NanoUsd),
            per: row.word("budget_per", BudgetPer::parse)?,
            raise,
        },
        version: row.int("version")?,
    })
}

/// What is set on a scope; none where nothing is.
pub async fn find(c: &mut AnyConnection, scope: Scope) -> Result<Option<LimitRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM limits WHERE scope = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(scope.name()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// What is set right below a scope.
pub async fn list_below(c: &mut AnyConnection, parent: Scope) -> Result<Vec<LimitRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM limits WHERE parent = $1 ORDER BY scope");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(parent.name()).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// Everything that is set, for the snapshot.
pub async fn list_all(c: &mut AnyConnection) -> Result<Vec<LimitRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM limits");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// Everything that is set in a team, the team's own included.
pub async fn list_of_team(c: &mut AnyConnection, team: TeamId) -> Result<Vec<LimitRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM limits WHERE team_id = $1 ORDER BY scope");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// Sets what a scope may use; what is empty is removed. Fails with `limits_within_parent` where a value lies above the parent's or below
/// a child's.
pub async fn put(c: &mut AnyConnection, row: &LimitRow, at: UnixMs) -> Result<(), sqlx::Error> {
    let set = row.allowance;
    if set.is_empty() {
        sqlx::query("DELETE FROM limits WHERE scope = $1").bind(row.scope.name()).execute(c).await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO limits (scope, parent, root, team_id, rpm, tpm, rph, rpd, tpd, budget, budget_per, raise_by, raise_until, version, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14)
         ON CONFLICT (scope) DO UPDATE SET rpm = excluded.rpm, tpm = excluded.tpm, rph = excluded.rph, rpd = excluded.rpd, tpd = excluded.tpd,
             budget = excluded.budget, budget_per = excluded.budget_per, raise_by = excluded.raise_by, raise_until = excluded.raise_until,
             version = limits.version + 1, changed_at = excluded.changed_at",
    )
    .bind(row.scope.name())
    .bind(row.parent.map(Scope::name))
    .bind(row.root.name())
    .bind(row.team.map(|team| team.to_string()))
    .bind(set.limits.rpm)
    .bind(set.limits.tpm)
    .bind(set.limits.rph)
    .bind(set.limits.rpd)
    .bind(set.limits.tpd)
    .bind(set.budget.map(|amount| amount.0))
    .bind(set.per.as_str())
    .bind(set.raise.map(|raise| raise.by.0))
    .bind(set.raise.map(|raise| raise.until.0))
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Whether the database refused a value because of a parent or a child.
pub fn is_outside(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains("limits_within_parent"))
}
