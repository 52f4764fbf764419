//! What was charged on each UTC day, from sums of days.

use sqlx::{AnyConnection, Row as _};

use super::statistics::{Condition, UsageScope, WHAT};
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
