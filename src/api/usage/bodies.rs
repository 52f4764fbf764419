//! What statistics look like outside.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        limit_uses::OwnLimit,
        time::UnixMs,
        usage_filter::Dimension,
        usage_series::UsageSeries,
        usage_statistics::{MeasuredInterval, Measures, Ranked, Statistics},
        usage_sums::Sums,
    },
    service::usage::marks::UsageMark,
};

/// Sums over calls, and how long they took. Percentiles are at most 1.6 % away from those of the single calls.
#[derive(Serialize, ToSchema)]
pub struct BucketBody {
    /// Start of the interval, included.
    start: i64,
    /// End of the interval, excluded.
    end: i64,
    /// Calls, refused ones included.
    requests: i64,
    /// Completed calls.
    succeeded: i64,
    /// Upstream failures, time-outs and interrupted calls.
    failed: i64,
    /// Calls that were not admitted.
    refused: i64,
    /// Completed of completed and failed calls, in hundredths of a percent; none without such calls.
    success_rate: Option<i64>,
    /// Prompt tokens, cached ones included.
    prompt_tokens: i64,
    /// Prompt tokens that the provider had cached.
    cached_tokens: i64,
    /// Completion tokens.
    completion_tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
    /// Calls whose tokens were counted here and not by the provider.
    estimated: i64,
    /// Median of admission to last byte.
    p50_ms: Option<i64>,
    /// 95th percentile of it.
    p95_ms: Option<i64>,
    /// 99th percentile of it.
    p99_ms: Option<i64>,
    /// Median of admission to first byte.
    first_token_p50_ms: Option<i64>,
    /// 95th percentile of it.
    first_token_p95_ms: Option<i64>,
}

/// Figures of a range.
#[derive(Serialize, ToSchema)]
pub struct ReportBody {
    /// Start of the range, included.
    from: i64,
    /// End of the range, excluded.
    to: i64,
    /// Usual length of an interval; the first and the last may be shorter, and days have 23 or 25 hours where clocks change.
    bucket_ms: i64,
    /// Zone in which intervals begin.
    zone: String,
    /// The whole range.
    total: BucketBody,
    /// The range before, which this one is compared with.
    previous: BucketBody,
    /// Intervals, oldest first, empty ones included.
    buckets: Vec<BucketBody>,
    /// UTC days on which far more was spent than on the same weekdays of other weeks, latest first. Not told of a key
    /// to whoever holds it.
    marks: Vec<MarkBody>,
}

/// A UTC day on which far more was spent than on the same weekdays of other weeks.
#[derive(Serialize, ToSchema)]
pub struct MarkBody {
    /// Start of the day, included.
    from: i64,
    /// End of the day, excluded.
    to: i64,
    /// Charged on it, in nano-dollars.
    cost: i64,
    /// What is usual for its weekday: the median of others.
    usual: i64,
    /// In words: `4.1 × the usual for a Tuesday`.
    words: String,
    /// The model that made most of it; none where it was not looked up.
    model: Option<String>,
}

impl From<&UsageMark> for MarkBody {
    fn from(mark: &UsageMark) -> Self {
        Self {
            from: mark.from.0,
            to: mark.to.0,
            cost: mark.value,
            usual: mark.usual,
            words: mark.words.clone(),
            model: (!mark.model.is_empty()).then(|| mark.model.clone()),
        }
    }
}

/// A limit that applies, with what is used of it. What an organization's teams use together is shown to those who run it.
#[derive(Serialize, ToSchema)]
pub struct OwnLimitBody {
    /// What it is set on: `key`, `member`, `team` or `organization`.
    scope: String,
    /// Its name.
    name: String,
    /// `rpm` … `tpd`; `period` or `total` for a budget; `balance`.
    window: String,
    /// Calls, tokens, or nano-dollars; none for a balance.
    limit: Option<i64>,
    /// The same, running calls with what they have reserved; none for a balance.
    used: Option<i64>,
    /// What is left.
    left: Option<i64>,
    /// When all that is used now will have left a window; when a budget's next period begins, or the balance's next credit comes.
    resets_at: Option<i64>,
    /// When a budget or a balance will be used up at the present pace; none where it lasts until it resets, and while too little is known.
    ends_at: Option<i64>,
}

impl From<OwnLimit> for OwnLimitBody {
    fn from(OwnLimit { limit, forecast }: OwnLimit) -> Self {
        let is_balance = limit.window == "balance";
        Self {
            limit: (!is_balance).then_some(limit.limit),
            used: limit.used.filter(|_| !is_balance),
            left: limit.remaining,
            resets_at: limit.resets_at.map(|at| at.0),
            ends_at: forecast.and_then(|forecast| forecast.ends_at()).map(|at| at.0),
            scope: limit.scope,
            name: limit.name,
            window: limit.window,
        }
    }
}

/// One's own figures, and every limit that applies.
#[derive(Serialize, ToSchema)]
pub struct OwnReportBody {
    #[serde(flatten)]
    report: ReportBody,
    /// In the order in which a call meets them.
    limits: Vec<OwnLimitBody>,
}

impl OwnReportBody {
    pub(super) fn of(report: Statistics, limits: Vec<OwnLimit>, marks: &[UsageMark]) -> Self {
        Self { report: ReportBody::of(report, marks), limits: limits.into_iter().map(OwnLimitBody::from).collect() }
    }
}

