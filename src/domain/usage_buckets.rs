//! Intervals of statistics, and the stored sums that they are made of. Sums are stored by quarter of an hour, hour, UTC day and 64 of these;
//! an interval takes the longest that lie wholly inside it, so that a quarter is few rows to read and still exact to fifteen minutes.

use std::collections::BTreeMap;

use super::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// How long the calls of a stored sum are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// 15 minutes.
    Quarter,
    /// 60 minutes.
    Hour,
    /// A UTC day.
    Day,
    /// 64 UTC days, counted from 1970: about two months.
    Stretch,
}

impl Span {
    /// All of them, longest first.
    pub const ALL: [Self; 4] = [Self::Stretch, Self::Day, Self::Hour, Self::Quarter];

    /// Its length.
    pub const fn ms(self) -> i64 {
        match self {
            Self::Quarter => 15 * MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
            Self::Stretch => 64 * DAY_MS,
        }
    }

    /// The one that a time lies in.
    pub fn start(self, at: UnixMs) -> UnixMs {
        at.floor_to(self.ms())
    }

    /// What rows of it are packed of: a day of quarters, a stretch of days.
    pub const fn parts(self) -> Self {
        match self {
            Self::Stretch => Self::Day,
            Self::Day | Self::Hour | Self::Quarter => Self::Quarter,
        }
    }

    /// Which of its parts a time lies in, from 0.
    pub fn part_of(self, at: UnixMs) -> u8 {
        // A day has 96 of them, a stretch 64.
        (at.since(self.start(at)) / self.parts().ms()) as u8
    }
}

/// Intervals without gaps: each but the last begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Starts, oldest first, and then the end of the last. All are quarters of an hour.
    bounds: Vec<UnixMs>,
}

impl Intervals {
    /// Of their bounds; these are put in order and moved to the quarter that they lie in.
    pub fn new(bounds: impl IntoIterator<Item = UnixMs>) -> Self {
        let mut bounds: Vec<UnixMs> = bounds.into_iter().map(|at| Span::Quarter.start(at)).collect();
        bounds.sort_unstable();
        bounds.dedup();
        Self { bounds }
    }

    /// One interval.
    pub fn whole(from: UnixMs, to: UnixMs) -> Self {
        Self::new([from, to])
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Start of the first.
    pub fn from(&self) -> UnixMs {
        self.bounds.first().copied().unwrap_or_default()
    }

    /// End of the last.
    pub fn to(&self) -> UnixMs {
        self.bounds.last().copied().unwrap_or_default()
    }

    /// Starts, oldest first.
    pub fn starts(&self) -> &[UnixMs] {
        &self.bounds[..self.len()]
    }

    /// Where each begins and where it ends, oldest first.
    pub fn spans(&self) -> impl Iterator<Item = (UnixMs, UnixMs)> {
        self.bounds.windows(2).map(|bounds| (bounds[0], bounds[1]))
    }

    /// The interval that a time lies in.
    pub fn find(&self, at: UnixMs) -> Option<usize> {
        let after = self.bounds.partition_point(|bound| *bound <= at);
        (after > 0 && after <= self.len()).then(|| after - 1)
    }

    /// Which stored sums make up the intervals, of spans up to the longest that there is.
    pub fn pieces(&self, longest: Span) -> Pieces {
        let mut pieces = Pieces::default();
        for pair in self.bounds.windows(2) {
            let mut at = pair[0];
            while at < pair[1] {
                let fits = |span: &Span| *span <= longest && span.start(at) == at && at.plus(span.ms()) <= pair[1];
                let span = Span::ALL.into_iter().find(fits).unwrap_or(Span::Quarter);
                pieces.add(span, at);
                at = at.plus(span.ms());
            }
        }
        pieces
    }

    /// The same with few rows for days of a zone, of which none holds a whole UTC day: each takes the UTC days that its bounds are nearest
    /// to, and the hours between a bound and its UTC day are taken from one neighbour and added to the other.
    pub fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        let nearest = |at: UnixMs| at.plus(DAY_MS / 2).floor_to(DAY_MS);
        let are_days = self.to().since(self.from()) >= self.len() as i64 * DAY_MS * 3 / 4;
        for (place, (from, to)) in self.spans().enumerate() {
            if !are_days {
                plan.add(&Self::whole(from, to).pieces(Span::Day), Share { place, minus: false });
                continue;
            }
            plan.add(&Self::whole(nearest(from), nearest(to)).pieces(Span::Day), Share { place, minus: false });
            for (bound, minus) in [(from, nearest(from) < from), (to, to < nearest(to))] {
                plan.add(&Self::whole(bound, nearest(bound)).pieces(Span::Hour), Share { place, minus });
            }
        }
        plan
    }
}

