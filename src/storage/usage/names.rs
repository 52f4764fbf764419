//! Names of those who stand in statistics. Who left and what was revoked keeps its name.

use std::collections::HashMap;

use sqlx::AnyConnection;

use super::statistics::UsageScope;
use crate::storage::RowExt;

/// Name of a person or key, and whether it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// A person who is not in the team any more, a key that was revoked.
    pub gone: bool,
}

/// Ids of one statement.
const CHUNK: usize = 500;

/// Persons by id; of a team with who is in it.
pub async fn find_member_names(
    c: &mut AnyConnection,
    scope: UsageScope,
    ids: &[&str],
) -> Result<HashMap<String, Named>, sqlx::Error> {
    let team = match scope {
        UsageScope::Team(team) => team.to_string(),
        UsageScope::Organization(_) | UsageScope::Platform => String::new(),
    };
    let sql =
        "SELECT u.id, u.name, CASE WHEN u.deleted_at IS NOT NULL OR ($1 <> '' AND m.user_id IS NULL) THEN 1 ELSE 0 END AS gone
         FROM users u LEFT JOIN team_members m ON m.team_id = $1 AND m.user_id = u.id WHERE u.id IN";
    find(c, sql, &team, ids).await
}

/// Keys by id.
pub async fn find_key_names(c: &mut AnyConnection, ids: &[&str]) -> Result<HashMap<String, Named>, sqlx::Error> {
    let sql = "SELECT k.id, k.name, CASE WHEN k.revoked_at IS NOT NULL THEN 1 ELSE 0 END AS gone FROM api_keys k WHERE $1 = '' AND k.id IN";
    find(c, sql, "", ids).await
}

/// Teams by id.
pub async fn find_team_names(c: &mut AnyConnection, ids: &[&str]) -> Result<HashMap<String, Named>, sqlx::Error> {
    let sql = "SELECT t.id, t.name, CASE WHEN t.deleted_at IS NOT NULL THEN 1 ELSE 0 END AS gone FROM teams t WHERE $1 = '' AND t.id IN";
    find(c, sql, "", ids).await
}

async fn find(c: &mut AnyConnection, sql: &str, first: &str, ids: &[&str]) -> Result<HashMap<String, Named>, sqlx::Error> {
    let mut names = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let places: Vec<String> = (2..chunk.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!("{sql} ({})", places.join(", "));
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false).bind(first.to_owned());
        let query = chunk.iter().fold(query, |query, id| query.bind((*id).to_owned()));
        for row in query.fetch_all(&mut *c).await? {
            names.insert(row.text("id")?, Named { name: row.text("name")?, gone: row.int("gone")? != 0 });
        }
    }
    Ok(names)
}
