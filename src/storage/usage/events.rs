//! Whole events, in the order of their ids.

use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    domain::{
        ids::CallId,
        money::NanoUsd,
        usage::{CallEnd, CallFacts, Outcome, Tokens, UsageEvent},
    },
    storage::RowExt,
};

/// Events after one, by id; an empty text is before all of them.
pub async fn list_events_after(c: &mut AnyConnection, id: &str, limit: i64) -> Result<Vec<UsageEvent>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM usage_events WHERE id > $1 ORDER BY id LIMIT $2").bind(id.to_owned()).bind(limit);
    rows.fetch_all(c).await?.iter().map(event).collect()
}

/// One event.
pub async fn find_event(c: &mut AnyConnection, id: CallId) -> Result<Option<UsageEvent>, sqlx::Error> {
    let row = sqlx::query("SELECT * FROM usage_events WHERE id = $1").bind(id.to_string()).fetch_optional(c).await?;
    row.as_ref().map(event).transpose()
}

fn event(row: &AnyRow) -> Result<UsageEvent, sqlx::Error> {
    let count = |column: &str| Ok::<u64, sqlx::Error>(row.int(column)?.max(0).unsigned_abs());
    let call = CallFacts {
        id: row.id("id")?,
        at: row.time("at")?,
        team: row.id("team_id")?,
        team_name: row.text("team_name")?,
        organization: row.id_opt("organization_id")?,
        user: row.id("user_id")?,
        user_name: row.text("user_name")?,
        key: row.id_opt("key_id")?,
        key_name: row.text("key_name")?,
        test: row.flag("test")?,
        model: row.id_opt("model_id")?,
        model_name: row.text("model_name")?,
        endpoint: row.text("endpoint")?,
        stream: row.flag("stream")?,
        input_price: row.int("input_price")?,
        cached_price: row.int("cached_price")?,
        output_price: row.int("output_price")?,
        discount_bp: row.int("discount_bp")?,
        billed: row.flag("billed")?,
        prompt_estimate: 0,
        grant: row.id_opt("grant_id")?,
        team_grant: row.id_opt("team_grant_id")?,
        reserve: NanoUsd(i64::MAX),
    };
    let end = CallEnd {
        outcome: row.word("outcome", Outcome::parse)?,
        // Written from a u16.
        status: u16::try_from(row.int("status")?).unwrap_or(u16::MAX),
        code: row.text("code")?,
        tokens: Tokens {
            prompt: count("prompt_tokens")?,
            cached: count("cached_tokens")?,
            completion: count("completion_tokens")?,
        },
        estimated: row.flag("estimated")?,
        provider: row.id_opt("provider_id")?,
        provider_name: row.text("provider_name")?,
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(0),
        upstream_ms: row.int_opt("upstream_ms")?,
        first_token_ms: row.int_opt("first_token_ms")?,
        latency_ms: row.int("latency_ms")?,
        cost: NanoUsd(row.int("cost")?),
        list_cost: NanoUsd(row.int("list_cost")?),
        loss: NanoUsd(row.int("loss")?),
        message: row.text("message")?,
    };
    Ok(UsageEvent { call, end })
}
