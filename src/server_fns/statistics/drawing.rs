//! The chart of a page of statistics, its legend, and the table behind it.

use serde_json::json;

use super::{
    LegendLine, UsageCell, UsageChart,
    links::{dimension_label, value_label},
    metrics::{Line, Metric},
    times,
};
use crate::{
    domain::{
        format,
        money::DOLLAR,
        time::{HOUR_MS, UnixMs},
        usage_asked::{UsageAsked, UsageGroup, UsagePlace},
        usage_series::UsageSeries,
        usage_statistics::{MeasuredInterval, Measures},
        usage_sums::Sums,
    },
    service::{
        charts::{
            DARK, LIGHT, Plan, Shape,
            layered::{Layer, Layered, options},
        },
        usage::{hour_marks::UsageHourMark, zones::Zone},
    },
};

/// What a chart is made of.
pub(super) struct Drawing<'a> {
    pub(super) asked: &'a UsageAsked,
    pub(super) place: &'a UsagePlace,
    pub(super) by: UsageGroup,
    pub(super) metric: Metric,
    pub(super) zone: &'a Zone,
    pub(super) series: &'a UsageSeries,
    /// Hours in which far more was charged than is usual.
    pub(super) hours: &'a [UsageHourMark],
    pub(super) now: UnixMs,
    /// Whether the caller sees calls: then clicks lead to them.
    pub(super) logs: bool,
}

/// Most tags of what stands out; the others say it in the table.
const TAGS: usize = 2;

