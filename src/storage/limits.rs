//! Limits and budgets, one row a scope. That a row lies within its parent's is held by the database (migrations 0012).

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    ids::{OrgId, TeamId},
    limit_scopes::{Allowance, BudgetPer, Raise, Scope},
    limits::Limits,
    money::NanoUsd,
    periods::AnchorDay,
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

/// What is set, for queries that join the table as `l`.
pub(super) const ALLOWANCE: &str = "l.rpm, l.tpm, l.rph, l.rpd, l.tpd, l.budget, l.budget_per, l.raise_by, l.raise_until";

fn from_row(row: &AnyRow) -> Result<LimitRow, sqlx::Error> {
    let parent = row.text_opt("parent")?.map(|_| row.word("parent", Scope::parse)).transpose()?;
    Ok(LimitRow {
        scope: row.word("scope", Scope::parse)?,
        parent,
        root: row.word("root", Scope::parse)?,
        team: row.id_opt("team_id")?,
        allowance: allowance(row)?,
        version: row.int("version")?,
    })
}

/// What the columns of [`ALLOWANCE`] say; nothing where they were joined and nothing is set.
pub(super) fn allowance(row: &AnyRow) -> Result<Allowance, sqlx::Error> {
    if row.text_opt("budget_per")?.is_none() {
        return Ok(Allowance::default());
    }
    let raise = match (row.int_opt("raise_by")?, row.time_opt("raise_until")?) {
        (Some(by), Some(until)) => Some(Raise { by: NanoUsd(by), until }),
        _ => None,
    };
    Ok(Allowance {
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

/// An organization, as far as its limits and budget need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BilledOrganization {
    /// Identifier.
    pub id: OrgId,
    /// Name.
    pub name: String,
    /// Short name in addresses.
    pub slug: String,
    /// When its billing months begin.
    pub anchor: AnchorDay,
}

/// All organizations, or one.
pub async fn list_billed_organizations(
    c: &mut AnyConnection,
    org: Option<OrgId>,
) -> Result<Vec<BilledOrganization>, sqlx::Error> {
    let id = org.map(|id| id.to_string()).unwrap_or_default();
    let sql = format!("SELECT id, name, slug, anchor_day FROM organizations WHERE {}", super::where_is("id", &id));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(c).await?;
    rows.iter()
        .map(|row| {
            Ok(BilledOrganization { id: row.id("id")?, name: row.text("name")?, slug: row.text("slug")?, anchor: anchor(row)? })
        })
        .collect()
}

/// When billing months begin: of all live teams, or of one.
pub async fn list_anchors(c: &mut AnyConnection, team: Option<TeamId>) -> Result<HashMap<TeamId, AnchorDay>, sqlx::Error> {
    let id = team.map(|id| id.to_string()).unwrap_or_default();
    let sql = format!("SELECT id, anchor_day FROM teams WHERE {} AND deleted_at IS NULL", super::where_is("id", &id));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.id("id")?, anchor(row)?))).collect()
}

fn anchor(row: &AnyRow) -> Result<AnchorDay, sqlx::Error> {
    Ok(AnchorDay::new(row.int("anchor_day")?).unwrap_or_default())
}

/// Everything that is set in a team, the team's own included.
pub async fn list_of_team(c: &mut AnyConnection, team: TeamId) -> Result<Vec<LimitRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM limits WHERE team_id = $1 ORDER BY scope");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// Sets what a scope may use; what is empty is removed. Versions begin with the time, so that none comes back after a removal. Fails with `limits_within_parent` where a value lies above the parent's or below
/// a child's.
pub async fn put(c: &mut AnyConnection, row: &LimitRow, at: UnixMs) -> Result<(), sqlx::Error> {
    let set = row.allowance;
    if set.is_empty() {
        sqlx::query("DELETE FROM limits WHERE scope = $1").bind(row.scope.name()).execute(c).await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO limits (scope, parent, root, team_id, rpm, tpm, rph, rpd, tpd, budget, budget_per, raise_by, raise_until, version, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
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

/// The day on which a team's or an organization's billing months begin; that of a key, a member, a model or a grant is its team's.
pub async fn find_anchor(c: &mut AnyConnection, of: Scope) -> Result<AnchorDay, sqlx::Error> {
    let (table, id) = match of {
        Scope::Organization(id) => ("organizations", id.to_string()),
        Scope::Team(id) => ("teams", id.to_string()),
        _ => return Ok(AnchorDay::default()),
    };
    let sql = format!("SELECT anchor_day FROM {table} WHERE id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(c).await?;
    Ok(row.map(|row| row.int("anchor_day")).transpose()?.and_then(AnchorDay::new).unwrap_or_default())
}
