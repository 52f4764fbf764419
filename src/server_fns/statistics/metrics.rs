//! What a chart can show, and the key figures that choose it.

use crate::{
    domain::{
        charts::{KpiView, Tone},
        format,
        money::NanoUsd,
        usage_statistics::{Measures, RankBy, Statistics},
        usage_sums::Sums,
    },
    service::figures::{change, relative, with_unit},
};

/// What does not add up: a name and the value.
pub(super) type Line = (&'static str, fn(&Measures) -> Option<i64>);

/// What a chart shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Metric {
    #[default]
    Spend,
    Requests,
    Tokens,
    Success,
    Latency,
    FirstToken,
}

impl Metric {
    pub(super) const ALL: [Self; 6] = [Self::Spend, Self::Requests, Self::Tokens, Self::Success, Self::Latency, Self::FirstToken];

    /// The word in addresses; nothing for what is shown unless asked otherwise.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Spend => "",
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Success => "success",
            Self::Latency => "latency",
            Self::FirstToken => "first_token",
        }
    }

    /// Reads the word; what is none shows charges.
    pub(super) fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|metric| metric.word() == word).unwrap_or_default()
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Spend => "Spend",
            Self::Requests => "Requests",
            Self::Tokens => "Tokens",
            Self::Success => "Success rate",
            Self::Latency => "Latency",
            Self::FirstToken => "Time to first token",
        }
    }

    /// Drawn as a stack of groups: an amount that adds up.
    pub(super) fn adds_up(self) -> bool {
        matches!(self, Self::Spend | Self::Requests | Self::Tokens)
    }

    /// What groups are ordered by.
    pub(super) fn order(self) -> RankBy {
        match self {
            Self::Requests => RankBy::Requests,
            Self::Tokens => RankBy::Tokens,
            _ => RankBy::Cost,
        }
    }

    /// The amount.
    pub(super) fn of(self, sums: &Sums) -> i64 {
        match self {
            Self::Requests => sums.requests,
            Self::Tokens => sums.tokens(),
            _ => sums.cost,
        }
    }

    /// The amount as text.
    pub(super) fn text(self, value: i64) -> String {
        if self == Self::Spend { format::money(NanoUsd(value)) } else { format::count(value) }
    }

    /// Lines of what does not add up: names and values, the first of which is compared with the range before.
    pub(super) fn lines(self) -> &'static [Line] {
        match self {
            Self::Success => &[("Success rate", |measures| measures.sums.success_rate_bp())],
            Self::Latency => {
                &[("p50", |measures| measures.p50_ms), ("p95", |measures| measures.p95_ms), ("p99", |measures| measures.p99_ms)]
            }
            Self::FirstToken => &[("p50", |measures| measures.first_p50_ms), ("p95", |measures| measures.first_p95_ms)],
            _ => &[],
        }
    }

    /// A value of a line as text.
    pub(super) fn line_text(self, value: Option<i64>) -> String {
        match value {
            None => "–".to_owned(),
            Some(value) if self == Self::Success => format::percent_bp(value),
            Some(value) => format::latency(value),
        }
    }
}

/// Key figures of a range with their change.
pub(super) fn key_figure(metric: Metric, told: &Statistics) -> KpiView {
    let (now, was) = (&told.total, &told.previous);
    if metric.adds_up() {
        let (value, before) = (metric.of(&now.sums), metric.of(&was.sums));
        let exact = match metric {
            Metric::Spend => format!("${}", NanoUsd(value).plain()),
            Metric::Tokens => format!(
                "{} input, {} of them cached, {} output",
                format::grouped(now.sums.prompt_tokens.unsigned_abs()),
                format::grouped(now.sums.cached_tokens.unsigned_abs()),
                format::grouped(now.sums.completion_tokens.unsigned_abs()),
            ),
            _ => format::grouped(value.unsigned_abs()),
        };
        return KpiView {
            label: metric.label().into(),
            value: metric.text(value),
            title: exact,
            delta: relative(value, before, metric.text(before)),
            ..KpiView::default()
        };
    }
    let (label, of): (&str, fn(&Measures) -> Option<i64>) = match metric {
        Metric::Success => ("Success rate", |measures| measures.sums.success_rate_bp()),
        Metric::Latency => ("Latency, p95", |measures| measures.p95_ms),
        _ => ("First token, p50", |measures| measures.first_p50_ms),
    };
    let (value, before) = (of(now), of(was));
    let title = match (metric, value) {
        (_, None) => "No data".to_owned(),
        (Metric::Success, _) => "Completed of completed and failed calls".to_owned(),
        (metric, _) => {
            let lines = metric.lines().iter().map(|(name, of)| format!("{name} {}", metric.line_text(of(now))));
            lines.collect::<Vec<_>>().join(", ")
        }
    };
    let delta = value.zip(before).and_then(|(value, before)| {
        let (apart, rising) = match metric {
            Metric::Success => {
                let points = (value - before).abs();
                (format!("{}.{:02} pt", points / 100, points % 100), Tone::Good)
            }
            _ => (format::latency((value - before).abs()), Tone::Bad),
        };
        change(value - before, apart, metric.line_text(Some(before)), rising)
    });
    with_unit(KpiView { label: label.into(), value: metric.line_text(value), title, delta, ..KpiView::default() })
}
