//! `/teams/{team}/usage`, the same of organizations and of the platform, and rankings.

mod bodies;
pub mod logs;

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use self::bodies::{ReportBody, SharesBody};
use super::{body::Asked, problem::Answer, problem::Problem, signed_in::SignedIn};
use crate::{
    domain::{
        field_errors::FieldErrors,
        ids::KeyId,
        periods::AnchorDay,
        time::UnixMs,
        usage::TestCalls,
        usage_filter::{Dimension, UsageFilter, parse_outcome},
        usage_statistics::RankBy,
    },
    service::{
        Caller, ServiceError, Services,
        usage::statistics::{RangeWords, StatisticsQuery, UsageOf, parse_who},
    },
};

/// Which figures are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// `24h`, `7d`, `28d` or `90d` up to now, in whole days of the zone; `period` or `last_period` for the billing month; instead of
    /// `from` and `to`.
    range: Option<String>,
    /// Start, included; a day before the end unless asked otherwise. Widened to whole quarters of an hour.
    from: Option<i64>,
    /// End, excluded; now unless asked otherwise.
    to: Option<i64>,
    /// Length of an interval: `15m`, `1h`, `6h`, `1d` or `1w`; a fitting one unless asked otherwise.
    bucket: Option<String>,
    /// Zone in which days and other intervals begin, such as `Asia/Kolkata`; UTC unless asked otherwise.
    zone: Option<String>,
    /// `member`, `key`, `model`, `provider`, `endpoint` or `outcome`: sums by those, instead of intervals.
    group_by: Option<String>,
    /// What the sums are sorted by: `cost` (unless asked otherwise), `tokens`, `requests` or `errors`.
    order_by: Option<String>,
    /// Only this person's calls.
    member: Option<String>,
    /// Only calls with this key.
    key: Option<String>,
    /// Only calls of this model.
    model: Option<String>,
    /// Only calls that this provider answered, by its name.
    provider: Option<String>,
    /// Only calls of this path of the gateway, such as `chat/completions`.
    endpoint: Option<String>,
    /// Only calls that ended so: `completed`, `cancelled`, `upstream_rejected`, `upstream_error`, `upstream_timeout`, `interrupted` or
    /// `refused`.
    outcome: Option<String>,
    /// Calls of test keys: `exclude` (unless asked otherwise), `include` or `only`.
    test: Option<String>,
}

/// Figures of a range: in total and by interval, or by member, key, model, provider, endpoint or outcome.
#[utoipa::path(get, path = "/teams/{team}/usage", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), UsageQuery), responses((status = 200, body = ReportBody)))]
pub async fn report(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    answer(&services, &caller, UsageOf::Team(&team), &query).await
}

/// The same of all teams of an organization. For its admins.
#[utoipa::path(get, path = "/organizations/{org}/usage", tag = "Usage",
    params(("org" = String, Path, description = "Short name or id"), UsageQuery), responses((status = 200, body = ReportBody)))]
pub async fn of_organization(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(org): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    answer(&services, &caller, UsageOf::Organization(&org), &query).await
}

/// The same of everybody. For platform admins.
#[utoipa::path(get, path = "/usage", tag = "Usage", params(UsageQuery), responses((status = 200, body = ReportBody)))]
pub async fn of_platform(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    answer(&services, &caller, UsageOf::Platform, &query).await
}

/// Figures of a range by member. For those who may see everyone's usage, and for members, with the others' names left out, where the team
/// opens its ranking to them.
#[utoipa::path(get, path = "/teams/{team}/usage/members", tag = "Usage",
    params(("team" = String, Path, description = "Short name or id"), UsageQuery), responses((status = 200, body = SharesBody)))]
