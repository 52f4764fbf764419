//! What was charged on each UTC day, from sums of days.

use std::collections::{BTreeMap, HashMap};

use sqlx::{AnyConnection, Row as _};

use super::{
    ranks::read_ranks,
    statistics::{Condition, UsageScope, WHAT},
};
use crate::domain::{
    time::UnixMs,
    usage_buckets::Span,
    usage_filter::{Dimension, UsageFilter, series_for},
};

/// Charges by day, of all calls of a scope or of one member or key. Days without calls are missing.
pub async fn list_costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    (from, to): (UnixMs, UnixMs),
) -> Result<Vec<(UnixMs, i64)>, sqlx::Error> {
    let Some(facet) = series_for(filter.facet()) else {
        // One person's or key's.
        let by = if filter.wanted(Dimension::Member).is_some() { Dimension::Member } else { Dimension::Key };
        let found = read_ranks(c, scope, filter, by, &[], Some((from, to))).await?.unwrap_or_default();
        let mut days = BTreeMap::new();
        for (day, cost) in found.into_values().flat_map(|of| of.costs) {
            *days.entry(day).or_default() += cost;
        }
        return Ok(days.into_iter().collect());
    };
    let mut condition = Condition::of(scope, filter.test);
    condition.facet(facet, Span::Day, &WHAT, filter);
    condition.runs(Span::Day, &[(from, to)]);
    let select = "SELECT r.start_at AS day, CAST(SUM(r.cost) AS BIGINT) AS cost FROM usage_series r";
    let rows = condition.query(select, " GROUP BY 1 ORDER BY 1").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get(0).map(UnixMs)?, row.try_get(1)?))).collect()
}

/// Charges of each value of what was called by day. None where series do not tell them: where somebody is told apart.
pub async fn list_shared_costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: Dimension,
    (from, to): (UnixMs, UnixMs),
) -> Result<Option<HashMap<String, BTreeMap<UnixMs, i64>>>, sqlx::Error> {
    let Some(facet) = series_for(filter.facet().with(by)) else { return Ok(None) };
    let mut condition = Condition::of(scope, filter.test);
    condition.facet(facet, Span::Day, &WHAT, filter);
    condition.runs(Span::Day, &[(from, to)]);
    let column = by.column();
    let select =
        format!("SELECT r.{column} AS value, r.start_at AS day, CAST(SUM(r.cost) AS BIGINT) AS cost FROM usage_series r");
    let mut found: HashMap<String, BTreeMap<UnixMs, i64>> = HashMap::new();
    for row in condition.query(&select, " GROUP BY 1, 2").fetch_all(c).await? {
        found.entry(row.try_get(0)?).or_default().insert(row.try_get(1).map(UnixMs)?, row.try_get(2)?);
    }
    Ok(Some(found))
}
