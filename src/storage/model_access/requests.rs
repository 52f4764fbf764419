//! Requests for models that need approval.

use sqlx::{AnyConnection, any::AnyRow};

use super::super::RowExt;
use crate::domain::{
    access_requests::{AccessRequest, GivenAccess, RequestState},
    authorization::GrantLevel,
    ids::{OrgId, RequestId, TeamId, UserId},
};

const COLUMNS: &str =
    "r.id, r.team_id, t.slug AS team_slug, t.name AS team_name, t.organization_id, r.user_id, u.name AS user_name,
     u.email AS user_email, r.for_team, r.model_id, r.model_name, r.reason, r.wanted_until, r.state, r.created_at, r.decided_at,
     r.decided_by_name, r.note, g.id AS grant_id, g.user_id AS grant_user_id, g.ends_at, g.ended_at";

const TABLES: &str = "access_requests r JOIN teams t ON t.id = r.team_id JOIN users u ON u.id = r.user_id
     LEFT JOIN model_grants g ON g.request_id = r.id";

fn from_row(row: &AnyRow) -> Result<AccessRequest, sqlx::Error> {
    Ok(AccessRequest {
        id: row.id("id")?,
        team: row.id("team_id")?,
        team_slug: row.text("team_slug")?,
        team_name: row.text("team_name")?,
        organization: row.id_opt("organization_id")?,
        user: row.id("user_id")?,
        user_name: row.text("user_name")?,
        user_email: row.text("user_email")?,
        for_team: row.flag("for_team")?,
        model: row.id("model_id")?,
        model_name: row.text("model_name")?,
        reason: row.text("reason")?,
        wanted_until: row.time_opt("wanted_until")?,
        state: row.word("state", RequestState::parse)?,
        created_at: row.time("created_at")?,
        decided_at: row.time_opt("decided_at")?,
        decided_by: row.text("decided_by_name")?,
        note: row.text("note")?,
        given: match row.text_opt("grant_id")? {
            Some(_) => Some(GivenAccess {
                for_team: row.text_opt("grant_user_id")?.is_none(),
                ends_at: row.time_opt("ends_at")?,
                ended_at: row.time_opt("ended_at")?,
            }),
            None => None,
        },
        approver: None,
        may_decide: false,
    })
}

/// Writes a new request. Fails with `access_requests_open_key` where the same one waits already.
pub async fn insert(c: &mut AnyConnection, request: &AccessRequest) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO access_requests (id, team_id, user_id, for_team, model_id, model_name, reason, wanted_until, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(request.id.to_string())
    .bind(request.team.to_string())
    .bind(request.user.to_string())
    .bind(i64::from(request.for_team))
    .bind(request.model.to_string())
    .bind(&request.model_name)
    .bind(&request.reason)
    .bind(request.wanted_until.map(|at| at.0))
    .bind(request.state.as_str())
    .bind(request.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// A request of a team.
pub async fn find(c: &mut AnyConnection, team: TeamId, id: RequestId) -> Result<Option<AccessRequest>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE r.team_id = $1 AND r.id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(team.to_string()).bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// The team of a request, if it is one of an organization's.
pub async fn find_team(c: &mut AnyConnection, org: OrgId, id: RequestId) -> Result<Option<TeamId>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT r.team_id FROM access_requests r JOIN teams t ON t.id = r.team_id WHERE r.id = $1 AND t.organization_id = $2",
    )
    .bind(id.to_string())
    .bind(org.to_string())
    .fetch_optional(c)
    .await?;
    row.map(|row| row.id("team_id")).transpose()
}

/// Which requests are asked for; what is none does not narrow.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestFilter {
    /// Of this team.
    pub team: Option<TeamId>,
    /// Of the teams of this organization.
    pub organization: Option<OrgId>,
    /// By this person.
    pub user: Option<UserId>,
    /// Those that wait.
    pub pending: bool,
    /// Only older than this one.
    pub before: Option<RequestId>,
    /// Most rows.
    pub limit: i64,
}

/// Requests, newest first.
pub async fn list(c: &mut AnyConnection, filter: &RequestFilter) -> Result<Vec<AccessRequest>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE t.deleted_at IS NULL AND ($1 = '' OR r.team_id = $1) AND ($2 = '' OR t.organization_id = $2)
           AND ($3 = '' OR r.user_id = $3) AND ($4 = 0 OR r.state = 'pending') AND ($5 = '' OR r.id < $5)
         ORDER BY r.id DESC LIMIT $6"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(filter.team.map(|id| id.to_string()).unwrap_or_default())
        .bind(filter.organization.map(|id| id.to_string()).unwrap_or_default())
        .bind(filter.user.map(|id| id.to_string()).unwrap_or_default())
        .bind(i64::from(filter.pending))
        .bind(filter.before.map(|id| id.to_string()).unwrap_or_default())
        .bind(filter.limit)
        .fetch_all(c)
        .await?;
    rows.iter().map(from_row).collect()
}

/// What waits in the teams that somebody owns or is an admin of, or whose organization they are an admin of, newest first; with whether
/// it is the one, and the other.
pub async fn list_before_approver(
    c: &mut AnyConnection,
    user: UserId,
    limit: i64,
) -> Result<Vec<(AccessRequest, bool, bool)>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, CASE WHEN m.user_id IS NULL THEN 0 ELSE 1 END AS runs_team, CASE WHEN o.user_id IS NULL THEN 0 ELSE 1 END AS runs_organization
         FROM {TABLES}
         LEFT JOIN team_members m ON m.team_id = r.team_id AND m.user_id = $1 AND (m.role = 'admin' OR t.owner_user_id = m.user_id)
         LEFT JOIN organization_members o ON o.organization_id = t.organization_id AND o.user_id = $1 AND o.role = 'admin'
         WHERE r.state = 'pending' AND t.deleted_at IS NULL AND (m.user_id IS NOT NULL OR o.user_id IS NOT NULL)
         ORDER BY r.id DESC LIMIT $2"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user.to_string()).bind(limit).fetch_all(c).await?;
    let flag = |row: &AnyRow, name: &str| Ok::<_, sqlx::Error>(row.int(name)? != 0);
    rows.iter().map(|row| Ok((from_row(row)?, flag(row, "runs_team")?, flag(row, "runs_organization")?))).collect()
}

/// Who can decide: account, address and name of the organization's admins, or of the team's owner and admins.
pub async fn list_approvers(
    c: &mut AnyConnection,
    team: TeamId,
    level: GrantLevel,
) -> Result<Vec<(UserId, String, String)>, sqlx::Error> {
    let sql = match level {
        GrantLevel::Organization => {
            "SELECT u.id, u.email, u.name FROM teams t JOIN organization_members m ON m.organization_id = t.organization_id AND m.role = 'admin'
             JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL WHERE t.id = $1 ORDER BY u.id"
        }
        GrantLevel::Team => {
            "SELECT u.id, u.email, u.name FROM teams t JOIN team_members m ON m.team_id = t.id AND (m.role = 'admin' OR m.user_id = t.owner_user_id)
             JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL WHERE t.id = $1 ORDER BY u.id"
        }
    };
    let rows = sqlx::query(sql).bind(team.to_string()).fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.text("email")?, row.text("name")?))).collect()
}
