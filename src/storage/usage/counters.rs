//! What counters of limits and budgets are made of again after a restart: calls of the last day, and sums of charges.

use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    domain::{
        ids::{GrantId, KeyId, ModelId, OrgId, TeamId, UserId},
        limits::Span,
        money::NanoUsd,
        periods::AnchorDay,
        time::UnixMs,
    },
    storage::RowExt,
};

/// Calls that were counted at the same scopes in the same part of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedCalls {
    /// Organization; none for a personal space's.
    pub organization: Option<OrgId>,
    /// Team or personal space.
    pub team: TeamId,
    /// Person; none for an application key's.
    pub member: Option<UserId>,
    /// Key; none for the playground's.
    pub key: Option<KeyId>,
    /// Model.
    pub model: Option<ModelId>,
    /// Grants by which they were allowed.
    pub grants: [Option<GrantId>; 2],
    /// A moment in that part.
    pub at: UnixMs,
    /// How many.
    pub requests: i64,
    /// Prompt and completion.
    pub tokens: i64,
}

/// Admitted calls that may still be in a window that ends now, by the parts that windows of that length are made of.
pub async fn list_counted(
    c: &mut AnyConnection,
    span: Span,
    part_ms: i64,
    now: UnixMs,
) -> Result<Vec<CountedCalls>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT e.organization_id, e.team_id, e.user_id, e.key_id, e.model_id, e.grant_id, e.team_grant_id,
             CAST(CASE WHEN k.kind = 'application' THEN 1 ELSE 0 END AS BIGINT) AS of_team, e.at / $1 AS part,
             COUNT(*) AS requests, CAST(SUM(e.prompt_tokens + e.completion_tokens) AS BIGINT) AS tokens
         FROM usage_events e LEFT JOIN api_keys k ON k.id = e.key_id
         WHERE e.at > $2 AND e.outcome <> 'refused'
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
    )
    .bind(part_ms)
    .bind(now.plus(-span.length_ms() - part_ms).0)
    .fetch_all(c)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(CountedCalls {
                organization: row.id_opt("organization_id")?,
                team: row.id("team_id")?,
                member: member(row)?,
                key: row.id_opt("key_id")?,
                model: row.id_opt("model_id")?,
                grants: [row.id_opt("grant_id")?, row.id_opt("team_grant_id")?],
                at: UnixMs(row.int("part")?.saturating_mul(part_ms)),
                requests: row.int("requests")?,
                tokens: row.int("tokens")?,
            })
        })
        .collect()
}

fn member(row: &AnyRow) -> Result<Option<UserId>, sqlx::Error> {
    Ok(if row.int("of_team")? == 1 { None } else { Some(row.id("user_id")?) })
}

/// Charges: in the running billing month, and in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// Since the start that was asked for.
    pub in_period: NanoUsd,
    /// Ever.
    pub in_all: NanoUsd,
}

const SUMS: &str =
    "CAST(SUM(CASE WHEN s.start_at >= $2 THEN s.cost ELSE 0 END) AS BIGINT) AS in_period, CAST(SUM(s.cost) AS BIGINT) AS in_all";

fn charged(row: &AnyRow) -> Result<Charged, sqlx::Error> {
    Ok(Charged { in_period: NanoUsd(row.int("in_period")?), in_all: NanoUsd(row.int("in_all")?) })
}

/// Charges of a member's calls with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargedKey {
    /// Team or personal space.
    pub team: TeamId,
    /// Organization; none for a personal space.
    pub organization: Option<OrgId>,
    /// Person; none for an application key's.
    pub member: Option<UserId>,
    /// Key; none for the playground's.
    pub key: Option<KeyId>,
    /// How much.
    pub charged: Charged,
}

