//! `/teams/{team}/usage`, the same of organizations and of the platform, and rankings.

mod bodies;
pub mod files;
pub mod logs;
mod watched;

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use self::bodies::{OwnReportBody, ReportBody, SharesBody};
use super::{body::Asked, problem::Answer, problem::Problem, signed_in::SignedIn};
use crate::{
    domain::{
        ids::KeyId,
        periods::AnchorDay,
        usage_asked::{UsageAsked, UsageGroup},
        usage_filter::Dimension,
    },
    service::{
        Caller, ServiceError, Services,
        usage::{
            asked::{WRONG_OUTCOME, asks_period, parse_group, parse_order, parse_test},
            statistics::{StatisticsQuery, UsageOf},
        },
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
    /// `member`, `key`, `model`, `provider`, `endpoint`, `outcome` or, of an organization or the platform, `team`: sums by those, instead
    /// of intervals. With a `bucket`, the largest twenty and their intervals.
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
    let (of, asked) = (UsageOf::Team(&team), query.asked());
    let statistics = services.usage_query(&caller, of, &asked).await?;
    ranking(&services, &caller, of, Dimension::Member, &asked, &statistics).await
}

/// One's own figures and every limit that applies; with a key of the gateway in `Authorization: Bearer`, those of this key.
#[utoipa::path(get, path = "/teams/{team}/usage/me", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), UsageQuery), responses((status = 200, body = OwnReportBody)))]
pub async fn own(
    State(services): State<Services>,
    who: PersonOrKey,
    Path(team): Path<String>,
    Asked(query): Asked<UsageQuery>,
) -> Answer<Response> {
    let asked = query.asked();
    match who {
        PersonOrKey::Person(caller) => {
            let of = UsageOf::Team(&team);
            let mut statistics = services.usage_query(&caller, of, &asked).await?;
            statistics.mine = true;
            if !asked.group_by.is_empty() {
                return group_or_report(&services, &caller, of, &asked, &statistics).await;
            }
            let report = services.usage_statistics(&caller, of, &statistics).await?;
            let limits = services.own_limits(&caller, &team).await?;
            let marks = services.usage_total_marks(&caller, of, &statistics).await?;
            Ok(Json(OwnReportBody::of(report, limits, &marks)).into_response())
        }
        PersonOrKey::Key(key) => {
            if !asked.group_by.is_empty() || query.member.is_some() || query.key.is_some() {
                return Err(ServiceError::field("group_by", "With a key there are only its own figures.").into());
            }
            let anchor = if asks_period(&asked) { services.usage_anchor_of_key(key).await? } else { AnchorDay::default() };
            let statistics = StatisticsQuery::asked(&asked, anchor, services.clock.now())?;
            let report = services.usage_statistics_of_key(key, &team, &statistics).await?;
            let limits = services.own_limits_of_key(key, &team).await?;
            Ok(Json(OwnReportBody::of(report, limits, &[])).into_response())
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

/// Most groups that are told by interval, and most teams.
const SERIES: usize = 20;
const TEAMS: usize = 1_000;

async fn answer(services: &Services, caller: &Caller, of: UsageOf<'_>, query: &UsageQuery) -> Answer<Response> {
    let asked = query.asked();
    let statistics = services.usage_query(caller, of, &asked).await?;
    group_or_report(services, caller, of, &asked, &statistics).await
}

async fn group_or_report(
    services: &Services,
    caller: &Caller,
    of: UsageOf<'_>,
    asked: &UsageAsked,
    statistics: &StatisticsQuery,
) -> Answer<Response> {
    match parse_group(asked)? {
        None => {
            let report = services.usage_statistics(caller, of, statistics).await?;
            let marks = services.usage_total_marks(caller, of, statistics).await?;
            Ok(Json(ReportBody::of(report, &marks)).into_response())
        }
        Some(UsageGroup::Of(by)) => {
            let Json(mut body) = ranking(services, caller, of, by, asked, statistics).await?;
            if !asked.bucket.is_empty() {
                let by = UsageGroup::Of(by);
                body.add_intervals(services.usage_series(caller, of, by, parse_order(asked)?, SERIES, statistics).await?);
            }
            Ok(Json(body).into_response())
        }
        Some(UsageGroup::Team) => {
            let order = parse_order(asked)?;
            let series = services.usage_series(caller, of, UsageGroup::Team, order, TEAMS, statistics).await?;
            Ok(Json(SharesBody::of_series(series, !asked.bucket.is_empty())).into_response())
        }
    }
}

async fn ranking(
    services: &Services,
    caller: &Caller,
    of: UsageOf<'_>,
    by: Dimension,
    asked: &UsageAsked,
    statistics: &StatisticsQuery,
) -> Answer<Json<SharesBody>> {
    let order = parse_order(asked)?;
    // Only members have days that stand out.
    let (rows, marks) = match by {
        Dimension::Member => {
            let (rows, trends) = services.usage_ranking_with_trends(caller, of, by, order, statistics).await?;
            (rows, trends.marks)
        }
        _ => (services.usage_ranking(caller, of, by, order, statistics).await?, vec![]),
    };
    Ok(Json(SharesBody::of(rows, by, &marks)))
}

impl UsageQuery {
    fn asked(&self) -> UsageAsked {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        UsageAsked {
            range: text(&self.range),
            from: number(self.from),
            to: number(self.to),
            bucket: text(&self.bucket),
            zone: text(&self.zone),
            group_by: text(&self.group_by),
            order_by: text(&self.order_by),
            metric: String::new(),
            rank: String::new(),
            member: text(&self.member),
            key: text(&self.key),
            model: text(&self.model),
            provider: text(&self.provider),
            endpoint: text(&self.endpoint),
            outcome: text(&self.outcome),
            test: text(&self.test),
        }
    }
}
