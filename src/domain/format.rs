//! Numbers as people read them: the table "Numbers" of the design language.

use super::{
    money::{DOLLAR, NanoUsd},
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs},
};

/// `$4,108.62`; below one cent three significant digits, `$0.000312`; `−$12.00`. Rounded half up.
pub fn money(amount: NanoUsd) -> String {
    let sign = if amount.0 < 0 { "−" } else { "" };
    let nano = amount.0.unsigned_abs();
    const CENT: u64 = DOLLAR as u64 / 100;
    if nano > 0 && nano < CENT {
        // Three significant digits of a fraction of a cent.
        let digits = nano.to_string().len() as u32;
        let step = 10u64.pow(digits.saturating_sub(3));
        let rounded = (nano + step / 2) / step * step;
        let text = format!("{rounded:09}");
        return format!("{sign}$0.{}", text.trim_end_matches('0'));
    }
    let cents = (nano + CENT / 2) / CENT;
    format!("{sign}${}.{:02}", grouped(cents / 100), cents % 100)
}

/// A price per million units: `$3.00`, `$0.075`.
pub fn price(nano_per_million: i64) -> String {
    let plain = NanoUsd(nano_per_million).plain();
    if plain.contains('.') { format!("${plain}") } else { format!("${plain}.00") }
}

/// `987`, `12.3k`, `4.56M`, `3.93B`: three significant digits.
pub fn count(value: i64) -> String {
    let (sign, value) = (if value < 0 { "−" } else { "" }, value.unsigned_abs());
    for (unit, name) in [(1_000_000_000u64, "B"), (1_000_000, "M"), (1_000, "k")] {
        if value >= unit {
            // Rounding may lift 999,999 to the next unit; three digits are kept either way.
            let hundredths = (u128::from(value) * 100 + u128::from(unit) / 2) / u128::from(unit);
            let text = match hundredths {
                0..=999 => format!("{}.{:02}", hundredths / 100, hundredths % 100),
                1_000..=9_999 => format!("{}.{}", hundredths / 100, hundredths / 10 % 10),
                _ => (hundredths / 100).to_string(),
            };
            return format!("{sign}{text}{name}");
        }
    }
    format!("{sign}{value}")
}

/// `1,234,567`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Ten-thousandths as `99.31%`, `100%`.
pub fn percent_bp(bp: i64) -> String {
    if bp % 100 == 0 { format!("{}%", bp / 100) } else { format!("{}.{:02}%", bp / 100, bp % 100) }
}

/// `842 ms`, `2.14 s`, `1 min 4 s`.
pub fn latency(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        _ => format!("{} min {} s", ms / MINUTE_MS, ms % MINUTE_MS / SECOND_MS),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `Nov`.
pub fn month(at: UnixMs) -> &'static str {
    MONTHS[usize::from(at.civil().1) - 1]
}

/// `14 Nov 2026`.
pub fn date(at: UnixMs) -> String {
    let (year, _, day) = at.civil();
    format!("{day} {} {year}", month(at))
}

/// `14 Nov`, with the year where it is not this one.
pub fn short_date(at: UnixMs, now: UnixMs) -> String {
    if at.civil().0 == now.civil().0 { format!("{} {}", at.civil().2, month(at)) } else { date(at) }
}

/// `Fri 20 Nov 2026, 15:42:07 UTC`, for tooltips.
pub fn full(at: UnixMs) -> String {
    let (hour, minute, second) = at.clock();
    format!("{}, {hour:02}:{minute:02}:{second:02} UTC", day(at))
}

/// `Fri 20 Nov 2026`.
pub fn day(at: UnixMs) -> String {
    format!("{} {}", DAYS[usize::from(at.weekday())], date(at))
}

/// RFC 3339 in UTC, for `<time datetime>`, interfaces and exports.
pub fn rfc3339(at: UnixMs) -> String {
    let ((year, month, day), (hour, minute, second)) = (at.civil(), at.clock());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", at.0.rem_euclid(1_000))
}

