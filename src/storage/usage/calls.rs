//! The call log: single events, in the order of their admission.

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
pub struct CallFilter {
    /// Team or personal space.
    pub team: TeamId,
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only with this key.
    pub key: Option<KeyId>,
    /// Only of this model as it was asked for, provider, endpoint and error code; empty for all.
    pub texts: [String; 4],
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those that got this status.
    pub status: Option<i64>,
    /// Only this call.
    pub id: Option<CallId>,
    /// Least and most of tokens, latency and cost.
    pub bounds: [(Option<i64>, Option<i64>); 3],
    /// With or without calls of test keys.
    pub test: TestCalls,
    /// Start, included.
    pub from: UnixMs,
    /// End, excluded.
    pub to: UnixMs,
    /// Where to go on (keyset paging).
    pub place: Option<Place>,
    /// Most rows.
    pub limit: i64,
}

/// A call that was given out, and the way on from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Calls before it, newest first.
    Older(UnixMs, CallId),
    /// Calls after it, oldest first.
    Newer(UnixMs, CallId),
}

/// What a place is to be bound as.
enum Bound {
    Text(String),
    Int(i64),
}

/// The condition, with only what is asked for in it: so the database can choose the index that fits.
struct Conditions {
    sql: String,
    bound: Vec<Bound>,
}

impl Conditions {
    /// Adds a condition; `?` stands for the value.
    fn and(&mut self, sql: &str, value: Bound) {
        self.bound.push(value);
        self.sql.push_str(" AND ");
        self.sql.push_str(&sql.replace('?', &format!("${}", self.bound.len())));
    }

    fn text(&mut self, sql: &str, value: &str) {
        if !value.is_empty() {
            // No stored text has a null byte.
            self.and(sql, Bound::Text(value.replace('\0', "\u{fffd}")));
        }
    }

    fn of(filter: &CallFilter) -> Self {
        let mut all = Self { sql: "team_id = $1".into(), bound: vec![Bound::Text(filter.team.to_string())] };
        all.and("at >= ?", Bound::Int(filter.from.0));
        all.and("at < ?", Bound::Int(filter.to.0));
        all.text("user_id = ?", &filter.user.map(|id| id.to_string()).unwrap_or_default());
        all.text("key_id = ?", &filter.key.map(|id| id.to_string()).unwrap_or_default());
        all.text("id = ?", &filter.id.map(|id| id.to_string()).unwrap_or_default());
        for (column, value) in ["model_name", "provider_name", "endpoint", "code"].into_iter().zip(&filter.texts) {
            all.text(&format!("{column} = ?"), value);
        }
        if let Some(outcome) = filter.outcome {
            all.text("outcome = ?", outcome.as_str());
        }
        if let Some(status) = filter.status {
            all.and("status = ?", Bound::Int(status));
        }
        // Only calls that did not go well have a code or another status: their index is short.
        let went_wrong = !filter.texts[3].is_empty()
            || filter.status.is_some_and(|status| status != 200)
            || filter.outcome.is_some_and(|outcome| outcome != Outcome::Completed);
        if went_wrong {
            all.sql.push_str(" AND outcome <> 'completed'");
        }
        for (what, (min, max)) in ["prompt_tokens + completion_tokens", "latency_ms", "cost"].into_iter().zip(filter.bounds) {
            if let Some(min) = min {
                all.and(&format!("{what} >= ?"), Bound::Int(min));
            }
            if let Some(max) = max {
                all.and(&format!("{what} <= ?"), Bound::Int(max));
            }
        }
        match filter.test {
            TestCalls::Exclude => all.sql.push_str(" AND test = 0"),
            TestCalls::Only => all.sql.push_str(" AND test = 1"),
            TestCalls::Include => {}
        }
        match filter.place {
            None => {}
            Some(Place::Older(at, id)) => {
                all.and("at <= ?", Bound::Int(at.0));
                all.and("(at < ?", Bound::Int(at.0));
                all.bound.push(Bound::Text(id.to_string()));
                all.sql.push_str(&format!(" OR id < ${})", all.bound.len()));
            }
            Some(Place::Newer(at, id)) => {
                all.and("at >= ?", Bound::Int(at.0));
                all.and("(at > ?", Bound::Int(at.0));
                all.bound.push(Bound::Text(id.to_string()));
                all.sql.push_str(&format!(" OR id > ${})", all.bound.len()));
            }
        }
        all
    }
}

/// Calls, newest first; after a place in the other direction, oldest first.
pub async fn list_calls(c: &mut AnyConnection, filter: &CallFilter) -> Result<Vec<CallRow>, sqlx::Error> {
    let conditions = Conditions::of(filter);
    let order = match filter.place {
        Some(Place::Newer(..)) => "ASC",
        _ => "DESC",
    };
    let sql = format!(
        "SELECT id, at, user_id, user_name, key_id, key_name, model_name, outcome, status, code, prompt_tokens, completion_tokens, cost,
             latency_ms, first_token_ms, stream, estimated, test FROM usage_events
         WHERE {} ORDER BY at {order}, id {order} LIMIT ${}",
        conditions.sql,
        conditions.bound.len() + 1
    );
    let query = conditions.bound.into_iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, bound| match bound {
        Bound::Text(text) => query.bind(text),
        Bound::Int(number) => query.bind(number),
    });
    query.bind(filter.limit).fetch_all(c).await?.iter().map(call).collect()
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
