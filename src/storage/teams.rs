//! Teams, personal spaces and their members.

use sqlx::{AnyConnection, any::AnyRow};

use super::{RowExt, usage::DAYS_OF_TEAMS};
use crate::domain::{
    accounts::MyTeam,
    ids::{TeamId, UserId},
    roles::{OrgRole, Role, Standing},
    teams::{AccessMode, Team, TeamKind, TeamListItem},
    time::UnixMs,
};

const COLUMNS: &str = "t.id, t.kind, t.organization_id, COALESCE(o.name, '') AS organization_name,
    COALESCE(o.slug, '') AS organization_slug, t.slug, t.name, t.owner_user_id, t.mode, t.self_service, t.ranking_open, t.alert_emails, t.seats, t.discount_bp, t.created_at";

fn from_row(row: &AnyRow) -> Result<Team, sqlx::Error> {
    Ok(Team {
        id: row.id("id")?,
        kind: row.word("kind", TeamKind::parse)?,
        organization: row.id_opt("organization_id")?,
        organization_name: row.text("organization_name")?,
        organization_slug: row.text("organization_slug")?,
        slug: row.text("slug")?,
        name: row.text("name")?,
        owner: row.id("owner_user_id")?,
        mode: row.word("mode", AccessMode::parse)?,
        self_service: row.flag("self_service")?,
        ranking_open: row.flag("ranking_open")?,
        // An address has no space in it.
        alert_emails: row.text("alert_emails")?.split_whitespace().map(str::to_owned).collect(),
        seats: row.int_opt("seats")?,
        discount_bp: row.int("discount_bp")?,
        created_at: row.time("created_at")?,
    })
}

/// Writes a new team and its owner's membership. Fails with `teams_slug_key` where the slug is taken.
pub async fn insert(c: &mut AnyConnection, team: &Team) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO teams (id, kind, organization_id, slug, name, owner_user_id, mode, self_service, seats, discount_bp, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(team.id.to_string())
    .bind(team.kind.as_str())
    .bind(team.organization.map(|id| id.to_string()))
    .bind(&team.slug)
    .bind(&team.name)
    .bind(team.owner.to_string())
    .bind(team.mode.as_str())
    .bind(i64::from(team.self_service))
    .bind(team.seats)
    .bind(team.discount_bp)
    .bind(team.created_at.0)
    .execute(&mut *c)
    .await?;
    // The owner is an admin apart from owning; the owner role itself is `teams.owner_user_id`.
    insert_member(c, team.id, team.owner, Role::Admin, team.created_at).await
}

/// Makes somebody a member. The owner role is not stored here, so `Role::Owner` is written as admin.
pub async fn insert_member(c: &mut AnyConnection, team: TeamId, user: UserId, role: Role, at: UnixMs) -> Result<(), sqlx::Error> {
    let role = super::members::stored(role);
    sqlx::query("INSERT INTO team_members (team_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4)")
        .bind(team.to_string())
        .bind(user.to_string())
        .bind(role.as_str())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// The live team of a slug or an id.
pub async fn find(c: &mut AnyConnection, slug_or_id: &str) -> Result<Option<Team>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM teams t LEFT JOIN organizations o ON o.id = t.organization_id
         WHERE (t.slug = $1 OR t.id = $1) AND t.deleted_at IS NULL"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(slug_or_id).fetch_optional(c).await?;
    row.as_ref().map(from_row).transpose()
}

/// Locks a live team until the transaction ends, so that of several who change its members at once each sees what the one before
/// did. Comes after the lock of its organization and before those of members and keys. False where the team is gone.
pub async fn lock(c: &mut AnyConnection, team: TeamId) -> Result<bool, sqlx::Error> {
    // An update locks the row on PostgreSQL; SQLite has one writer anyway.
    let done = sqlx::query("UPDATE teams SET name = name WHERE id = $1 AND deleted_at IS NULL")
        .bind(team.to_string())
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// What somebody is to a team.
pub async fn standing(c: &mut AnyConnection, team: &Team, user: UserId, platform_admin: bool) -> Result<Standing, sqlx::Error> {
    let role = find_role(&mut *c, team.id, user).await?;
    let org_admin = match team.organization {
        Some(org) => super::organizations::find_role(c, org, user).await? == Some(OrgRole::Admin),
        None => false,
    };
    // A personal space is its person's alone: nobody else is anything to it.
    let platform_admin = platform_admin && team.kind == TeamKind::Team;
    Ok(Standing { role, org_admin, platform_admin })
}

/// Somebody's role in a live team.
pub async fn find_role(c: &mut AnyConnection, team: TeamId, user: UserId) -> Result<Option<Role>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT CASE WHEN t.owner_user_id = m.user_id THEN 'owner' ELSE m.role END AS role FROM team_members m
         JOIN teams t ON t.id = m.team_id WHERE m.team_id = $1 AND m.user_id = $2 AND t.deleted_at IS NULL",
    )
    .bind(team.to_string())
    .bind(user.to_string())
    .fetch_optional(c)
    .await?;
    row.map(|row| row.word("role", Role::parse)).transpose()
}

