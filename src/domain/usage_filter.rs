//! What statistics can be told apart and filtered by, and which combinations are summed up beforehand (docs/usage.md).

use serde::{Deserialize, Serialize};

use super::{
    usage::{Outcome, TestCalls, UsageEvent},
    usage_buckets::Span,
};

/// Something that each call has one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The person whose key was used.
    Member,
    /// The key; empty for the playground's calls.
    Key,
    /// The model as it was asked for; empty where the name was not known.
    Model,
    /// The provider that answered last; empty where none was asked.
    Provider,
    /// The gateway's path.
    Endpoint,
    /// How it ended.
    Outcome,
}

impl Dimension {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [Self::Member, Self::Key, Self::Model, Self::Provider, Self::Endpoint, Self::Outcome];

    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Key => "key",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Endpoint => "endpoint",
            Self::Outcome => "outcome",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.as_str() == text)
    }

    /// The column of the tables that sums are kept in.
    pub fn column(self) -> &'static str {
        match self {
            Self::Member => "user_id",
            Self::Key => "key_id",
            Self::Model => "model_name",
            Self::Provider => "provider_name",
            Self::Endpoint => "endpoint",
            Self::Outcome => "outcome",
        }
    }

    /// Tells who called, of which there are hundreds, rather than what was called, of which there are a few.
    pub fn is_who(self) -> bool {
        matches!(self, Self::Member | Self::Key)
    }
}

/// Some of the dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facet(u8);

impl Facet {
    /// None of them: all calls together.
    pub const TOTAL: Self = Self(0);

    /// Of some.
    pub const fn of(dimensions: &[Dimension]) -> Self {
        let (mut bits, mut n) = (0, 0);
        while n < dimensions.len() {
            bits |= 1 << dimensions[n] as u8;
            n += 1;
        }
        Self(bits)
    }

    /// With one more.
    #[must_use]
    pub fn with(self, dimension: Dimension) -> Self {
        Self(self.0 | 1 << dimension as u8)
    }

    /// Whether it is among them.
    pub fn has(self, dimension: Dimension) -> bool {
        self.0 & 1 << dimension as u8 != 0
    }

    /// Whether all of another's are among them.
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether somebody is told apart.
    pub fn has_who(self) -> bool {
        Dimension::ALL.into_iter().any(|dimension| dimension.is_who() && self.has(dimension))
    }

    /// Its number in the tables.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// How many there are.
    pub fn size(self) -> u32 {
        self.0.count_ones()
    }
}

use Dimension::{Endpoint, Key, Member, Model, Outcome as Ended, Provider};

/// What calls were for, by quarter, hour and day, with latencies (`usage_series`). The last holds what the others do not answer.
pub const SERIES: [Facet; 9] = [
    Facet::TOTAL,
    Facet::of(&[Model]),
    Facet::of(&[Provider]),
    Facet::of(&[Endpoint]),
    Facet::of(&[Ended]),
    Facet::of(&[Model, Ended]),
    Facet::of(&[Provider, Ended]),
    Facet::of(&[Endpoint, Ended]),
    Facet::of(&[Model, Provider, Endpoint, Ended]),
];

/// Spans of each of them.
pub const SERIES_SPANS: [Span; 3] = [Span::Quarter, Span::Hour, Span::Day];

/// Who called, by stretch and day (`usage_ranks`): stretches of days without latencies, days of quarters with them
/// and without.
pub const RANKS: [Facet; 6] = [
    Facet::of(&[Member]),
    Facet::of(&[Key]),
    Facet::of(&[Member, Model]),
    Facet::of(&[Member, Provider]),
    Facet::of(&[Member, Endpoint]),
    Facet::of(&[Member, Ended]),
];

/// A value for each dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Values([String; Dimension::COUNT]);

impl Values {
    /// Those of a call. `text` makes what a client or an admin made up fit to be stored.
    pub fn of_event(event: &UsageEvent, text: impl Fn(&str) -> String) -> Self {
        let (call, end) = (&event.call, &event.end);
        Self([
            call.user.to_string(),
            call.key.map(|key| key.to_string()).unwrap_or_default(),
            // Names that the catalog does not know share one value: clients can make up as many as they like.
            if call.model.is_some() { text(&call.model_name) } else { String::new() },
            text(&end.provider_name),
            text(&call.endpoint),
            end.outcome.as_str().to_owned(),
        ])
    }

