//! The billing month of a context (spec.md §1, "period"): from its anchor day, in UTC. A month that has no such day begins the period
//! on its last day, and the next one goes back to the anchor: nothing drifts.

use serde::{Deserialize, Serialize};

use super::time::{DAY_MS, UnixMs};

/// The day of the month on which periods begin, 1 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnchorDay(u8);

impl Default for AnchorDay {
    fn default() -> Self {
        Self(1)
    }
}

impl AnchorDay {
    /// A day of the month; `None` for what no month has.
    pub fn new(day: i64) -> Option<Self> {
        u8::try_from(day).ok().filter(|day| (1..=31).contains(day)).map(Self)
    }

    /// The day.
    pub fn day(self) -> u8 {
        self.0
    }

    /// The start of the period that begins in a month (1–12).
    fn start_in(self, year: i64, month: u8) -> UnixMs {
        let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let last = UnixMs::from_civil(next_year, next_month, 1).plus(-DAY_MS).civil().2;
        UnixMs::from_civil(year, month, self.0.min(last))
    }
}

/// A span of time from `start` to just before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First moment.
    pub start: UnixMs,
    /// First moment of the next one.
    pub end: UnixMs,
}

impl Period {
    /// The period that holds a moment.
    pub fn at(at: UnixMs, anchor: AnchorDay) -> Self {
        let (year, month, _) = at.civil();
        let here = anchor.start_in(year, month);
        if here <= at {
            let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            Self { start: here, end: anchor.start_in(year, month) }
        } else {
            let (year, month) = if month == 1 { (year - 1, 12) } else { (year, month - 1) };
            Self { start: anchor.start_in(year, month), end: here }
        }
    }

    /// Whether a moment lies in it.
    pub fn contains(&self, at: UnixMs) -> bool {
        self.start <= at && at < self.end
    }

    /// How long it is, in milliseconds.
    pub fn length_ms(&self) -> i64 {
        self.end.since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i64, month: u8, day: u8) -> UnixMs {
        UnixMs::from_civil(year, month, day)
    }

    #[test]
    fn short_months_use_their_last_day_and_nothing_drifts() {
        let anchor = AnchorDay::new(31).unwrap();
        let mut at = date(2027, 12, 31);
        let mut starts = vec![];
        for _ in 0..6 {
            let period = Period::at(at, anchor);
            starts.push(period.start.civil());
            at = period.end;
        }
        assert_eq!(
            starts,
            [(2027, 12, 31), (2028, 1, 31), (2028, 2, 29), (2028, 3, 31), (2028, 4, 30), (2028, 5, 31)],
            "2028 is a leap year"
        );
    }

    #[test]
    fn periods_follow_each_other_without_gap_for_every_anchor() {
        for day in 1..=31 {
            let anchor = AnchorDay::new(day).unwrap();
            let mut period = Period::at(date(2023, 11, 17), anchor);
            for _ in 0..60 {
                assert!(period.start < period.end && (28..=31).contains(&(period.length_ms() / DAY_MS)), "{period:?}");
                for inside in [period.start, period.start.plus(1), period.end.plus(-1)] {
                    assert_eq!(Period::at(inside, anchor), period);
                }
                let next = Period::at(period.end, anchor);
                assert_eq!(next.start, period.end);
                period = next;
            }
        }
        assert_eq!((AnchorDay::new(0), AnchorDay::new(32), AnchorDay::new(-1)), (None, None, None));
    }
}