/// `now`, `3 min ago`, `2 h ago`, `yesterday`, then the date.
pub fn ago(at: UnixMs, now: UnixMs) -> String {
    let passed = now.since(at);
    let days = now.0.div_euclid(DAY_MS) - at.0.div_euclid(DAY_MS);
    match passed {
        ..MINUTE_MS => "now".into(),
        MINUTE_MS..HOUR_MS => format!("{} min ago", passed / MINUTE_MS),
        _ if days == 0 || passed < 12 * HOUR_MS => format!("{} h ago", passed / HOUR_MS),
        _ if days == 1 => "yesterday".into(),
        _ if days < 14 => format!("{days} days ago"),
        _ => short_date(at, now),
    }
}

/// `now`, `in 12 min`, `in 3 h`, `in 2 days`.
pub fn until(at: UnixMs, now: UnixMs) -> String {
    let left = at.since(now);
    match left {
        ..MINUTE_MS => "now".into(),
        MINUTE_MS..HOUR_MS => format!("in {} min", left / MINUTE_MS),
        HOUR_MS..DAY_MS => format!("in {} h", left / HOUR_MS),
        _ if left < 2 * DAY_MS => "in 1 day".into(),
        _ => format!("in {} days", left / DAY_MS),
    }
}

/// One or two letters for a tile or an avatar.
pub fn initials(name: &str) -> String {
    // What stands in brackets is no part of the name: "Billing (old)".
    let named = name.split_whitespace().filter(|word| !word.starts_with('('));
    let mut words = named.filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A stable hue, 1 to 6, for a tile or an avatar.
pub fn hue(name: &str) -> u8 {
    (name.bytes().fold(7u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b))) % 6 + 1) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_cents_or_three_digits() {
        assert_eq!(money(NanoUsd(4_108_620_000_000)), "$4,108.62");
        assert_eq!(money(NanoUsd(0)), "$0.00");
        assert_eq!(money(NanoUsd(312_400)), "$0.000312");
        assert_eq!(money(NanoUsd(9_999_999)), "$0.01");
        assert_eq!(money(NanoUsd(-12 * DOLLAR)), "−$12.00");
        assert_eq!(money(NanoUsd(1)), "$0.000000001");
        assert_eq!(price(3 * DOLLAR), "$3.00");
        assert_eq!(price(75_000_000), "$0.075");
    }

    #[test]
    fn counts_have_three_significant_digits() {
        for (value, text) in [
            (987, "987"),
            (12_345, "12.3k"),
            (4_560_000, "4.56M"),
            (3_930_000_000, "3.93B"),
            (1_000, "1.00k"),
            (118_000, "118k"),
            (0, "0"),
        ] {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn times_are_told_from_now() {
        let now = UnixMs(1_795_302_180_000);
        assert_eq!(ago(now.plus(-30_000), now), "now");
        assert_eq!(ago(now.plus(-3 * MINUTE_MS), now), "3 min ago");
        assert_eq!(ago(now.plus(-2 * HOUR_MS), now), "2 h ago");
        assert_eq!(ago(now.plus(-25 * HOUR_MS), now), "yesterday");
        assert_eq!(ago(now.plus(-40 * DAY_MS), now), "12 Oct");
        assert_eq!(until(now.plus(30_000), now), "now");
        assert_eq!(until(now.plus(59 * MINUTE_MS), now), "in 59 min");
        assert_eq!(until(now.plus(3 * HOUR_MS), now), "in 3 h");
        assert_eq!(until(now.plus(25 * HOUR_MS), now), "in 1 day");
        assert_eq!(until(now.plus(4 * DAY_MS), now), "in 4 days");
        assert_eq!(full(now), "Sat 21 Nov 2026, 23:03:00 UTC");
        assert_eq!(rfc3339(now), "2026-11-21T23:03:00.000Z");
        assert_eq!(latency(842), "842 ms");
        assert_eq!(latency(2_149), "2.14 s");
        assert_eq!(latency(64_000), "1 min 4 s");
        assert_eq!(percent_bp(9_931), "99.31%");
        assert_eq!(percent_bp(10_000), "100%");
        assert_eq!(initials("Maya Okafor"), "MO");
        assert_eq!(initials("Maya Okafor (she/her)"), "MO");
        assert_eq!(initials("platform"), "P");
    }
}