impl Drawing<'_> {
    pub(super) fn chart(&self) -> UsageChart {
        let told = &self.series.all;
        let labels = times::labels(self.zone, &told.intervals, told.bucket_ms, self.now);
        let odd = self.odd(&labels);
        let (layers, before, unit) = if self.metric.adds_up() { self.stack() } else { self.lines() };
        let (prefix, suffix) = unit;
        let (shape, drawn_as) = if self.metric.adds_up() { (Shape::Bars, "bar") } else { (Shape::Lines, "point") };
        let previous = times::range(self.zone, told.previous_from, told.previous_to);
        let plan = Plan {
            labels: labels.iter().map(|(axis, _)| axis.clone()).collect(),
            shape,
            series: vec![],
            prefix,
            suffix,
            min: if self.metric == Metric::Success { floor_of(&layers) } else { 0.0 },
            max: (self.metric == Metric::Success).then_some(100.0),
            open_end: told.intervals.last().is_some_and(|part| self.now < part.end),
        };
        let mut tags = odd.clone();
        tags.truncate(TAGS);
        let drawn = Layered { plan, layers, before: Some((previous.clone(), before)), odd: tags };
        let (head, rows) = self.table(&labels, &odd);
        UsageChart {
            label: self.sentence(&labels, &odd),
            light: options(&drawn, &LIGHT),
            dark: options(&drawn, &DARK),
            go: self.go(),
            hint: if self.logs {
                format!("Click a {drawn_as} for its calls, drag over several to zoom in.")
            } else {
                format!("Drag over {drawn_as}s to zoom in.")
            },
            legend: self.legend(),
            before: Some(LegendLine {
                slot: 0,
                mark: "dash".to_owned(),
                name: previous,
                value: if self.metric.adds_up() {
                    self.metric.text(self.metric.of(&told.previous.sums))
                } else {
                    let (_, of) = self.compared();
                    self.metric.line_text(of(&told.previous))
                },
                share: String::new(),
                href: String::new(),
                gone: false,
            }),
            parts: self.parts(),
            odd_hours: self.odd_hours(),
            head,
            rows,
        }
    }

    /// The line that is compared with the range before.
    fn compared(&self) -> (&'static str, fn(&Measures) -> Option<i64>) {
        let lines = self.metric.lines();
        // p95 of latencies; the only line of what has one.
        lines.iter().find(|(name, _)| *name == "p95").or(lines.first()).copied().unwrap_or(("", |_| None))
    }

    pub(super) fn values<'s>(&'s self, intervals: &'s [MeasuredInterval]) -> impl Iterator<Item = i64> + 's {
        intervals.iter().map(|part| self.metric.of(&part.measures.sums))
    }

    fn stack(&self) -> Drawn {
        let told = &self.series.all;
        let most = self.values(&told.intervals).chain(self.values(&self.series.before)).max().unwrap_or(0);
        let money = self.metric == Metric::Spend;
        let (divisor, suffix) = unit(if money { most / DOLLAR } else { most });
        let divisor = if money { divisor * DOLLAR as f64 } else { divisor };
        let scaled = |sums: &Sums| Some(rounded(self.metric.of(sums) as f64 / divisor));
        let mut layers: Vec<Layer> = self
            .series
            .groups
            .iter()
            .map(|group| Layer {
                name: value_label(self.by, &group.ranked.id, &group.ranked.name),
                slot: group.slot,
                values: group.intervals.iter().map(scaled).collect(),
            })
            .collect();
        if self.series.others > 0 {
            let values = (0..told.intervals.len()).map(|place| scaled(&self.series.rest(place))).collect();
            layers.push(Layer { name: "Other".into(), slot: 0, values });
        }
        let before = self.series.before.iter().take(told.intervals.len()).map(|part| scaled(&part.measures.sums)).collect();
        (layers, before, (if money { "$" } else { "" }, suffix))
    }

    fn lines(&self) -> Drawn {
        let told = &self.series.all;
        let every = self.metric.lines().iter().flat_map(|(_, of)| told.intervals.iter().filter_map(|part| of(&part.measures)));
        let most = every.max().unwrap_or(0);
        let (divisor, suffix) = match (self.metric, most) {
            (Metric::Success, _) => (100.0, "%"),
            (_, 2_000..) => (1_000.0, " s"),
            _ => (1.0, " ms"),
        };
        let scaled = |value: Option<i64>| value.map(|value| rounded4(value as f64 / divisor));
        let lines = self.metric.lines().iter().zip([1, 2, 3]).map(|((name, of), slot)| Layer {
            name: (*name).to_owned(),
            slot,
            values: told.intervals.iter().map(|part| scaled(of(&part.measures))).collect(),
        });
        let (_, of) = self.compared();
        let before = self.series.before.iter().take(told.intervals.len()).map(|part| scaled(of(&part.measures))).collect();
        (lines.collect(), before, ("", suffix))
    }

    fn sentence(&self, labels: &[(String, String)], odd: &[(usize, String)]) -> String {
        let told = &self.series.all;
        let range = times::range(self.zone, told.from, told.to);
        let mut text = if self.metric.adds_up() {
            let total = self.metric.text(self.metric.of(&told.total.sums));
            let by = dimension_label(self.by).to_lowercase();
            format!("{} by {by}, {range}: {total} in total", self.metric.label())
        } else {
            let lines = self.metric.lines().iter().map(|(name, of)| format!("{name} {}", self.metric.line_text(of(&told.total))));
            format!("{}, {range}: {}", self.metric.label(), lines.collect::<Vec<_>>().join(", "))
        };
        if self.metric.adds_up()
            && let Some((place, most)) = self.values(&told.intervals).enumerate().max_by_key(|(_, value)| *value)
            && most > 0
        {
            text.push_str(&format!(", most at {} with {}", labels[place].1, self.metric.text(most)));
        }
        text.push('.');
        odd.iter().take(TAGS).for_each(|(_, words)| text.push_str(&format!(" {words}.")));
        text
    }

    fn legend(&self) -> Vec<LegendLine> {
        let told = &self.series.all;
        if !self.metric.adds_up() {
            let line = |((name, of), slot): (&Line, u8)| LegendLine {
                slot,
                mark: if slot == 1 { "line" } else { "dash" }.to_owned(),
                name: (*name).to_owned(),
                value: self.metric.line_text(of(&told.total)),
                share: String::new(),
                href: String::new(),
                gone: false,
            };
            return self.metric.lines().iter().zip([1, 2, 3]).map(line).collect();
        }
        let total = self.metric.of(&told.total.sums);
        let share = |value: i64| {
            let mille = if total > 0 { i128::from(value) * 1_000 / i128::from(total) } else { 0 };
            format!("{}.{}%", mille / 10, mille % 10)
        };
        let filters = |id: &str| match self.by {
            UsageGroup::Of(dimension) if !id.is_empty() => self.asked.with(dimension.as_str(), id).address(self.place),
            _ => String::new(),
        };
        let mut lines: Vec<LegendLine> = self
            .series
            .groups
            .iter()
            .map(|group| LegendLine {
                slot: group.slot,
                mark: "block".to_owned(),
                name: value_label(self.by, &group.ranked.id, &group.ranked.name),
                value: self.metric.text(self.metric.of(&group.ranked.sums)),
                share: share(self.metric.of(&group.ranked.sums)),
                href: filters(&group.ranked.id),
                gone: group.ranked.gone,
            })
            .collect();
        if self.series.others > 0 {
            let rest = self.metric.of(&self.series.rest_of_all());
            lines.push(LegendLine {
                slot: 0,
                mark: "block".to_owned(),
                name: format!("Other ({})", self.series.others),
                value: self.metric.text(rest),
                share: share(rest),
                href: String::new(),
                gone: false,
            });
        }
        lines
    }

    /// What an amount is made of.
    fn parts(&self) -> Vec<(String, String)> {
        let sums = &self.series.all.total.sums;
        let count = |label: &str, value: i64| (label.to_owned(), format::count(value));
        match self.metric {
            Metric::Tokens => vec![
                count("Input", (sums.prompt_tokens - sums.cached_tokens).max(0)),
                count("Cached input", sums.cached_tokens),
                count("Output", sums.completion_tokens),
            ],
            Metric::Requests | Metric::Success => {
                let rest = (sums.requests - sums.succeeded - sums.failed - sums.refused).max(0);
                let mut parts =
                    vec![count("Completed", sums.succeeded), count("Failed", sums.failed), count("Refused", sums.refused)];
                if rest > 0 {
                    parts.push(count("Cancelled or rejected", rest));
                }
                parts
            }
            Metric::Spend if sums.estimated > 0 => vec![count("Calls with estimated tokens", sums.estimated)],
            _ => vec![],
        }
    }

    fn calls(&self, asked: &UsageAsked, part: &MeasuredInterval) -> String {
        // Of the future there are no calls: an interval that is not over ends now for the log, too.
        if self.logs { asked.between(part.start.0, part.end.0).logs(self.place) } else { String::new() }
    }

    fn table(&self, labels: &[(String, String)], odd: &[(usize, String)]) -> (Vec<String>, Vec<Vec<UsageCell>>) {
        let plain = |text: String| UsageCell { text, href: String::new() };
        let grouped = self.metric.adds_up();
        let mut head = vec!["Time".to_owned()];
        if grouped {
            head.push("Total".to_owned());
            head.extend(self.series.groups.iter().map(|group| value_label(self.by, &group.ranked.id, &group.ranked.name)));
            if self.series.others > 0 {
                head.push("Other".to_owned());
            }
        } else {
            head.extend(self.metric.lines().iter().map(|(name, _)| (*name).to_owned()));
            head.push("Requests".to_owned());
        }
        let rows = self.series.all.intervals.iter().zip(labels).enumerate().map(|(place, (part, (_, label)))| {
            let zoom = part.end.since(part.start) > HOUR_MS / 4;
            let zoom = if zoom { self.asked.between(part.start.0, part.end.0).address(self.place) } else { String::new() };
            let odd = odd.iter().find(|(at, _)| *at == place).map_or("", |_| " (stands out)");
            let mut row = vec![UsageCell { text: format!("{label}{odd}"), href: zoom }];
            let sums = &part.measures.sums;
            let linked = |text: String, asked: &UsageAsked, any: bool| UsageCell {
                text,
                href: if any { self.calls(asked, part) } else { String::new() },
            };
            if grouped {
                row.push(linked(self.metric.text(self.metric.of(sums)), self.asked, sums.requests > 0));
                for group in &self.series.groups {
                    let sums = group.intervals.get(place).copied().unwrap_or_default();
                    let text = self.metric.text(self.metric.of(&sums));
                    row.push(match self.by {
                        UsageGroup::Of(dimension) if !group.ranked.id.is_empty() => {
                            linked(text, &self.asked.with(dimension.as_str(), &group.ranked.id), sums.requests > 0)
                        }
                        _ => plain(text),
                    });
                }
                if self.series.others > 0 {
                    row.push(plain(self.metric.text(self.metric.of(&self.series.rest(place)))));
                }
            } else {
                row.extend(self.metric.lines().iter().map(|(_, of)| plain(self.metric.line_text(of(&part.measures)))));
                row.push(linked(format::count(sums.requests), self.asked, sums.requests > 0));
            }
            row
        });
        (head, rows.collect())
    }

    /// Where clicks and drags lead: the bounds of the intervals, and the addresses that they are put behind.
    fn go(&self) -> String {
        let intervals = &self.series.all.intervals;
        let starts = intervals.iter().map(|part| part.start.0);
        let at: Vec<i64> = starts.chain(intervals.last().map(|part| part.end.0)).collect();
        let without = self.asked.with("from", "").with("to", "").with("range", "");
        let open = |address: String| if address.contains('?') { format!("{address}&") } else { format!("{address}?") };
        let logs = if self.logs { open(without.logs(self.place)) } else { String::new() };
        json!({ "at": at, "logs": logs, "zoom": open(without.address(self.place)) }).to_string()
    }
}

type Drawn = (Vec<Layer>, Vec<Option<f64>>, (&'static str, &'static str));

/// Three significant digits, so that a tooltip reads well.
fn rounded(value: f64) -> f64 {
    round_to(value, 2.0)
}

/// Four: rates near a hundred differ by hundredths.
fn rounded4(value: f64) -> f64 {
    round_to(value, 3.0)
}

fn round_to(value: f64, digits: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powf(digits - value.abs().log10().floor());
    (value * scale).round() / scale
}

/// Where the axis of a rate begins: rates lie close together near a hundred.
fn floor_of(layers: &[Layer]) -> f64 {
    let least = layers.iter().flat_map(|layer| layer.values.iter().flatten()).fold(100.0, |least: f64, value| least.min(*value));
    if least >= 90.0 {
        90.0
    } else if least >= 50.0 {
        50.0
    } else {
        0.0
    }
}

/// Divisor and unit for counts up to `most`.
fn unit(most: i64) -> (f64, &'static str) {
    match most {
        2_000_000_000.. => (1e9, "B"),
        2_000_000.. => (1e6, "M"),
        2_000.. => (1e3, "k"),
        _ => (1.0, ""),
    }
}
