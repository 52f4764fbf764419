//! Prices and the times from which they hold.

use serde::{Deserialize, Serialize};

use super::{
    catalog::{Modality, Tier},
    field_errors::FieldErrors,
    format,
    money::{MAX_PRICE, Price},
    time::{DAY_MS, UnixMs},
};

/// Prices per million tokens; what is not set can not be charged, so it can not be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Prompt tokens.
    pub input: Option<Price>,
    /// Prompt tokens that the provider had cached; the input price where not set.
    pub cached: Option<Price>,
    /// Completion tokens.
    pub output: Option<Price>,
}

impl Prices {
    /// The dearest of them.
    pub fn dearest(&self) -> Option<Price> {
        [self.input, self.cached, self.output].into_iter().flatten().max()
    }

    /// Whether everything has a price that calls of a modality use. Vectors are no completion: embeddings have an input alone.
    pub fn cover(&self, modality: Modality) -> bool {
        self.input.is_some() && (self.output.is_some() || modality == Modality::Embedding)
    }

    /// As rows of models tell them: the first price, and what follows it. What answers in vectors or pictures has no completion.
    pub fn in_words(&self, modality: Modality) -> (String, String) {
        let output = self.output.filter(|output| modality.chats() || (output.0 > 0 && modality != Modality::Embedding));
        match (self.input, output) {
            (Some(input), Some(output)) => (format::price(input.0), format!("/ {}", format::price(output.0))),
            (Some(input), None) => (format::price(input.0), String::new()),
            (None, _) => ("–".into(), String::new()),
        }
    }

    /// Notes each price that is out of bounds.
    pub fn check(&self, errors: &mut FieldErrors) {
        for (field, price) in [("input_price", self.input), ("cached_price", self.cached), ("output_price", self.output)] {
            if price.is_some_and(|price| price.0 < 0 || price > MAX_PRICE) {
                errors.add(field, "Use $0 to $100,000 per million tokens.");
            }
        }
    }
}

/// What a tier of the catalog comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierSum {
    /// Tier.
    pub tier: Tier,
    /// Its models.
    pub models: usize,
    /// Those that organizations take in as `approval`.
    pub restricted: usize,
    /// The highest price of them, and whose it is.
    pub dearest: Option<(Price, String)>,
}

/// Prices that hold from a time on, until the next entry's time. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceEntry {
    /// From this moment.
    pub from: UnixMs,
    /// The prices.
    pub prices: Prices,
    /// When it was entered.
    pub created_at: UnixMs,
    /// Name of who entered it; empty for what the product did by itself.
    pub created_by: String,
}

/// A model's prices over time: ordered by their time, of equal times as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceHistory(pub Vec<PriceEntry>);

impl PriceHistory {
    /// What holds at a time; nothing has a price before the first entry.
    pub fn at(&self, at: UnixMs) -> Prices {
        let begun = self.0.partition_point(|entry| entry.from <= at);
        begun.checked_sub(1).map(|last| self.0[last].prices).unwrap_or_default()
    }

    /// The next change after a time.
    pub fn next(&self, at: UnixMs) -> Option<&PriceEntry> {
        let coming = &self.0[self.0.partition_point(|entry| entry.from <= at)..];
        // Of several for the same time the last one counts.
        coming.iter().take_while(|entry| entry.from == coming[0].from).last()
    }
}

/// The furthest a price may be announced.
pub const ANNOUNCED_MAX_MS: i64 = 5 * 366 * DAY_MS;

/// Checks the time from which a price is to hold.
pub fn check_from(from: UnixMs, now: UnixMs) -> Result<UnixMs, String> {
    if from < now {
        return Err("What was charged stays. Choose today or a later day.".into());
    }
    if from > now.plus(ANNOUNCED_MAX_MS) {
        return Err("Choose a day in the next five years.".into());
    }
    Ok(from)
}

/// Reads a day as date inputs write it (`2026-11-21`, midnight UTC). Nothing and today mean at once.
pub fn parse_day(text: &str, now: UnixMs) -> Result<Option<UnixMs>, String> {
    let Some(at) = UnixMs::parse_day(text)? else { return Ok(None) };
    if at == now.floor_to(DAY_MS) {
        return Ok(None);
    }
    check_from(at, now).map(Some)
}

/// Whether a model is restricted where nobody said: costly tiers are, and what has a price above the platform's threshold.
pub fn is_restricted_by_default(tier: Tier, prices: &Prices, threshold: Option<Price>) -> bool {
    tier == Tier::HighPerformance || is_above(prices, threshold)
}

/// Whether one of the prices is above the threshold.
pub fn is_above(prices: &Prices, threshold: Option<Price>) -> bool {
    threshold.zip(prices.dearest()).is_some_and(|(threshold, dearest)| dearest > threshold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::DOLLAR;

    fn entry(from: i64, dollars: i64) -> PriceEntry {
        let prices = Prices { input: Some(Price(dollars * DOLLAR)), ..Prices::default() };
        PriceEntry { from: UnixMs(from), prices, created_at: UnixMs(0), created_by: String::new() }
    }

    #[test]
    fn the_price_is_the_one_that_holds_at_the_time() {
        let history = PriceHistory(vec![entry(10, 1), entry(20, 2), entry(20, 3), entry(30, 4)]);
        let input = |at| history.at(UnixMs(at)).input.map(|price| price.0 / DOLLAR);
        assert_eq!([9, 10, 19, 20, 29, 30, 99].map(input), [None, Some(1), Some(1), Some(3), Some(3), Some(4), Some(4)]);
        assert_eq!(history.next(UnixMs(10)), Some(&entry(20, 3)), "the later word for the same time");
        assert_eq!(history.next(UnixMs(30)), None);
        assert_eq!(PriceHistory::default().at(UnixMs(1)), Prices::default());
    }

    #[test]
    fn days_are_read_and_the_past_is_refused() {
        let now = UnixMs(1_795_302_180_000);
        assert_eq!(parse_day("", now), Ok(None));
        assert_eq!(parse_day("2026-11-21", now), Ok(None), "today is now");
        assert_eq!(parse_day("2026-12-01", now), Ok(Some(UnixMs::from_civil(2026, 12, 1))));
        for bad in ["2026-11-20", "2026-02-30", "2026-13-01", "0000-00-00", "2099-01-01", "1.12.2026", "+026-12-01", "2026-12"] {
            assert!(parse_day(bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn costly_models_are_restricted_unless_somebody_says_otherwise() {
        let prices = |dollars| entry(0, dollars).prices;
        let threshold = Some(Price(10 * DOLLAR));
        assert!(!is_restricted_by_default(Tier::General, &prices(10), threshold), "at the threshold is not above it");
        assert!(is_restricted_by_default(Tier::General, &prices(11), threshold));
        assert!(is_restricted_by_default(Tier::HighPerformance, &prices(0), None));
        assert!(!is_restricted_by_default(Tier::Specialized, &prices(99_999), None));
    }
}
