//! Organizations, their members, and the models they take in.

use sqlx::{AnyConnection, any::AnyRow};

use super::{RowExt, usage::DAYS_OF_TEAMS};
use crate::domain::{
    accounts::MyOrganization,
    catalog::ModelState,
    ids::{ModelId, OrgId, TeamId, UserId},
    platform::{OrganizationMemberRow, OrganizationRow, OrganizationTeamRow},
    roles::OrgRole,
    time::UnixMs,
};

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Identifier.
    pub id: OrgId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Unrestricted models become callable as soon as they are in the catalog.
    pub open_unrestricted_models: bool,
    /// Members may create teams.
    pub members_create_teams: bool,
    /// Teams without plan and without spending limit may call.
    pub allow_unbilled: bool,
    /// Days that single calls are kept; 0 for ever.
    pub call_log_days: i64,
    /// Made at.
    pub created_at: UnixMs,
}

fn from_row(row: &AnyRow) -> Result<Organization, sqlx::Error> {
    Ok(Organization {
        id: row.id("id")?,
        slug: row.text("slug")?,
        name: row.text("name")?,
        open_unrestricted_models: row.flag("open_unrestricted_models")?,
        members_create_teams: row.flag("members_create_teams")?,
        allow_unbilled: row.flag("allow_unbilled")?,
        call_log_days: row.int("call_log_days")?,
        created_at: row.time("created_at")?,
    })
}

/// Writes a new organization. Fails with `organizations_slug_key` where the slug is taken.
pub async fn insert(c: &mut AnyConnection, org: &Organization) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO organizations (id, slug, name, open_unrestricted_models, members_create_teams, created_at, allow_unbilled)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(org.id.to_string())
    .bind(&org.slug)
    .bind(&org.name)
    .bind(i64::from(org.open_unrestricted_models))
    .bind(i64::from(org.members_create_teams))
    .bind(org.created_at.0)
    .bind(i64::from(org.allow_unbilled))
    .execute(c)
    .await?;
    Ok(())
}

/// The organization of a slug or an id.
pub async fn find(c: &mut AnyConnection, slug_or_id: &str) -> Result<Option<Organization>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, slug, name, open_unrestricted_models, members_create_teams, allow_unbilled, call_log_days, created_at FROM organizations WHERE slug = $1 OR id = $1",
    )
    .bind(slug_or_id)
    .fetch_optional(c)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// Whether teams of an organization may call without plan and spending limit. Personal spaces have the platform's default policy instead.
pub async fn allows_unbilled(c: &mut AnyConnection, org: Option<OrgId>) -> Result<bool, sqlx::Error> {
    let Some(org) = org else { return Ok(true) };
    let row = sqlx::query("SELECT allow_unbilled FROM organizations WHERE id = $1").bind(org.to_string()).fetch_one(c).await?;
    row.flag("allow_unbilled")
}

/// The live teams of an organization.
pub async fn list_team_ids(c: &mut AnyConnection, org: OrgId) -> Result<Vec<TeamId>, sqlx::Error> {
    let rows = sqlx::query("SELECT id FROM teams WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY id")
        .bind(org.to_string())
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| row.id("id")).collect()
}

/// All organizations, by name.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<Organization>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, slug, name, open_unrestricted_models, members_create_teams, allow_unbilled, call_log_days, created_at FROM organizations ORDER BY name, id",
    )
    .fetch_all(c)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Locks an organization until the transaction ends: others that change it, or who is in it, wait. Comes before the lock of a team.
pub async fn lock(c: &mut AnyConnection, org: OrgId) -> Result<(), sqlx::Error> {
    // An update locks the row on PostgreSQL; SQLite has one writer anyway.
    sqlx::query("UPDATE organizations SET name = name WHERE id = $1").bind(org.to_string()).execute(c).await?;
    Ok(())
}

