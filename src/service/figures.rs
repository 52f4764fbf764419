//! From statistics to the key figures that pages begin with: value, change against the range before, and course.

use crate::domain::{
    charts::{Delta, KpiView, Tone},
    format,
    money::NanoUsd,
    usage_statistics::{Measures, RankBy, Ranked, Statistics},
};

/// Below this success is shown in red, in ten-thousandths.
pub const FAILING_BP: i64 = 9_800;

/// Spend, requests, tokens, success rate and latency of a range, compared with those of the range before it.
pub fn key_figures(statistics: &Statistics) -> Vec<KpiView> {
    let (now, was) = (&statistics.total, &statistics.previous);
    let spark = |value: fn(&Measures) -> Option<i64>| {
        sparkline(&statistics.intervals.iter().map(|interval| value(&interval.measures)).collect::<Vec<_>>())
    };
    let (rate, rate_was) = (now.sums.success_rate_bp(), was.sums.success_rate_bp());
    let exact = |value: i64| format::grouped(value.unsigned_abs());
    vec![
        KpiView {
            label: "Spend".into(),
            value: format::money(NanoUsd(now.sums.cost)),
            title: format!("${}", NanoUsd(now.sums.cost).plain()),
            delta: relative(now.sums.cost, was.sums.cost, format::money(NanoUsd(was.sums.cost))),
            spark: spark(|measures| Some(measures.sums.cost)),
            ..KpiView::default()
        },
        KpiView {
            label: "Requests".into(),
            value: format::count(now.sums.requests),
            title: exact(now.sums.requests),
            delta: relative(now.sums.requests, was.sums.requests, format::count(was.sums.requests)),
            spark: spark(|measures| Some(measures.sums.requests)),
            ..KpiView::default()
        },
        KpiView {
            label: "Tokens".into(),
            value: format::count(now.sums.tokens()),
            title: exact(now.sums.tokens()),
            delta: relative(now.sums.tokens(), was.sums.tokens(), format::count(was.sums.tokens())),
            spark: spark(|measures| Some(measures.sums.tokens())),
            ..KpiView::default()
        },
        with_unit(KpiView {
            label: "Success rate".into(),
            value: rate.map_or_else(|| "–".into(), format::percent_bp),
            title: if rate.is_none() { "No data".into() } else { "Completed of completed and failed calls".into() },
            delta: rate.zip(rate_was).and_then(|(rate, was)| {
                let points = format!("{}.{:02} pt", (rate - was).abs() / 100, (rate - was).abs() % 100);
                change(rate - was, points, format::percent_bp(was), Tone::Good)
            }),
            spark: spark(|measures| measures.sums.success_rate_bp()),
            ..KpiView::default()
        }),
        with_unit(KpiView {
            label: "Latency, p95".into(),
            value: now.p95_ms.map_or_else(|| "–".into(), format::latency),
            title: now.p50_ms.map_or_else(|| "No data".into(), |p50| format!("p50 {}", format::latency(p50))),
            delta: now
                .p95_ms
                .zip(was.p95_ms)
                .and_then(|(p95, was)| change(p95 - was, format::latency((p95 - was).abs()), format::latency(was), Tone::Bad)),
            spark: spark(|measures| measures.p95_ms),
            ..KpiView::default()
        }),
    ]
}

/// Splits `99.31%` and `842 ms` into figure and unit.
pub fn with_unit(mut kpi: KpiView) -> KpiView {
    if let Some(at) = kpi.value.find(['%', ' '])
        && kpi.value.matches(' ').count() < 2
    {
        kpi.unit = kpi.value[at..].trim().to_owned();
        kpi.value.truncate(at);
    }
    kpi
}

/// The change of an amount, in percent of what it was.
pub fn relative(now: i64, was: i64, was_text: String) -> Option<Delta> {
    if was <= 0 {
        return None;
    }
    let per_mille = (i128::from(now) - i128::from(was)) * 1_000 / i128::from(was);
    let size = per_mille.unsigned_abs();
    let text = if size >= 1_000 { format!("{}%", size / 10) } else { format!("{}.{}%", size / 10, size % 10) };
    change(if per_mille < 0 { -1 } else { 1 }, text, was_text, Tone::Plain)
}

/// `rising` is what a rise means; a fall then means the opposite.
pub fn change(difference: i64, text: String, was: String, rising: Tone) -> Option<Delta> {
    let tone = match (rising, difference < 0) {
        (Tone::Plain, _) => Tone::Plain,
        (tone, false) => tone,
        (Tone::Good, true) => Tone::Bad,
        (Tone::Bad, true) => Tone::Good,
    };
    (difference != 0).then(|| Delta { up: difference > 0, text, was: format!("from {was}"), tone })
}

/// What a ranking goes by, of one of its rows, against the range before.
pub fn change_of(order: RankBy, row: &Ranked) -> Option<Delta> {
    let (is, was) = (order.of(&row.sums), order.of(&row.previous));
    let text = |value: i64| match order {
        RankBy::Cost => format::money(NanoUsd(value)),
        RankBy::Tokens | RankBy::Requests | RankBy::Errors => format::count(value),
    };
    let words = if was > 0 {
        let tenths = i128::from(is.saturating_sub(was)).abs() * 1_000 / i128::from(was);
        if tenths >= 10_000 { format!("{} ×", tenths / 1_000 + 1) } else { format!("{}.{}%", tenths / 10, tenths % 10) }
    } else {
        "new".to_owned()
    };
    change(is.saturating_sub(was), words, text(was), Tone::Plain)
}

/// A line in a box of 200 × 34; gaps keep the last value.
pub fn sparkline(values: &[Option<i64>]) -> Option<(String, String)> {
    let (low, high) = (0, values.iter().flatten().copied().max()?);
    if values.len() < 2 {
        return None;
    }
    let mut last = low;
    let step = 200.0 / (values.len() - 1) as f64;
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            last = value.unwrap_or(last);
            let share = if high > 0 { last as f64 / high as f64 } else { 0.0 };
            format!("{:.1} {:.1}", at as f64 * step, 31.0 - 27.0 * share)
        })
        .collect();
    let line = format!("M{}", points.join("L"));
    let area = format!("{line}L200 34L0 34Z");
    Some((line, area))
}

#[cfg(test)]
mod tests;
