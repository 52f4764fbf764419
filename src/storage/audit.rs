//! The audit log. Rows are only ever added; the database refuses everything else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// When people left a team, or were removed, last; by account.
pub async fn list_left_members(c: &mut AnyConnection, team: TeamId) -> Result<HashMap<String, UnixMs>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT target_id, MAX(at) AS at FROM audit_log
         WHERE team_id = $1 AND action IN ('member.leave', 'member.remove') AND outcome = 'done' GROUP BY target_id",
    )
    .bind(team.to_string())
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok((row.text("target_id")?, row.time("at")?))).collect()
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
        place: row.text("place")?,
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
        AuditScope::Team(id) => ("a.team_id = $1", id.to_string()),
        AuditScope::Organization(id) => {
            ("(a.organization_id = $1 OR a.team_id IN (SELECT t.id FROM teams t WHERE t.organization_id = $1))", id.to_string())
        }
        AuditScope::Platform => ("$1 = ''", String::new()),
    };
    let sql = format!(
        "SELECT a.id, a.at, a.actor_user_id, a.actor_name, a.action, a.outcome, a.target_kind, a.target_id, a.target_name, a.team_id,
             a.organization_id, COALESCE(team.name, organization.name, '') AS place, a.before_value, a.after_value, a.source,
             a.address, a.request_id
         FROM audit_log a LEFT JOIN teams team ON team.id = a.team_id LEFT JOIN organizations organization ON organization.id = a.organization_id
         WHERE {of_scope} AND ($2 = '' OR a.actor_user_id = $2) AND ($11 = '' OR LOWER(a.actor_name) LIKE $12 ESCAPE '\\')
           AND ($3 = '' OR a.action = $3 OR a.action LIKE $4 ESCAPE '\\') AND ($15 = '' OR a.outcome = $15)
           AND ($5 = '' OR a.target_kind = $5) AND ($6 = '' OR a.target_id = $6)
           AND ($13 = '' OR LOWER(a.target_name) LIKE $14 ESCAPE '\\')
           AND a.at >= $7 AND a.at < $8 AND ($9 = '' OR a.id < $9)
         ORDER BY a.id DESC LIMIT $10"
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
        .bind(&filter.person)
        .bind(super::contains(&filter.person))
        .bind(&filter.object)
        .bind(super::contains(&filter.object))
        .bind(filter.outcome.map_or("", AuditOutcome::as_str))
        .fetch_all(c)
        .await?;
    rows.iter().map(from_row).collect()
}

/// The fields that differ between what was and what is, in the order of their names. A field of a field is one of its own:
/// `prices.input`.
fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten("", before, &mut old);
    flatten("", after, &mut new);
    let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |field: &String| FieldChange {
        field: field.clone(),
        old: old.get(field).map(|value| text(value)).unwrap_or_default(),
        new: new.get(field).map(|value| text(value)).unwrap_or_default(),
    };
    fields.into_iter().map(change).filter(|change| change.old != change.new).collect()
}

fn flatten<'a>(name: &str, value: &'a Value, fields: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(inner) => {
            for (field, value) in inner {
                flatten(&if name.is_empty() { field.clone() } else { format!("{name}.{field}") }, value, fields);
            }
        }
        _ if name.is_empty() => {}
        value => {
            fields.insert(name.to_owned(), value);
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        // In a list, such as a model's deployments.
        Value::Object(fields) => fields.values().map(text).collect::<Vec<_>>().join(" / "),
        other => other.to_string(),
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
        assert_eq!(found, [("role", "member", "admin"), ("seats", "5", "")]);
        assert!(changes(&json!({}), &json!({})).is_empty());
        let prices =
            |input: i64| json!({"prices": {"input": input, "output": 7}, "served_by": [{"model": "a", "provider": "p"}]});
        let found = changes(&prices(1), &prices(2));
        let found: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.old.as_str(), c.new.as_str())).collect();
        assert_eq!(found, [("prices.input", "1", "2")]);
        let made = changes(&json!({}), &prices(1));
        assert!(made.iter().any(|c| (c.field.as_str(), c.new.as_str()) == ("served_by", "a / p")), "{made:?}");
    }
}