/// All organizations with figures, by name; spend is summed from `month_start`.
pub async fn list_rows(c: &mut AnyConnection, month_start: UnixMs) -> Result<Vec<OrganizationRow>, sqlx::Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT o.id, o.slug, o.name, o.created_at,
             (SELECT COUNT(*) FROM organization_members m WHERE m.organization_id = o.id) AS members,
             (SELECT COUNT(*) FROM organization_members m WHERE m.organization_id = o.id AND m.role = 'admin') AS admins,
             (SELECT COUNT(*) FROM teams t WHERE t.organization_id = o.id AND t.deleted_at IS NULL) AS teams,
             CAST(COALESCE((SELECT SUM(r.cost) FROM usage_series r JOIN teams t ON t.id = r.team_id
                 WHERE t.organization_id = o.id AND {DAYS_OF_TEAMS} AND r.start_at >= $1), 0) AS BIGINT) AS spent
         FROM organizations o ORDER BY o.name, o.id"
    )))
    .bind(month_start.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OrganizationRow {
                id: row.id("id")?,
                slug: row.text("slug")?,
                name: row.text("name")?,
                members: row.int("members")?,
                admins: row.int("admins")?,
                teams: row.int("teams")?,
                spent: row.int("spent")?,
                created_at: row.time("created_at")?,
            })
        })
        .collect()
}

/// Sets name and rules of an organization.
pub async fn update(c: &mut AnyConnection, org: &Organization) -> Result<(), sqlx::Error> {
    let sql = "UPDATE organizations SET name = $2, open_unrestricted_models = $3, members_create_teams = $4, allow_unbilled = $5,
             call_log_days = $6 WHERE id = $1";
    sqlx::query(sql)
        .bind(org.id.to_string())
        .bind(&org.name)
        .bind(i64::from(org.open_unrestricted_models))
        .bind(i64::from(org.members_create_teams))
        .bind(i64::from(org.allow_unbilled))
        .bind(org.call_log_days)
        .execute(c)
        .await?;
    Ok(())
}

/// The live teams of an organization with figures since `month_start`, the one that spent most first.
pub async fn list_teams(c: &mut AnyConnection, org: OrgId, month_start: UnixMs) -> Result<Vec<OrganizationTeamRow>, sqlx::Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT t.id, t.slug, t.name, t.owner_user_id, u.name AS owner_name, u.disabled_at,
             (SELECT COUNT(*) FROM team_members m WHERE m.team_id = t.id) AS members,
             CAST(COALESCE(s.requests, 0) AS BIGINT) AS requests, CAST(COALESCE(s.spent, 0) AS BIGINT) AS spent,
             (SELECT MAX(r.last_call_at) FROM usage_rollups r WHERE r.team_id = t.id AND r.start_at =
                 (SELECT MAX(l.start_at) FROM usage_rollups l WHERE l.team_id = t.id AND l.start_at >= $2)) AS last_call_at
         FROM teams t JOIN users u ON u.id = t.owner_user_id
         LEFT JOIN (SELECT r.team_id, SUM(r.requests) AS requests, SUM(r.cost) AS spent
             FROM usage_series r JOIN teams o ON o.id = r.team_id
             WHERE o.organization_id = $1 AND {DAYS_OF_TEAMS} AND r.start_at >= $2 GROUP BY r.team_id) s ON s.team_id = t.id
         WHERE t.organization_id = $1 AND t.deleted_at IS NULL ORDER BY 9 DESC, t.name, t.id"
    )))
    .bind(org.to_string())
    .bind(month_start.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OrganizationTeamRow {
                id: row.id("id")?,
                slug: row.text("slug")?,
                name: row.text("name")?,
                owner: row.id("owner_user_id")?,
                owner_name: row.text("owner_name")?,
                owner_lost: row.int_opt("disabled_at")?.is_some(),
                members: row.int("members")?,
                requests: row.int("requests")?,
                spent: row.int("spent")?,
                last_call_at: row.time_opt("last_call_at")?,
            })
        })
        .collect()
}

