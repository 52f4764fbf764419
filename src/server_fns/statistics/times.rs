//! Times as the clocks of a zone show them.

use crate::{
    domain::{
        format,
        time::{DAY_MS, UnixMs},
        usage_statistics::MeasuredInterval,
    },
    service::usage::zones::Zone,
};

/// A moment moved so that what is written of it in UTC is what the zone's clocks show.
pub(super) fn local(zone: &Zone, at: UnixMs) -> UnixMs {
    at.plus(zone.offset_ms(at))
}

/// `24 Oct`
pub(super) fn day(at: UnixMs) -> String {
    format!("{} {}", at.civil().2, format::month(at))
}

/// `15:42`
pub(super) fn clock(at: UnixMs) -> String {
    format!("{:02}:{:02}", at.clock().0, at.clock().1)
}

/// `2026-11-20`, as inputs have it.
pub(super) fn iso_day(at: UnixMs) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// `24 Oct – 20 Nov 2026`, or with times where it is not of whole days.
pub(super) fn range(zone: &Zone, from: UnixMs, to: UnixMs) -> String {
    let (first, end) = (local(zone, from), local(zone, to));
    if to.since(from) <= DAY_MS && first.civil() != local(zone, to.plus(-1)).civil() || first.clock() != (0, 0, 0) {
        return format!("{}, {} – {}, {}", day(first), clock(first), day(end), clock(end));
    }
    let last = local(zone, to.plus(-1));
    if first.civil() == last.civil() {
        return format::date(first);
    }
    if first.civil().0 == last.civil().0 {
        format!("{} – {}", day(first), format::date(last))
    } else {
        format!("{} – {}", format::date(first), format::date(last))
    }
}

/// A range in a sentence: `between 24 Oct and 20 Nov 2026`, `on 20 Nov 2026`.
pub(super) fn during(range: &str) -> String {
    match range.split_once(" – ") {
        Some((first, last)) => format!("between {first} and {last}"),
        None => format!("on {range}"),
    }
}

/// What an interval is called on the axis, and in the table.
pub(super) fn labels(zone: &Zone, intervals: &[MeasuredInterval], bucket_ms: i64, now: UnixMs) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = vec![];
    for (at, part) in intervals.iter().enumerate() {
        let start = local(zone, part.start);
        let midnight = start.clock() == (0, 0, 0);
        let daily = bucket_ms >= DAY_MS;
        let axis = if daily || midnight { day(start) } else { clock(start) };
        let mut told = match (daily, bucket_ms > DAY_MS) {
            (_, true) => format!("Week of {}", day(start)),
            (true, _) => format!("{} {}", weekday(start), day(start)),
            _ => format!("{}, {}", day(start), clock(start)),
        };
        // Where clocks are put back, an hour comes twice.
        if labels.last().is_some_and(|(_, before)| *before == told) {
            told.push_str(" again");
        }
        if at + 1 == intervals.len() && now < part.end {
            told.push_str(", so far");
        }
        labels.push((axis, told));
    }
    labels
}

/// `Tue`
pub(super) fn weekday(at: UnixMs) -> &'static str {
    &WEEKDAYS[usize::from(at.weekday()) % 7][..3]
}

/// What is usual for an interval is told of its like: `Tuesday`, `Tuesday at 15:00`.
pub(super) fn kind(at: UnixMs, bucket_ms: i64) -> String {
    let day = WEEKDAYS[usize::from(at.weekday()) % 7];
    if bucket_ms >= DAY_MS { day.to_owned() } else { format!("{day} at {}", clock(at)) }
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
