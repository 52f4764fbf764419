//! The range of a statistic and the length of its intervals. Sums are kept per quarter of an hour, so ranges begin and end with one.

use serde::{Deserialize, Serialize};

use super::{
    field_errors::FieldErrors,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs},
};

/// Finest interval, and what ranges are widened to.
pub const FINEST_MS: i64 = 15 * MINUTE_MS;
/// Longest range.
const LONGEST_MS: i64 = 400 * DAY_MS;
/// Most intervals of a report.
const BUCKETS_MAX: i64 = 1_000;
/// Intervals that a chart draws well; the coarser length is taken beyond.
const BUCKETS_GOOD: i64 = 120;

/// Interval lengths, by the words of interfaces.
const BUCKETS: [(&str, i64); 5] = [("15m", FINEST_MS), ("1h", HOUR_MS), ("6h", 6 * HOUR_MS), ("1d", DAY_MS), ("1w", 7 * DAY_MS)];

/// A range and the length of its intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRange {
    /// Start, included.
    pub from: UnixMs,
    /// End, excluded.
    pub to: UnixMs,
    /// Length of an interval; the first and last may be shorter.
    pub bucket_ms: i64,
}

impl UsageRange {
    /// A range as typed: milliseconds or nothing (the last 24 hours), and the word of an interval or nothing (a fitting one).
    pub fn parse(from: Option<i64>, to: Option<i64>, bucket: &str, now: UnixMs) -> Result<Self, FieldErrors> {
        // The future has no calls: ends there mean now.
        let latest = ceil(now.plus(1));
        let to = ceil(UnixMs(to.unwrap_or(latest.0).max(0))).min(latest);
        let from = UnixMs(from.unwrap_or(to.plus(-DAY_MS).0).max(0)).floor_to(FINEST_MS);
        let length = to.since(from);
        if from >= to {
            return Err(FieldErrors::one("from", "Choose a start before the end, and not in the future."));
        }
        if length > LONGEST_MS {
            return Err(FieldErrors::one("from", "Choose at most 400 days."));
        }
        let bucket_ms = match bucket {
            "" => fitting(length),
            word => match BUCKETS.iter().find(|(name, _)| *name == word) {
                Some((_, bucket_ms)) if length / bucket_ms <= BUCKETS_MAX => *bucket_ms,
                Some(_) => {
                    return Err(FieldErrors::one("bucket", format!("Choose longer intervals: at most {BUCKETS_MAX} fit.")));
                }
                None => return Err(FieldErrors::one("bucket", "Use 15m, 1h, 6h, 1d or 1w.")),
            },
        };
        Ok(Self { from, to, bucket_ms })
    }

    /// The word of its intervals' length.
    pub fn bucket_word(self) -> &'static str {
        BUCKETS.iter().find(|(_, bucket_ms)| *bucket_ms == self.bucket_ms).map_or("", |(word, _)| word)
    }

    /// The range of the same length that ends where this one begins.
    #[must_use]
    pub fn before(self) -> Self {
        Self { from: self.from.plus(-self.to.since(self.from)), to: self.from, bucket_ms: self.bucket_ms }
    }
}

fn fitting(length: i64) -> i64 {
    BUCKETS.iter().map(|(_, bucket_ms)| *bucket_ms).find(|bucket_ms| length / bucket_ms <= BUCKETS_GOOD).unwrap_or(DAY_MS)
}

fn ceil(at: UnixMs) -> UnixMs {
    at.plus(FINEST_MS - 1).floor_to(FINEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_302_180_000);

    #[test]
    fn ranges_are_widened_to_quarters_of_an_hour_and_refused_beyond_reason() {
        let range = UsageRange::parse(Some(NOW.0 - HOUR_MS), Some(NOW.0), "15m", NOW).unwrap();
        assert_eq!((range.from.0 % FINEST_MS, range.to.0 % FINEST_MS), (0, 0));
        assert!(range.from.0 <= NOW.0 - HOUR_MS && range.to.0 >= NOW.0);
        assert_eq!(
            UsageRange::parse(None, None, "", NOW).unwrap().to.since(UsageRange::parse(None, None, "", NOW).unwrap().from),
            DAY_MS
        );
        for (from, to, bucket) in [
            (Some(NOW.0), Some(NOW.0 - DAY_MS), ""),
            (Some(NOW.0 + DAY_MS), None, ""),
            (Some(NOW.0 + DAY_MS), Some(i64::MAX), ""),
            (Some(0), None, ""),
            (Some(i64::MIN), Some(i64::MAX), ""),
            (Some(NOW.0 - 90 * DAY_MS), None, "15m"),
            (None, None, "5m"),
            (None, None, "1d'"),
        ] {
            assert!(UsageRange::parse(from, to, bucket, NOW).is_err(), "{from:?} {to:?} {bucket}");
        }
        let range = UsageRange::parse(Some(NOW.0 - DAY_MS), Some(i64::MAX), "", NOW).unwrap();
        assert!(range.to.since(NOW) <= FINEST_MS, "the future is cut off");
    }
}
