//! Money is integer nano-dollars; a price is nano-dollars per million units. Nothing here rounds twice.

use serde::{Deserialize, Serialize};

/// 10⁻⁹ US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NanoUsd(pub i64);

/// One dollar.
pub const DOLLAR: i64 = 1_000_000_000;

/// Nano-dollars per million units (tokens, images, seconds).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Price(pub i64);

/// The dearest price that the catalog accepts: $100,000 per million units.
pub const MAX_PRICE: Price = Price(100_000 * DOLLAR);

/// No discount to everything free, in hundredths of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(pub i64);

/// A count of units at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// How many units.
    pub units: u64,
    /// What a million of them cost.
    pub price: Price,
}

/// How a fraction of a nano-dollar is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Charges and list amounts.
    HalfUp,
    /// Reserves: never less than what may be charged.
    Up,
}

/// Σ units × price × (10,000 − discount), divided once by 10¹⁰ (spec.md §1). `None` when the amount does not fit.
pub fn charge(items: &[Item], discount: BasisPoints, rounding: Rounding) -> Option<NanoUsd> {
    const DIVISOR: i128 = 10_000_000_000;
    let mut sum: i128 = 0;
    for item in items {
        sum = sum.checked_add(i128::from(item.units).checked_mul(i128::from(item.price.0))?)?;
    }
    let scaled = sum.checked_mul(i128::from(10_000 - discount.0.clamp(0, 10_000)))?;
    let amount = match rounding {
        Rounding::HalfUp => scaled.checked_add(DIVISOR / 2)?.div_euclid(DIVISOR),
        Rounding::Up => scaled.checked_add(DIVISOR - 1)?.div_euclid(DIVISOR),
    };
    i64::try_from(amount).ok().map(NanoUsd)
}

impl NanoUsd {
    /// Reads dollars as people type them: `12`, `12.5`, `$1,250.00`. At most nine decimals, never negative.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix('$').unwrap_or(text.trim()).replace(',', "");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 || whole.len() > 10 {
            return None;
        }
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit()).then(|| s.to_owned());
        let whole: i64 = format!("0{}", digits(whole)?).parse().ok()?;
        let fraction: i64 = format!("{:0<9}", digits(fraction)?).parse().ok()?;
        whole.checked_mul(DOLLAR)?.checked_add(fraction).map(Self)
    }

    /// Dollars for an input field: as short as it is exact.
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / DOLLAR as u64, self.0.unsigned_abs() % DOLLAR as u64);
        if fraction == 0 {
            return format!("{sign}{whole}");
        }
        let fraction = format!("{fraction:09}");
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() == 1 { format!("{sign}{whole}.{fraction}0") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl Price {
    /// Reads dollars per million units.
    pub fn parse(text: &str) -> Option<Self> {
        NanoUsd::parse(text).map(|amount| Self(amount.0)).filter(|price| *price <= MAX_PRICE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_are_divided_once_and_rounded_half_up() {
        let item = |units, price| Item { units, price: Price(price) };
        // 1,000 tokens at $3 per million are $0.003.
        assert_eq!(charge(&[item(1_000, 3 * DOLLAR)], BasisPoints(0), Rounding::HalfUp), Some(NanoUsd(3_000_000)));
        // Two halves make one whole before the division, not two roundings.
        assert_eq!(charge(&[item(1, 500_000), item(1, 500_000)], BasisPoints(0), Rounding::HalfUp), Some(NanoUsd(1)));
        assert_eq!(charge(&[item(1, 499_999)], BasisPoints(0), Rounding::HalfUp), Some(NanoUsd(0)));
        assert_eq!(charge(&[item(1, 1)], BasisPoints(0), Rounding::Up), Some(NanoUsd(1)));
        // 10 % off.
        assert_eq!(charge(&[item(1_000_000, DOLLAR)], BasisPoints(1_000), Rounding::HalfUp), Some(NanoUsd(900_000_000)));
        assert_eq!(charge(&[item(u64::MAX, i64::MAX)], BasisPoints(0), Rounding::HalfUp), None);
    }

    #[test]
    fn dollars_are_read_as_people_type_them() {
        assert_eq!(NanoUsd::parse("12"), Some(NanoUsd(12 * DOLLAR)));
        assert_eq!(NanoUsd::parse("$1,250.50"), Some(NanoUsd(1_250_500_000_000)));
        assert_eq!(NanoUsd::parse("0.000000001"), Some(NanoUsd(1)));
        for bad in ["", ".", "-1", "1e3", "0.0000000001", "12345678901", "١"] {
            assert_eq!(NanoUsd::parse(bad), None, "{bad}");
        }
        assert_eq!(NanoUsd(2_500_000_000).plain(), "2.50");
        assert_eq!(NanoUsd(150_000_000).plain(), "0.15");
        assert_eq!(NanoUsd(3 * DOLLAR).plain(), "3");
    }
}