/// Stored sums that make up intervals, and which of them each is added to or taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(BTreeMap<Span, BTreeMap<UnixMs, Vec<Share>>>);

/// What a stored sum is for an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Place of the interval.
    pub place: usize,
    /// Taken from it rather than added: it lies outside, in a longer sum that was added.
    pub minus: bool,
}

impl Plan {
    /// Spans that are needed, each with the starts of its rows, oldest first.
    pub fn starts(&self) -> impl Iterator<Item = (Span, impl Iterator<Item = UnixMs>)> {
        self.0.iter().map(|(span, rows)| (*span, rows.keys().copied()))
    }

    /// What a row is for the intervals.
    pub fn shares(&self, span: Span, start: UnixMs) -> &[Share] {
        self.0.get(&span).and_then(|rows| rows.get(&start)).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, pieces: &Pieces, share: Share) {
        for (span, runs) in pieces.runs() {
            let rows = self.0.entry(span).or_default();
            for (from, to) in runs {
                let mut at = *from;
                while at < *to {
                    rows.entry(at).or_default().push(share);
                    at = at.plus(span.ms());
                }
            }
        }
    }
}

/// Stored sums, by span and as runs without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces(Vec<(Span, Vec<(UnixMs, UnixMs)>)>);

impl Pieces {
    /// Spans that are needed, each with its runs: start included, end excluded, oldest first.
    pub fn runs(&self) -> impl Iterator<Item = (Span, &[(UnixMs, UnixMs)])> {
        self.0.iter().map(|(span, runs)| (*span, runs.as_slice()))
    }