pub async fn members(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Json<SharesBody>> {
    let statistics = query.of(&services, &caller, UsageOf::Team(&team)).await?;
    ranking(&services, &caller, UsageOf::Team(&team), Dimension::Member, &query, &statistics).await
}

/// One's own figures; with a key of the gateway in `Authorization: Bearer`, those of this key.
#[utoipa::path(get, path = "/teams/{team}/usage/me", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), UsageQuery), responses((status = 200, body = ReportBody)))]
pub async fn own(
    State(services): State<Services>,
    who: PersonOrKey,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    match who {
        PersonOrKey::Person(caller) => {
            let mut statistics = query.of(&services, &caller, UsageOf::Team(&team)).await?;
            statistics.mine = true;
            group_or_report(&services, &caller, UsageOf::Team(&team), &query, &statistics).await
        }
        PersonOrKey::Key(key) => {
            if query.group_by.as_deref().is_some_and(|group| !group.is_empty()) || query.member.is_some() || query.key.is_some() {
                return Err(ServiceError::field("group_by", "With a key there are only its own figures.").into());
            }
            let anchor = if query.asks_period() { services.usage_anchor_of_key(key).await? } else { AnchorDay::default() };
            let statistics = query.parse(anchor, services.clock.now())?;
            let report = services.usage_statistics_of_key(key, &team, &statistics).await?;
            Ok(Json(ReportBody::from(report)).into_response())
        }
    }
}

/// A signed-in person, or a key of the gateway.
pub enum PersonOrKey {
    /// By session or management token.
    Person(Box<Caller>),
    /// By the key's secret.
    Key(KeyId),
}

impl FromRequestParts<Services> for PersonOrKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Problem> {
        let sent = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let secret = sent.and_then(|value| value.split_once(' ')).map(|(_, secret)| secret.trim());
        if let Some(secret) = secret.filter(|secret| secret.starts_with("tg_")) {
            let key = services.snapshot().authenticate(secret, services.clock.now());
            return Ok(Self::Key(key.map_err(|_| ServiceError::SignedOut)?.id));
        }
        Ok(Self::Person(Box::new(SignedIn::from_request_parts(parts, services).await?.0)))
    }
}

async fn answer(services: &Services, caller: &Caller, of: UsageOf<'_>, query: &UsageQuery) -> Answer<Response> {
    let statistics = query.of(services, caller, of).await?;
    group_or_report(services, caller, of, query, &statistics).await
}

async fn group_or_report(
    services: &Services,
    caller: &Caller,
    of: UsageOf<'_>,
    query: &UsageQuery,
    statistics: &StatisticsQuery,
) -> Answer<Response> {
    match query.group_by.as_deref() {
        None | Some("") => {
            let report = services.usage_statistics(caller, of, statistics).await?;
            Ok(Json(ReportBody::from(report)).into_response())
        }
        Some(word) => {
            let by = Dimension::parse(word)
                .ok_or_else(|| ServiceError::field("group_by", "Use member, key, model, provider, endpoint or outcome."))?;
            Ok(ranking(services, caller, of, by, query, statistics).await?.into_response())
        }
    }
}

async fn ranking(
    services: &Services,
    caller: &Caller,
    of: UsageOf<'_>,
    by: Dimension,
    query: &UsageQuery,
    statistics: &StatisticsQuery,
) -> Answer<Json<SharesBody>> {
    let order = RankBy::parse(query.order_by.as_deref().unwrap_or_default())
        .ok_or_else(|| ServiceError::field("order_by", "Use cost, tokens, requests or errors."))?;
    let rows = services.usage_ranking(caller, of, by, order, statistics).await?;
    Ok(Json(SharesBody::of(rows, by)))
}

impl UsageQuery {
    /// Where a billing month is asked for, the scope says when it begins.
    async fn of(&self, services: &Services, caller: &Caller, of: UsageOf<'_>) -> Result<StatisticsQuery, ServiceError> {
        let anchor = if self.asks_period() { services.usage_anchor(caller, of).await? } else { AnchorDay::default() };
        self.parse(anchor, services.clock.now())
    }

    fn asks_period(&self) -> bool {
        matches!(self.range.as_deref(), Some("period" | "last_period"))
    }

    fn parse(&self, anchor: AnchorDay, now: UnixMs) -> Result<StatisticsQuery, ServiceError> {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let outcome = match text(&self.outcome) {
            None => None,
            Some(word) => Some(parse_outcome(&word).ok_or_else(|| ServiceError::field("outcome", WRONG_OUTCOME))?),
        };
        let filter = UsageFilter::of(parse_test(self.test.as_deref())?)
            .only(Dimension::Model, text(&self.model))
            .only(Dimension::Provider, text(&self.provider))
            .only(Dimension::Endpoint, text(&self.endpoint))
            .only(Dimension::Outcome, outcome);
        let filter = parse_who(self.member.as_deref(), self.key.as_deref(), filter)?;
        let words = RangeWords {
            range: self.range.as_deref().unwrap_or_default(),
            from: self.from,
            to: self.to,
            bucket: self.bucket.as_deref().unwrap_or_default(),
            zone: self.zone.as_deref().unwrap_or_default(),
            anchor,
        };
        StatisticsQuery::parse(words, filter, now)
    }
}

/// How an outcome is typed.
const WRONG_OUTCOME: &str =
    "Use completed, cancelled, upstream_rejected, upstream_error, upstream_timeout, interrupted or refused.";

fn parse_test(text: Option<&str>) -> Result<TestCalls, FieldErrors> {
    TestCalls::parse(text.unwrap_or_default()).ok_or_else(|| FieldErrors::one("test", "Use exclude, include or only."))
}
