//! Reading statistics: sums and latencies of intervals, from series of what was called, or from the pages of days where somebody is
//! asked for. Never from single events.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use futures::TryStreamExt as _;
use sqlx::{Any, AnyConnection, Row as _, any::AnyArguments, any::AnyRow, query::Query};

use super::statistics_booking::unreadable;
use crate::{
    domain::{
        ids::{OrgId, TeamId},
        time::{DAY_MS, UnixMs},
        usage::TestCalls,
        usage_buckets::{Intervals, Span},
        usage_filter::{Dimension, Facet, RANKS, UsageFilter, series_for},
        usage_sums::{Cell, Sums, add_page},
    },
    storage::RowExt,
};

/// Whose calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageScope {
    /// A team's or personal space's.
    Team(TeamId),
    /// Those of all teams of an organization, deleted ones included.
    Organization(OrgId),
    /// Everybody's.
    Platform,
}

/// A condition that grows, and what is bound to it.
#[derive(Clone)]
pub(super) struct Condition {
    sql: String,
    bound: Vec<String>,
}

impl Condition {
    /// Rows of a scope with or without test calls, of a table that goes by `r`.
    pub(super) fn of(scope: UsageScope, test: TestCalls) -> Self {
        let (team, bound) = match scope {
            UsageScope::Team(team) => ("r.team_id = $1", team.to_string()),
            UsageScope::Organization(org) => ("r.team_id IN (SELECT id FROM teams WHERE organization_id = $1)", org.to_string()),
            UsageScope::Platform => ("r.team_id IN (SELECT id FROM teams WHERE $1 = '')", String::new()),
        };
        let test = match test {
            TestCalls::Exclude => "r.test = 0",
            TestCalls::Only => "r.test = 1",
            TestCalls::Include => "r.test IN (0, 1)",
        };
        Self { sql: format!("{team} AND {test}"), bound: vec![bound] }
    }

    /// Adds a condition that binds nothing.
    pub(super) fn and(&mut self, sql: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
    }

    fn and_is(&mut self, column: &str, value: &str) {
        self.bound.push(value.replace('\0', ""));
        let _ = write!(self.sql, " AND r.{column} = ${}", self.bound.len());
    }

    /// Adds that a column has one of some values.
    pub(super) fn and_among(&mut self, column: &str, values: &[&str]) {
        let first = self.bound.len() + 1;
        self.bound.extend(values.iter().map(|value| value.replace('\0', "")));
        let places: Vec<String> = (first..first + values.len()).map(|place| format!("${place}")).collect();
        let _ = write!(self.sql, " AND r.{column} IN ({})", places.join(", "));
    }

    /// Rows that hold what is wanted.
    pub(super) fn wanted(&mut self, filter: &UsageFilter) {
        for dimension in Dimension::ALL {
            if let Some(value) = filter.wanted(dimension) {
                self.and_is(dimension.column(), value);
            }
        }
    }

    /// Rows of a facet and span that hold what is wanted.
    pub(super) fn facet(&mut self, facet: Facet, span: Span, among: &[Dimension], filter: &UsageFilter) {
        self.facet_only(facet, span, among);
        self.wanted(filter);
    }

    /// Rows of a facet and span.
    fn facet_only(&mut self, facet: Facet, span: Span, among: &[Dimension]) {
        let _ = write!(self.sql, " AND r.facet = {} AND r.span_ms = {}", facet.number(), span.ms());
        // Every column of the key that is known narrows what is read of the index.
        for dimension in among.iter().copied().filter(|dimension| !facet.has(*dimension)) {
            let _ = write!(self.sql, " AND r.{} = ''", dimension.column());
        }
    }

    /// Rows that begin at some moments, which are named one by one, so that the rest of the key narrows what is read of each.
    pub(super) fn named_starts(&mut self, starts: &[UnixMs]) {
        // Of very many the database would have to make a list.
        if starts.len() <= NAMED_STARTS {
            let starts: Vec<String> = starts.iter().map(|start| start.0.to_string()).collect();
            self.and(&format!("r.start_at IN ({})", starts.join(", ")));
        } else if let (Some(first), Some(last)) = (starts.first(), starts.last()) {
            self.and(&format!("r.start_at >= {} AND r.start_at <= {}", first.0, last.0));
        }
    }

