//! What pages and management API ask for, in words.

use super::{
    statistics::{RangeWords, StatisticsQuery, UsageOf, parse_who},
    zones::Zone,
};
use crate::{
    domain::{
        field_errors::FieldErrors,
        periods::AnchorDay,
        time::UnixMs,
        usage::TestCalls,
        usage_asked::{UsageAsked, UsageGroup},
        usage_filter::{Dimension, UsageFilter, parse_outcome},
        usage_statistics::RankBy,
    },
    service::{Caller, ServiceError, Services},
};

/// How an outcome is typed.
pub const WRONG_OUTCOME: &str =
    "Use completed, cancelled, upstream_rejected, upstream_error, upstream_timeout, interrupted or refused.";

impl Services {
    /// Reads what is asked for. Where it is a billing month, the scope says when that begins.
    pub async fn usage_query(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        asked: &UsageAsked,
    ) -> Result<StatisticsQuery, ServiceError> {
        let anchor = if asks_period(asked) { self.usage_anchor(caller, of).await? } else { AnchorDay::default() };
        StatisticsQuery::asked(asked, anchor, self.clock.now())
    }
}

/// Whether a range depends on when billing months begin.
pub fn asks_period(asked: &UsageAsked) -> bool {
    matches!(asked.range.as_str(), "period" | "last_period")
}

impl StatisticsQuery {
    /// Reads what is asked for.
    pub fn asked(asked: &UsageAsked, anchor: AnchorDay, now: UnixMs) -> Result<Self, ServiceError> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let outcome = match asked.outcome.as_str() {
            "" => None,
            word => Some(parse_outcome(word).ok_or_else(|| ServiceError::field("outcome", WRONG_OUTCOME))?),
        };
        let filter = UsageFilter::of(parse_test(Some(&asked.test))?)
            .only(Dimension::Model, text(&asked.model))
            .only(Dimension::Provider, text(&asked.provider))
            .only(Dimension::Endpoint, text(&asked.endpoint))
            .only(Dimension::Outcome, outcome);
        let filter = parse_who(Some(&asked.member), Some(&asked.key), filter)?;
        let zone = Zone::parse(&asked.zone)?;
        let words = RangeWords {
            range: &asked.range,
            from: moment("from", &asked.from, &zone, 0)?,
            // The last day is counted in.
            to: moment("to", &asked.to, &zone, 1)?,
            bucket: &asked.bucket,
            zone: &asked.zone,
            anchor,
        };
        Self::parse(words, filter, now)
    }
}

/// Whether test calls count.
pub fn parse_test(text: Option<&str>) -> Result<TestCalls, FieldErrors> {
    TestCalls::parse(text.unwrap_or_default()).ok_or_else(|| FieldErrors::one("test", "Use exclude, include or only."))
}

/// What figures are to be told apart by, if by anything.
pub fn parse_group(asked: &UsageAsked) -> Result<Option<UsageGroup>, FieldErrors> {
    match asked.group_by.as_str() {
        "" => Ok(None),
        word => UsageGroup::parse(word)
            .map(Some)
            .ok_or_else(|| FieldErrors::one("group_by", "Use member, key, model, provider, endpoint or outcome.")),
    }
}

/// What a ranking is to go by.
pub fn parse_order(asked: &UsageAsked) -> Result<RankBy, FieldErrors> {
    RankBy::parse(&asked.order_by).ok_or_else(|| FieldErrors::one("order_by", "Use cost, tokens, requests or errors."))
}

/// Milliseconds, or the beginning of a day of the zone.
fn moment(field: &str, text: &str, zone: &Zone, days_later: i64) -> Result<Option<i64>, FieldErrors> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(number) = text.parse() {
        return Ok(Some(number));
    }
    let day = UnixMs::parse_day(text).map_err(|wrong| FieldErrors::one(field, wrong))?;
    Ok(day.map(|day| zone.midnight_of(day, days_later).0))
}
