//! From usage figures to what an overview shows: key figures with their change, and five charts with the tables behind them.

use crate::{
    domain::{
        charts::{ChartTable, ChartView, Delta, KpiView, LegendEntry, OverviewFigures, Tone},
        format,
        money::{DOLLAR, NanoUsd},
        time::{DAY_MS, UnixMs},
        usage::{UsageBucket, UsageReport},
    },
    service::charts::{DARK, LIGHT, Plan, Series, Shape, options},
};

/// Figures of a range, compared with those of the range before it. `now` tells whether the last interval is over.
pub fn overview(report: &UsageReport, before: &UsageReport, now: UnixMs) -> OverviewFigures {
    let axis = Axis::of(report, now);
    OverviewFigures {
        kpis: key_figures(report, before),
        spend: spend(report, &axis),
        requests: requests(report, &axis),
        tokens: tokens(report, &axis),
        success: success(report, &axis),
        latency: latency(report, &axis),
    }
}

fn key_figures(report: &UsageReport, before: &UsageReport) -> Vec<KpiView> {
    let (now, was) = (&report.total, &before.total);
    let spark = |value: fn(&UsageBucket) -> Option<i64>| sparkline(&report.buckets.iter().map(value).collect::<Vec<_>>());
    let (rate, rate_was) = (now.figures.success_rate_bp(), was.figures.success_rate_bp());
    let exact = |value: i64| format::grouped(value.unsigned_abs());
    vec![
        KpiView {
            label: "Spend".into(),
            value: format::money(NanoUsd(now.figures.cost)),
            title: format!("${}", NanoUsd(now.figures.cost).plain()),
            delta: relative(now.figures.cost, was.figures.cost, format::money(NanoUsd(was.figures.cost))),
            spark: spark(|bucket| Some(bucket.figures.cost)),
            ..KpiView::default()
        },
        KpiView {
            label: "Requests".into(),
            value: format::count(now.figures.requests),
            title: exact(now.figures.requests),
            delta: relative(now.figures.requests, was.figures.requests, format::count(was.figures.requests)),
            spark: spark(|bucket| Some(bucket.figures.requests)),
            ..KpiView::default()
        },
        KpiView {
            label: "Tokens".into(),
            value: format::count(now.figures.tokens()),
            title: exact(now.figures.tokens()),
            delta: relative(now.figures.tokens(), was.figures.tokens(), format::count(was.figures.tokens())),
            spark: spark(|bucket| Some(bucket.figures.tokens())),
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
            spark: spark(|bucket| bucket.figures.success_rate_bp()),
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
            spark: spark(|bucket| bucket.p95_ms),
            ..KpiView::default()
        }),
    ]
}

/// Splits `99.31%` and `842 ms` into figure and unit.
fn with_unit(mut kpi: KpiView) -> KpiView {
    if let Some(at) = kpi.value.find(['%', ' '])
        && kpi.value.matches(' ').count() < 2
    {
        kpi.unit = kpi.value[at..].trim().to_owned();
        kpi.value.truncate(at);
    }
    kpi
}

fn relative(now: i64, was: i64, was_text: String) -> Option<Delta> {
    if was <= 0 {
        return None;
    }
    let per_mille = (i128::from(now) - i128::from(was)) * 1_000 / i128::from(was);
    let size = per_mille.unsigned_abs();
    let text = if size >= 1_000 { format!("{}%", size / 10) } else { format!("{}.{}%", size / 10, size % 10) };
    change(if per_mille < 0 { -1 } else { 1 }, text, was_text, Tone::Plain)
}

/// `rising` is what a rise means; a fall then means the opposite.
fn change(difference: i64, text: String, was: String, rising: Tone) -> Option<Delta> {
    let tone = match (rising, difference < 0) {
        (Tone::Plain, _) => Tone::Plain,
        (tone, false) => tone,
        (Tone::Good, true) => Tone::Bad,
        (Tone::Bad, true) => Tone::Good,
    };
    (difference != 0).then(|| Delta { up: difference > 0, text, was: format!("from {was}"), tone })
}