/// How many members a team has.
pub async fn count_members(c: &mut AnyConnection, team: TeamId) -> Result<i64, sqlx::Error> {
    sqlx::query("SELECT COUNT(*) AS n FROM team_members WHERE team_id = $1").bind(team.to_string()).fetch_one(c).await?.int("n")
}

/// The shared teams of a person, by name.
pub async fn list_of(c: &mut AnyConnection, user: UserId) -> Result<Vec<MyTeam>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT t.id, t.slug, t.name, o.name AS organization, o.slug AS organization_slug,
             CASE WHEN t.owner_user_id = m.user_id THEN 'owner' ELSE m.role END AS role
         FROM team_members m JOIN teams t ON t.id = m.team_id JOIN organizations o ON o.id = t.organization_id
         WHERE m.user_id = $1 AND t.deleted_at IS NULL AND t.kind = 'team' ORDER BY t.name, t.id",
    )
    .bind(user.to_string())
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(MyTeam {
                id: row.id("id")?,
                slug: row.text("slug")?,
                name: row.text("name")?,
                role: row.word("role", Role::parse)?,
                organization: row.text("organization")?,
                organization_slug: row.text("organization_slug")?,
            })
        })
        .collect()
}

/// Closes a team or personal space: its record stays, it is found no more, its slug is free. Whether it was open.
pub async fn close(c: &mut AnyConnection, team: TeamId, at: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE teams SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
        .bind(team.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The shared teams that a person may see: as member, as admin of the organization, or all of them for platform admins;
/// with members, spend since `month_start` and last call.
pub async fn list_visible(
    c: &mut AnyConnection,
    user: UserId,
    platform_admin: bool,
    month_start: UnixMs,
) -> Result<Vec<TeamListItem>, sqlx::Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT t.id, t.slug, t.name, o.name AS organization, o.slug AS organization_slug,
             CASE WHEN t.owner_user_id = m.user_id THEN 'owner' ELSE m.role END AS role,
             (SELECT COUNT(*) FROM team_members n WHERE n.team_id = t.id) AS members,
             CAST(COALESCE((SELECT SUM(u.cost) FROM usage_series u WHERE u.team_id = t.id AND {DAYS_OF_TEAMS} AND u.start_at >= $3), 0)
                 AS BIGINT) AS spent,
             (SELECT MAX(u.last_call_at) FROM usage_rollups u WHERE u.team_id = t.id AND u.start_at =
                 (SELECT MAX(l.start_at) FROM usage_rollups l WHERE l.team_id = t.id AND l.start_at >= $3)) AS last_call_at
         FROM teams t JOIN organizations o ON o.id = t.organization_id
         LEFT JOIN team_members m ON m.team_id = t.id AND m.user_id = $1
         LEFT JOIN organization_members a ON a.organization_id = t.organization_id AND a.user_id = $1 AND a.role = 'admin'
         WHERE t.deleted_at IS NULL AND t.kind = 'team' AND (m.user_id IS NOT NULL OR a.user_id IS NOT NULL OR $2 = 1)
         ORDER BY t.name, t.id"
    )))
    .bind(user.to_string())
    .bind(i64::from(platform_admin))
    .bind(month_start.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            let role = row.text_opt("role")?;
            Ok(TeamListItem {
                id: row.id("id")?,
                slug: row.text("slug")?,
                name: row.text("name")?,
                organization: row.text("organization")?,
                organization_slug: row.text("organization_slug")?,
                role: role.as_deref().and_then(Role::parse),
                members: row.int("members")?,
                spent: row.int("spent")?,
                last_call_at: row.time_opt("last_call_at")?,
            })
        })
        .collect()
}

/// Sets name, mode, self-service, ranking, seats and alert addresses of a team.
pub async fn update(c: &mut AnyConnection, team: &Team) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE teams SET name = $2, mode = $3, self_service = $4, ranking_open = $5, seats = $6, alert_emails = $7 WHERE id = $1",
    )
        .bind(team.id.to_string())
        .bind(&team.name)
        .bind(team.mode.as_str())
        .bind(i64::from(team.self_service))
        .bind(i64::from(team.ranking_open))
        .bind(team.seats)
        .bind(team.alert_emails.join(" "))
        .execute(c)
        .await?;
    Ok(())
}

/// All live teams, for the gateway's snapshot.
pub async fn list_all(c: &mut AnyConnection) -> Result<Vec<Team>, sqlx::Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM teams t LEFT JOIN organizations o ON o.id = t.organization_id WHERE t.deleted_at IS NULL");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(from_row).collect()
}
