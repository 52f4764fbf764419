//! What one team names, and when it last looked.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::super::RowExt;
use crate::domain::{
    authorization::TeamState,
    catalog::Tier,
    ids::{ModelId, OrgId, TeamId, UserId},
    team_policy::TeamRows,
    teams::AccessMode,
    time::UnixMs,
};

/// The rows of a team.
pub async fn find_rows(c: &mut AnyConnection, team: TeamId) -> Result<TeamRows, sqlx::Error> {
    let mut rows = TeamRows::default();
    let id = team.to_string();
    for row in sqlx::query("SELECT model_id, state FROM team_models WHERE team_id = $1 ORDER BY model_id")
        .bind(&id)
        .fetch_all(&mut *c)
        .await?
    {
        rows.models.push((row.id("model_id")?, row.word("state", TeamState::parse)?));
    }
    for row in
        sqlx::query("SELECT group_id FROM team_groups WHERE team_id = $1 ORDER BY group_id").bind(&id).fetch_all(&mut *c).await?
    {
        rows.groups.push(row.id("group_id")?);
    }
    for row in sqlx::query("SELECT tier, state FROM team_tiers WHERE team_id = $1 ORDER BY tier").bind(&id).fetch_all(c).await? {
        rows.tiers.push((row.word("tier", Tier::parse)?, row.word("state", TeamState::parse)?));
    }
    Ok(rows)
}

/// Replaces mode and rows of a team, which has looked over its models just now.
pub async fn put_policy(
    c: &mut AnyConnection,
    team: TeamId,
    mode: AccessMode,
    rows: &TeamRows,
    at: UnixMs,
) -> Result<(), sqlx::Error> {
    put_rows(c, team, mode, rows).await?;
    mark_reviewed(c, team, at).await
}

/// Notes that a team has looked over its models.
pub async fn mark_reviewed(c: &mut AnyConnection, team: TeamId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE teams SET models_reviewed_at = $2 WHERE id = $1").bind(team.to_string()).bind(at.0).execute(c).await?;
    Ok(())
}

/// When a team last looked over its models.
pub async fn find_reviewed_at(c: &mut AnyConnection, team: TeamId) -> Result<UnixMs, sqlx::Error> {
    sqlx::query("SELECT models_reviewed_at FROM teams WHERE id = $1")
        .bind(team.to_string())
        .fetch_one(c)
        .await?
        .time("models_reviewed_at")
}

/// Replaces mode and rows of a team. Only what differs is written: a team may name thousands of models, and mostly one changes.
pub async fn put_rows(c: &mut AnyConnection, team: TeamId, mode: AccessMode, rows: &TeamRows) -> Result<(), sqlx::Error> {
    let before = find_rows(c, team).await?;
    let id = team.to_string();
    sqlx::query("UPDATE teams SET mode = $2 WHERE id = $1").bind(&id).bind(mode.as_str()).execute(&mut *c).await?;
    let (old, new): (HashMap<ModelId, TeamState>, HashMap<ModelId, TeamState>) =
        (before.models.into_iter().collect(), rows.models.iter().copied().collect());
    for model in old.keys().filter(|model| !new.contains_key(*model)) {
        sqlx::query("DELETE FROM team_models WHERE team_id = $1 AND model_id = $2")
            .bind(&id)
            .bind(model.to_string())
            .execute(&mut *c)
            .await?;
    }
    for (model, state) in rows.models.iter().filter(|(model, state)| old.get(model) != Some(state)) {
        sqlx::query(
            "INSERT INTO team_models (team_id, model_id, state) VALUES ($1, $2, $3)
             ON CONFLICT (team_id, model_id) DO UPDATE SET state = excluded.state",
        )
        .bind(&id)
        .bind(model.to_string())
        .bind(state.as_str())
        .execute(&mut *c)
        .await?;
    }
    sqlx::query("DELETE FROM team_groups WHERE team_id = $1").bind(&id).execute(&mut *c).await?;
    sqlx::query("DELETE FROM team_tiers WHERE team_id = $1").bind(&id).execute(&mut *c).await?;
    for group in &rows.groups {
        sqlx::query("INSERT INTO team_groups (team_id, group_id) VALUES ($1, $2)")
            .bind(&id)
            .bind(group.to_string())
            .execute(&mut *c)
            .await?;
    }
    for (tier, state) in &rows.tiers {
        sqlx::query("INSERT INTO team_tiers (team_id, tier, state) VALUES ($1, $2, $3)")
            .bind(&id)
            .bind(tier.as_str())
            .bind(state.as_str())
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// The models that an organization opened after a team last looked over its own.
pub async fn list_opened_since_review(c: &mut AnyConnection, team: TeamId) -> Result<Vec<ModelId>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT o.model_id FROM teams t JOIN organization_models o ON o.organization_id = t.organization_id
         WHERE t.id = $1 AND o.state <> 'closed' AND o.changed_at > t.models_reviewed_at",
    )
    .bind(team.to_string())
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| row.id("model_id")).collect()
}

