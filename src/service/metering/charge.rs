//! What a call costs: its tokens at the prices that were frozen into it at admission.

use crate::domain::{
    money::{BasisPoints, DOLLAR, Item, NanoUsd, Price, Rounding, charge as charge_items},
    usage::{CallFacts, Tokens},
};

/// Whatever a provider reports, one call is never charged more: sums of a billion calls stay within 64 bits.
const DEAREST_CALL: NanoUsd = NanoUsd(1_000_000 * DOLLAR);

/// What is charged, and what it would be without discount. Cached prompt tokens count at the cached price; test keys are free.
pub fn charge(call: &CallFacts, tokens: Tokens) -> (NanoUsd, NanoUsd) {
    if call.test {
        return (NanoUsd(0), NanoUsd(0));
    }
    let cached = tokens.cached.min(tokens.prompt);
    let items = [
        Item { units: tokens.prompt - cached, price: Price(call.input_price) },
        Item { units: cached, price: Price(call.cached_price) },
        Item { units: tokens.completion, price: Price(call.output_price) },
    ];
    let amount =
        |discount| charge_items(&items, discount, Rounding::HalfUp).unwrap_or(DEAREST_CALL).clamp(NanoUsd(0), DEAREST_CALL);
    (amount(BasisPoints(call.discount_bp)), amount(BasisPoints(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::metering::testing;

    #[test]
    fn cached_tokens_have_their_price_and_test_keys_are_free() {
        let mut call = testing::event(1).call;
        (call.input_price, call.cached_price, call.output_price) = (3 * DOLLAR, DOLLAR / 2, 15 * DOLLAR);
        call.discount_bp = 1_000;
        call.test = false;
        let tokens = Tokens { prompt: 1_000_000, cached: 400_000, completion: 100_000 };
        // 0.6 × $3 + 0.4 × $0.50 + 0.1 × $15 = $3.50, less 10 %.
        assert_eq!(charge(&call, tokens), (NanoUsd(3_150_000_000), NanoUsd(3_500_000_000)));
        // A provider that reports more cached than prompt tokens gains nothing by it.
        let odd = Tokens { prompt: 10, cached: u64::MAX, completion: 0 };
        assert_eq!(charge(&call, odd).1, NanoUsd(5_000));
        let absurd = Tokens { prompt: u64::MAX, cached: 0, completion: u64::MAX };
        assert_eq!(charge(&call, absurd), (DEAREST_CALL, DEAREST_CALL));
        call.test = true;
        assert_eq!(charge(&call, tokens), (NanoUsd(0), NanoUsd(0)));
    }
}
