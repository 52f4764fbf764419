//! What the address of a page with statistics asks for, and how addresses are written. The same words as in the management API.

use serde::{Deserialize, Serialize};

use super::{address::encode, usage_filter::Dimension};

/// Whose usage a page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsagePlace {
    /// A team by its slug; `me` for the personal space.
    Team(String),
    /// An organization by its slug.
    Organization(String),
    /// Everybody.
    Platform,
}

impl Default for UsagePlace {
    fn default() -> Self {
        Self::Team("me".to_owned())
    }
}

impl UsagePlace {
    /// As it travels: `t/atlas-search`, `o/northwind-labs`, `admin`.
    pub fn word(&self) -> String {
        match self {
            Self::Team(team) => format!("t/{team}"),
            Self::Organization(org) => format!("o/{org}"),
            Self::Platform => "admin".to_owned(),
        }
    }

    /// Reads [`Self::word`].
    pub fn parse(word: &str) -> Option<Self> {
        match word.split_once('/') {
            Some(("t", team)) => Some(Self::Team(team.to_owned())),
            Some(("o", org)) => Some(Self::Organization(org.to_owned())),
            None if word == "admin" => Some(Self::Platform),
            _ => None,
        }
    }

    /// The address of a page of it: `usage`, `logs`.
    pub fn address(&self, page: &str) -> String {
        match self {
            Self::Team(team) if team == "me" => format!("/me/{page}"),
            Self::Team(team) => format!("/t/{}/{page}", encode(team)),
            Self::Organization(org) => format!("/o/{}/{page}", encode(org)),
            Self::Platform => format!("/admin/{page}"),
        }
    }

    /// The same of the management API: `usage`, `usage.csv`, `logs`.
    pub fn api(&self, page: &str) -> String {
        match self {
            Self::Team(team) => format!("/api/v1/teams/{}/{page}", encode(team)),
            Self::Organization(org) => format!("/api/v1/organizations/{}/{page}", encode(org)),
            Self::Platform => format!("/api/v1/{page}"),
        }
    }
}

/// What figures are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsageGroup {
    /// By something that each call has one of.
    Of(Dimension),
    /// By team, in an organization and on the platform.
    Team,
}

impl From<Dimension> for UsageGroup {
    fn from(dimension: Dimension) -> Self {
        Self::Of(dimension)
    }
}

impl UsageGroup {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Of(dimension) => dimension.as_str(),
            Self::Team => "team",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "team" { Some(Self::Team) } else { Dimension::parse(text).map(Self::Of) }
    }
}

/// What an address asks for; what is empty was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageAsked {
    /// `24h`, `7d`, `28d`, `90d`, `period` or `last_period`, instead of `from` and `to`.
    pub range: String,
    /// Start: milliseconds, or a day such as `2026-11-20` of the zone.
    pub from: String,
    /// End: milliseconds, excluded, or the last day.
    pub to: String,
    /// `15m`, `1h`, `6h`, `1d` or `1w`.
    pub bucket: String,
    /// Name of a zone.
    pub zone: String,
    /// `member`, `key`, `model`, `provider`, `endpoint`, `outcome` or `team`.
    pub group_by: String,
    /// What a ranking goes by: `cost`, `tokens`, `requests` or `errors`.
    pub order_by: String,
    /// What the chart shows.
    pub metric: String,
    /// What the ranking is of: `member`, `key` or `model`.
    pub rank: String,
    /// Identifier of a person.
    pub member: String,
    /// Identifier of a key.
    pub key: String,
    /// Name of a model.
    pub model: String,
    /// Name of a provider.
    pub provider: String,
    /// Path of the gateway.
    pub endpoint: String,
    /// How calls ended.
    pub outcome: String,
    /// `exclude`, `include` or `only`.
    pub test: String,
}

impl UsageAsked {
    /// Names of the parameters, in the order of addresses.
    pub const NAMES: [&str; 16] = [
        "range", "from", "to", "bucket", "zone", "group_by", "order_by", "metric", "rank", "member", "key", "model", "provider",
        "endpoint", "outcome", "test",
    ];
    /// Those that narrow what is counted.
    pub const FILTERS: [&str; 6] = ["member", "key", "model", "provider", "endpoint", "outcome"];

    /// Reads an address: `of` says the value of a parameter.
    pub fn read(of: impl Fn(&str) -> Option<String>) -> Self {
        let mut asked = Self::default();
        for name in Self::NAMES {
            if let (Some(slot), Some(value)) = (asked.slot(name), of(name)) {
                *slot = value;
            }
        }
        asked
    }

