//! Plans, and changes of plan and seats that wait for a platform admin.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    ids::{PlanId, PlanRequestId, TeamId, UserId},
    money::NanoUsd,
    plans::Plan,
    time::UnixMs,
};

const COLUMNS: &str = "id, name, seat_price, included_usage, self_service, active";

fn from_row(row: &AnyRow) -> Result<Plan, sqlx::Error> {
    Ok(Plan {
        id: row.id("id")?,
        name: row.text("name")?,
        seat_price: NanoUsd(row.int("seat_price")?),
        included_usage: NanoUsd(row.int("included_usage")?),
        self_service: row.flag("self_service")?,
        active: row.flag("active")?,
    })
}

/// All plans, the cheapest first.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<Plan>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM plans ORDER BY seat_price, name, id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}

/// A plan by id, or by name whatever the case.
pub async fn find(c: &mut AnyConnection, name_or_id: &str) -> Result<Option<Plan>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM plans WHERE id = $1 OR LOWER(name) = LOWER($1)");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(name_or_id).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// Writes a new plan. Fails with `plans_name_key` where the name is taken.
pub async fn insert(c: &mut AnyConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO plans (id, name, seat_price, included_usage, self_service, active) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(plan.id.to_string())
        .bind(&plan.name)
        .bind(plan.seat_price.0)
        .bind(plan.included_usage.0)
        .bind(i64::from(plan.self_service))
        .bind(i64::from(plan.active))
        .execute(c)
        .await?;
    Ok(())
}

/// Changes a plan. Fails with `plans_name_key` where the name is taken.
pub async fn update(c: &mut AnyConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE plans SET name = $2, seat_price = $3, included_usage = $4, self_service = $5, active = $6 WHERE id = $1")
        .bind(plan.id.to_string())
        .bind(&plan.name)
        .bind(plan.seat_price.0)
        .bind(plan.included_usage.0)
        .bind(i64::from(plan.self_service))
        .bind(i64::from(plan.active))
        .execute(c)
        .await?;
    Ok(())
}

/// How many live teams are on each plan.
pub async fn count_teams(c: &mut AnyConnection) -> Result<Vec<(PlanId, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT b.plan_id, COUNT(*) AS n FROM team_billing b JOIN teams t ON t.id = b.team_id AND t.deleted_at IS NULL
         WHERE b.plan_id IS NOT NULL GROUP BY b.plan_id",
    )
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.id("plan_id")?, row.int("n")?))).collect()
}

/// A change that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRequest {
    /// Identifier.
    pub id: PlanRequestId,
    /// Of which team.
    pub team: TeamId,
    /// Name of the team.
    pub team_name: String,
    /// Short name of the team.
    pub team_slug: String,
    /// Who asked.
    pub asked_by: UserId,
    /// Name of who asked.
    pub asked_by_name: String,
    /// When.
    pub asked_at: UnixMs,
    /// Which plan.
    pub plan: PlanId,
    /// Name of the plan.
    pub plan_name: String,
    /// How many seats.
    pub seats: i64,
}

const WAITING: &str =
    "SELECT r.id, r.team_id, t.name AS team_name, t.slug AS team_slug, r.asked_by, u.name AS asked_by_name, r.asked_at,
        r.plan_id, p.name AS plan_name, r.seats FROM plan_requests r JOIN teams t ON t.id = r.team_id AND t.deleted_at IS NULL
    JOIN users u ON u.id = r.asked_by JOIN plans p ON p.id = r.plan_id WHERE r.state = 'waiting'";

fn request(row: &AnyRow) -> Result<PlanRequest, sqlx::Error> {
    Ok(PlanRequest {
        id: row.id("id")?,
        team: row.id("team_id")?,
        team_name: row.text("team_name")?,
        team_slug: row.text("team_slug")?,
        asked_by: row.id("asked_by")?,
        asked_by_name: row.text("asked_by_name")?,
        asked_at: row.time("asked_at")?,
        plan: row.id("plan_id")?,
        plan_name: row.text("plan_name")?,
        seats: row.int("seats")?,
    })
}

/// What waits, oldest first.
pub async fn list_waiting(c: &mut AnyConnection) -> Result<Vec<PlanRequest>, sqlx::Error> {
    let sql = format!("{WAITING} ORDER BY r.id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(request).collect()
}

/// What waits of a team, if anything does.
pub async fn find_waiting_of(c: &mut AnyConnection, team: TeamId) -> Result<Option<PlanRequest>, sqlx::Error> {
    let sql = format!("{WAITING} AND r.team_id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).fetch_optional(c).await?;
    row.as_ref().map(request).transpose()
}

/// A request that waits.
pub async fn find_waiting(c: &mut AnyConnection, id: PlanRequestId) -> Result<Option<PlanRequest>, sqlx::Error> {
    let sql = format!("{WAITING} AND r.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(request).transpose()
}

/// Writes a request. Fails with `plan_requests_waiting` where one waits already.
pub async fn insert_request(c: &mut AnyConnection, request: &PlanRequest) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO plan_requests (id, team_id, asked_by, asked_at, plan_id, seats) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(request.id.to_string())
        .bind(request.team.to_string())
        .bind(request.asked_by.to_string())
        .bind(request.asked_at.0)
        .bind(request.plan.to_string())
        .bind(request.seats)
        .execute(c)
        .await?;
    Ok(())
}

/// Decides a request, or takes it back. False where that was done before.
pub async fn decide(
    c: &mut AnyConnection,
    id: PlanRequestId,
    state: &str,
    by: UserId,
    at: UnixMs,
    reason: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE plan_requests SET state = $2, decided_by = $3, decided_at = $4, reason = $5 WHERE id = $1 AND state = 'waiting'",
    )
    .bind(id.to_string())
    .bind(state)
    .bind(by.to_string())
    .bind(at.0)
    .bind(reason)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}