/// By team, member and key, of all live teams whose billing months begin on a day.
pub async fn list_charged_keys(c: &mut AnyConnection, anchor: AnchorDay, start: UnixMs) -> Result<Vec<ChargedKey>, sqlx::Error> {
    let sql = format!(
        "SELECT s.team_id, t.organization_id, s.user_id, NULLIF(s.key_id, '') AS key_id,
             CAST(CASE WHEN k.kind = 'application' THEN 1 ELSE 0 END AS BIGINT) AS of_team, {SUMS}
         FROM usage_rollups s JOIN teams t ON t.id = s.team_id LEFT JOIN api_keys k ON k.id = s.key_id
         WHERE t.anchor_day = $1 AND t.deleted_at IS NULL AND s.cost > 0 GROUP BY 1, 2, 3, 4, 5"
    );
    let rows = sums(c, sql, anchor, start).await?;
    rows.iter()
        .map(|row| {
            Ok(ChargedKey {
                team: row.id("team_id")?,
                organization: row.id_opt("organization_id")?,
                member: member(row)?,
                key: row.id_opt("key_id")?,
                charged: charged(row)?,
            })
        })
        .collect()
}

/// By organization, of those whose billing months begin on a day; what deleted teams were charged counts.
pub async fn list_charged_organizations(
    c: &mut AnyConnection,
    anchor: AnchorDay,
    start: UnixMs,
) -> Result<Vec<(OrgId, Charged)>, sqlx::Error> {
    let sql = format!(
        "SELECT o.id, {SUMS} FROM usage_rollups s JOIN teams t ON t.id = s.team_id JOIN organizations o ON o.id = t.organization_id
         WHERE o.anchor_day = $1 AND s.cost > 0 GROUP BY 1"
    );
    sums(c, sql, anchor, start).await?.iter().map(|row| Ok((row.id("id")?, charged(row)?))).collect()
}

/// By team and model, of all live teams whose billing months begin on a day.
pub async fn list_charged_models(
    c: &mut AnyConnection,
    anchor: AnchorDay,
    start: UnixMs,
) -> Result<Vec<(TeamId, Option<OrgId>, ModelId, Charged)>, sqlx::Error> {
    let sql = format!(
        "SELECT s.team_id, t.organization_id, s.model_id, {SUMS}
         FROM (SELECT team_id, model_id, day_at AS start_at, cost FROM model_spend) s JOIN teams t ON t.id = s.team_id
         WHERE t.anchor_day = $1 AND t.deleted_at IS NULL GROUP BY 1, 2, 3"
    );
    let rows = sums(c, sql, anchor, start).await?;
    rows.iter().map(|row| Ok((row.id("team_id")?, row.id_opt("organization_id")?, row.id("model_id")?, charged(row)?))).collect()
}

/// By grant that calls needed, of all live teams whose billing months begin on a day.
pub async fn list_charged_grants(
    c: &mut AnyConnection,
    anchor: AnchorDay,
    start: UnixMs,
) -> Result<Vec<(TeamId, Option<OrgId>, GrantId, Charged)>, sqlx::Error> {
    let sql = format!(
        "SELECT s.team_id, t.organization_id, s.grant_id, {SUMS}
         FROM (SELECT team_id, grant_id, at AS start_at, cost FROM usage_events WHERE grant_id IS NOT NULL
               UNION ALL SELECT team_id, team_grant_id, at, cost FROM usage_events WHERE team_grant_id IS NOT NULL
               UNION ALL SELECT team_id, grant_id, day_at, cost FROM usage_purged_grants) s
         JOIN teams t ON t.id = s.team_id
         WHERE t.anchor_day = $1 AND t.deleted_at IS NULL GROUP BY 1, 2, 3"
    );
    let rows = sums(c, sql, anchor, start).await?;
    rows.iter().map(|row| Ok((row.id("team_id")?, row.id_opt("organization_id")?, row.id("grant_id")?, charged(row)?))).collect()
}

async fn sums(c: &mut AnyConnection, sql: String, anchor: AnchorDay, start: UnixMs) -> Result<Vec<AnyRow>, sqlx::Error> {
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(i64::from(anchor.day())).bind(start.0).fetch_all(c).await
}
