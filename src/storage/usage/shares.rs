//! Sums of a range by member, key, model, provider, endpoint or outcome: from series of what was called, from the packed sums of who called,
//! or, where neither tells them, from the pages of days.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::{
    ranks::read_ranks,
    statistics::{Condition, UsageScope, WHAT, add_row, days, summed, sums},
};
use crate::domain::{
    time::{DAY_MS, UnixMs},
    usage_buckets::{Intervals, Span},
    usage_filter::{Dimension, Facet, UsageFilter, series_for},
    usage_sums::{Cell, Sums},
};

/// Sums by the value of a dimension.
pub type Shares = HashMap<String, Sums>;

/// Sums of a range by a dimension, of the calls that a filter takes.
pub async fn sum_by(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: Dimension,
    whole: &Intervals,
) -> Result<Shares, sqlx::Error> {
    let mut shares = Shares::new();
    if let Some(facet) = series_for(filter.facet().with(by)) {
        for (span, runs) in whole.pieces(Span::Day).runs() {
            let mut condition = Condition::of(scope, filter.test);
            condition.facet(facet, span, &WHAT, filter);
            condition.runs(span, runs);
            add_grouped(c, &condition, "usage_series", by, &mut shares).await?;
        }
        return Ok(shares);
    }
    if let Some(found) = read_ranks(&mut *c, scope, filter, by, &[(whole.from(), whole.to())], None).await? {
        return Ok(found.into_iter().filter_map(|(value, of)| Some((value, *of.sums.first()?))).collect());
    }
    sum_days(c, scope, filter, by, whole, &mut shares).await?;
    add_ends(c, scope, filter, by, whole, &mut shares).await?;
    Ok(shares)
}

async fn add_grouped(
    c: &mut AnyConnection,
    condition: &Condition,
    table: &str,
    by: Dimension,
    shares: &mut Shares,
) -> Result<(), sqlx::Error> {
    let select = format!("SELECT r.{} AS value, {} FROM {table} r", by.column(), summed());
    for row in condition.query(&select, " GROUP BY 1").fetch_all(c).await? {
        shares.entry(row.try_get(0)?).or_default().add(&sums(&row, 1)?);
    }
    Ok(())
}

/// The whole days of a range.
fn whole_days(whole: &Intervals) -> (UnixMs, UnixMs) {
    (whole.from().plus(DAY_MS - 1).floor_to(DAY_MS), whole.to().floor_to(DAY_MS))
}

async fn sum_days(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: Dimension,
    whole: &Intervals,
    shares: &mut Shares,
) -> Result<(), sqlx::Error> {
    let (from, to) = whole_days(whole);
    let mut condition = Condition::of(scope, filter.test);
    condition.wanted(filter);
    condition.and(&format!("r.day_at >= {} AND r.day_at < {}", from.0, to.0));
    add_grouped(c, &condition, "usage_pages", by, shares).await
}

/// What a range has before its first and after its last whole day.
async fn add_ends(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: Dimension,
    whole: &Intervals,
    shares: &mut Shares,
) -> Result<(), sqlx::Error> {
    let (from, to) = whole_days(whole);
    let ends = if from <= to { [(whole.from(), from), (to, whole.to())] } else { [(whole.from(), whole.to()), (to, to)] };
    for (from, to) in ends.into_iter().filter(|(from, to)| from < to) {
        let end = Intervals::whole(from, to);
        let mut condition = Condition::of(scope, filter.test);
        condition.wanted(filter);
        days(&mut condition, &end);
        let select = format!("SELECT r.day_at, r.quarters, r.{} FROM usage_pages r", by.column());
        let mut rows = condition.query(&select, "").fetch(&mut *c);
        while let Some(row) = rows.try_next().await? {
            let mut cell = [Cell::default()];
            add_row(&row, &end, &mut cell)?;
            if cell[0].sums != Sums::default() {
                shares.entry(row.try_get(2)?).or_default().add(&cell[0].sums);
            }
        }
    }
    Ok(())
}

/// Values of a dimension that calls of a scope ever had, for menus; at most some.
pub async fn list_values(
    c: &mut AnyConnection,
    scope: UsageScope,
    by: Dimension,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let mut condition = Condition::of(scope, crate::domain::usage::TestCalls::Include);
    condition.and(&format!("r.facet = {} AND r.span_ms = {}", Facet::of(&[by]).number(), Span::Day.ms()));
    let table = if by.is_who() { "usage_ranks" } else { "usage_series" };
    let select = format!("SELECT DISTINCT r.{} AS value FROM {table} r", by.column());
    let rows = condition.query(&select, &format!(" ORDER BY 1 LIMIT {limit}")).fetch_all(c).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}