    /// The value of one.
    pub fn get(&self, dimension: Dimension) -> &str {
        &self.0[dimension as usize]
    }

    /// Only those of a facet; the others are empty.
    #[must_use]
    pub fn only(&self, facet: Facet) -> Self {
        let mut values = Self::default();
        for dimension in Dimension::ALL.into_iter().filter(|dimension| facet.has(*dimension)) {
            values.0[dimension as usize].clone_from(&self.0[dimension as usize]);
        }
        values
    }

    /// Values in the order of [`Dimension::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Which calls are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageFilter {
    /// With or without calls of test keys.
    pub test: TestCalls,
    wanted: [Option<String>; Dimension::COUNT],
}

impl UsageFilter {
    /// Those with or without test calls.
    pub fn of(test: TestCalls) -> Self {
        Self { test, ..Self::default() }
    }

    /// Only those with a value; nothing takes the wish away.
    #[must_use]
    pub fn only(mut self, dimension: Dimension, value: Option<String>) -> Self {
        self.wanted[dimension as usize] = value;
        self
    }

    /// The value that is wanted.
    pub fn wanted(&self, dimension: Dimension) -> Option<&str> {
        self.wanted[dimension as usize].as_deref()
    }

    /// What is filtered by, besides test calls.
    pub fn facet(&self) -> Facet {
        let wanted = |dimension: &Dimension| self.wanted(*dimension).is_some();
        Dimension::ALL.into_iter().filter(wanted).fold(Facet::TOTAL, Facet::with)
    }

    /// Whether a call is counted.
    pub fn takes(&self, values: &Values, test: bool) -> bool {
        let fits = match self.test {
            TestCalls::Exclude => !test,
            TestCalls::Include => true,
            TestCalls::Only => test,
        };
        fits && Dimension::ALL
            .into_iter()
            .all(|dimension| self.wanted(dimension).is_none_or(|value| value == values.get(dimension)))
    }
}

/// The narrowest sums that tell a facet apart; none where only the pages of days do.
pub fn series_for(facet: Facet) -> Option<Facet> {
    SERIES.into_iter().filter(|kept| kept.covers(facet)).min_by_key(|kept| kept.size())
}

/// The sums of a ranking by a dimension under a filter; none where only the pages of days tell.
pub fn ranks_for(by: Dimension, filter: Facet) -> Option<Facet> {
    RANKS.into_iter().filter(|kept| kept.covers(filter.with(by))).min_by_key(|kept| kept.size())
}

/// Reads an outcome for a filter.
pub fn parse_outcome(text: &str) -> Option<String> {
    Outcome::parse(text).map(|outcome| outcome.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_of_what_was_called_has_a_series_and_common_ones_a_narrow_one() {
        let what = [Model, Provider, Endpoint, Ended];
        for bits in 0..16_u8 {
            let facet = what.iter().enumerate().filter(|(n, _)| bits & 1 << n != 0).fold(Facet::TOTAL, |f, (_, d)| f.with(*d));
            let kept = series_for(facet).unwrap();
            assert!(kept.covers(facet));
            assert!(facet.size() > 1 || kept == facet, "single filters are read as they are");
        }
        assert_eq!(series_for(Facet::of(&[Member])), None);
        assert_eq!(ranks_for(Member, Facet::TOTAL).unwrap(), Facet::of(&[Member]));
        assert_eq!(ranks_for(Member, Facet::of(&[Model])).unwrap(), Facet::of(&[Member, Model]));
        assert_eq!(ranks_for(Key, Facet::of(&[Model])), None);
        assert!(SERIES.iter().all(|facet| !facet.has_who()) && RANKS.iter().all(|facet| facet.has_who()));
    }

    #[test]
    fn words_of_dimensions_are_read_back() {
        for dimension in Dimension::ALL {
            assert_eq!(Dimension::parse(dimension.as_str()), Some(dimension));
            assert!(Facet::of(&[dimension]).has(dimension));
        }
        assert_eq!(Dimension::parse("'; --"), None);
    }
}
