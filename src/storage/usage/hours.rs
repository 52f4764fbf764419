//! What was charged in each UTC hour.

use futures::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::statistics::{Condition, UsageScope, WHAT, add_row, days};
use crate::domain::{
    time::{HOUR_MS, UnixMs},
    usage_buckets::{Intervals, Span},
    usage_filter::{UsageFilter, series_for},
    usage_sums::Cell,
};

/// Charges by hour of a filter, oldest first; hours without calls may be missing. One statement: sums of hours, or the pages of days where
/// somebody is asked for.
pub async fn list_costs_by_hour(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    (from, to): (UnixMs, UnixMs),
) -> Result<Vec<(UnixMs, i64)>, sqlx::Error> {
    let mut condition = Condition::of(scope, filter.test);
    let Some(facet) = series_for(filter.facet()) else {
        let hours = Intervals::new((from.0..=to.0).step_by(usize::try_from(HOUR_MS).unwrap_or(1)).map(UnixMs));
        let mut cells = vec![Cell::default(); hours.len()];
        condition.wanted(filter);
        days(&mut condition, &hours);
        let mut rows = condition.query("SELECT r.day_at, r.quarters FROM usage_pages r", "").fetch(c);
        while let Some(row) = rows.try_next().await? {
            add_row(&row, &hours, &mut cells)?;
        }
        return Ok(hours.starts().iter().zip(&cells).map(|(start, cell)| (*start, cell.sums.cost)).collect());
    };
    condition.facet(facet, Span::Hour, &WHAT, filter);
    condition.runs(Span::Hour, &[(from, to)]);
    let select = "SELECT r.start_at AS hour, CAST(SUM(r.cost) AS BIGINT) AS cost FROM usage_series r";
    let rows = condition.query(select, " GROUP BY 1 ORDER BY 1").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get(0).map(UnixMs)?, row.try_get(1)?))).collect()
}
