//! Prices over time. Rows are only ever added.

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};

use super::{RowExt, among};
use crate::domain::{
    ids::ModelId,
    money::Price,
    prices::{PriceEntry, PriceHistory, Prices},
    time::UnixMs,
};

fn from_row(row: &AnyRow) -> Result<PriceEntry, sqlx::Error> {
    let price = |column| Ok::<_, sqlx::Error>(row.int_opt(column)?.map(Price));
    Ok(PriceEntry {
        from: row.time("from_at")?,
        prices: Prices { input: price("input_price")?, cached: price("cached_price")?, output: price("output_price")? },
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
    })
}

/// Adds an entry to a model whose row is locked. Of several for the same time the one written last counts.
pub async fn insert(c: &mut AnyConnection, model: ModelId, entry: &PriceEntry) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO model_prices (model_id, number, from_at, input_price, cached_price, output_price, created_by, created_at)
         SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM model_prices WHERE model_id = $1",
    )
    .bind(model.to_string())
    .bind(entry.from.0)
    .bind(entry.prices.input.map(|price| price.0))
    .bind(entry.prices.cached.map(|price| price.0))
    .bind(entry.prices.output.map(|price| price.0))
    .bind(&entry.created_by)
    .bind(entry.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// All entries of a model, in order.
pub async fn list(c: &mut AnyConnection, model: ModelId) -> Result<PriceHistory, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT from_at, input_price, cached_price, output_price, created_by, created_at FROM model_prices
         WHERE model_id = $1 ORDER BY from_at, number",
    )
    .bind(model.to_string())
    .fetch_all(c)
    .await?;
    Ok(PriceHistory(rows.iter().map(from_row).collect::<Result<_, _>>()?))
}

/// Of every model, or of those of some ids, what holds at a time and what follows it.
pub async fn list_from(
    c: &mut AnyConnection,
    at: UnixMs,
    only: Option<&[ModelId]>,
) -> Result<HashMap<ModelId, PriceHistory>, sqlx::Error> {
    let those = among("p.model_id", only);
    let sql = format!(
        "SELECT p.model_id, p.from_at, p.input_price, p.cached_price, p.output_price, p.created_by, p.created_at FROM model_prices p
         WHERE {those}
           AND p.from_at >= COALESCE((SELECT MAX(q.from_at) FROM model_prices q WHERE q.model_id = p.model_id AND q.from_at <= $1), 0)
         ORDER BY p.model_id, p.from_at, p.number"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(at.0).fetch_all(c).await?;
    let mut histories: HashMap<ModelId, PriceHistory> = HashMap::new();
    for row in &rows {
        histories.entry(row.id("model_id")?).or_default().0.push(from_row(row)?);
    }
    Ok(histories)
}
