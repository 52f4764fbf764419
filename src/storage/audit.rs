//! The audit log. Rows are only ever added; the database refuses everything else.

use serde_json::Value;
use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    audit::{AuditFilter, AuditOutcome, AuditRow, FieldChange},
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
    /// What became of it.
    pub outcome: AuditOutcome,
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
             organization_id, before_value, after_value, source, address, request_id, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
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
    .bind(entry.outcome.as_str())
    .execute(c)
    .await?;
    Ok(())
}

/// Whose log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditScope {
    /// One team's.
    Team(TeamId),
    /// One organization's own and its teams'.
    Organization(OrgId),
    /// Everything.
    Platform,
}

fn from_row(row: &AnyRow) -> Result<AuditRow, sqlx::Error> {
    Ok(AuditRow {
        id: row.id("id")?,
        at: row.time("at")?,
        actor: row.id_opt("actor_user_id")?,
        actor_name: row.text("actor_name")?,
        action: row.text("action")?,
        outcome: row.word("outcome", AuditOutcome::parse)?,
        target_kind: row.text("target_kind")?,
        target_id: row.text("target_id")?,
        target_name: row.text("target_name")?,
        team: row.id_opt("team_id")?,
        organization: row.id_opt("organization_id")?,
        changes: changes(&row.json("before_value")?, &row.json("after_value")?),
        source: row.text("source")?,
        address: row.text("address")?,
        request_id: row.text("request_id")?,
    })
}

/// Entries, newest first, older than `before`.
pub async fn list(
    c: &mut AnyConnection,
    scope: AuditScope,
    filter: &AuditFilter,
    before: Option<AuditId>,
    limit: i64,
) -> Result<Vec<AuditRow>, sqlx::Error> {
    let (of_scope, id) = match scope {
        AuditScope::Team(id) => ("team_id = $1", id.to_string()),
        AuditScope::Organization(id) => {
            ("(organization_id = $1 OR team_id IN (SELECT t.id FROM teams t WHERE t.organization_id = $1))", id.to_string())
        }
        AuditScope::Platform => ("$1 = ''", String::new()),
    };
    let sql = format!(
        "SELECT id, at, actor_user_id, actor_name, action, outcome, target_kind, target_id, target_name, team_id, organization_id,
             before_value, after_value, source, address, request_id
         FROM audit_log WHERE {of_scope} AND ($2 = '' OR actor_user_id = $2)
           AND ($3 = '' OR action = $3 OR action LIKE $4 ESCAPE '\\') AND ($5 = '' OR target_kind = $5) AND ($6 = '' OR target_id = $6)
           AND at >= $7 AND at < $8 AND ($9 = '' OR id < $9)
         ORDER BY id DESC LIMIT $10"
    );
    let noun = super::contains(&format!("{}.", filter.action));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(filter.actor.map(|id| id.to_string()).unwrap_or_default())
        .bind(&filter.action)
        // `key` finds `key.create`: the pattern without its leading wildcard.
        .bind(noun.trim_start_matches('%'))
        .bind(&filter.target_kind)
        .bind(&filter.target_id)
        .bind(filter.from.map_or(i64::MIN, |at| at.0))
        .bind(filter.to.map_or(i64::MAX, |at| at.0))
        .bind(before.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(c)
        .await?;
    rows.iter().map(from_row).collect()
}

/// The fields that differ between what was and what is, in the order of their names.
fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let empty = serde_json::Map::new();
    let (before, after) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    let change = |field: &String| FieldChange { field: field.clone(), old: text(before.get(field)), new: text(after.get(field)) };
    fields.into_iter().filter(|field| before.get(*field) != after.get(*field)).map(change).collect()
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_a_change() {
        let found =
            changes(&json!({"name": "A", "role": "member", "seats": 5}), &json!({"name": "A", "role": "admin", "mode": null}));
        let found: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str())).collect();
        assert_eq!(found, [("mode", "", ""), ("role", "member", "admin"), ("seats", "5", "")]);
        assert!(changes(&json!({}), &json!({})).is_empty());
    }
}
