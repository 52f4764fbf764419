//! The call log: single events, newest first.

use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    domain::{
        ids::{CallId, KeyId, TeamId, UserId},
        time::UnixMs,
        usage::{CallRow, Outcome, TestCalls},
    },
    storage::RowExt,
};

/// Which calls of a team are asked for.
#[derive(Clone, Debug)]
pub struct CallFilter<'a> {
    /// Team or personal space.
    pub team: TeamId,
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only with this key.
    pub key: Option<KeyId>,
    /// Only of this model, as it was asked for; empty for all.
    pub model: &'a str,
    /// With or without calls of test keys.
    pub test: TestCalls,
    /// Start, included.
    pub from: UnixMs,
    /// End, excluded.
    pub to: UnixMs,
    /// Only calls before this one in the order of the log (keyset paging).
    pub before: Option<(UnixMs, CallId)>,
    /// Most rows.
    pub limit: i64,
}

/// Calls, newest first.
pub async fn list_calls(c: &mut AnyConnection, filter: &CallFilter<'_>) -> Result<Vec<CallRow>, sqlx::Error> {
    let (at, id) = match filter.before {
        Some((at, id)) => (at.0, id.to_string()),
        None => (i64::MAX, String::new()),
    };
    let (tests, real) = match filter.test {
        TestCalls::Exclude => (0, 1),
        TestCalls::Only => (1, 0),
        TestCalls::Include => (1, 1),
    };
    let rows = sqlx::query(
        "SELECT id, at, user_id, user_name, key_id, key_name, model_name, outcome, status, code, prompt_tokens, completion_tokens, cost,
             latency_ms, first_token_ms, stream, estimated, test FROM usage_events
         WHERE team_id = $1 AND at <= $2 AND (at < $2 OR id < $3) AND at >= $4 AND at < $5
           AND ($6 = '' OR user_id = $6) AND ($7 = '' OR key_id = $7) AND ($8 = '' OR model_name = $8)
           AND ((test = 1 AND $9 = 1) OR (test = 0 AND $10 = 1))
         ORDER BY at DESC, id DESC LIMIT $11",
    )
    .bind(filter.team.to_string())
    .bind(at)
    .bind(id)
    .bind(filter.from.0)
    .bind(filter.to.0)
    .bind(filter.user.map(|id| id.to_string()).unwrap_or_default())
    .bind(filter.key.map(|id| id.to_string()).unwrap_or_default())
    .bind(filter.model.replace('\0', ""))
    .bind(tests)
    .bind(real)
    .bind(filter.limit)
    .fetch_all(c)
    .await?;
    rows.iter().map(call).collect()
}

/// One call of a person in a team, once it is booked.
pub async fn find_call(c: &mut AnyConnection, team: TeamId, user: UserId, id: CallId) -> Result<Option<CallRow>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id, at, user_id, user_name, key_id, key_name, model_name, outcome, status, code, prompt_tokens, completion_tokens, cost,
             latency_ms, first_token_ms, stream, estimated, test FROM usage_events
         WHERE id = $1 AND team_id = $2 AND user_id = $3",
    )
    .bind(id.to_string())
    .bind(team.to_string())
    .bind(user.to_string())
    .fetch_optional(c)
    .await?;
    row.as_ref().map(call).transpose()
}

fn call(row: &AnyRow) -> Result<CallRow, sqlx::Error> {
    Ok(CallRow {
        id: row.id("id")?,
        at: row.time("at")?,
        user: row.id("user_id")?,
        user_name: row.text("user_name")?,
        key: row.id_opt("key_id")?,
        key_name: row.text("key_name")?,
        model: row.text("model_name")?,
        outcome: row.word("outcome", Outcome::parse)?,
        // Written from a u16.
        status: u16::try_from(row.int("status")?).unwrap_or(u16::MAX),
        code: row.text("code")?,
        prompt_tokens: row.int("prompt_tokens")?,
        completion_tokens: row.int("completion_tokens")?,
        cost: row.int("cost")?,
        latency_ms: row.int("latency_ms")?,
        first_token_ms: row.int_opt("first_token_ms")?,
        stream: row.flag("stream")?,
        estimated: row.flag("estimated")?,
        test: row.flag("test")?,
    })
}