/// How many members an organization has, and how many of them are admins.
pub async fn count_members(c: &mut AnyConnection, org: OrgId) -> Result<(i64, i64), sqlx::Error> {
    let sql = "SELECT COUNT(*) AS members, COUNT(CASE WHEN role = 'admin' THEN 1 END) AS admins
         FROM organization_members WHERE organization_id = $1";
    let row = sqlx::query(sql).bind(org.to_string()).fetch_one(c).await?;
    Ok((row.int("members")?, row.int("admins")?))
}

/// Members of an organization whose name or address contains a text, whatever the case; with their keys in its teams, and with what they
/// used there since `month_start`.
pub async fn list_members(
    c: &mut AnyConnection,
    org: OrgId,
    text: &str,
    now: UnixMs,
    month_start: UnixMs,
) -> Result<Vec<OrganizationMemberRow>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT u.id, u.name, u.email, u.disabled_at, m.role, m.joined_at,
             (SELECT COUNT(*) FROM team_members n JOIN teams t ON t.id = n.team_id AND t.deleted_at IS NULL
                 WHERE n.user_id = u.id AND t.organization_id = $1) AS teams,
             (SELECT COUNT(*) FROM api_keys k JOIN teams t ON t.id = k.team_id AND t.deleted_at IS NULL
                 WHERE k.user_id = u.id AND t.organization_id = $1 AND k.kind <> 'application'
                 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $3)) AS active_keys,
             CAST(COALESCE(s.spent, 0) AS BIGINT) AS spent, s.last_active_at
         FROM organization_members m JOIN users u ON u.id = m.user_id
         LEFT JOIN (SELECT r.user_id, SUM(r.cost) AS spent, MAX(r.last_call_at) AS last_active_at
             FROM usage_rollups r JOIN teams t ON t.id = r.team_id
             WHERE t.organization_id = $1 AND r.start_at >= $4 GROUP BY r.user_id) s ON s.user_id = u.id
         WHERE m.organization_id = $1 AND ($2 = '%%' OR LOWER(u.name) LIKE $2 ESCAPE '\\' OR LOWER(u.email) LIKE $2 ESCAPE '\\')
         ORDER BY u.id",
    )
    .bind(org.to_string())
    .bind(super::contains(text))
    .bind(now.0)
    .bind(month_start.0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OrganizationMemberRow {
                user: row.id("id")?,
                name: row.text("name")?,
                email: row.text("email")?,
                role: row.word("role", OrgRole::parse)?,
                joined_at: row.time("joined_at")?,
                teams: row.int("teams")?,
                disabled: row.int_opt("disabled_at")?.is_some(),
                is_self: false,
                active_keys: row.int("active_keys")?,
                spent: row.int("spent")?,
                share_bp: 0,
                last_active_at: row.time_opt("last_active_at")?,
            })
        })
        .collect()
}

/// What all teams of an organization spent since a time, those that are gone included.
pub async fn sum_cost(c: &mut AnyConnection, org: OrgId, since: UnixMs) -> Result<i64, sqlx::Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) AS spent FROM usage_series r JOIN teams t ON t.id = r.team_id
         WHERE t.organization_id = $1 AND {DAYS_OF_TEAMS} AND r.start_at >= $2"
    )))
    .bind(org.to_string())
    .bind(since.0)
    .fetch_one(c)
    .await?;
    row.int("spent")
}

