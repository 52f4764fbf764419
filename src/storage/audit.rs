//! The audit log. Rows are only ever added; the database refuses everything else.

use sqlx::AnyConnection;

use crate::domain::{
    ids::{AuditId, OrgId, TeamId, UserId},
    time::UnixMs,
};

/// An audit entry.
#[derive(Clone, Debug)]
pub struct NewAuditEntry<'a> {
    /// Identifier.
    pub id: AuditId,
    /// When.
    pub at: UnixMs,
    /// Who; none for what the product did by itself.
    pub actor: Option<UserId>,
    /// Name of who.
    pub actor_name: &'a str,
    /// What, such as `key.create`.
    pub action: &'a str,
    /// Kind of the object.
    pub target_kind: &'a str,
    /// Identifier of the object.
    pub target_id: String,
    /// Name of the object.
    pub target_name: &'a str,
    /// Team that may read it.
    pub team: Option<TeamId>,
    /// Organization that may read it.
    pub organization: Option<OrgId>,
    /// What was, as JSON.
    pub before: String,
    /// What is, as JSON.
    pub after: String,
    /// `page`, `api` or `system`.
    pub source: &'a str,
    /// Client's address.
    pub address: String,
    /// Request.
    pub request_id: String,
}

/// Writes an entry.
pub async fn insert(c: &mut AnyConnection, entry: &NewAuditEntry<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO audit_log (id, at, actor_user_id, actor_name, action, target_kind, target_id, target_name, team_id,
             organization_id, before_value, after_value, source, address, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(entry.id.to_string())
    .bind(entry.at.0)
    .bind(entry.actor.map(|id| id.to_string()))
    .bind(entry.actor_name)
    .bind(entry.action)
    .bind(entry.target_kind)
    .bind(&entry.target_id)
    .bind(entry.target_name)
    .bind(entry.team.map(|id| id.to_string()))
    .bind(entry.organization.map(|id| id.to_string()))
    .bind(&entry.before)
    .bind(&entry.after)
    .bind(entry.source)
    .bind(&entry.address)
    .bind(&entry.request_id)
    .execute(c)
    .await?;
    Ok(())
}