/// Who is in a team.
pub async fn list_members(c: &mut AnyConnection, team: TeamId) -> Result<Vec<UserId>, sqlx::Error> {
    let rows = sqlx::query("SELECT user_id FROM team_members WHERE team_id = $1 ORDER BY user_id")
        .bind(team.to_string())
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| row.id("user_id")).collect()
}

/// Admitted calls and their cost by model since a moment: a team's, or those of one of its people.
pub async fn list_usage(
    c: &mut AnyConnection,
    team: TeamId,
    user: Option<UserId>,
    since: UnixMs,
) -> Result<HashMap<String, (i64, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT model_name, CAST(SUM(requests - refused) AS BIGINT) AS calls, CAST(SUM(cost) AS BIGINT) AS cost FROM usage_rollups
         WHERE team_id = $1 AND start_at >= $2 AND ($3 = '' OR user_id = $3) GROUP BY model_name",
    )
    .bind(team.to_string())
    .bind(since.0)
    .bind(user.map(|id| id.to_string()).unwrap_or_default())
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.text("model_name")?, (row.int("calls")?, row.int("cost")?)))).collect()
}

/// The live teams of an organization, by name: id, short name, name.
pub async fn list_of_organization(c: &mut AnyConnection, org: OrgId) -> Result<Vec<(TeamId, String, String)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT id, slug, name FROM teams WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY name, id")
            .bind(org.to_string())
            .fetch_all(c)
            .await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.text("slug")?, row.text("name")?))).collect()
}

/// Members and keys that work, by team of an organization.
pub async fn count_reached_of_organization(
    c: &mut AnyConnection,
    org: OrgId,
    now: UnixMs,
) -> Result<HashMap<TeamId, (i64, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT t.id, (SELECT COUNT(*) FROM team_members m WHERE m.team_id = t.id) AS members,
             (SELECT COUNT(*) FROM api_keys k WHERE k.team_id = t.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)) AS keys
         FROM teams t WHERE t.organization_id = $1 AND t.deleted_at IS NULL",
    )
    .bind(org.to_string())
    .bind(now.0)
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.id("id")?, (row.int("members")?, row.int("keys")?)))).collect()
}

/// Calls by team and model of an organization since a moment.
pub async fn list_calls_of_organization(
    c: &mut AnyConnection,
    org: OrgId,
    since: UnixMs,
) -> Result<Vec<(TeamId, String, i64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT u.team_id, u.model_name, CAST(SUM(u.requests) AS BIGINT) AS calls FROM usage_rollups u
         JOIN teams t ON t.id = u.team_id WHERE t.organization_id = $1 AND u.start_at >= $2 GROUP BY u.team_id, u.model_name",
    )
    .bind(org.to_string())
    .bind(since.0)
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.id("team_id")?, row.text("model_name")?, row.int("calls")?))).collect()
}