/// A line in a box of 200 × 34; gaps keep the last value.
fn sparkline(values: &[Option<i64>]) -> Option<(String, String)> {
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

/// Labels of the intervals, for the axis and for the tables.
struct Axis {
    labels: Vec<String>,
    times: Vec<String>,
    range: String,
    open_end: bool,
}

impl Axis {
    fn of(report: &UsageReport, now: UnixMs) -> Self {
        let day = |at: UnixMs| format!("{} {}", at.civil().2, format::month(at));
        let hour = |at: UnixMs| format!("{:02}:{:02}", at.clock().0, at.clock().1);
        let daily = report.bucket_ms >= DAY_MS;
        let labels = report.buckets.iter().map(|bucket| if daily { day(bucket.start) } else { hour(bucket.start) }).collect();
        let times = report
            .buckets
            .iter()
            .map(|bucket| if daily { day(bucket.start) } else { format!("{}, {}", day(bucket.start), hour(bucket.start)) });
        let open_end = report.buckets.last().is_some_and(|bucket| bucket.start.plus(report.bucket_ms) > now);
        let mut times: Vec<String> = times.collect();
        if let (true, Some(last)) = (open_end, times.last_mut()) {
            last.push_str(", so far");
        }
        let range = format!("{} to {}", format::date(report.from), format::date(report.to.plus(-1)));
        Self { labels, times, range, open_end }
    }

    fn plan(&self, shape: Shape, series: Vec<Series>) -> Plan {
        Plan { labels: self.labels.clone(), shape, series, prefix: "", suffix: "", min: 0.0, max: None, open_end: self.open_end }
    }
}

fn view(label: String, plan: &Plan, head: &[&str], rows: Vec<Vec<String>>) -> ChartView {
    let mark = |dashed: bool| match (plan.shape, dashed) {
        (Shape::Bars, _) => "block",
        (_, true) => "dash",
        _ => "line",
    };
    let legend = plan
        .series
        .iter()
        .filter(|_| plan.series.len() > 1)
        .map(|series| LegendEntry { slot: series.slot, name: series.name.into(), mark: mark(series.dashed).into() })
        .collect();
    ChartView {
        label,
        legend,
        light: options(plan, &LIGHT),
        dark: options(plan, &DARK),
        table: ChartTable { head: head.iter().map(|text| (*text).to_owned()).collect(), rows },
    }
}

/// Three significant digits, so that a tooltip reads well.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powf(2.0 - value.abs().log10().floor());
    (value * scale).round() / scale
}

fn scaled(values: impl Iterator<Item = i64>, divisor: f64) -> Vec<Option<f64>> {
    values.map(|value| Some(rounded(value as f64 / divisor))).collect()
}

/// Divisor and unit for counts up to `largest`.
fn unit(largest: i64) -> (f64, &'static str) {
    match largest {
        2_000_000_000.. => (1e9, "B"),
        2_000_000.. => (1e6, "M"),
        2_000.. => (1e3, "k"),
        _ => (1.0, ""),
    }
}

/// The interval with the largest value, for the sentence that describes a chart.
fn peak<'a>(axis: &'a Axis, report: &UsageReport, value: fn(&UsageBucket) -> i64) -> Option<(&'a str, i64)> {
    let (at, bucket) = report.buckets.iter().enumerate().max_by_key(|(_, bucket)| value(bucket))?;
    (value(bucket) > 0).then(|| (axis.labels[at].as_str(), value(bucket)))
}

fn sentence(what: &str, axis: &Axis, total: &str, peak: Option<(&str, String)>) -> String {
    match peak {
        Some((when, value)) => format!("{what}, {}: {total} in total, most at {when} with {value}.", axis.range),
        None => format!("{what}, {}: {total} in total.", axis.range),
    }
}

fn spend(report: &UsageReport, axis: &Axis) -> ChartView {
    let largest = report.buckets.iter().map(|bucket| bucket.figures.cost).max().unwrap_or(0);
    let (divisor, suffix) = unit(largest / DOLLAR);
    let values = scaled(report.buckets.iter().map(|bucket| bucket.figures.cost), DOLLAR as f64 * divisor);
    let series = vec![Series { name: "Spend", slot: 1, values, dashed: false }];
    let plan = Plan { prefix: "$", suffix, ..axis.plan(Shape::Bars, series) };
    let peak = peak(axis, report, |bucket| bucket.figures.cost).map(|(when, value)| (when, format::money(NanoUsd(value))));
    let rows = rows(report, axis, |bucket| vec![format::money(NanoUsd(bucket.figures.cost))]);
    let total = format::money(NanoUsd(report.total.figures.cost));
    view(sentence("Spend", axis, &total, peak), &plan, &["Time", "Spend"], rows)
}

fn requests(report: &UsageReport, axis: &Axis) -> ChartView {
    let other = |bucket: &UsageBucket| {
        let figures = &bucket.figures;
        (figures.requests - figures.succeeded - figures.failed - figures.refused).max(0)
    };
    let largest = report.buckets.iter().map(|bucket| bucket.figures.requests).max().unwrap_or(0);
    let (divisor, suffix) = unit(largest);
    let mut series = vec![
        Series {
            name: "Completed",
            slot: 1,
            values: scaled(report.buckets.iter().map(|b| b.figures.succeeded), divisor),
            dashed: false,
        },
        Series {
            name: "Failed",
            slot: 4,
            values: scaled(report.buckets.iter().map(|b| b.figures.failed), divisor),
            dashed: false,
        },
        Series {
            name: "Refused",
            slot: 2,
            values: scaled(report.buckets.iter().map(|b| b.figures.refused), divisor),
            dashed: false,
        },
    ];
    if report.buckets.iter().any(|bucket| other(bucket) > 0) {
        series.push(Series { name: "Other", slot: 0, values: scaled(report.buckets.iter().map(other), divisor), dashed: false });
    }
    let plan = Plan { suffix, ..axis.plan(Shape::Bars, series) };
    let peak = peak(axis, report, |bucket| bucket.figures.requests).map(|(when, value)| (when, format::count(value)));
    let rows = rows(report, axis, |bucket| {
        let figures = &bucket.figures;
        [figures.requests, figures.succeeded, figures.failed, figures.refused, other(bucket)]
            .map(|value| format::grouped(value.unsigned_abs()))
            .into()
    });
    let head = ["Time", "Requests", "Completed", "Failed", "Refused", "Other"];
    view(sentence("Requests", axis, &format::count(report.total.figures.requests), peak), &plan, &head, rows)
}

