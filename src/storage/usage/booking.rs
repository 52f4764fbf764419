//! Writing events and their sums, many rows a statement.

use std::collections::{BTreeMap, HashSet};

use sqlx::{Any, AnyConnection, any::AnyArguments, query::Query};

use super::ROLLUP_MS;
use crate::{
    domain::{
        ids::CallId,
        time::{DAY_MS, UnixMs},
        usage::{UsageEvent, kept_sentence},
        usage_sums::Sums,
    },
    storage::RowExt,
};

/// Rows of one statement, largest first: few sizes, so that few statements are prepared.
const CHUNKS: [usize; 3] = [64, 8, 1];
/// Names are short; what a client made up as a model's name may not be.
const TEXT_MAX: usize = 300;
/// No count of one call is larger: sums of a billion calls stay within 64 bits.
const COUNT_MAX: u64 = 1_000_000_000;

type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

/// Writes events; gives the ids of those that were not there. `RETURNING` names inserted rows only, on both engines.
pub async fn insert_events(c: &mut AnyConnection, events: &[UsageEvent]) -> Result<HashSet<CallId>, sqlx::Error> {
    const INTO: &str = "INSERT INTO usage_events (id, at, team_id, team_name, organization_id, user_id, user_name, key_id, key_name, test,
        model_id, model_name, endpoint, stream, input_price, cached_price, output_price, discount_bp, outcome, status, code,
        prompt_tokens, cached_tokens, completion_tokens, estimated, provider_id, provider_name, attempts, first_token_ms, latency_ms,
        cost, list_cost, loss, grant_id, team_grant_id, billed, upstream_ms, message)";
    let mut new = HashSet::with_capacity(events.len());
    for chunk in chunks(events) {
        let sql = format!("{INTO} VALUES {} ON CONFLICT (id) DO NOTHING RETURNING id", Placeholders::of(c).rows(chunk.len(), 38));
        let query = chunk.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), bind_event);
        for row in query.fetch_all(&mut *c).await? {
            new.insert(row.id("id")?);
        }
    }
    Ok(new)
}

/// Adds events to the sums of their quarters of an hour.
pub async fn add_to_rollups<'e>(c: &mut AnyConnection, events: impl Iterator<Item = &'e UsageEvent>) -> Result<(), sqlx::Error> {
    // Sorted by key: two nodes that book at once lock the rows in the same order.
    let mut sums: BTreeMap<RollupKey, (Sums, UnixMs)> = BTreeMap::new();
    let mut spend: BTreeMap<SpendKey, i64> = BTreeMap::new();
    for event in events {
        let call = &event.call;
        let (sum, last) = sums.entry(rollup_key(event)).or_default();
        sum.add(&Sums::of_event(event));
        *last = (*last).max(call.at);
        if let (Some(model), true) = (call.model, event.end.cost.0 > 0) {
            *spend.entry((call.team.to_string(), model.to_string(), call.at.floor_to(DAY_MS).0)).or_default() += event.end.cost.0;
        }
    }
    add_sums(c, &sums.into_iter().collect::<Vec<_>>()).await?;
    add_spend(c, &spend.into_iter().collect::<Vec<_>>()).await
}

/// Team, model, day.
type SpendKey = (String, String, i64);

/// Team, start, person, key, model, test.
type RollupKey = (String, i64, String, String, String, bool);

fn rollup_key(event: &UsageEvent) -> RollupKey {
    let call = &event.call;
    // Names that the catalog does not know share one row: clients can make up as many as they like.
    let model = if call.model.is_some() { storable(&call.model_name) } else { String::new() };
    let key = call.key.map(|id| id.to_string()).unwrap_or_default();
    (call.team.to_string(), start(call.at), call.user.to_string(), key, model, call.test)
}

async fn add_sums(c: &mut AnyConnection, sums: &[(RollupKey, (Sums, UnixMs))]) -> Result<(), sqlx::Error> {
    let added: Vec<String> = Sums::COLUMNS.iter().map(|column| format!("{column} = r.{column} + excluded.{column}")).collect();
    for chunk in chunks(sums) {
        let sql = format!(
            "INSERT INTO usage_rollups AS r (team_id, start_at, user_id, key_id, model_name, test, {}, last_call_at) VALUES {}
             ON CONFLICT (team_id, start_at, user_id, key_id, model_name, test) DO UPDATE SET {},
                 last_call_at = CASE WHEN excluded.last_call_at > r.last_call_at THEN excluded.last_call_at ELSE r.last_call_at END",
            Sums::COLUMNS.join(", "),
            Placeholders::of(c).rows(chunk.len(), 7 + Sums::COUNT),
            added.join(", ")
        );
        let bind = |query: AnyQuery<'static>, ((team, at, user, key, model, test), (sum, last)): &(RollupKey, (Sums, UnixMs))| {
            let query = query.bind(team.clone()).bind(*at).bind(user.clone()).bind(key.clone()).bind(model.clone());
            let query = query.bind(i64::from(*test));
            sum.numbers().into_iter().fold(query, |query, number| query.bind(number)).bind(last.0)
        };
        chunk.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), bind).execute(&mut *c).await?;
    }
    Ok(())
}

