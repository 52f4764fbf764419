//! What the address of the call log asks for: the same words as on the usage page, and further ones for single calls.

use std::collections::BTreeMap;

use crate::{
    domain::{
        field_errors::FieldErrors,
        ids::{CallId, KeyId, UserId},
        money::NanoUsd,
        page::PageRequest,
        time::UnixMs,
        usage::{Outcome, TestCalls},
        usage_filter::UsageFilter,
    },
    service::{
        Caller, ServiceError, Services,
        usage::{
            Bounds, CallQuery,
            statistics::{RangeWords, StatisticsQuery, UsageOf},
            zones::Zone,
        },
    },
};

/// Everything that can be asked for, in the order of addresses and chips.
pub(super) const NAMES: [&str; 24] = [
    "range",
    "from",
    "to",
    "zone",
    "member",
    "key",
    "model",
    "provider",
    "endpoint",
    "outcome",
    "status",
    "code",
    "id",
    "min_tokens",
    "max_tokens",
    "min_latency",
    "max_latency",
    "min_cost",
    "max_cost",
    "test",
    "limit",
    "cursor",
    "as",
    "mine",
];

/// The words of an address, without what is empty or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    words: BTreeMap<usize, String>,
    /// The zone of the browser, for addresses that name none.
    zone: String,
}

