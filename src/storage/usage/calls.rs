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

const COLUMNS: &str = "id, at, user_id, user_name, key_id, key_name, model_name, outcome, status, code, prompt_tokens, \
    completion_tokens, cost, latency_ms, first_token_ms, stream, estimated, test";

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
    /// Most rows that are looked at for them: what is asked for may be rare.
    pub searched: i64,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Calls {
    /// The rows, newest first; after a place in the other direction, oldest first.
    pub rows: Vec<CallRow>,
    /// The last call that was looked at, where there are fewer rows than wanted and may be more behind it.
    pub searched_to: Option<(UnixMs, CallId)>,
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

/// Conditions, `?` in the place of each value.
#[derive(Default)]
struct Part {
    sql: String,
    bound: Vec<Bound>,
}

impl Part {
    fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Bound>) {
        self.sql.push_str(if self.sql.is_empty() { "" } else { " AND " });
        self.sql.push_str(sql);
        self.bound.extend(values);
    }

    /// As the database takes it, with values numbered behind so many others.
    fn numbered(&self, after: usize) -> String {
        let mut number = after;
        let mut sql = String::with_capacity(self.sql.len() + 2 * self.bound.len());
        for (place, piece) in self.sql.split('?').enumerate() {
            if place > 0 {
                number += 1;
                sql.push_str(&format!("${number}"));
            }
            sql.push_str(piece);
        }
        sql
    }
}

/// What is asked for, in two parts: what an index has in the order of the log, and what is looked for among the rows that it brings.
#[derive(Default)]
struct Conditions {
    indexed: Part,
    rest: Part,
    /// The index; empty for the primary key.
    index: &'static str,
}

impl Conditions {
    fn of(filter: &CallFilter) -> Self {
        let mut all = Self::default();
        // No stored text has a null byte.
        let text = |value: &str| Bound::Text(value.replace('\0', "\u{fffd}"));
        let [model, provider, endpoint, code] = &filter.texts;
        let user = filter.user.map(|id| id.to_string()).unwrap_or_default();
        let key = filter.key.map(|id| id.to_string()).unwrap_or_default();
        let id = filter.id.map(|id| id.to_string()).unwrap_or_default();
        // Only calls that did not go well have a code or another status: their index is short.
        let went_wrong = !code.is_empty()
            || filter.status.is_some_and(|status| status != 200)
            || filter.outcome.is_some_and(|outcome| outcome != Outcome::Completed);
        let mut named = vec![
            ("id = ?", id),
            ("key_id = ?", key),
            ("user_id = ?", user),
            ("model_name = ?", model.clone()),
            ("provider_name = ?", provider.clone()),
            ("endpoint = ?", endpoint.clone()),
            ("code = ?", code.clone()),
        ];
        named.retain(|(_, value)| !value.is_empty());
        // The narrowest of the indexes: a call, a key, a person, a model, what went wrong, the team.
        let first = named.first().map_or("", |(sql, _)| *sql);
        let own = matches!(first, "id = ?" | "key_id = ?" | "user_id = ?") || (first == "model_name = ?" && !went_wrong);
        all.index = match first {
            "id = ?" => "",
            "key_id = ?" => "usage_events_key",
            "user_id = ?" => "usage_events_team_user",
            "model_name = ?" if own => "usage_events_team_model",
            _ if went_wrong => "usage_events_team_wrong",
            _ => "usage_events_team",
        };
        let team = [Bound::Text(filter.team.to_string())];
        match first {
            // Calls of a key are of one team, and its index does not begin with it.
            "key_id = ?" => all.rest.and("team_id = ?", team),
            _ => all.indexed.and("team_id = ?", team),
        }
        for (place, (sql, value)) in named.iter().enumerate() {
            if own && place == 0 {
                all.indexed.and(sql, [text(value)]);
            } else {
                all.rest.and(sql, [text(value)]);
            }
        }
        if went_wrong {
            let part = if own { &mut all.rest } else { &mut all.indexed };
            part.and("outcome <> 'completed'", []);
        }
        // One bound on each side: of several SQLite takes the first to begin and end with, and reads what lies between.
        let (mut from, mut to) = (filter.from, filter.to);
        let place = match filter.place {
            None => None,
            Some(Place::Older(at, id)) => {
                to = to.min(at.plus(1));
                Some(("(at < ? OR id < ?)", at, id))
            }
            Some(Place::Newer(at, id)) => {
                from = from.max(at);
                Some(("(at > ? OR id > ?)", at, id))
            }
        };
        all.indexed.and("at >= ? AND at < ?", [Bound::Int(from.0), Bound::Int(to.0)]);
        if let Some((sql, at, id)) = place {
            all.indexed.and(sql, [Bound::Int(at.0), Bound::Text(id.to_string())]);
        }
        if let Some(outcome) = filter.outcome {
            all.rest.and("outcome = ?", [text(outcome.as_str())]);
        }
        if let Some(status) = filter.status {
            all.rest.and("status = ?", [Bound::Int(status)]);
        }
        for (what, (min, max)) in ["prompt_tokens + completion_tokens", "latency_ms", "cost"].into_iter().zip(filter.bounds) {
            if let Some(min) = min {
                all.rest.and(&format!("{what} >= ?"), [Bound::Int(min)]);
            }
            if let Some(max) = max {
                all.rest.and(&format!("{what} <= ?"), [Bound::Int(max)]);
            }
        }
        match filter.test {
            TestCalls::Exclude => all.rest.and("test = 0", []),
            TestCalls::Only => all.rest.and("test = 1", []),
            TestCalls::Include => {}
        }
        all
    }