/// Sums of a member, a key, a model, a provider, an endpoint or an outcome.
#[derive(Serialize, ToSchema)]
pub struct ShareBody {
    /// Identifier of the member, where this is one; empty where the name is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Identifier of the member or key, else the name; empty where there is none.
    id: String,
    /// Its name.
    name: String,
    /// Place, from 1.
    place: i64,
    /// A member who left, or a key that was revoked.
    gone: bool,
    /// Calls, refused ones included.
    requests: i64,
    /// Completed calls.
    succeeded: i64,
    /// Upstream failures, time-outs and interrupted calls.
    failed: i64,
    /// Calls that were not admitted.
    refused: i64,
    /// Prompt and completion tokens.
    tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
    /// Part of what the rows are sorted by, in hundredths of a percent; none where there is nothing of it.
    share: Option<i64>,
    /// Calls in the range before.
    previous_requests: i64,
    /// Tokens in the range before.
    previous_tokens: i64,
    /// Charged in the range before.
    previous_cost: i64,
    /// Days on which this member spent far more than usual, latest first, for those who may see who used what. At most fifty of all members.
    marks: Vec<MarkBody>,
    /// Intervals, oldest first, empty ones included; where a `bucket` is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    buckets: Option<Vec<PartBody>>,
}

/// Sums of a group in an interval.
#[derive(Serialize, ToSchema)]
pub struct PartBody {
    /// Start of the interval, included.
    start: i64,
    /// End of the interval, excluded.
    end: i64,
    /// Calls, refused ones included.
    requests: i64,
    /// Completed calls.
    succeeded: i64,
    /// Upstream failures, time-outs and interrupted calls.
    failed: i64,
    /// Calls that were not admitted.
    refused: i64,
    /// Prompt tokens, cached ones included.
    prompt_tokens: i64,
    /// Prompt tokens that the provider had cached.
    cached_tokens: i64,
    /// Completion tokens.
    completion_tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
}

/// Sums by member, key, model, provider, endpoint or outcome, largest first.
#[derive(Serialize, ToSchema)]
pub struct SharesBody {
    /// The rows.
    items: Vec<ShareBody>,
}

impl SharesBody {
    pub(super) fn of(rows: Vec<Ranked>, by: Dimension, marks: &[UsageMark]) -> Self {
        let marks_of = |id: &str| marks.iter().filter(|mark| mark.member == id).map(MarkBody::from).collect();
        let item = |row: Ranked| ShareBody {
            user: (by == Dimension::Member).then(|| row.id.clone()),
            marks: marks_of(&row.id),
            ..ShareBody::from(row)
        };
        Self { items: rows.into_iter().map(item).collect() }
    }

    /// Adds the intervals of groups to their rows.
    pub(super) fn add_intervals(&mut self, series: UsageSeries) {
        let parts = &series.all.intervals;
        for group in &series.groups {
            let row = self.items.iter_mut().find(|row| row.id == group.ranked.id);
            if let Some(row) = row {
                row.buckets = Some(parts.iter().zip(&group.intervals).map(|(part, sums)| PartBody::of(part, sums)).collect());
            }
        }
    }

    /// Groups with their intervals, where these are asked for.
    pub(super) fn of_series(series: UsageSeries, by_interval: bool) -> Self {
        let parts = &series.all.intervals;
        let items = series.groups.into_iter().map(|group| {
            let buckets =
                by_interval.then(|| parts.iter().zip(&group.intervals).map(|(part, sums)| PartBody::of(part, sums)).collect());
            ShareBody { buckets, ..ShareBody::from(group.ranked) }
        });
        Self { items: items.collect() }
    }
}

impl PartBody {
    fn of(part: &MeasuredInterval, sums: &Sums) -> Self {
        Self {
            start: part.start.0,
            end: part.end.0,
            requests: sums.requests,
            succeeded: sums.succeeded,
            failed: sums.failed,
            refused: sums.refused,
            prompt_tokens: sums.prompt_tokens,
            cached_tokens: sums.cached_tokens,
            completion_tokens: sums.completion_tokens,
            cost: sums.cost,
        }
    }
}

impl From<Ranked> for ShareBody {
    fn from(row: Ranked) -> Self {
        Self {
            user: None,
            marks: vec![],
            id: row.id,
            name: row.name,
            place: row.place,
            gone: row.gone,
            requests: row.sums.requests,
            succeeded: row.sums.succeeded,
            failed: row.sums.failed,
            refused: row.sums.refused,
            tokens: row.sums.tokens(),
            cost: row.sums.cost,
            share: row.share_bp,
            previous_requests: row.previous.requests,
            previous_tokens: row.previous.tokens(),
            previous_cost: row.previous.cost,
            buckets: None,
        }
    }
}

impl ReportBody {
    pub(super) fn of(told: Statistics, marks: &[UsageMark]) -> Self {
        Self {
            marks: marks.iter().map(MarkBody::from).collect(),
            total: BucketBody::of(told.from, told.to, &told.total),
            previous: BucketBody::of(told.previous_from, told.previous_to, &told.previous),
            buckets: told.intervals.iter().map(|part| BucketBody::of(part.start, part.end, &part.measures)).collect(),
            from: told.from.0,
            to: told.to.0,
            bucket_ms: told.bucket_ms,
            zone: told.zone,
        }
    }
}

impl BucketBody {
    fn of(start: UnixMs, end: UnixMs, measures: &Measures) -> Self {
        let sums = measures.sums;
        Self {
            start: start.0,
            end: end.0,
            requests: sums.requests,
            succeeded: sums.succeeded,
            failed: sums.failed,
            refused: sums.refused,
            success_rate: sums.success_rate_bp(),
            prompt_tokens: sums.prompt_tokens,
            cached_tokens: sums.cached_tokens,
            completion_tokens: sums.completion_tokens,
            cost: sums.cost,
            estimated: sums.estimated,
            p50_ms: measures.p50_ms,
            p95_ms: measures.p95_ms,
            p99_ms: measures.p99_ms,
            first_token_p50_ms: measures.first_p50_ms,
            first_token_p95_ms: measures.first_p95_ms,
        }
    }
}