    /// Rows that begin at some moments, and some others between them.
    fn starts(&mut self, span: Span, starts: &[UnixMs]) {
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return };
        // Few of many: of the quarters and hours before the first day and after the last, none of the days between is looked at.
        if starts.len() <= NAMED_STARTS && starts.len() as i64 * 2 <= last.since(*first) / span.ms() {
            return self.named_starts(starts);
        }
        let _ = write!(self.sql, " AND r.start_at >= {} AND r.start_at <= {}", first.0, last.0);
        // The same hours of each day, or two kinds of them where clocks are changed.
        let times: BTreeSet<i64> = starts.iter().map(|start| start.0.rem_euclid(DAY_MS)).collect();
        if times.len() as i64 * 2 <= DAY_MS / span.ms() {
            let times: Vec<String> = times.iter().map(i64::to_string).collect();
            self.and(&format!("r.start_at % {DAY_MS} IN ({})", times.join(", ")));
        }
    }

    /// Rows that begin in one of some runs.
    pub(super) fn runs(&mut self, span: Span, runs: &[(UnixMs, UnixMs)]) {
        let (Some((first, _)), Some((_, last))) = (runs.first(), runs.last()) else { return };
        let starts: i64 = runs.iter().map(|(from, to)| (to.0 - from.0) / span.ms()).sum();
        let _ = write!(self.sql, " AND r.start_at >= {} AND r.start_at < {}", first.0, last.0);
        if runs.len() > 1 && runs.len() <= 3 {
            let ranges = runs.iter().map(|(from, to)| format!("(r.start_at >= {} AND r.start_at < {})", from.0, to.0));
            self.and(&format!("({})", ranges.collect::<Vec<_>>().join(" OR ")));
        } else if runs.len() > 3 && starts * 4 <= (last.0 - first.0) / span.ms() {
            // Few of many, such as the two quarters of each day that cut an hour where zones are off by half of one.
            let of_run = |(from, to): &(UnixMs, UnixMs)| (from.0..to.0).step_by(usize::try_from(span.ms()).unwrap_or(1));
            let starts: Vec<String> = runs.iter().flat_map(of_run).map(|start| start.to_string()).collect();
            self.and(&format!("r.start_at IN ({})", starts.join(", ")));
        }
    }

    /// A statement that ends in this condition.
    pub(super) fn query(&self, select: &str, after: &str) -> Query<'static, Any, AnyArguments> {
        self.bound_to(format!("{select} WHERE {}{after}", self.sql))
    }

    /// A statement made of this condition, with its values.
    fn bound_to(&self, sql: String) -> Query<'static, Any, AnyArguments> {
        // Numbers that stand in the text make each one a statement of its own.
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false);
        self.bound.iter().fold(query, |query, value| query.bind(value.clone()))
    }
}

/// So many moments are named in a statement: the hours that shift 90 days to those of any zone.
const NAMED_STARTS: usize = 1_200;

/// What was called: the columns of series.
pub(super) const WHAT: [Dimension; 4] = [Dimension::Model, Dimension::Provider, Dimension::Endpoint, Dimension::Outcome];

/// Adds the calls of each interval to its cell.
pub async fn add_cells(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    intervals: &Intervals,
    cells: &mut [Cell],
) -> Result<(), sqlx::Error> {
    match series_for(filter.facet()) {
        Some(facet) => add_series(c, scope, filter, facet, intervals, cells).await,
        None if RANKS.contains(&filter.facet()) => add_ranks(c, scope, filter, intervals, cells).await,
        None => add_pages(c, scope, filter, intervals, cells).await,
    }
}

/// One person's or key's, a row a day.
async fn add_ranks(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    intervals: &Intervals,
    cells: &mut [Cell],
) -> Result<(), sqlx::Error> {
    let mut condition = Condition::of(scope, filter.test);
    condition.facet(filter.facet(), Span::Day, &Dimension::ALL, filter);
    let starts = (intervals.from().floor_to(DAY_MS).0..intervals.to().0).step_by(usize::try_from(DAY_MS).unwrap_or(1));
    condition.named_starts(&starts.map(UnixMs).collect::<Vec<_>>());
    let mut rows = condition.query("SELECT r.start_at, r.parts FROM usage_ranks r", "").fetch(c);
    while let Some(row) = rows.try_next().await? {
        add_row(&row, intervals, cells)?;
    }
    Ok(())
}