async fn add_spend(c: &mut AnyConnection, spend: &[(SpendKey, i64)]) -> Result<(), sqlx::Error> {
    for chunk in chunks(spend) {
        let sql = format!(
            "INSERT INTO model_spend AS s (team_id, model_id, day_at, cost) VALUES {}
             ON CONFLICT (team_id, model_id, day_at) DO UPDATE SET cost = s.cost + excluded.cost",
            Placeholders::of(c).rows(chunk.len(), 4)
        );
        let bind = |query: AnyQuery<'static>, ((team, model, day), cost): &(SpendKey, i64)| {
            query.bind(team.clone()).bind(model.clone()).bind(*day).bind(*cost)
        };
        chunk.iter().fold(sqlx::query(sqlx::AssertSqlSafe(sql)), bind).execute(&mut *c).await?;
    }
    Ok(())
}

fn bind_event<'q>(query: AnyQuery<'q>, event: &UsageEvent) -> AnyQuery<'q> {
    let (call, end) = (&event.call, &event.end);
    query
        .bind(call.id.to_string())
        .bind(call.at.0)
        .bind(call.team.to_string())
        .bind(storable(&call.team_name))
        .bind(call.organization.map(|id| id.to_string()))
        .bind(call.user.to_string())
        .bind(storable(&call.user_name))
        .bind(call.key.map(|id| id.to_string()))
        .bind(storable(&call.key_name))
        .bind(i64::from(call.test))
        .bind(call.model.map(|id| id.to_string()))
        .bind(storable(&call.model_name))
        .bind(storable(&call.endpoint))
        .bind(i64::from(call.stream))
        .bind(call.input_price)
        .bind(call.cached_price)
        .bind(call.output_price)
        .bind(call.discount_bp)
        .bind(end.outcome.as_str())
        .bind(i64::from(end.status))
        .bind(storable(&end.code))
        .bind(count(end.tokens.prompt))
        .bind(count(end.tokens.cached))
        .bind(count(end.tokens.completion))
        .bind(i64::from(end.estimated))
        .bind(end.provider.map(|id| id.to_string()))
        .bind(storable(&end.provider_name))
        .bind(i64::from(end.attempts))
        .bind(end.first_token_ms)
        .bind(end.latency_ms.max(0))
        .bind(end.cost.0)
        .bind(end.list_cost.0)
        .bind(end.loss.0)
        .bind(call.grant.map(|id| id.to_string()))
        .bind(call.team_grant.map(|id| id.to_string()))
        .bind(i64::from(call.billed))
        .bind(end.upstream_ms)
        .bind(kept_sentence(&end.message))
}

/// Text that both engines take: PostgreSQL knows no NUL.
pub(super) fn storable(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(TEXT_MAX).collect()
}

fn count(tokens: u64) -> i64 {
    tokens.min(COUNT_MAX).cast_signed()
}

fn start(at: UnixMs) -> i64 {
    at.floor_to(ROLLUP_MS).0
}

/// How an engine takes values of many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholders {
    /// `?`: SQLite looks for the name of each value that has one, from the first on, so that thousands of `$n` take millions of steps.
    Bare,
    /// `$1`
    Numbered,
}

impl Placeholders {
    /// Those of a connection's engine.
    pub(super) fn of(c: &AnyConnection) -> Self {
        if c.backend_name() == "SQLite" { Self::Bare } else { Self::Numbered }
    }

    /// `($1, $2), ($3, $4)` for two rows of two columns; they are all values of their statement.
    pub(super) fn rows(self, rows: usize, columns: usize) -> String {
        let mut text = String::with_capacity(rows * columns * 6);
        for row in 0..rows {
            for column in 0..columns {
                text.push_str(if column > 0 {
                    ", "
                } else if row > 0 {
                    "), ("
                } else {
                    "("
                });
                match self {
                    Self::Bare => text.push('?'),
                    Self::Numbered => {
                        text.push('$');
                        text.push_str(&(row * columns + column + 1).to_string());
                    }
                }
            }
        }
        text.push(')');
        text
    }
}

pub(super) fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_few_sizes() {
        let rows: Vec<u32> = (0..203).collect();
        let cut: Vec<&[u32]> = chunks(&rows).collect();
        assert_eq!(cut.iter().map(|c| c.len()).collect::<Vec<_>>(), [64, 64, 64, 8, 1, 1, 1]);
        assert_eq!(cut.concat(), rows);
        assert_eq!(Placeholders::Numbered.rows(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(Placeholders::Bare.rows(2, 2), "(?, ?), (?, ?)");
        assert_eq!(storable("a\0b"), "ab");
        assert_eq!(count(u64::MAX), 1_000_000_000);
    }
}
