//! Self-service policies of teams, and the keys that they bound.

use sqlx::AnyConnection;

use super::RowExt;
use crate::domain::{
    ids::{KeyId, TeamId, UserId},
    money::NanoUsd,
    self_service::SelfServicePolicy,
    time::UnixMs,
};

/// The policy of a team.
pub async fn find(c: &mut AnyConnection, team: TeamId) -> Result<SelfServicePolicy, sqlx::Error> {
    let row = sqlx::query(
        "SELECT self_service, max_keys_per_user, key_budget_ceiling, require_key_expiry, max_key_expiry_days FROM teams WHERE id = $1",
    )
    .bind(team.to_string())
    .fetch_one(c)
    .await?;
    Ok(SelfServicePolicy {
        enabled: row.flag("self_service")?,
        max_keys_per_user: row.int_opt("max_keys_per_user")?,
        budget_ceiling: row.int_opt("key_budget_ceiling")?.map(NanoUsd),
        require_expiry: row.flag("require_key_expiry")?,
        max_expiry_days: row.int_opt("max_key_expiry_days")?,
    })
}

/// Sets the policy of a team.
pub async fn put(c: &mut AnyConnection, team: TeamId, policy: &SelfServicePolicy) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE teams SET self_service = $2, max_keys_per_user = $3, key_budget_ceiling = $4, require_key_expiry = $5,
             max_key_expiry_days = $6 WHERE id = $1",
    )
    .bind(team.to_string())
    .bind(i64::from(policy.enabled))
    .bind(policy.max_keys_per_user)
    .bind(policy.budget_ceiling.map(|amount| amount.0))
    .bind(i64::from(policy.require_expiry))
    .bind(policy.max_expiry_days)
    .execute(c)
    .await?;
    Ok(())
}

/// How many keys of a person work in a team now, besides one. Application keys are the team's.
pub async fn count_keys(
    c: &mut AnyConnection,
    team: TeamId,
    user: UserId,
    besides: Option<KeyId>,
    now: UnixMs,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS n FROM api_keys WHERE team_id = $1 AND user_id = $2 AND kind <> 'application' AND id <> $3
           AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)",
    )
    .bind(team.to_string())
    .bind(user.to_string())
    .bind(besides.map(|id| id.to_string()).unwrap_or_default())
    .bind(now.0)
    .fetch_one(c)
    .await?
    .int("n")
}