    fn add(&mut self, span: Span, start: UnixMs) {
        let end = start.plus(span.ms());
        let at = match self.0.iter().position(|(known, _)| *known == span) {
            Some(at) => at,
            None => {
                self.0.push((span, vec![]));
                self.0.len() - 1
            }
        };
        let runs = &mut self.0[at].1;
        match runs.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => runs.push((start, end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const Q: i64 = Span::Quarter.ms();

    proptest! {
        #[test]
        fn pieces_cover_each_interval_once_and_nothing_else(
            first in -5_000_i64..5_000, lengths in prop::collection::vec(1_i64..2_000, 1..40), longest in 0..4_usize
        ) {
            let mut at = first * Q;
            let bounds = std::iter::once(at).chain(lengths.into_iter().map(|length| { at += length * Q; at })).map(UnixMs);
            let intervals = Intervals::new(bounds.collect::<Vec<_>>());
            let mut covered = vec![0_u32; ((intervals.to().0 - intervals.from().0) / Q) as usize];
            let mut rows = 0;
            for (span, runs) in intervals.pieces(Span::ALL[longest]).runs() {
                prop_assert!(span <= Span::ALL[longest]);
                for (start, end) in runs {
                    prop_assert_eq!((start.0 % span.ms(), end.0 % span.ms()), (0, 0));
                    for piece in (start.0..end.0).step_by(span.ms() as usize) {
                        rows += 1;
                        let last = UnixMs(piece + span.ms() - 1);
                        prop_assert_eq!(intervals.find(UnixMs(piece)), intervals.find(last), "a piece lies in one interval");
                        for quarter in (piece..piece + span.ms()).step_by(Q as usize) {
                            covered[((quarter - intervals.from().0) / Q) as usize] += 1;
                        }
                    }
                }
            }
            prop_assert!(covered.iter().all(|times| *times == 1));
            // At both ends of an interval: three quarters, 23 hours, 63 days, and then nothing but the longest.
            let most = intervals.len() as i64 * 2 * (3 + 23 + 63) + covered.len() as i64 * Q / Span::ALL[longest].ms();
            prop_assert!(rows <= most);
        }

        #[test]
        fn a_plan_counts_each_quarter_once_in_its_interval_and_nowhere_else(
            first in -5_000_i64..5_000, lengths in prop::collection::vec(prop_oneof![1_i64..2_000, 92_i64..=100], 1..40)
        ) {
            let mut at = first * Q;
            let bounds = std::iter::once(at).chain(lengths.into_iter().map(|length| { at += length * Q; at })).map(UnixMs);
            let intervals = Intervals::new(bounds.collect::<Vec<_>>());
            let plan = intervals.plan();
            let mut counted: BTreeMap<(usize, i64), i64> = BTreeMap::new();
            for (span, starts) in plan.starts() {
                for start in starts {
                    prop_assert_eq!(start.0 % span.ms(), 0);
                    for share in plan.shares(span, start) {
                        for quarter in (start.0..start.0 + span.ms()).step_by(Q as usize) {
                            *counted.entry((share.place, quarter)).or_default() += if share.minus { -1 } else { 1 };
                        }
                    }
                }
            }
            counted.retain(|_, times| *times != 0);
            let wanted: BTreeMap<(usize, i64), i64> = intervals.spans().enumerate()
                .flat_map(|(place, (from, to))| (from.0..to.0).step_by(Q as usize).map(move |quarter| ((place, quarter), 1)))
                .collect();
            prop_assert_eq!(counted, wanted);
        }

        #[test]
        fn a_time_is_found_in_its_interval(bounds in prop::collection::vec(-900_i64..900, 0..12), at in -1_000 * Q..1_000 * Q) {
            let intervals = Intervals::new(bounds.into_iter().map(|n| UnixMs(n * Q)));
            let brute = (0..intervals.len()).find(|n| {
                let end = intervals.starts().get(n + 1).copied().unwrap_or(intervals.to());
                (intervals.starts()[*n].0..end.0).contains(&at)
            });
            prop_assert_eq!(intervals.find(UnixMs(at)), brute);
        }
    }

    #[test]
    fn ninety_days_of_a_zone_are_days_and_the_hours_that_shift_them() {
        let rows = |plan: &Plan| plan.starts().map(|(_, starts)| starts.count()).sum::<usize>();
        let days = |first: i64| Intervals::new((0..=90).map(|day| UnixMs::from_civil(2026, 8, 1).plus(first + day * DAY_MS)));
        assert_eq!(rows(&days(0).plan()), 90);
        assert_eq!(rows(&days(-2 * HOUR_MS).plan()), 90 + 91 * 2);
        assert_eq!(rows(&days(5 * HOUR_MS + 30 * MINUTE_MS).plan()), 90 + 91 * 7);
        let hours = Intervals::new((0..=48).map(|hour| UnixMs::from_civil(2026, 8, 1).plus(hour * HOUR_MS)));
        assert_eq!(rows(&hours.plan()), 48);
    }

    #[test]
    fn ninety_days_in_the_middle_of_a_stretch_are_few_rows() {
        let from = UnixMs::from_civil(2026, 8, 25).plus(5 * HOUR_MS + 30 * MINUTE_MS);
        let whole = Intervals::whole(from, from.plus(90 * DAY_MS));
        let rows = |longest: Span| -> i64 {
            whole.pieces(longest).runs().map(|(span, runs)| runs.iter().map(|(a, b)| (b.0 - a.0) / span.ms()).sum::<i64>()).sum()
        };
        assert!(rows(Span::Stretch) <= 1 + 89 + 46 + 6, "{}", rows(Span::Stretch));
        assert!(rows(Span::Day) <= 89 + 46 + 6, "{}", rows(Span::Day));
    }
}