    fn slot(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "range" => &mut self.range,
            "from" => &mut self.from,
            "to" => &mut self.to,
            "bucket" => &mut self.bucket,
            "zone" => &mut self.zone,
            "group_by" => &mut self.group_by,
            "order_by" => &mut self.order_by,
            "metric" => &mut self.metric,
            "rank" => &mut self.rank,
            "member" => &mut self.member,
            "key" => &mut self.key,
            "model" => &mut self.model,
            "provider" => &mut self.provider,
            "endpoint" => &mut self.endpoint,
            "outcome" => &mut self.outcome,
            "test" => &mut self.test,
            _ => return None,
        })
    }

    /// The value of a parameter; empty for one that there is not.
    pub fn get(&self, name: &str) -> &str {
        match name {
            "range" => &self.range,
            "from" => &self.from,
            "to" => &self.to,
            "bucket" => &self.bucket,
            "zone" => &self.zone,
            "group_by" => &self.group_by,
            "order_by" => &self.order_by,
            "metric" => &self.metric,
            "rank" => &self.rank,
            "member" => &self.member,
            "key" => &self.key,
            "model" => &self.model,
            "provider" => &self.provider,
            "endpoint" => &self.endpoint,
            "outcome" => &self.outcome,
            "test" => &self.test,
            _ => "",
        }
    }

    /// The same with one parameter changed; an empty value takes it away. A range by a word and one by its ends exclude each other, and
    /// another range chooses its own intervals.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut asked = self.clone();
        match name {
            "range" => (asked.from, asked.to, asked.bucket) = Default::default(),
            "from" | "to" => (asked.range, asked.bucket) = Default::default(),
            _ => {}
        }
        if let Some(slot) = asked.slot(name) {
            value.clone_into(slot);
        }
        asked
    }

    /// The same of other times, in milliseconds.
    #[must_use]
    pub fn between(&self, from: i64, to: i64) -> Self {
        self.with("from", &from.to_string()).with("to", &to.to_string())
    }

    /// The same without any filter.
    #[must_use]
    pub fn unfiltered(&self) -> Self {
        Self::FILTERS.iter().fold(self.clone(), |asked, name| asked.with(name, ""))
    }

    /// Names and values of what is given.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        Self::NAMES.into_iter().map(|name| (name, self.get(name))).filter(|(_, value)| !value.is_empty())
    }

    /// Behind a path: `?range=28d&model=gpt-4.1`, or nothing.
    pub fn query(&self) -> String {
        let pairs: Vec<String> = self.pairs().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// The address of the usage page of a place.
    pub fn address(&self, place: &UsagePlace) -> String {
        place.address("usage") + &self.query()
    }

    /// The address of the call log with the same calls: range, filters and test calls.
    pub fn logs(&self, place: &UsagePlace) -> String {
        let mut asked = self.clone();
        for name in ["bucket", "group_by", "order_by", "metric", "rank"] {
            asked = asked.with(name, "");
        }
        place.address("logs") + &asked.query()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_its_place() {
        let asked = UsageAsked::read(|name| Some(format!("<{name}>")));
        for name in UsageAsked::NAMES {
            assert_eq!(asked.get(name), format!("<{name}>"));
            assert_eq!(asked.with(name, "other").get(name), "other");
            assert_eq!(asked.with(name, "").get(name), "");
        }
        assert_eq!(asked.pairs().count(), 16);
        assert_eq!(asked.unfiltered().pairs().count(), 10);
        assert_eq!(UsageAsked::default().with("nothing", "x"), UsageAsked::default());
    }

    #[test]
    fn addresses_change_one_parameter_and_escape_values() {
        let asked = UsageAsked { range: "7d".into(), bucket: "1h".into(), ..UsageAsked::default() };
        let team = UsagePlace::Team("atlas".into());
        assert_eq!(
            asked.with("model", "a&b=\"100%\"").address(&team),
            "/t/atlas/usage?range=7d&bucket=1h&model=a%26b%3D%22100%25%22"
        );
        assert_eq!(asked.between(5, 9).address(&UsagePlace::default()), "/me/usage?from=5&to=9");
        assert_eq!(asked.with("range", "").address(&UsagePlace::Organization("acme".into())), "/o/acme/usage");
        assert_eq!(asked.with("metric", "requests").between(5, 9).logs(&UsagePlace::Platform), "/admin/logs?from=5&to=9");
        for place in [team, UsagePlace::Organization("acme".into()), UsagePlace::Platform] {
            assert_eq!(UsagePlace::parse(&place.word()), Some(place));
        }
        assert_eq!(UsagePlace::parse("elsewhere/x"), None);
        assert_eq!(UsagePlace::Team("me".into()).api("usage.csv"), "/api/v1/teams/me/usage.csv");
    }
}
