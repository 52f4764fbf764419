//! Everything at once, as the gateway's snapshot is made of.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::super::RowExt;
use crate::domain::{
    authorization::{GrantLevel, TeamState},
    catalog::Tier,
    ids::{GroupId, KeyId, ModelId, OrgId, TeamId, UserId},
    team_policy::TeamRows,
    time::UnixMs,
};

/// What an access group holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupModels {
    /// Whose it is; none for the platform's.
    pub organization: Option<OrgId>,
    /// Models.
    pub models: Vec<ModelId>,
    /// Whole tiers.
    pub tiers: Vec<Tier>,
}

/// A grant that nobody took back; whether its time is over, its reader decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveGrant {
    /// Team.
    pub team: TeamId,
    /// Member; none for the whole team.
    pub user: Option<UserId>,
    /// Model.
    pub model: ModelId,
    /// Who stands behind it.
    pub level: GrantLevel,
    /// When it ends.
    pub ends_at: Option<UnixMs>,
}

/// The rows of all teams that have some.
pub async fn list_team_rows(c: &mut AnyConnection) -> Result<HashMap<TeamId, TeamRows>, sqlx::Error> {
    let mut teams: HashMap<TeamId, TeamRows> = HashMap::new();
    for row in sqlx::query("SELECT team_id, model_id, state FROM team_models").fetch_all(&mut *c).await? {
        let rule = (row.id("model_id")?, row.word("state", TeamState::parse)?);
        teams.entry(row.id("team_id")?).or_default().models.push(rule);
    }
    for row in sqlx::query("SELECT team_id, group_id FROM team_groups").fetch_all(&mut *c).await? {
        teams.entry(row.id("team_id")?).or_default().groups.push(row.id("group_id")?);
    }
    for row in sqlx::query("SELECT team_id, tier, state FROM team_tiers").fetch_all(c).await? {
        let rule = (row.word("tier", Tier::parse)?, row.word("state", TeamState::parse)?);
        teams.entry(row.id("team_id")?).or_default().tiers.push(rule);
    }
    Ok(teams)
}

/// All access groups.
pub async fn list_groups(c: &mut AnyConnection) -> Result<HashMap<GroupId, GroupModels>, sqlx::Error> {
    let mut groups: HashMap<GroupId, GroupModels> = HashMap::new();
    for row in sqlx::query("SELECT id, organization_id FROM access_groups").fetch_all(&mut *c).await? {
        groups.entry(row.id("id")?).or_default().organization = row.id_opt("organization_id")?;
    }
    for row in sqlx::query("SELECT group_id, model_id FROM access_group_models").fetch_all(&mut *c).await? {
        groups.entry(row.id("group_id")?).or_default().models.push(row.id("model_id")?);
    }
    for row in sqlx::query("SELECT group_id, tier FROM access_group_tiers").fetch_all(c).await? {
        groups.entry(row.id("group_id")?).or_default().tiers.push(row.word("tier", Tier::parse)?);
    }
    Ok(groups)
}

/// What members are narrowed to, by team and member; possibly nothing.
pub async fn list_member_subsets(c: &mut AnyConnection) -> Result<HashMap<TeamId, HashMap<UserId, Vec<ModelId>>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT s.team_id, s.user_id, m.model_id FROM member_subsets s
         LEFT JOIN member_subset_models m ON m.team_id = s.team_id AND m.user_id = s.user_id",
    )
    .fetch_all(c)
    .await?;
    let mut subsets: HashMap<TeamId, HashMap<UserId, Vec<ModelId>>> = HashMap::new();
    for row in rows {
        let subset = subsets.entry(row.id("team_id")?).or_default().entry(row.id("user_id")?).or_default();
        subset.extend(row.id_opt::<ModelId>("model_id")?);
    }
    Ok(subsets)
}

/// What narrowed keys may call; possibly nothing.
pub async fn list_key_subsets(c: &mut AnyConnection) -> Result<HashMap<KeyId, Vec<ModelId>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT k.id, m.model_id FROM api_keys k LEFT JOIN api_key_models m ON m.key_id = k.id
         WHERE k.narrowed = 1 AND k.revoked_at IS NULL",
    )
    .fetch_all(c)
    .await?;
    let mut subsets: HashMap<KeyId, Vec<ModelId>> = HashMap::new();
    for row in rows {
        subsets.entry(row.id("id")?).or_default().extend(row.id_opt::<ModelId>("model_id")?);
    }
    Ok(subsets)
}

/// All grants that nobody took back.
pub async fn list_live_grants(c: &mut AnyConnection) -> Result<Vec<LiveGrant>, sqlx::Error> {
    let rows = sqlx::query("SELECT team_id, user_id, model_id, level, ends_at FROM model_grants WHERE ended_at IS NULL")
        .fetch_all(c)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(LiveGrant {
                team: row.id("team_id")?,
                user: row.id_opt("user_id")?,
                model: row.id("model_id")?,
                level: row.word("level", GrantLevel::parse)?,
                ends_at: row.time_opt("ends_at")?,
            })
        })
        .collect()
}

/// Which models nobody of an organization may call until it has reviewed them.
pub async fn list_blocked(c: &mut AnyConnection) -> Result<Vec<(OrgId, ModelId)>, sqlx::Error> {
    let rows = sqlx::query("SELECT organization_id, model_id FROM review_items WHERE closed_at IS NULL AND blocks = 1")
        .fetch_all(c)
        .await?;
    rows.iter().map(|row| Ok((row.id("organization_id")?, row.id("model_id")?))).collect()
}
