//! What an overview is of: its range, and the words for it.

use crate::{
    domain::{
        format,
        time::{DAY_MS, UnixMs},
        usage::TestCalls,
        usage_filter::UsageFilter,
    },
    service::{
        Caller, ServiceError, Services,
        usage::statistics::{RangeWords, StatisticsQuery, UsageOf},
    },
};

/// What an address asks for, in UTC as budgets are.
pub(in crate::server_fns) async fn asked(
    services: &Services,
    caller: &Caller,
    of: UsageOf<'_>,
    range: &str,
    test: TestCalls,
) -> Result<StatisticsQuery, ServiceError> {
    let (range, bucket) = match range {
        "24h" => ("24h", "1h"),
        "7d" => ("7d", "6h"),
        "28d" => ("28d", "1d"),
        _ => ("period", ""),
    };
    let anchor = services.usage_anchor(caller, of).await?;
    let now = services.clock.now();
    let read = |bucket| {
        let words = RangeWords { range, bucket, anchor, ..RangeWords::default() };
        StatisticsQuery::parse(words, UsageFilter::of(test), now)
    };
    let query = read(bucket)?;
    // Of a month's first days there would be a line of one or two points.
    let long = query.range.to.since(query.range.from) > 4 * DAY_MS;
    if bucket.is_empty() { read(if long { "1d" } else { "1h" }) } else { Ok(query) }
}

/// `1–20 Nov 2026 (UTC), month to date. Compared with 1–20 Oct.`
pub(in crate::server_fns) fn lead(range: &str, query: &StatisticsQuery, now: UnixMs) -> String {
    let (is, was) = (query.range, query.previous);
    match range {
        "24h" => format!("The last 24 hours, since {} UTC. Compared with the 24 hours before.", hour(is.from)),
        "7d" | "28d" => {
            let days = range.trim_end_matches('d');
            format!("{} (UTC). Compared with the {days} days before.", span(is.from, is.to, now))
        }
        _ => format!("{} (UTC), month to date. Compared with {}.", span(is.from, is.to, now), span(was.from, was.to, now)),
    }
}

fn hour(at: UnixMs) -> String {
    let (hour, minute, _) = at.clock();
    format!("{} {}, {hour:02}:{minute:02}", at.civil().2, format::month(at))
}

/// `1–20 Nov 2026`; without the year where that would only repeat this one.
fn span(from: UnixMs, to: UnixMs, now: UnixMs) -> String {
    // A day that has just begun counts.
    let last = to.plus(-1).min(now).max(from);
    let ((year, month, first), (last_year, last_month, day)) = (from.civil(), last.civil());
    let end = format::date(last);
    match (year == last_year, month == last_month, first == day) {
        (true, true, true) => end,
        (true, true, false) => format!("{first}–{end}"),
        (true, false, _) => format!("{first} {} – {end}", format::month(from)),
        (false, ..) => format!("{} – {end}", format::date(from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    #[test]
    fn spans_say_no_more_than_is_needed() {
        let at = |month, day| UnixMs::from_civil(2026, month, day);
        let now = at(11, 20).plus(12 * HOUR_MS);
        assert_eq!(span(at(11, 1), now, now), "1–20 Nov 2026");
        assert_eq!(span(at(11, 1), at(11, 1).plus(1), now), "1 Nov 2026");
        assert_eq!(span(at(10, 15), at(11, 15), now), "15 Oct – 14 Nov 2026");
        assert_eq!(span(UnixMs::from_civil(2025, 12, 20), at(1, 3), now), "20 Dec 2025 – 2 Jan 2026");
    }
}
