//! Intervals in the viewer's zone, by the zone database that is built in: exact where clocks are put forward or back, and where zones are
//! off by half an hour or three quarters of one.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::domain::{
    field_errors::FieldErrors,
    time::{DAY_MS, HOUR_MS, UnixMs},
    usage_buckets::{Intervals, Span},
    usage_range::UsageRange,
};

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: "UTC".into() }
    }

    /// A zone by its name in the zone database, such as `Asia/Kolkata`; UTC for no name.
    pub fn parse(name: &str) -> Result<Self, FieldErrors> {
        if name.is_empty() || name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        let wrong = || FieldErrors::one("zone", "Use a name of the time zone database, such as Europe/Berlin.");
        if name.len() > 60 {
            return Err(wrong());
        }
        let zone = jiff::tz::db().get(name).map_err(|_| wrong())?;
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok(Self { zone, name })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How far its clocks are ahead of UTC.
    pub fn offset_ms(&self, at: UnixMs) -> i64 {
        i64::from(self.zone.to_offset(timestamp(at)).seconds()) * 1_000
    }

    /// The date that its calendars show.
    pub fn date(&self, at: UnixMs) -> Date {
        self.zone.to_datetime(timestamp(at)).date()
    }

    /// When a day begins: later than midnight where clocks are put forward then, the first time where they are put back.
    pub fn midnight(&self, date: Date) -> UnixMs {
        self.moment(date, 0)
    }

    /// The same of a day of the calendar, given as its beginning in UTC, or of some days later.
    pub fn midnight_of(&self, day: UnixMs, days_later: i64) -> UnixMs {
        self.midnight(Self::shifted(TimeZone::UTC.to_datetime(timestamp(day)).date(), days_later))
    }

    fn moment(&self, date: Date, hour: i8) -> UnixMs {
        let time = date.to_datetime(Time::constant(hour, 0, 0, 0));
        let at = self.zone.to_ambiguous_timestamp(time).compatible();
        // Beyond the year 9999 there is no usage.
        UnixMs(at.map_or(0, |at| at.as_millisecond()))
    }

    /// The date some days later or, below zero, before.
    fn shifted(date: Date, days: i64) -> Date {
        date.checked_add(jiff::Span::new().days(days.clamp(-4_000, 4_000))).unwrap_or(date)
    }

    /// The day that a date input names (`2026-11-21`): its beginning and the next one's.
    pub fn day(&self, text: &str) -> Result<Option<(UnixMs, UnixMs)>, &'static str> {
        Ok(UnixMs::parse_day(text)?.map(|day| (self.midnight_of(day, 0), self.midnight_of(day, 1))))
    }

    /// A moment as its clocks show it: to be written with what writes UTC.
    pub fn local(&self, at: UnixMs) -> UnixMs {
        at.plus(self.offset_ms(at))
    }

    /// The intervals of a range: those of up to an hour are cut where the local clock shows a multiple, longer ones at local hours of the
    /// day, whole days and weeks from Monday. The first and the last may be shorter.
    pub fn intervals(&self, range: UsageRange) -> Intervals {
        let (from, to, length) = (range.from, range.to, range.bucket_ms);
        let mut bounds = vec![from, to];
        if length <= HOUR_MS {
            let step = Span::Quarter.ms();
            let quarters = (from.floor_to(step).0..to.0).step_by(usize::try_from(step).unwrap_or(1)).map(UnixMs);
            bounds.extend(quarters.filter(|at| (at.0 + self.offset_ms(*at)).rem_euclid(length) == 0));
        } else {
            let hours = if length < DAY_MS { usize::try_from(length / HOUR_MS).unwrap_or(6) } else { 24 };
            let (mut date, last) = (self.date(from), self.date(to));
            while date <= last {
                if length <= DAY_MS || date.weekday() == jiff::civil::Weekday::Monday {
                    bounds.extend((0..24_i8).step_by(hours).map(|hour| self.moment(date, hour)));
                }
                let Ok(next) = date.tomorrow() else { break };
                date = next;
            }
        }
        bounds.retain(|at| (from..=to).contains(at));
        Intervals::new(bounds)
    }

    /// What a range is compared with: the same times of the clock as many days before as the range has begun, so that weekdays line up
    /// for whole weeks and a day that is not over is compared with the same part of one. Below a day: the time just before.
    pub fn previous(&self, range: UsageRange) -> UsageRange {
        let length = range.to.since(range.from);
        if length < DAY_MS {
            return range.before();
        }
        let last = self.date(range.to.plus(-1));
        let days = i64::from(last.since(self.date(range.from)).map_or(0, |span| span.get_days())) + 1;
        let days = if self.midnight(self.date(range.from)) == range.from { days } else { length.div_euclid(DAY_MS).max(1) };
        let back = |at: UnixMs| {
            let date = self.date(at);
            let of_day = at.since(self.midnight(date));
            self.midnight(Self::shifted(date, -days)).plus(of_day).floor_to(Span::Quarter.ms())
        };
        let (from, to) = (back(range.from), back(range.to).min(range.from));
        UsageRange { from, to, ..range }
    }

    /// A range by a word: `24h`, `7d`, `28d`, `90d` up to now; days are whole local ones, today's as far as it has come.
    pub fn preset(&self, word: &str, now: UnixMs) -> Option<(UnixMs, UnixMs)> {
        let days = match word {
            "24h" => return Some((now.floor_to(Span::Quarter.ms()).plus(Span::Quarter.ms() - DAY_MS), now)),
            "7d" => 7,
            "28d" => 28,
            "90d" => 90,
            _ => return None,
        };
        Some((self.midnight(Self::shifted(self.date(now), 1 - days)), now))
    }
}

