//! Points in time: UTC milliseconds since 1970.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

/// One second in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds (UTC has no daylight saving).
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl UnixMs {
    /// This time moved by some milliseconds, at most to the ends of the scale.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; 0 when that is in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }

    /// The start of the interval of the given length that holds this time.
    #[must_use]
    pub fn floor_to(self, length_ms: i64) -> Self {
        Self(self.0.div_euclid(length_ms) * length_ms)
    }

    /// Year, month (1–12) and day (1–31) in UTC.
    #[must_use]
    pub fn civil(self) -> (i64, u8, u8) {
        // Days to civil date after H. Hinnant, "chrono-compatible low-level date algorithms".
        let days = self.0.div_euclid(DAY_MS) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_index + 2) / 5 + 1;
        let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month as u8, day as u8)
    }

    /// Midnight UTC of a date; the day may lie beyond the month's end and then counts on.
    #[must_use]
    pub fn from_civil(year: i64, month: u8, day: u8) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_index = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self((era * 146_097 + day_of_era - 719_468) * DAY_MS)
    }

    /// Reads a day as date inputs write it (`2026-11-21`): its midnight UTC. Nothing for no text, else a sentence for what is wrong.
    pub fn parse_day(text: &str) -> Result<Option<Self>, &'static str> {
        const WRONG: &str = "Enter a day such as 2026-11-21.";
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return Err(WRONG) };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(WRONG);
        }
        let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else { return Err(WRONG) };
        let at = Self::from_civil(year, month, day);
        if at.civil() == (year, month, day) { Ok(Some(at)) } else { Err("There is no such day.") }
    }

    /// Hour, minute and second of the day in UTC.
    #[must_use]
    pub fn clock(self) -> (u8, u8, u8) {
        let of_day = self.0.rem_euclid(DAY_MS);
        ((of_day / HOUR_MS) as u8, (of_day % HOUR_MS / MINUTE_MS) as u8, (of_day % MINUTE_MS / SECOND_MS) as u8)
    }

    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> u8 {
        (self.0.div_euclid(DAY_MS) + 3).rem_euclid(7) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_round_trip() {
        for day in (-800_000..800_000).step_by(37) {
            let at = UnixMs(day * DAY_MS);
            let (year, month, date) = at.civil();
            assert_eq!(UnixMs::from_civil(year, month, date), at);
        }
        assert_eq!(UnixMs(1_795_302_180_000).civil(), (2026, 11, 21));
        assert_eq!(UnixMs(1_795_302_180_000).clock(), (23, 3, 0));
        assert_eq!(UnixMs(1_795_302_180_000).weekday(), 5, "a Saturday");
        assert_eq!(UnixMs(951_782_400_000).civil(), (2000, 2, 29));
    }

    #[test]
    fn days_are_read_as_date_inputs_write_them() {
        assert_eq!(UnixMs::parse_day(" 2026-11-21 "), Ok(Some(UnixMs::from_civil(2026, 11, 21))));
        assert_eq!(UnixMs::parse_day(" "), Ok(None));
        for wrong in [
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "26-11-2026",
            "2026-11-21T00:00",
            "+026-11-21",
            "yesterday",
            "2026-11-２1",
        ] {
            assert!(UnixMs::parse_day(wrong).is_err(), "{wrong}");
        }
    }
}
