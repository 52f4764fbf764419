//! `/teams/{team}/usage` and `/logs`.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{body::Asked, list::List, problem::Answer, signed_in::SignedIn};
use crate::{
    domain::{
        field_errors::FieldErrors,
        ids::{KeyId, UserId},
        page::PageRequest,
        time::UnixMs,
        usage::{CallRow, TestCalls, UsageBucket, UsageShare},
        usage_range::UsageRange,
    },
    service::{
        ServiceError, Services,
        usage::{CallQuery, GroupBy},
    },
};

/// Which figures are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// Start, included; a day before the end unless asked otherwise. Widened to whole quarters of an hour.
    from: Option<i64>,
    /// End, excluded; now unless asked otherwise.
    to: Option<i64>,
    /// Length of an interval: `15m`, `1h`, `6h` or `1d`; a fitting one unless asked otherwise.
    bucket: Option<String>,
    /// `member`, `model` or `key`: sums by those, instead of intervals.
    group_by: Option<String>,
    /// Calls of test keys: `exclude` (unless asked otherwise), `include` or `only`.
    test: Option<String>,
}

/// Which calls are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// Only the caller's own.
    mine: Option<bool>,
    /// Only this person's.
    user: Option<String>,
    /// Only with this key.
    key: Option<String>,
    /// Only of this model.
    model: Option<String>,
    /// Calls of test keys: `exclude` (unless asked otherwise), `include` or `only`.
    test: Option<String>,
    /// Start, included.
    from: Option<i64>,
    /// End, excluded.
    to: Option<i64>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise.
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Sums over calls, and their latency from admission to the last byte.
#[derive(Serialize, ToSchema)]
pub struct BucketBody {
    /// Start of the interval.
    start: i64,
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
    /// Completion tokens.
    completion_tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
    /// Calls whose tokens were counted here and not by the provider.
    estimated: i64,
    /// Median latency.
    p50_ms: Option<i64>,
    /// 95th percentile of the latency.
    p95_ms: Option<i64>,
}

/// Figures of a range.
#[derive(Serialize, ToSchema)]
pub struct ReportBody {
    /// Start of the range, included.
    from: i64,
    /// End of the range, excluded.
    to: i64,
    /// Length of an interval.
    bucket_ms: i64,
    /// The whole range.
    total: BucketBody,
    /// Intervals, oldest first, empty ones included.
    buckets: Vec<BucketBody>,
}

/// Sums of a member, a model or a key.
#[derive(Serialize, ToSchema)]
pub struct ShareBody {
    /// Identifier of the member, where this is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Identifier of the member, model or key; empty where there is none.
    id: String,
    /// Its name.
    name: String,
    /// Calls, refused ones included.
    requests: i64,
    /// Completed calls.
    succeeded: i64,
    /// Calls that were not admitted.
    refused: i64,
    /// Prompt and completion tokens.
    tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
    /// Part of the charge of all, in hundredths of a percent; none where nothing was charged.
    share: Option<i64>,
}

/// Sums by member, model or key, dearest first.
#[derive(Serialize, ToSchema)]
pub struct SharesBody {
    /// The rows.
    items: Vec<ShareBody>,
}

/// A call.
#[derive(Serialize, ToSchema)]
pub struct CallBody {
    /// Identifier; the `x-request-id` of its answer.
    id: String,
    /// Admission.
    at: i64,
    /// Identifier of the person.
    user: String,
    /// Name of the person.
    user_name: String,
    /// Identifier of the key; none for a call from the playground.
    key: Option<String>,
    /// Name of the key.
    key_name: String,
    /// Model, as it was asked for.
    model: String,
    /// How it ended: `completed`, `cancelled`, `upstream_rejected`, `upstream_error`, `upstream_timeout`, `interrupted` or `refused`.
    outcome: &'static str,
    /// Status that the client got.
    status: u16,
    /// Error code; empty without an error.
    code: String,
    /// Prompt tokens, cached ones included.
    prompt_tokens: i64,
    /// Completion tokens.
    completion_tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
    /// Admission to last byte.
    latency_ms: i64,
    /// Admission to first byte.
    first_token_ms: Option<i64>,
    /// A stream was asked for.
    stream: bool,
    /// Tokens were counted here and not by the provider.
    estimated: bool,
    /// Made with a test key.
    test: bool,
}

/// Figures of a range: in total and by interval, or by member, model or key.
#[utoipa::path(get, path = "/teams/{team}/usage", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), UsageQuery), responses((status = 200, body = ReportBody)))]
pub async fn report(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    let (range, test) = query.parse(services.clock.now())?;
    let group = match query.group_by.as_deref() {
        None | Some("") => {
            let report = services.usage_report(&caller, &team, range, test).await?;
            let body = ReportBody {
                from: report.from.0,
                to: report.to.0,
                bucket_ms: report.bucket_ms,
                total: report.total.into(),
                buckets: report.buckets.into_iter().map(BucketBody::from).collect(),
            };
            return Ok(Json(body).into_response());
        }
        Some("member") => GroupBy::Member,
        Some("model") => GroupBy::Model,
        Some("key") => GroupBy::Key,
        Some(_) => return Err(ServiceError::field("group_by", "Use member, model or key.").into()),
    };
    let shares = services.usage_by(&caller, &team, range, test, group).await?;
    Ok(Json(shares_of(shares, group)).into_response())
}

