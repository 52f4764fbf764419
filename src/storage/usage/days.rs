//! What was charged on each UTC day, from sums of days.

use sqlx::{AnyConnection, Row as _};

use super::statistics::{Condition, UsageScope, WHAT};
use crate::domain::{
    time::UnixMs,
    usage_buckets::Span,
    usage_filter::{Dimension, UsageFilter, ranks_for, series_for},
};

/// Charges by day, of all calls of a scope or of one member or key. Days without calls are missing.
pub async fn list_costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    (from, to): (UnixMs, UnixMs),
) -> Result<Vec<(UnixMs, i64)>, sqlx::Error> {
    let mut condition = Condition::of(scope, filter.test);
    let table = match series_for(filter.facet()) {
        Some(facet) => {
            condition.facet(facet, Span::Day, &WHAT, filter);
            "usage_series"
        }
        None => {
            condition.facet(filter.facet(), Span::Day, &Dimension::ALL, filter);
            "usage_ranks"
        }
    };
    condition.runs(Span::Day, &[(from, to)]);
    let select = format!("SELECT r.start_at AS day, CAST(SUM(r.cost) AS BIGINT) AS cost FROM {table} r");
    let rows = condition.query(&select, " GROUP BY 1 ORDER BY 1").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get(0).map(UnixMs)?, row.try_get(1)?))).collect()
}

/// Charges of each value of a dimension by day, in one statement: value, day, charge. None where the filter asks for more than the sums of
/// days tell.
pub async fn list_shared_costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: Dimension,
    (from, to): (UnixMs, UnixMs),
) -> Result<Option<Vec<(String, UnixMs, i64)>>, sqlx::Error> {
    let mut condition = Condition::of(scope, filter.test);
    let table = match (series_for(filter.facet().with(by)), ranks_for(by, filter.facet())) {
        (Some(facet), _) => {
            condition.facet(facet, Span::Day, &WHAT, filter);
            "usage_series"
        }
        (None, Some((facet, _))) => {
            condition.facet(facet, Span::Day, &Dimension::ALL, filter);
            "usage_ranks"
        }
        (None, None) => return Ok(None),
    };
    condition.runs(Span::Day, &[(from, to)]);
    let select =
        format!("SELECT r.{} AS value, r.start_at AS day, CAST(SUM(r.cost) AS BIGINT) AS cost FROM {table} r", by.column());
    let rows = condition.query(&select, " GROUP BY 1, 2 ORDER BY 1, 2").fetch_all(c).await?;
    let read = |row: &sqlx::any::AnyRow| Ok((row.try_get(0)?, row.try_get(1).map(UnixMs)?, row.try_get(2)?));
    rows.iter().map(read).collect::<Result<Vec<_>, _>>().map(Some)
}
