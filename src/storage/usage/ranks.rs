//! Reading what rankings are made of: of each member or key the sums of some ranges and the charges of each day, from the same few rows.

use std::collections::{BTreeMap, HashMap};

use futures::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::{
    statistics::{Condition, UsageScope},
    statistics_booking::unreadable,
};
use crate::domain::{
    time::{DAY_MS, UnixMs},
    usage_buckets::Span,
    usage_filter::{Dimension, Facet, UsageFilter, ranks_for, series_for},
    usage_ranks::read_parts,
    usage_sums::Sums,
};

/// Start included, end excluded; quarters of an hour.
pub type Range = (UnixMs, UnixMs);

/// What was called of one value of a dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RankSums {
    /// Of each range that was asked for.
    pub sums: Vec<Sums>,
    /// Charged on each UTC day that was asked for and has calls, oldest first.
    pub costs: Vec<(UnixMs, i64)>,
}

/// Sums of ranges, and charges of the UTC days from one moment to another (whole days), by the values of a dimension. None where sums of
/// who called do not tell it: where nobody is told apart, or more is filtered by than is kept.
pub async fn read_ranks(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: Dimension,
    ranges: &[Range],
    days: Option<Range>,
) -> Result<Option<HashMap<String, RankSums>>, sqlx::Error> {
    let facet = match (series_for(filter.facet().with(by)), ranks_for(by, filter.facet())) {
        (None, Some(facet)) => facet,
        _ => return Ok(None),
    };
    let read = Read { scope, filter, by, facet, ranges: ranges.len() };
    let cuts: Vec<Cut> = ranges.iter().map(|range| Cut::of(*range)).collect();
    let wanted_days = days.unwrap_or_default();
    let mut found: HashMap<String, RankSums> = HashMap::new();
    let whole = cuts.iter().map(|cut| cut.days).chain(days).filter(|(from, to)| from < to);
    let stretches = Wanted::of(Span::Stretch, whole.flat_map(|(from, to)| starts(Span::Stretch, from, to)), |day| {
        let range = |cut: &Cut| is_in(day, cut.days);
        Place { ranges: cuts.iter().map(range).collect(), is_day: is_in(day, wanted_days) }
    });
    read.rows(c, Span::Stretch, &stretches, &mut found).await?;
    let ends = Wanted::of(Span::Day, cuts.iter().flat_map(Cut::ends), |at| {
        let range = |cut: &Cut| is_in(at, cut.range) && !is_in(at, cut.days);
        Place { ranges: cuts.iter().map(range).collect(), is_day: false }
    });
    read.rows(c, Span::Day, &ends, &mut found).await?;
    found.values_mut().for_each(|of| add_up(&mut of.costs));
    // Rows of a stretch have days outside of what was asked for.
    found.retain(|_, of| of.sums.iter().any(|sums| *sums != Sums::default()) || !of.costs.is_empty());
    Ok(Some(found))
}

/// Puts days in order, and adds up those that several rows have: of keys, and of teams.
pub(super) fn add_up(costs: &mut Vec<(UnixMs, i64)>) {
    costs.sort_unstable_by_key(|(day, _)| *day);
    costs.dedup_by(|(day, cost), (before, sum)| {
        let same = day == before;
        if same {
            *sum += *cost;
        }
        same
    });
}

fn is_in(at: UnixMs, (from, to): Range) -> bool {
    from <= at && at < to
}

fn starts(span: Span, from: UnixMs, to: UnixMs) -> impl Iterator<Item = UnixMs> {
    (span.start(from).0..to.0).step_by(usize::try_from(span.ms()).unwrap_or(1)).map(UnixMs)
}

/// A range, cut into its whole days and what is left at both ends.
struct Cut {
    range: Range,
    /// From the first to the last; empty, and inside the range's day, where there is none.
    days: Range,
}

impl Cut {
    fn of(range: Range) -> Self {
        let (first, last) = (range.0.plus(DAY_MS - 1).floor_to(DAY_MS), range.1.floor_to(DAY_MS));
        Self { range, days: (first, last.max(first)) }
    }

    /// The days that lie in the range in part.
    fn ends(&self) -> impl Iterator<Item = UnixMs> {
        let (from, to) = self.range;
        [from, to].into_iter().filter(|at| at.floor_to(DAY_MS) != *at).map(|at| at.floor_to(DAY_MS))
    }
}

/// To what a part of a row belongs.
#[derive(Clone, Debug, Default)]
struct Place {
    /// Whether to each of the ranges.
    ranges: Vec<bool>,
    /// Whether its charge is asked for by itself.
    is_day: bool,
}

/// The rows of a span that are read, by the moment that they begin at, and of each part to what it belongs; none where to nothing. It is
/// found out once, not for the row of each member.
struct Wanted(BTreeMap<UnixMs, Vec<Option<Place>>>);

impl Wanted {
    fn of(span: Span, starts: impl Iterator<Item = UnixMs>, place: impl Fn(UnixMs) -> Place) -> Self {
        let part_ms = span.parts().ms();
        let parts = |start: UnixMs| {
            let part =
                |part: i64| Some(place(start.plus(part * part_ms))).filter(|place| place.is_day || place.ranges.contains(&true));
            (start, (0..span.ms() / part_ms).map(part).collect())
        };
        Self(starts.map(parts).collect())
    }
}

struct Read<'a> {
    scope: UsageScope,
    filter: &'a UsageFilter,
    by: Dimension,
    facet: Facet,
    /// How many there are.
    ranges: usize,
}

impl Read<'_> {
    /// Adds the wanted parts of rows to what is collected of their value.
    async fn rows(
        &self,
        c: &mut AnyConnection,
        span: Span,
        wanted: &Wanted,
        found: &mut HashMap<String, RankSums>,
    ) -> Result<(), sqlx::Error> {
        if wanted.0.is_empty() {
            return Ok(());
        }
        let mut condition = Condition::of(self.scope, self.filter.test);
        condition.facet(self.facet, span, &Dimension::ALL, self.filter);
        condition.named_starts(&wanted.0.keys().copied().collect::<Vec<_>>());
        let parts = if span == Span::Stretch { "parts" } else { "quarter_sums" };
        let select = format!("SELECT r.{} AS value, r.start_at, r.{parts} FROM usage_ranks r", self.by.column());
        let mut rows = condition.query(&select, "").fetch(c);
        while let Some(row) = rows.try_next().await? {
            let start = row.try_get(1).map(UnixMs)?;
            let Some(places) = wanted.0.get(&start) else { continue };
            let stored: Vec<u8> = row.try_get(2)?;
            let of = found
                .entry(row.try_get(0)?)
                .or_insert_with(|| RankSums { sums: vec![Sums::default(); self.ranges], ..RankSums::default() });
            let place = |part: u8| places.get(usize::from(part)).and_then(Option::as_ref);
            let add = |part: u8, sums: Sums| {
                let Some(place) = place(part) else { return };
                for (sum, _) in of.sums.iter_mut().zip(&place.ranges).filter(|(_, is_in)| **is_in) {
                    sum.add(&sums);
                }
                if place.is_day {
                    of.costs.push((start.plus(i64::from(part) * span.parts().ms()), sums.cost));
                }
            };
            read_parts(&stored, |part| place(part).is_some(), add).ok_or_else(|| unreadable("usage_ranks", parts))?;
        }
        Ok(())
    }
}