async fn add_series(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    facet: Facet,
    intervals: &Intervals,
    cells: &mut [Cell],
) -> Result<(), sqlx::Error> {
    let plan = intervals.plan();
    // One statement: what is taken from a day is what was in it when it was read.
    let mut all = Condition::of(scope, filter.test);
    all.wanted(filter);
    let of_span = |(span, starts): (Span, Vec<UnixMs>)| {
        let mut condition = all.clone();
        condition.facet_only(facet, span, &WHAT);
        condition.starts(span, &starts);
        format!("SELECT r.span_ms, r.start_at, r.cell FROM usage_series r WHERE {}", condition.sql)
    };
    let selects: Vec<String> = plan.starts().map(|(span, starts)| of_span((span, starts.collect()))).collect();
    if selects.is_empty() {
        return Ok(());
    }
    let mut taken: HashMap<usize, Cell> = HashMap::new();
    let mut rows = all.bound_to(selects.join(" UNION ALL ")).fetch(&mut *c);
    while let Some(row) = rows.try_next().await? {
        let (span, start) = (row.try_get::<i64, _>(0)?, row.try_get(1).map(UnixMs)?);
        let Some(span) = Span::ALL.into_iter().find(|known| known.ms() == span) else { continue };
        let shares = plan.shares(span, start);
        if shares.is_empty() {
            continue;
        }
        let packed: Vec<u8> = row.try_get(2)?;
        for share in shares {
            let cell = if share.minus { Some(taken.entry(share.place).or_default()) } else { cells.get_mut(share.place) };
            if let Some(cell) = cell {
                cell.merge_packed(&packed).ok_or_else(|| unreadable("usage_series", "cell"))?;
            }
        }
    }
    for (place, taken) in taken {
        if let Some(cell) = cells.get_mut(place) {
            cell.take_away(&taken);
        }
    }
    Ok(())
}

/// Whether a row begins in one of some runs.
pub(super) fn is_in(runs: &[(UnixMs, UnixMs)], start: UnixMs) -> bool {
    let after = runs.partition_point(|(from, _)| *from <= start);
    after > 0 && start < runs[after - 1].1
}

async fn add_pages(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    intervals: &Intervals,
    cells: &mut [Cell],
) -> Result<(), sqlx::Error> {
    let mut condition = Condition::of(scope, filter.test);
    condition.wanted(filter);
    days(&mut condition, intervals);
    let mut rows = condition.query("SELECT r.day_at, r.quarters FROM usage_pages r", "").fetch(c);
    while let Some(row) = rows.try_next().await? {
        add_row(&row, intervals, cells)?;
    }
    Ok(())
}

/// Pages of days that intervals touch.
pub(super) fn days(condition: &mut Condition, intervals: &Intervals) {
    condition.and(&format!("r.day_at >= {} AND r.day_at < {}", intervals.from().floor_to(DAY_MS).0, intervals.to().0));
}

/// Adds a page whose day and quarters are the first columns of a row.
pub(super) fn add_row(row: &AnyRow, intervals: &Intervals, cells: &mut [Cell]) -> Result<(), sqlx::Error> {
    let day = row.try_get::<i64, _>(0).map(UnixMs)?;
    let quarters: Vec<u8> = row.try_get(1)?;
    let place = |quarter: u8| intervals.find(day.plus(i64::from(quarter) * Span::Quarter.ms()));
    add_page(&quarters, cells, place).ok_or_else(|| unreadable("usage_pages", "quarters"))
}

/// Sums of the columns.
pub(super) fn summed() -> String {
    let columns: Vec<String> =
        Sums::COLUMNS.iter().map(|column| format!("CAST(SUM(r.{column}) AS BIGINT) AS {column}")).collect();
    columns.join(", ")
}

/// Reads sums from a column on.
pub(super) fn sums(row: &AnyRow, first: usize) -> Result<Sums, sqlx::Error> {
    let mut numbers = [0; Sums::COUNT];
    for (place, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get(first + place)?;
    }
    Ok(Sums::of_numbers(numbers))
}

/// Whether anything was ever called; of a scope.
pub async fn has_calls_in(c: &mut AnyConnection, scope: UsageScope) -> Result<bool, sqlx::Error> {
    let mut condition = Condition::of(scope, TestCalls::Include);
    condition.and(&format!("r.facet = {} AND r.span_ms = {}", Facet::TOTAL.number(), Span::Day.ms()));
    let row = condition.query("SELECT 1 AS one FROM usage_series r", " LIMIT 1").fetch_optional(c).await?;
    row.map(|row| row.int("one")).transpose().map(|one| one.is_some())
}