fn timestamp(at: UnixMs) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn range(from: UnixMs, days: i64, bucket_ms: i64) -> UsageRange {
        UsageRange { from, to: from.plus(days * DAY_MS), bucket_ms }
    }

    fn lengths(intervals: &Intervals) -> Vec<i64> {
        intervals.spans().map(|(start, end)| (end.0 - start.0) / Span::Quarter.ms()).collect()
    }

    #[test]
    fn days_are_23_and_25_hours_long_where_clocks_change() {
        let berlin = zone("Europe/Berlin");
        let spring = berlin.midnight(jiff::civil::date(2026, 3, 28));
        assert_eq!(lengths(&berlin.intervals(range(spring, 3, DAY_MS)))[..3], [96, 92, 96]);
        let autumn = berlin.midnight(jiff::civil::date(2026, 10, 24));
        assert_eq!(lengths(&berlin.intervals(range(autumn, 3, DAY_MS)))[..3], [96, 100, 92]);
        // Lord Howe puts its clocks by half an hour.
        let howe = zone("Australia/Lord_Howe");
        let spring = howe.midnight(jiff::civil::date(2026, 10, 3));
        assert_eq!(lengths(&howe.intervals(range(spring, 3, DAY_MS)))[..2], [96, 94]);
        // Where midnight is skipped, a day begins at one.
        let cairo = zone("Africa/Cairo");
        let day = cairo.midnight(jiff::civil::date(2026, 4, 24));
        assert_eq!(cairo.offset_ms(day), 3 * HOUR_MS);
        assert_eq!(day.plus(cairo.offset_ms(day)).clock(), (1, 0, 0));
    }

    #[test]
    fn zones_of_half_and_three_quarters_of_an_hour_have_their_own_hours() {
        for (name, minute) in [("Asia/Kolkata", 30), ("Asia/Kathmandu", 15), ("Europe/London", 0)] {
            let intervals = zone(name).intervals(range(UnixMs::from_civil(2026, 7, 1), 2, HOUR_MS));
            let starts = intervals.starts();
            assert!(starts[1..].iter().all(|start| start.clock().1 == minute), "{name}");
            assert!((48..=49).contains(&starts.len()));
        }
        assert_eq!(zone("Asia/Kolkata").midnight(jiff::civil::date(2026, 7, 2)).clock(), (18, 30, 0));
    }

    #[test]
    fn weeks_begin_on_monday_and_six_hours_at_midnight() {
        let utc = Zone::utc();
        let weeks = utc.intervals(range(UnixMs::from_civil(2026, 11, 4), 28, 7 * DAY_MS));
        assert!(weeks.starts()[1..].iter().all(|start| start.weekday() == 0));
        let parts = zone("Asia/Kolkata").intervals(range(UnixMs::from_civil(2026, 11, 4), 1, 6 * HOUR_MS));
        assert_eq!(parts.starts()[1].clock(), (0, 30, 0));
        assert_eq!(parts.len(), 5);
    }

    #[test]
    fn a_range_is_compared_with_the_same_weekdays_before() {
        let berlin = zone("Europe/Berlin");
        let now = UnixMs::from_civil(2026, 11, 3).plus(9 * HOUR_MS);
        let (from, to) = berlin.preset("28d", now).unwrap();
        let before = berlin.previous(UsageRange { from, to, bucket_ms: DAY_MS });
        assert_eq!(berlin.date(before.from), jiff::civil::date(2026, 9, 9));
        assert_eq!(berlin.midnight(berlin.date(before.from)), before.from, "though clocks were put back in between");
        assert_eq!(before.to.plus(berlin.offset_ms(before.to)).clock(), (10, 0, 0));
        let hours = UsageRange { from: now.plus(-3 * HOUR_MS), to: now, bucket_ms: HOUR_MS };
        assert_eq!(berlin.previous(hours).to, hours.from);
        let day = UsageRange { from: now.plus(-DAY_MS), to: now, bucket_ms: HOUR_MS };
        assert_eq!(berlin.previous(day).to, day.from);
    }

    #[test]
    fn names_that_are_no_zone_are_refused() {
        for wrong in ["Mars/Base", "../../etc/passwd", "Europe/Berlin'; --", &"x".repeat(10_000)] {
            assert!(Zone::parse(wrong).is_err());
        }
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
        assert_eq!(zone("").name(), "UTC");
    }
}
