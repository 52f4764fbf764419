//! Permissions for models that need approval.

use sqlx::{AnyConnection, any::AnyRow};

use super::super::{
    RowExt,
    limits::{ALLOWANCE, allowance},
};
use crate::domain::{
    authorization::GrantLevel,
    ids::{GrantId, ModelId, OrgId, RequestId, TeamId, UserId},
    model_access::Grant,
    time::UnixMs,
};

const COLUMNS: &str =
    "g.id, g.team_id, t.slug AS team_slug, t.name AS team_name, g.user_id, u.name AS user_name, g.model_id, m.name AS model_name, g.level, g.granted_by_name,
     g.created_at, g.ends_at";

const TABLES: &str = "model_grants g JOIN models m ON m.id = g.model_id JOIN teams t ON t.id = g.team_id
     LEFT JOIN users u ON u.id = g.user_id LEFT JOIN limits l ON l.scope = 'grant:' || g.id";

fn from_row(row: &AnyRow) -> Result<Grant, sqlx::Error> {
    Ok(Grant {
        id: row.id("id")?,
        team: row.id("team_id")?,
        team_slug: row.text("team_slug")?,
        team_name: row.text("team_name")?,
        user: row.id_opt("user_id")?,
        user_name: row.text_opt("user_name")?.unwrap_or_default(),
        model: row.id::<ModelId>("model_id")?,
        model_name: row.text("model_name")?,
        level: row.word("level", GrantLevel::parse)?,
        granted_by: row.text("granted_by_name")?,
        created_at: row.time("created_at")?,
        ends_at: row.time_opt("ends_at")?,
        allowance: allowance(row)?,
    })
}

/// Writes a new grant.
pub async fn insert(c: &mut AnyConnection, grant: &Grant, by: UserId, request: Option<RequestId>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO model_grants (id, team_id, user_id, model_id, level, request_id, granted_by, granted_by_name, created_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(grant.id.to_string())
    .bind(grant.team.to_string())
    .bind(grant.user.map(|id| id.to_string()))
    .bind(grant.model.to_string())
    .bind(grant.level.as_str())
    .bind(request.map(|id| id.to_string()))
    .bind(by.to_string())
    .bind(&grant.granted_by)
    .bind(grant.created_at.0)
    .bind(grant.ends_at.map(|at| at.0))
    .execute(c)
    .await?;
    Ok(())
}

/// The grants of a team that are not over, newest first.
pub async fn list_live(c: &mut AnyConnection, team: TeamId, now: UnixMs) -> Result<Vec<Grant>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, {ALLOWANCE} FROM {TABLES} WHERE g.team_id = $1 AND g.ended_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $2) ORDER BY g.id DESC"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(now.0).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// The same of all teams of an organization: the newest ones.
pub async fn list_live_of_organization(
    c: &mut AnyConnection,
    org: OrgId,
    now: UnixMs,
    limit: i64,
) -> Result<Vec<Grant>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, {ALLOWANCE} FROM {TABLES} WHERE t.organization_id = $1 AND t.deleted_at IS NULL AND g.ended_at IS NULL
           AND (g.ends_at IS NULL OR g.ends_at > $2) ORDER BY g.id DESC LIMIT $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(org.to_string()).bind(now.0).bind(limit).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// The grants whose time is over and which nobody noted yet, oldest first.
pub async fn list_due(c: &mut AnyConnection, now: UnixMs) -> Result<Vec<Grant>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, {ALLOWANCE} FROM {TABLES} WHERE g.ended_at IS NULL AND g.ends_at <= $1 ORDER BY g.id LIMIT 500"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now.0).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// Ends a grant; whether it was live.
pub async fn end(c: &mut AnyConnection, id: GrantId, at: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE model_grants SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends what a member was granted in a team: coming back they ask anew.
pub async fn end_of_member(c: &mut AnyConnection, team: TeamId, user: UserId, at: UnixMs) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("UPDATE model_grants SET ended_at = $3 WHERE team_id = $1 AND user_id = $2 AND ended_at IS NULL")
        .bind(team.to_string())
        .bind(user.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(done.rows_affected())
}

/// The model that a grant is for, and whom it was given to, whatever became of it.
pub async fn find_words(c: &mut AnyConnection, id: GrantId) -> Result<Option<(String, Option<String>)>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS}, {ALLOWANCE} FROM {TABLES} WHERE g.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(c).await?;
    row.map(|row| Ok((row.text("model_name")?, row.text_opt("user_name")?))).transpose()
}