fn tokens(report: &UsageReport, axis: &Axis) -> ChartView {
    let largest = report.buckets.iter().map(|bucket| bucket.figures.tokens()).max().unwrap_or(0);
    let (divisor, suffix) = unit(largest);
    let series = vec![
        Series {
            name: "Prompt",
            slot: 1,
            values: scaled(report.buckets.iter().map(|b| b.figures.prompt_tokens), divisor),
            dashed: false,
        },
        Series {
            name: "Completion",
            slot: 3,
            values: scaled(report.buckets.iter().map(|b| b.figures.completion_tokens), divisor),
            dashed: false,
        },
    ];
    let plan = Plan { suffix, ..axis.plan(Shape::Bars, series) };
    let peak = peak(axis, report, |bucket| bucket.figures.tokens()).map(|(when, value)| (when, format::count(value)));
    let rows = rows(report, axis, |bucket| {
        [bucket.figures.prompt_tokens, bucket.figures.completion_tokens].map(|value| format::grouped(value.unsigned_abs())).into()
    });
    let total = format::count(report.total.figures.tokens());
    view(sentence("Tokens", axis, &total, peak), &plan, &["Time", "Prompt tokens", "Completion tokens"], rows)
}

fn success(report: &UsageReport, axis: &Axis) -> ChartView {
    let rates: Vec<Option<i64>> = report.buckets.iter().map(|bucket| bucket.figures.success_rate_bp()).collect();
    let lowest = rates.iter().flatten().copied().min().unwrap_or(10_000);
    // The axis starts below the lowest rate, at a multiple of five percent: near 100 % the differences are what matters.
    let min = ((lowest - 100).max(0) / 500 * 5) as f64;
    let values = rates.iter().map(|rate| rate.map(|rate| rate as f64 / 100.0)).collect();
    let series = vec![Series { name: "Success rate", slot: 3, values, dashed: false }];
    let plan = Plan { suffix: "%", min, max: Some(100.0), ..axis.plan(Shape::Lines, series) };
    let label = match report.total.figures.success_rate_bp() {
        Some(rate) => {
            format!("Success rate, {}: {} overall, lowest {}.", axis.range, format::percent_bp(rate), format::percent_bp(lowest))
        }
        None => format!("Success rate, {}: no calls.", axis.range),
    };
    let rows = rows(report, axis, |bucket| {
        let rate = bucket.figures.success_rate_bp().map_or_else(|| "–".into(), format::percent_bp);
        vec![
            rate,
            format::grouped(bucket.figures.succeeded.unsigned_abs()),
            format::grouped(bucket.figures.failed.unsigned_abs()),
        ]
    });
    let mut view = view(label, &plan, &["Time", "Success rate", "Completed", "Failed"], rows);
    // The title names the figure; the legend says what it is a share of.
    view.legend = vec![LegendEntry { slot: 3, name: "Completed, of completed and failed".into(), mark: "line".into() }];
    view
}

fn latency(report: &UsageReport, axis: &Axis) -> ChartView {
    let largest = report.buckets.iter().filter_map(|bucket| bucket.p95_ms).max().unwrap_or(0);
    let (divisor, suffix) = if largest >= 2_000 { (1_000.0, " s") } else { (1.0, " ms") };
    let values = |value: fn(&UsageBucket) -> Option<i64>| {
        report.buckets.iter().map(|bucket| value(bucket).map(|ms| rounded(ms as f64 / divisor))).collect::<Vec<_>>()
    };
    let series = vec![
        Series { name: "p95", slot: 2, values: values(|bucket| bucket.p95_ms), dashed: true },
        Series { name: "p50", slot: 1, values: values(|bucket| bucket.p50_ms), dashed: false },
    ];
    let plan = Plan { suffix, ..axis.plan(Shape::Lines, series) };
    let label = match (report.total.p50_ms, report.total.p95_ms) {
        (Some(p50), Some(p95)) => {
            format!("Latency, {}: p50 {}, p95 {} overall.", axis.range, format::latency(p50), format::latency(p95))
        }
        _ => format!("Latency, {}: no answered calls.", axis.range),
    };
    let text = |ms: Option<i64>| ms.map_or_else(|| "–".into(), format::latency);
    let rows = rows(report, axis, |bucket| vec![text(bucket.p50_ms), text(bucket.p95_ms)]);
    view(label, &plan, &["Time", "p50", "p95"], rows)
}

fn rows(report: &UsageReport, axis: &Axis, cells: impl Fn(&UsageBucket) -> Vec<String>) -> Vec<Vec<String>> {
    let row = |(bucket, time): (&UsageBucket, &String)| std::iter::once(time.clone()).chain(cells(bucket)).collect();
    report.buckets.iter().zip(&axis.times).map(row).collect()
}
#[cfg(test)]
mod tests;