    /// The table; for SQLite with the index. It keeps no statistics of what is in a table, and without takes one that fits less well, which
    /// is minutes with ten million calls. PostgreSQL chooses by what it knows of the values.
    fn table(&self, c: &AnyConnection) -> String {
        match self.index {
            index if !index.is_empty() && c.backend_name() == "SQLite" => format!("usage_events INDEXED BY {index}"),
            _ => "usage_events".to_owned(),
        }
    }
}

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn bind<'q>(query: AnyQuery<'q>, part: &Part) -> AnyQuery<'q> {
    part.bound.iter().fold(query, |query, bound| match bound {
        Bound::Text(text) => query.bind(text.clone()),
        Bound::Int(number) => query.bind(*number),
    })
}

/// Calls, and how far they were searched for.
pub async fn list_calls(c: &mut AnyConnection, filter: &CallFilter) -> Result<Calls, sqlx::Error> {
    let newer = matches!(filter.place, Some(Place::Newer(..)));
    let order = if newer { "ASC" } else { "DESC" };
    // Where the search ends is read of the index alone.
    let conditions = Conditions::of(filter);
    let table = conditions.table(c);
    let Conditions { indexed, .. } = conditions;
    let sql = format!(
        "SELECT at, id FROM {table} WHERE {} ORDER BY at {order}, id {order} LIMIT 1 OFFSET ${}",
        indexed.numbered(0),
        indexed.bound.len() + 1
    );
    let last = bind(sqlx::query(sqlx::AssertSqlSafe(sql)), &indexed).bind(filter.searched - 1).fetch_optional(&mut *c).await?;
    let last: Option<(UnixMs, CallId)> = last.map(|row| Ok::<_, sqlx::Error>((row.time("at")?, row.id("id")?))).transpose()?;
    let mut narrowed = filter.clone();
    match last {
        Some((at, _)) if newer => narrowed.to = narrowed.to.min(at.plus(1)),
        Some((at, _)) => narrowed.from = narrowed.from.max(at),
        None => {}
    }
    let Conditions { indexed, mut rest, .. } = Conditions::of(&narrowed);
    if let Some((at, id)) = last {
        let sql = if newer { "(at < ? OR id <= ?)" } else { "(at > ? OR id >= ?)" };
        rest.and(sql, [Bound::Int(at.0), Bound::Text(id.to_string())]);
    }
    let limit = indexed.bound.len() + rest.bound.len() + 1;
    let rest_sql = if rest.sql.is_empty() { String::new() } else { format!(" AND {}", rest.numbered(indexed.bound.len())) };
    let sql = format!(
        "SELECT {COLUMNS} FROM {table} WHERE {}{rest_sql} ORDER BY at {order}, id {order} LIMIT ${limit}",
        indexed.numbered(0)
    );
    let query = bind(bind(sqlx::query(sqlx::AssertSqlSafe(sql)), &indexed), &rest);
    let rows: Vec<CallRow> = query.bind(filter.limit).fetch_all(c).await?.iter().map(call).collect::<Result<_, _>>()?;
    let searched_to = last.filter(|_| (rows.len() as i64) < filter.limit);
    Ok(Calls { rows, searched_to })
}

/// One call of a person in a team, once it is booked.
pub async fn find_call(c: &mut AnyConnection, team: TeamId, user: UserId, id: CallId) -> Result<Option<CallRow>, sqlx::Error> {
    let sql = format!("SELECT {COLUMNS} FROM usage_events WHERE id = $1 AND team_id = $2 AND user_id = $3");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
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