/// Figures of a range by member. For those who may see everyone's usage.
#[utoipa::path(get, path = "/teams/{team}/usage/members", tag = "Usage",
    params(("team" = String, Path, description = "Short name or id"), UsageQuery), responses((status = 200, body = SharesBody)))]
pub async fn members(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Json<SharesBody>> {
    let (range, test) = query.parse(services.clock.now())?;
    let shares = services.usage_by(&caller, &team, range, test, GroupBy::Member).await?;
    Ok(Json(shares_of(shares, GroupBy::Member)))
}

/// The call log, newest first: everybody's for those who may see it, else the caller's own.
#[utoipa::path(get, path = "/teams/{team}/logs", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), LogsQuery), responses((status = 200, body = List<CallBody>)))]
pub async fn logs(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<LogsQuery>,
) -> Answer<Json<List<CallBody>>> {
    let calls = services.list_calls(&caller, &team, query.parse()?).await?;
    Ok(Json(List::of(calls, CallBody::from)))
}

impl UsageQuery {
    fn parse(&self, now: UnixMs) -> Result<(UsageRange, TestCalls), ServiceError> {
        let range = UsageRange::parse(self.from, self.to, self.bucket.as_deref().unwrap_or_default(), now)?;
        Ok((range, parse_test(self.test.as_deref())?))
    }
}

impl LogsQuery {
    fn parse(self) -> Result<CallQuery, FieldErrors> {
        let mut errors = FieldErrors::default();
        let id = |what: &str| format!("This is not the id of a {what}.");
        let user = self.user.and_then(|text| errors.check("user", UserId::parse(&text).ok_or_else(|| id("person"))));
        let key = self.key.and_then(|text| errors.check("key", KeyId::parse(&text).ok_or_else(|| id("key"))));
        let test = parse_test(self.test.as_deref())?;
        errors.into_result()?;
        Ok(CallQuery {
            mine: self.mine.unwrap_or(false),
            user,
            key,
            model: self.model.unwrap_or_default(),
            test,
            from: self.from.map(UnixMs),
            to: self.to.map(UnixMs),
            page: PageRequest { limit: self.limit, cursor: self.cursor },
        })
    }
}

fn parse_test(text: Option<&str>) -> Result<TestCalls, FieldErrors> {
    TestCalls::parse(text.unwrap_or_default()).ok_or_else(|| FieldErrors::one("test", "Use exclude, include or only."))
}

fn shares_of(shares: Vec<UsageShare>, group: GroupBy) -> SharesBody {
    let total: i128 = shares.iter().map(|share| i128::from(share.figures.cost)).sum();
    let items = shares.into_iter().map(|share| ShareBody {
        user: (group == GroupBy::Member).then(|| share.id.clone()),
        id: share.id,
        name: share.name,
        requests: share.figures.requests,
        succeeded: share.figures.succeeded,
        refused: share.figures.refused,
        tokens: share.figures.tokens(),
        cost: share.figures.cost,
        share: (total > 0).then(|| i64::try_from(i128::from(share.figures.cost) * 10_000 / total).unwrap_or(10_000)),
    });
    SharesBody { items: items.collect() }
}

impl From<UsageBucket> for BucketBody {
    fn from(bucket: UsageBucket) -> Self {
        let figures = bucket.figures;
        Self {
            start: bucket.start.0,
            requests: figures.requests,
            succeeded: figures.succeeded,
            failed: figures.failed,
            refused: figures.refused,
            prompt_tokens: figures.prompt_tokens,
            completion_tokens: figures.completion_tokens,
            cost: figures.cost,
            estimated: figures.estimated,
            p50_ms: bucket.p50_ms,
            p95_ms: bucket.p95_ms,
        }
    }
}

impl From<CallRow> for CallBody {
    fn from(call: CallRow) -> Self {
        Self {
            id: call.id.to_string(),
            at: call.at.0,
            user: call.user.to_string(),
            user_name: call.user_name,
            key: call.key.map(|key| key.to_string()),
            key_name: call.key_name,
            model: call.model,
            outcome: call.outcome.as_str(),
            status: call.status,
            code: call.code,
            prompt_tokens: call.prompt_tokens,
            completion_tokens: call.completion_tokens,
            cost: call.cost,
            latency_ms: call.latency_ms,
            first_token_ms: call.first_token_ms,
            stream: call.stream,
            estimated: call.estimated,
            test: call.test,
        }
    }
}
