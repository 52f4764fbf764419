//! What was charged in each UTC hour.

use sqlx::{AnyConnection, Row as _};

use super::statistics::{Condition, UsageScope, WHAT, add_cells};
use crate::domain::{
    time::{HOUR_MS, UnixMs},
    usage_buckets::{Intervals, Span},
    usage_filter::{UsageFilter, series_for},
    usage_sums::Cell,
};

/// Charges by hour of a filter, oldest first; hours without calls may be missing. One statement: sums of hours, or what is
/// kept of the days of whoever is asked for.
pub async fn list_costs_by_hour(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    (from, to): (UnixMs, UnixMs),
) -> Result<Vec<(UnixMs, i64)>, sqlx::Error> {
    let Some(facet) = series_for(filter.facet()) else {
        let hours = Intervals::new((from.0..=to.0).step_by(usize::try_from(HOUR_MS).unwrap_or(1)).map(UnixMs));
        let mut cells = vec![Cell::default(); hours.len()];
        add_cells(c, scope, filter, &hours, &mut cells).await?;
        return Ok(hours.starts().iter().zip(&cells).map(|(start, cell)| (*start, cell.sums.cost)).collect());
    };
    let mut condition = Condition::of(scope, filter.test);
    condition.facet(facet, Span::Hour, &WHAT, filter);
    condition.runs(Span::Hour, &[(from, to)]);
    let select = "SELECT r.start_at AS hour, CAST(SUM(r.cost) AS BIGINT) AS cost FROM usage_series r";
    let rows = condition.query(select, " GROUP BY 1 ORDER BY 1").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get(0).map(UnixMs)?, row.try_get(1)?))).collect()
}