/// Makes somebody a member, or changes their role.
pub async fn put_member(c: &mut AnyConnection, org: OrgId, user: UserId, role: OrgRole, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO organization_members (organization_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(org.to_string())
    .bind(user.to_string())
    .bind(role.as_str())
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Somebody's role in an organization.
pub async fn find_role(c: &mut AnyConnection, org: OrgId, user: UserId) -> Result<Option<OrgRole>, sqlx::Error> {
    let row = sqlx::query("SELECT role FROM organization_members WHERE organization_id = $1 AND user_id = $2")
        .bind(org.to_string())
        .bind(user.to_string())
        .fetch_optional(c)
        .await?;
    row.map(|row| row.word("role", OrgRole::parse)).transpose()
}

/// The organizations of a person, by name.
pub async fn list_of(c: &mut AnyConnection, user: UserId) -> Result<Vec<MyOrganization>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT o.id, o.slug, o.name, o.members_create_teams, m.role FROM organization_members m
         JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = $1 ORDER BY o.name, o.id",
    )
    .bind(user.to_string())
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            let role = row.word("role", OrgRole::parse)?;
            let may_create_teams = role == OrgRole::Admin || row.flag("members_create_teams")?;
            Ok(MyOrganization { id: row.id("id")?, slug: row.text("slug")?, name: row.text("name")?, role, may_create_teams })
        })
        .collect()
}

/// Takes somebody out of an organization.
pub async fn delete_member(c: &mut AnyConnection, org: OrgId, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM organization_members WHERE organization_id = $1 AND user_id = $2")
        .bind(org.to_string())
        .bind(user.to_string())
        .execute(c)
        .await?;
    Ok(())
}

/// How many admins of an organization are not suspended, apart from one person.
pub async fn count_other_admins(c: &mut AnyConnection, org: OrgId, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM organization_members m JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
         WHERE m.organization_id = $1 AND m.user_id <> $2 AND m.role = 'admin'",
    )
    .bind(org.to_string())
    .bind(user.to_string())
    .fetch_one(c)
    .await?
    .int("n")
}

/// Sets what an organization lets its teams do with a model.
pub async fn put_model(
    c: &mut AnyConnection,
    org: OrgId,
    model: ModelId,
    state: ModelState,
    at: UnixMs,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO organization_models (organization_id, model_id, state, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (organization_id, model_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at",
    )
    .bind(org.to_string())
    .bind(model.to_string())
    .bind(state.as_str())
    .bind(at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// What an organization lets its teams do with a model; no row is closed.
pub async fn find_model_state(c: &mut AnyConnection, org: OrgId, model: ModelId) -> Result<ModelState, sqlx::Error> {
    let row = sqlx::query("SELECT state FROM organization_models WHERE organization_id = $1 AND model_id = $2")
        .bind(org.to_string())
        .bind(model.to_string())
        .fetch_optional(c)
        .await?;
    row.map_or(Ok(ModelState::Closed), |row| row.word("state", ModelState::parse))
}

/// All states that are not closed, of all organizations or of one.
pub async fn list_model_states(
    c: &mut AnyConnection,
    org: Option<OrgId>,
) -> Result<Vec<(OrgId, ModelId, ModelState)>, sqlx::Error> {
    let org = org.map(|org| org.to_string()).unwrap_or_default();
    let of = super::where_is("organization_id", &org);
    let sql = format!("{STATES} AND {of}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(org).fetch_all(c).await?;
    rows.iter().map(to_state).collect()
}

/// The same for some models, in any organization.
pub async fn list_states_of_models(
    c: &mut AnyConnection,
    models: &[ModelId],
) -> Result<Vec<(OrgId, ModelId, ModelState)>, sqlx::Error> {
    let sql = format!("{STATES} AND {}", super::among("model_id", Some(models)));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await?;
    rows.iter().map(to_state).collect()
}

const STATES: &str = "SELECT organization_id, model_id, state FROM organization_models WHERE state <> 'closed'";

fn to_state(row: &AnyRow) -> Result<(OrgId, ModelId, ModelState), sqlx::Error> {
    Ok((row.id("organization_id")?, row.id("model_id")?, row.word("state", ModelState::parse)?))
}

/// The admins of an organization whose accounts work: account, address, name.
pub async fn list_admins(c: &mut AnyConnection, org: OrgId) -> Result<Vec<(UserId, String, String)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT u.id, u.email, u.name FROM organization_members m JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
         WHERE m.organization_id = $1 AND m.role = 'admin' ORDER BY u.id",
    )
    .bind(org.to_string())
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.text("email")?, row.text("name")?))).collect()
}
