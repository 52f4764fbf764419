//! Everything at once, as the gateway's snapshot is made of.

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};

use super::super::{RowExt, api_keys::LiveKeys};
use crate::domain::{
    authorization::{GrantLevel, TeamState},
    catalog::Tier,
    ids::{GrantId, GroupId, KeyId, ModelId, OrgId, TeamId, UserId},
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
    /// Identifier.
    pub id: GrantId,
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

/// The rows of all teams that have some, or of one.
pub async fn list_team_rows(c: &mut AnyConnection, team: Option<TeamId>) -> Result<HashMap<TeamId, TeamRows>, sqlx::Error> {
    let mut teams: HashMap<TeamId, TeamRows> = HashMap::new();
    for row in read(c, "SELECT team_id, model_id, state FROM team_models", "team_id", team).await? {
        let rule = (row.id("model_id")?, row.word("state", TeamState::parse)?);
        teams.entry(row.id("team_id")?).or_default().models.push(rule);
    }
    for row in read(c, "SELECT team_id, group_id FROM team_groups", "team_id", team).await? {
        teams.entry(row.id("team_id")?).or_default().groups.push(row.id("group_id")?);
    }
    for row in read(c, "SELECT team_id, tier, state FROM team_tiers", "team_id", team).await? {
        let rule = (row.word("tier", Tier::parse)?, row.word("state", TeamState::parse)?);
        teams.entry(row.id("team_id")?).or_default().tiers.push(rule);
    }
    Ok(teams)
}

/// Whose access groups.
#[derive(Clone, Copy, Debug)]
pub enum GroupsOf {
    /// All.
    All,
    /// The platform's.
    Platform,
    /// An organization's own.
    Organization(OrgId),
}

impl GroupsOf {
    /// A condition on the table `g`. The text of an id is no one's input.
    fn condition(self) -> String {
        match self {
            Self::All => "1 = 1".into(),
            Self::Platform => "g.organization_id IS NULL".into(),
            Self::Organization(org) => format!("g.organization_id = '{org}'"),
        }
    }
}

/// Access groups with what they hold.
pub async fn list_groups(c: &mut AnyConnection, of: GroupsOf) -> Result<HashMap<GroupId, GroupModels>, sqlx::Error> {
    let those = of.condition();
    let mut groups: HashMap<GroupId, GroupModels> = HashMap::new();
    for row in read_where(c, "SELECT g.id, g.organization_id FROM access_groups g", &those).await? {
        groups.entry(row.id("id")?).or_default().organization = row.id_opt("organization_id")?;
    }
    let models = "SELECT m.group_id, m.model_id FROM access_group_models m JOIN access_groups g ON g.id = m.group_id";
    for row in read_where(c, models, &those).await? {
        groups.entry(row.id("group_id")?).or_default().models.push(row.id("model_id")?);
    }
    let tiers = "SELECT t.group_id, t.tier FROM access_group_tiers t JOIN access_groups g ON g.id = t.group_id";
    for row in read_where(c, tiers, &those).await? {
        groups.entry(row.id("group_id")?).or_default().tiers.push(row.word("tier", Tier::parse)?);
    }
    Ok(groups)
}

/// The groups that name some models.
pub async fn list_groups_naming(c: &mut AnyConnection, models: &[ModelId]) -> Result<Vec<(GroupId, ModelId)>, sqlx::Error> {
    let those = super::super::among("model_id", Some(models));
    let rows = read_where(c, "SELECT group_id, model_id FROM access_group_models", &those).await?;
    rows.iter().map(|row| Ok((row.id("group_id")?, row.id("model_id")?))).collect()
}

/// The whole tiers that groups hold.
pub async fn list_group_tiers(c: &mut AnyConnection) -> Result<Vec<(GroupId, Tier)>, sqlx::Error> {
    let rows = read_where(c, "SELECT group_id, tier FROM access_group_tiers", "1 = 1").await?;
    rows.iter().map(|row| Ok((row.id("group_id")?, row.word("tier", Tier::parse)?))).collect()
}

/// What members are narrowed to, by team and member; possibly nothing.
pub async fn list_member_subsets(
    c: &mut AnyConnection,
    team: Option<TeamId>,
) -> Result<HashMap<TeamId, HashMap<UserId, Vec<ModelId>>>, sqlx::Error> {
    let select = "SELECT s.team_id, s.user_id, m.model_id FROM member_subsets s
         LEFT JOIN member_subset_models m ON m.team_id = s.team_id AND m.user_id = s.user_id";
    let mut subsets: HashMap<TeamId, HashMap<UserId, Vec<ModelId>>> = HashMap::new();
    for row in read(c, select, "s.team_id", team).await? {
        let subset = subsets.entry(row.id("team_id")?).or_default().entry(row.id("user_id")?).or_default();
        subset.extend(row.id_opt::<ModelId>("model_id")?);
    }
    Ok(subsets)
}

/// What narrowed keys may call; possibly nothing.
pub async fn list_key_subsets(c: &mut AnyConnection, of: LiveKeys) -> Result<HashMap<KeyId, Vec<ModelId>>, sqlx::Error> {
    let (condition, bound) = of.condition();
    let sql = format!(
        "SELECT k.id, m.model_id FROM api_keys k LEFT JOIN api_key_models m ON m.key_id = k.id
         WHERE k.narrowed = 1 AND k.revoked_at IS NULL AND {condition}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(bound).fetch_all(c).await?;
    let mut subsets: HashMap<KeyId, Vec<ModelId>> = HashMap::new();
    for row in rows {
        subsets.entry(row.id("id")?).or_default().extend(row.id_opt::<ModelId>("model_id")?);
    }
    Ok(subsets)
}

/// All grants that nobody took back, or those of a team.
pub async fn list_live_grants(c: &mut AnyConnection, team: Option<TeamId>) -> Result<Vec<LiveGrant>, sqlx::Error> {
    let live = "SELECT id, team_id, user_id, model_id, level, ends_at FROM (SELECT * FROM model_grants WHERE ended_at IS NULL) g";
    read(c, live, "team_id", team)
        .await?
        .iter()
        .map(|row| {
            Ok(LiveGrant {
                id: row.id("id")?,
                team: row.id("team_id")?,
                user: row.id_opt("user_id")?,
                model: row.id("model_id")?,
                level: row.word("level", GrantLevel::parse)?,
                ends_at: row.time_opt("ends_at")?,
            })
        })
        .collect()
}

const HELD_BACK: &str =
    "SELECT organization_id, model_id FROM (SELECT * FROM review_items WHERE closed_at IS NULL AND blocks = 1) r";

/// Which models nobody of an organization, or of any, may call until it has reviewed them.
pub async fn list_blocked(c: &mut AnyConnection, org: Option<OrgId>) -> Result<Vec<(OrgId, ModelId)>, sqlx::Error> {
    let rows = read(c, HELD_BACK, "organization_id", org).await?;
    rows.iter().map(|row| Ok((row.id("organization_id")?, row.id("model_id")?))).collect()
}

/// The same for some models, in any organization.
pub async fn list_blocked_models(c: &mut AnyConnection, models: &[ModelId]) -> Result<Vec<(OrgId, ModelId)>, sqlx::Error> {
    let rows = read_where(c, HELD_BACK, &super::super::among("model_id", Some(models))).await?;
    rows.iter().map(|row| Ok((row.id("organization_id")?, row.id("model_id")?))).collect()
}

/// The rows of a query without a condition: all of them, or those of an id.
async fn read(c: &mut AnyConnection, select: &str, column: &str, id: Option<impl ToString>) -> Result<Vec<AnyRow>, sqlx::Error> {
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let sql = format!("{select} WHERE {}", super::super::where_is(column, &id));
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(c).await
}

async fn read_where(c: &mut AnyConnection, select: &str, condition: &str) -> Result<Vec<AnyRow>, sqlx::Error> {
    sqlx::query(sqlx::AssertSqlSafe(format!("{select} WHERE {condition}"))).fetch_all(c).await
}
