//! What a call costs: its tokens at the prices that were frozen into it at admission.

use crate::domain::{
    money::{BasisPoints, DOLLAR, Item, NanoUsd, Price, Rounding, charge as charge_items},
    usage::{CallEnd, CallFacts, Tokens},
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

/// What a call of so many tokens is charged at most, whichever of them turn out to be cached: its reserve. None where that is beyond
/// what can be charged at all.
pub fn most(call: &CallFacts, prompt: u64, completion: u64) -> Option<NanoUsd> {
    if call.test {
        return Some(NanoUsd(0));
    }
    let dearest = Price(call.input_price.max(call.cached_price));
    let items = [Item { units: prompt, price: dearest }, Item { units: completion, price: Price(call.output_price) }];
    charge_items(&items, BasisPoints(call.discount_bp), Rounding::Up).map(|amount| amount.min(DEAREST_CALL))
}

/// Stops a charge at what was reserved; the rest is the platform's loss. Gives that rest.
pub(super) fn stop_at_reserve(call: &CallFacts, end: &mut CallEnd) -> NanoUsd {
    let beyond = NanoUsd(end.cost.0.saturating_sub(call.reserve.0).max(0));
    end.cost = NanoUsd(end.cost.0 - beyond.0);
    end.loss = NanoUsd(end.loss.0.saturating_add(beyond.0));
    beyond
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::metering::testing;

    #[test]
    fn a_reserve_is_never_below_the_charge_which_stops_there() {
        let mut call = testing::event(1).call;
        (call.input_price, call.cached_price, call.output_price) = (1, 3 * DOLLAR, 15 * DOLLAR);
        (call.discount_bp, call.test) = (333, false);
        for cached in [0, 7, 1_001] {
            let tokens = Tokens { prompt: 1_001, cached, completion: 13 };
            assert!(charge(&call, tokens).0 <= most(&call, 1_001, 13).unwrap());
        }
        assert_eq!(most(&call, u64::MAX, u64::MAX), None);
        call.reserve = NanoUsd(10);
        let mut end = testing::event(1).end;
        (end.cost, end.loss) = (NanoUsd(25), NanoUsd(1));
        assert_eq!(stop_at_reserve(&call, &mut end), NanoUsd(15));
        assert_eq!((end.cost, end.loss), (NanoUsd(10), NanoUsd(16)));
        assert_eq!(stop_at_reserve(&call, &mut end), NanoUsd(0));
    }

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
