//! Sums by interval and by the values of a dimension or by team, for charts. Never read of single events.

use std::{collections::HashMap, fmt::Write as _};

use futures::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::statistics::{Condition, UsageScope, WHAT, add_row, days, is_in, summed, sums};
use crate::domain::{
    time::UnixMs,
    usage_asked::UsageGroup,
    usage_buckets::{Intervals, Span},
    usage_filter::{UsageFilter, series_for},
    usage_sums::{Cell, Sums},
};

/// For each value the sums of every interval.
pub type GroupSums = HashMap<String, Vec<Sums>>;

/// The column of the tables that holds what is grouped by.
fn column(by: UsageGroup) -> &'static str {
    match by {
        UsageGroup::Of(dimension) => dimension.column(),
        UsageGroup::Team => "team_id",
    }
}

/// Sums of each interval for some values of what is grouped by.
pub async fn sum_groups(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: UsageGroup,
    values: &[&str],
    intervals: &Intervals,
) -> Result<GroupSums, sqlx::Error> {
    let mut groups: GroupSums =
        values.iter().map(|value| ((*value).to_owned(), vec![Sums::default(); intervals.len()])).collect();
    if values.is_empty() || intervals.is_empty() {
        return Ok(groups);
    }
    let facet = match by {
        UsageGroup::Of(dimension) => filter.facet().with(dimension),
        UsageGroup::Team => filter.facet(),
    };
    let Some(facet) = series_for(facet) else {
        add_pages(c, scope, filter, by, values, intervals, &mut groups).await?;
        return Ok(groups);
    };
    for (span, runs) in intervals.pieces(Span::Day).runs() {
        let mut condition = Condition::of(scope, filter.test);
        condition.facet(facet, span, &WHAT, filter);
        condition.and_among(column(by), values);
        condition.runs(span, runs);
        // Few runs are named exactly by the condition: then the database adds up what one interval has.
        let exact = runs.len() <= 3;
        let part = if exact { place_in(intervals) } else { "r.start_at".to_owned() };
        let select = format!("SELECT {part} AS part, r.{} AS value, {} FROM usage_series r", column(by), summed());
        for row in condition.query(&select, " GROUP BY 1, 2").fetch_all(&mut *c).await? {
            let part: i64 = row.try_get(0)?;
            let place = if exact {
                usize::try_from(part).ok()
            } else {
                intervals.find(UnixMs(part)).filter(|_| is_in(runs, UnixMs(part)))
            };
            let value: String = row.try_get(1)?;
            if let Some(sum) = groups.get_mut(&value).zip(place).and_then(|(parts, place)| parts.get_mut(place)) {
                sum.add(&sums(&row, 2)?);
            }
        }
    }
    Ok(groups)
}

/// The number of the interval that a row begins in, as SQL: intervals of one length after each other are counted by it.
fn place_in(intervals: &Intervals) -> String {
    let mut sql = String::from("CASE");
    let spans: Vec<(UnixMs, UnixMs)> = intervals.spans().collect();
    let mut first = 0;
    while let Some((start, end)) = spans.get(first).copied() {
        let length = end.0 - start.0;
        let count = spans[first..].iter().take_while(|(start, end)| end.0 - start.0 == length).count();
        let last = spans[first + count - 1].1;
        let _ = write!(sql, " WHEN r.start_at < {} THEN (r.start_at - {}) / {length} + {first}", last.0, start.0);
        first += count;
    }
    sql + " ELSE -1 END"
}

/// Of the pages of days, where somebody is told apart.
async fn add_pages(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: UsageGroup,
    values: &[&str],
    intervals: &Intervals,
    groups: &mut GroupSums,
) -> Result<(), sqlx::Error> {
    let mut condition = Condition::of(scope, filter.test);
    condition.wanted(filter);
    condition.and_among(column(by), values);
    days(&mut condition, intervals);
    let select = format!("SELECT r.day_at, r.quarters, r.{} AS value FROM usage_pages r", column(by));
    let mut cells: HashMap<String, Vec<Cell>> = HashMap::new();
    let mut rows = condition.query(&select, "").fetch(c);
    while let Some(row) = rows.try_next().await? {
        let cells = cells.entry(row.try_get(2)?).or_insert_with(|| vec![Cell::default(); intervals.len()]);
        add_row(&row, intervals, cells)?;
    }
    for (value, cells) in cells {
        if let Some(parts) = groups.get_mut(&value) {
            parts.iter_mut().zip(cells).for_each(|(part, cell)| part.add(&cell.sums));
        }
    }
    Ok(())
}

/// Sums of a range by team.
pub async fn sum_by_team(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    whole: &Intervals,
) -> Result<HashMap<String, Sums>, sqlx::Error> {
    let mut teams: HashMap<String, Sums> = HashMap::new();
    let select = |table: &str| format!("SELECT r.team_id AS value, {} FROM {table} r", summed());
    let Some(facet) = series_for(filter.facet()) else {
        let mut condition = Condition::of(scope, filter.test);
        condition.wanted(filter);
        days(&mut condition, whole);
        let mut rows = condition.query("SELECT r.day_at, r.quarters, r.team_id AS value FROM usage_pages r", "").fetch(c);
        while let Some(row) = rows.try_next().await? {
            let mut cell = [Cell::default()];
            add_row(&row, whole, &mut cell)?;
            if cell[0].sums != Sums::default() {
                teams.entry(row.try_get(2)?).or_default().add(&cell[0].sums);
            }
        }
        return Ok(teams);
    };
    for (span, runs) in whole.pieces(Span::Day).runs() {
        let mut condition = Condition::of(scope, filter.test);
        condition.facet(facet, span, &WHAT, filter);
        condition.runs(span, runs);
        for row in condition.query(&select("usage_series"), " GROUP BY 1").fetch_all(&mut *c).await? {
            teams.entry(row.try_get(0)?).or_default().add(&sums(&row, 1)?);
        }
    }
    Ok(teams)
}
