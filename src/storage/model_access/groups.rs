//! Access groups.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::super::RowExt;
use crate::domain::{
    catalog::Tier,
    ids::{GroupId, ModelId, OrgId, TeamId},
    model_access::AccessGroup,
    teams::AccessMode,
    time::UnixMs,
};

/// Writes a new group. Fails with `access_groups_name_key` where the name is taken.
pub async fn insert(c: &mut AnyConnection, group: &AccessGroup, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO access_groups (id, organization_id, name, description, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(group.id.to_string())
        .bind(group.organization.map(|id| id.to_string()))
        .bind(&group.name)
        .bind(&group.description)
        .bind(at.0)
        .execute(&mut *c)
        .await?;
    put_parts(c, group).await
}

/// Changes a group. Fails with `access_groups_name_key` where the name is taken.
pub async fn update(c: &mut AnyConnection, group: &AccessGroup) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE access_groups SET name = $2, description = $3 WHERE id = $1")
        .bind(group.id.to_string())
        .bind(&group.name)
        .bind(&group.description)
        .execute(&mut *c)
        .await?;
    put_parts(c, group).await
}

async fn put_parts(c: &mut AnyConnection, group: &AccessGroup) -> Result<(), sqlx::Error> {
    let id = group.id.to_string();
    sqlx::query("DELETE FROM access_group_models WHERE group_id = $1").bind(&id).execute(&mut *c).await?;
    sqlx::query("DELETE FROM access_group_tiers WHERE group_id = $1").bind(&id).execute(&mut *c).await?;
    for model in &group.models {
        sqlx::query("INSERT INTO access_group_models (group_id, model_id) VALUES ($1, $2)")
            .bind(&id)
            .bind(model.to_string())
            .execute(&mut *c)
            .await?;
    }
    for tier in &group.tiers {
        sqlx::query("INSERT INTO access_group_tiers (group_id, tier) VALUES ($1, $2)")
            .bind(&id)
            .bind(tier.as_str())
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// Removes a group; teams that named it name it no more.
pub async fn delete(c: &mut AnyConnection, id: GroupId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM access_groups WHERE id = $1").bind(id.to_string()).execute(c).await?;
    Ok(())
}

/// All groups, by name.
pub async fn list(c: &mut AnyConnection) -> Result<Vec<AccessGroup>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT g.id, g.organization_id, g.name, g.description, (SELECT COUNT(*) FROM team_groups t WHERE t.group_id = g.id) AS teams
         FROM access_groups g ORDER BY g.name, g.id",
    )
    .fetch_all(&mut *c)
    .await?;
    let mut groups = vec![];
    for row in rows {
        groups.push(AccessGroup {
            id: row.id("id")?,
            organization: row.id_opt::<OrgId>("organization_id")?,
            name: row.text("name")?,
            description: row.text("description")?,
            models: vec![],
            tiers: vec![],
            teams: row.int("teams")?,
        });
    }
    for row in sqlx::query("SELECT group_id, model_id FROM access_group_models ORDER BY model_id").fetch_all(&mut *c).await? {
        let (id, model): (GroupId, ModelId) = (row.id("group_id")?, row.id("model_id")?);
        groups.iter_mut().filter(|group| group.id == id).for_each(|group| group.models.push(model));
    }
    for row in sqlx::query("SELECT group_id, tier FROM access_group_tiers ORDER BY tier").fetch_all(c).await? {
        let (id, tier): (GroupId, Tier) = (row.id("group_id")?, row.word("tier", Tier::parse)?);
        groups.iter_mut().filter(|group| group.id == id).for_each(|group| group.tiers.push(tier));
    }
    Ok(groups)
}

/// Names of all groups.
pub async fn list_names(c: &mut AnyConnection) -> Result<HashMap<GroupId, String>, sqlx::Error> {
    let rows = sqlx::query("SELECT id, name FROM access_groups").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.text("name")?))).collect()
}

/// The platform's groups and those of an organization, by name: id, whose it is, name, what it is for.
pub async fn list_heads(
    c: &mut AnyConnection,
    org: Option<OrgId>,
) -> Result<Vec<(GroupId, Option<OrgId>, String, String)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, organization_id, name, description FROM access_groups
         WHERE organization_id IS NULL OR organization_id = $1 ORDER BY name, id",
    )
    .bind(org.map(|id| id.to_string()).unwrap_or_default())
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| Ok((row.id("id")?, row.id_opt("organization_id")?, row.text("name")?, row.text("description")?)))
        .collect()
}

/// A team that names a group.
#[derive(Clone, Debug)]
pub struct Namer {
    /// Identifier.
    pub id: TeamId,
    /// Name.
    pub name: String,
    /// Its groups act where it restricts.
    pub mode: AccessMode,
}

/// Which live teams name which groups, by name: those of an organization, or without one of all.
pub async fn list_namers(c: &mut AnyConnection, org: Option<OrgId>) -> Result<Vec<(GroupId, Namer)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT g.group_id, t.id, t.name, t.mode FROM team_groups g JOIN teams t ON t.id = g.team_id
         WHERE t.deleted_at IS NULL AND ($1 = '' OR t.organization_id = $1) ORDER BY t.name, t.id",
    )
    .bind(org.map(|id| id.to_string()).unwrap_or_default())
    .fetch_all(c)
    .await?;
    let namer = |row: &sqlx::any::AnyRow| {
        Ok::<_, sqlx::Error>(Namer { id: row.id("id")?, name: row.text("name")?, mode: row.word("mode", AccessMode::parse)? })
    };
    rows.iter().map(|row| Ok((row.id("group_id")?, namer(row)?))).collect()
}