impl Asked {
    /// Reads a query string. Of a word that stands twice the last counts.
    pub fn read(query: &str) -> Self {
        let query = query.strip_prefix('?').unwrap_or(query);
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            asked.set(&name, value.trim());
        }
        asked
    }

    /// The same where a browser has said which zone it is in.
    #[must_use]
    pub fn in_zone(mut self, zone: String) -> Self {
        self.zone = zone;
        self
    }

    fn set(&mut self, name: &str, value: &str) {
        let Some(place) = NAMES.iter().position(|known| *known == name) else { return };
        if value.is_empty() {
            self.words.remove(&place);
        } else {
            self.words.insert(place, value.to_owned());
        }
    }

    /// A word; empty where it is not asked for.
    pub fn get(&self, name: &str) -> &str {
        let place = NAMES.iter().position(|known| *known == name);
        place.and_then(|place| self.words.get(&place)).map_or("", String::as_str)
    }

    /// Whether any of some words is asked for.
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| !self.get(name).is_empty())
    }

    /// The same from the newest call, with a word changed; an empty one is left out.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut asked = self.without(&["cursor"]);
        asked.set(name, value);
        asked
    }

    /// The same without some words.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let mut asked = self.clone();
        names.iter().for_each(|name| asked.set(name, ""));
        asked
    }

    /// What is asked for, by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.words.iter().map(|(place, value)| (NAMES[*place], value.as_str()))
    }

    /// An address that asks for this.
    pub fn address(&self, path: &str) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(self.pairs());
        match text.finish() {
            text if text.is_empty() => path.to_owned(),
            text => format!("{path}?{text}"),
        }
    }

    /// The zone that times are shown in.
    pub fn zone(&self) -> Result<Zone, FieldErrors> {
        let named = self.get("zone");
        Zone::parse(if named.is_empty() { &self.zone } else { named })
    }

    /// The moments that the range lies between, each as far as it is named.
    pub async fn range(
        &self,
        services: &Services,
        caller: &Caller,
        team: &str,
        zone: &Zone,
    ) -> Result<(Option<UnixMs>, Option<UnixMs>), ServiceError> {
        if !self.has(&["from", "to"]) {
            let word = self.get("range");
            if word.is_empty() || word == "all" {
                return Ok((None, None));
            }
            let anchor = match word {
                "period" | "last_period" => services.usage_anchor(caller, UsageOf::Team(team)).await?,
                _ => Default::default(),
            };
            let words = RangeWords { range: word, zone: zone.name(), anchor, ..RangeWords::default() };
            let range = StatisticsQuery::parse(words, UsageFilter::default(), services.clock.now())?.range;
            // What is not over has no end: new calls belong to it.
            return Ok((Some(range.from), (word == "last_period").then_some(range.to)));
        }
        let from = moment(self.get("from"), zone).map_err(|why| ServiceError::field("from", why))?;
        let to = moment(self.get("to"), zone).map_err(|why| ServiceError::field("to", why))?;
        let (from, to) = (from.map(|(start, _)| start), to.map(|(_, end)| end));
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(ServiceError::field("from", "From lies after To. Choose an earlier day, or clear one of them."));
        }
        Ok((from, to))
    }

    /// The calls that are asked for.
    pub async fn query(&self, services: &Services, caller: &Caller, team: &str, zone: &Zone) -> Result<CallQuery, ServiceError> {
        let (from, to) = self.range(services, caller, team, zone).await?;
        let mut errors = FieldErrors::default();
        let mut number = |name: &'static str, what: &str| {
            let text = self.get(name);
            let parsed = (!text.is_empty()).then(|| {
                text.parse::<i64>().ok().filter(|value| *value >= 0).ok_or_else(|| format!("{what} is a whole number."))
            });
            parsed.and_then(|parsed| errors.check(name, parsed))
        };
        let tokens = Bounds { min: number("min_tokens", "Tokens"), max: number("max_tokens", "Tokens") };
        let latency_ms = Bounds { min: number("min_latency", "Latency"), max: number("max_latency", "Latency") };
        let (status, limit) = (number("status", "The status"), number("limit", "Rows"));
        let mut dollars = |name: &'static str| {
            let text = self.get(name);
            let parsed = (!text.is_empty())
                .then(|| NanoUsd::parse(text).ok_or_else(|| "Cost is an amount in dollars, such as 0.05.".to_owned()));
            parsed.and_then(|parsed| errors.check(name, parsed)).map(|amount| amount.0)
        };
        let cost = Bounds { min: dollars("min_cost"), max: dollars("max_cost") };
        let id = |name: &'static str, what: &str| {
            (!self.get(name).is_empty()).then(|| format!("This is not the id of a {what}. Clear the filter."))
        };
        let wrong_user = id("member", "person").filter(|_| UserId::parse(self.get("member")).is_none());
        let wrong_key = id("key", "key").filter(|_| KeyId::parse(self.get("key")).is_none());
        let wrong_call = id("id", "call").filter(|_| CallId::parse(self.get("id")).is_none());
        for (name, wrong) in [("member", wrong_user), ("key", wrong_key), ("id", wrong_call)] {
            if let Some(wrong) = wrong {
                errors.add(name, &wrong);
            }
        }
        let outcome = self.get("outcome");
        if !outcome.is_empty() && Outcome::parse(outcome).is_none() {
            errors.add("outcome", "There is no such status. Choose one from the list.");
        }
        let test = TestCalls::parse(self.get("test"));
        if test.is_none() {
            errors.add("test", "Calls of test keys are exclude, include or only.");
        }
        errors.into_result()?;
        Ok(CallQuery {
            mine: !self.get("mine").is_empty(),
            user: UserId::parse(self.get("member")),
            key: KeyId::parse(self.get("key")),
            model: self.get("model").to_owned(),
            provider: self.get("provider").to_owned(),
            endpoint: self.get("endpoint").to_owned(),
            outcome: Outcome::parse(outcome),
            status,
            code: self.get("code").to_owned(),
            id: CallId::parse(self.get("id")),
            tokens,
            latency_ms,
            cost,
            test: test.unwrap_or_default(),
            from,
            to,
            page: PageRequest {
                limit: limit.and_then(|limit| u32::try_from(limit).ok()),
                cursor: Some(self.get("cursor").to_owned()),
            },
        })
    }
}

/// A day's beginning and the next one's, or a moment in milliseconds as both.
fn moment(text: &str, zone: &Zone) -> Result<Option<(UnixMs, UnixMs)>, &'static str> {
    match text.parse::<i64>() {
        Ok(ms) => Ok(Some((UnixMs(ms), UnixMs(ms)))),
        Err(_) => zone.day(text),
    }
}

/// Whether a word is a moment and not a day: it came from a chart.
pub(super) fn is_moment(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_what_is_set_and_nothing_else() {
        let asked = Asked::read("?model=a%26b&cursor=x&nonsense=1&from=&outcome=refused&outcome=completed");
        assert_eq!(asked.address("/t/a/logs"), "/t/a/logs?model=a%26b&outcome=completed&cursor=x");
        assert_eq!(asked.with("outcome", "").address("/t/a/logs"), "/t/a/logs?model=a%26b");
        assert_eq!(asked.without(&NAMES).address("/t/a/logs"), "/t/a/logs");
        assert_eq!(Asked::read(&asked.address("")), asked, "what is written is read back");
        assert!(asked.has(&["code", "model"]) && !asked.has(&["code"]));
    }
}
