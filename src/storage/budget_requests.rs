//! Requests for higher budgets.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    access_requests::RequestState,
    budget_requests::BudgetRequest,
    ids::{RequestId, TeamId, UserId},
    limit_scopes::Scope,
    money::NanoUsd,
};

const SELECT: &str =
    "SELECT r.id, r.team_id, t.slug AS team_slug, t.name AS team_name, t.organization_id, r.user_id, u.name AS user_name,
     u.email AS user_email, r.scope, r.scope_name, r.present, r.wanted, r.wanted_until, r.reason, r.state, r.created_at,
     r.decided_at, r.decided_by_name, r.note, r.given, r.given_until
     FROM budget_requests r JOIN teams t ON t.id = r.team_id JOIN users u ON u.id = r.user_id";

fn from_row(row: &AnyRow) -> Result<BudgetRequest, sqlx::Error> {
    let until = row.time_opt("given_until")?;
    Ok(BudgetRequest {
        id: row.id("id")?,
        team: row.id("team_id")?,
        team_slug: row.text("team_slug")?,
        team_name: row.text("team_name")?,
        organization: row.id_opt("organization_id")?,
        user: row.id("user_id")?,
        user_name: row.text("user_name")?,
        user_email: row.text("user_email")?,
        scope: row.word("scope", Scope::parse)?,
        scope_name: row.text("scope_name")?,
        present: row.int_opt("present")?.map(NanoUsd),
        wanted: NanoUsd(row.int("wanted")?),
        wanted_until: row.time_opt("wanted_until")?,
        reason: row.text("reason")?,
        state: row.word("state", RequestState::parse)?,
        created_at: row.time("created_at")?,
        decided_at: row.time_opt("decided_at")?,
        decided_by: row.text("decided_by_name")?,
        note: row.text("note")?,
        given: row.int_opt("given")?.map(|amount| (NanoUsd(amount), until)),
        approver: None,
        may_decide: false,
    })
}

/// Writes a new request. Fails with `budget_requests_open_key` where one about the same waits already.
pub async fn insert(c: &mut AnyConnection, request: &BudgetRequest) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO budget_requests (id, team_id, user_id, scope, scope_name, present, wanted, wanted_until, reason, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(request.id.to_string())
    .bind(request.team.to_string())
    .bind(request.user.to_string())
    .bind(request.scope.name())
    .bind(&request.scope_name)
    .bind(request.present.map(|amount| amount.0))
    .bind(request.wanted.0)
    .bind(request.wanted_until.map(|at| at.0))
    .bind(&request.reason)
    .bind(request.state.as_str())
    .bind(request.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// A request of a team.
pub async fn find(c: &mut AnyConnection, team: TeamId, id: RequestId) -> Result<Option<BudgetRequest>, sqlx::Error> {
    let sql = format!("{SELECT} WHERE r.team_id = $1 AND r.id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// Requests of a team, newest first: everybody's, or one person's.
pub async fn list(
    c: &mut AnyConnection,
    team: TeamId,
    user: Option<UserId>,
    before: Option<RequestId>,
    limit: i64,
) -> Result<Vec<BudgetRequest>, sqlx::Error> {
    let sql = format!(
        "{SELECT} WHERE r.team_id = $1 AND ($2 = '' OR r.user_id = $2) AND ($3 = '' OR r.id < $3) ORDER BY r.id DESC LIMIT $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(team.to_string())
        .bind(user.map(|id| id.to_string()).unwrap_or_default())
        .bind(before.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(c)
        .await?;
    rows.iter().map(from_row).collect()
}

/// What waits in the teams that somebody owns or is an admin of, or whose organization they are an admin of.
pub async fn list_before_approver(c: &mut AnyConnection, user: UserId, limit: i64) -> Result<Vec<BudgetRequest>, sqlx::Error> {
    let sql = format!(
        "{SELECT} WHERE r.state = 'pending' AND t.deleted_at IS NULL AND (
             EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = r.team_id AND m.user_id = $1 AND (m.role = 'admin' OR t.owner_user_id = $1))
             OR EXISTS (SELECT 1 FROM organization_members o WHERE o.organization_id = t.organization_id AND o.user_id = $1 AND o.role = 'admin'))
         ORDER BY r.id DESC LIMIT $2"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user.to_string()).bind(limit).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}
