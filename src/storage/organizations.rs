//! Organizations, their members, and the models they take in.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    accounts::MyOrganization,
    catalog::ModelState,
    ids::{ModelId, OrgId, UserId},
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
        created_at: row.time("created_at")?,
    })
}

/// Writes a new organization. Fails with `organizations_slug_key` where the slug is taken.
pub async fn insert(c: &mut AnyConnection, org: &Organization) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO organizations (id, slug, name, open_unrestricted_models, members_create_teams, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(org.id.to_string())
    .bind(&org.slug)
    .bind(&org.name)
    .bind(i64::from(org.open_unrestricted_models))
    .bind(i64::from(org.members_create_teams))
    .bind(org.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// The organization of a slug or an id.
pub async fn find(c: &mut AnyConnection, slug_or_id: &str) -> Result<Option<Organization>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, slug, name, open_unrestricted_models, members_create_teams, created_at FROM organizations WHERE slug = $1 OR id = $1",
    )
    .bind(slug_or_id)
    .fetch_optional(c)
    .await?;
    row.as_ref().map(from_row).transpose()
}

/// All organizations, by name.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<Organization>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, slug, name, open_unrestricted_models, members_create_teams, created_at FROM organizations ORDER BY name, id",
    )
    .fetch_all(c)
    .await?;
    rows.iter().map(from_row).collect()
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

/// All states that are not closed, of all organizations.
pub async fn list_model_states(c: &mut AnyConnection) -> Result<Vec<(OrgId, ModelId, ModelState)>, sqlx::Error> {
    let rows = sqlx::query("SELECT organization_id, model_id, state FROM organization_models WHERE state <> 'closed'")
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| Ok((row.id("organization_id")?, row.id("model_id")?, row.word("state", ModelState::parse)?))).collect()
}
