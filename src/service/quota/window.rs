//! Sliding windows made of 60 sub-buckets (spec.md §5).
//!
//! Each admission falls into the bucket of its time, and a bucket leaves the window only when all of it lies outside. So what is counted
//! is never less than what an exact log would count: in no window of the length, wherever it begins, is more admitted than the limit.
//! It is at most one bucket more: a refusal lasts at most 1/60 of the window longer than with an exact log.
//!
//! Only buckets in which something happened are kept. A scope that is called twice a day needs two of them, a busy one 61.

use std::collections::VecDeque;

use crate::domain::{limits::Span, time::UnixMs};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    /// Its number since 1970, in bucket lengths.
    number: i64,
    requests: u64,
    tokens: u64,
}

/// Requests and tokens of the last minute, hour or day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlidingWindow {
    span: Span,
    /// In the order of their numbers.
    buckets: VecDeque<Bucket>,
    requests: u64,
    tokens: u64,
}

/// What a window counts just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InWindow {
    /// Calls.
    pub requests: u64,
    /// Tokens of finished calls, and of running ones what is reserved for them.
    pub tokens: u64,
}

impl SlidingWindow {
    pub(super) fn new(span: Span) -> Self {
        Self { span, buckets: VecDeque::new(), requests: 0, tokens: 0 }
    }

    fn bucket_ms(&self) -> i64 {
        self.span.part_ms()
    }

    fn number(&self, at: UnixMs) -> i64 {
        at.0.div_euclid(self.bucket_ms())
    }

    /// When a bucket is wholly outside.
    fn leaves_at(&self, number: i64) -> UnixMs {
        UnixMs((number + 1).saturating_mul(self.bucket_ms())).plus(self.span.length_ms())
    }

    /// Lets go what lies outside by now.
    pub(super) fn slide(&mut self, now: UnixMs) {
        while let Some(first) = self.buckets.front().copied().filter(|first| self.leaves_at(first.number) <= now) {
            self.requests -= first.requests;
            self.tokens -= first.tokens;
            self.buckets.pop_front();
        }
    }

    /// What is inside, as of the last [`Self::slide`].
    pub(super) fn counted(&self) -> InWindow {
        InWindow { requests: self.requests, tokens: self.tokens }
    }

    /// Whether it is of this length.
    pub(super) fn is_of(&self, span: Span) -> bool {
        self.span == span
    }

    /// When nothing is inside any more, if nothing else comes.
    pub(super) fn empty_at(&self) -> UnixMs {
        self.buckets.back().map_or(UnixMs(0), |last| self.leaves_at(last.number))
    }

    /// Nothing is inside.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Counts a call in the bucket of its admission.
    pub(super) fn add(&mut self, at: UnixMs, requests: u64, tokens: u64) {
        let number = self.number(at);
        // Nearly always the last one, or one after it.
        let place = match self.buckets.back() {
            Some(last) if last.number == number => self.buckets.len() - 1,
            Some(last) if last.number > number => self.buckets.partition_point(|bucket| bucket.number < number),
            _ => self.buckets.len(),
        };
        if self.buckets.get(place).is_none_or(|bucket| bucket.number != number) {
            self.buckets.insert(place, Bucket { number, requests: 0, tokens: 0 });
        }
        let bucket = &mut self.buckets[place];
        bucket.requests = bucket.requests.saturating_add(requests);
        bucket.tokens = bucket.tokens.saturating_add(tokens);
        self.requests = self.requests.saturating_add(requests);
        self.tokens = self.tokens.saturating_add(tokens);
    }

    /// Takes tokens back that were reserved and not used, from the bucket of the admission; where it has left, they have left with it.
    pub(super) fn give_back(&mut self, at: UnixMs, requests: u64, tokens: u64) {
        let number = self.number(at);
        let Ok(place) = self.buckets.binary_search_by_key(&number, |bucket| bucket.number) else { return };
        let bucket = &mut self.buckets[place];
        let (requests, tokens) = (requests.min(bucket.requests), tokens.min(bucket.tokens));
        bucket.requests -= requests;
        bucket.tokens -= tokens;
        self.requests -= requests;
        self.tokens -= tokens;
        if bucket.requests == 0 && bucket.tokens == 0 {
            self.buckets.remove(place);
        }
    }

    /// When `needed` more of what `of` counts will fit below `limit`, if nothing else comes; `None` when never.
    pub(super) fn fits_at(&self, limit: u64, needed: u64, of: impl Fn(InWindow) -> u64) -> Option<UnixMs> {
        let room = limit.checked_sub(needed)?;
        let mut inside = of(self.counted());
        for bucket in &self.buckets {
            inside -= of(InWindow { requests: bucket.requests, tokens: bucket.tokens });
            if inside <= room {
                return Some(self.leaves_at(bucket.number));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

    fn requests(window: InWindow) -> u64 {
        window.requests
    }

    #[test]
    fn a_bucket_leaves_when_all_of_it_is_outside() {
        let mut window = SlidingWindow::new(Span::Minute);
        window.add(UnixMs(1_000), 1, 5);
        window.add(UnixMs(1_999), 1, 7);
        window.slide(UnixMs(1_999 + MINUTE_MS));
        assert_eq!(window.counted(), InWindow { requests: 2, tokens: 12 }, "its last millisecond is a minute old");
        assert_eq!(window.fits_at(2, 1, requests), Some(UnixMs(2_000 + MINUTE_MS)));
        window.slide(UnixMs(2_000 + MINUTE_MS));
        assert!(window.is_empty());
        assert_eq!(window.counted(), InWindow::default());
    }

    #[test]
    fn what_never_fits_has_no_time() {
        let mut window = SlidingWindow::new(Span::Hour);
        window.add(UnixMs(0), 1, 1);
        assert_eq!(window.fits_at(3, 4, requests), None);
        assert_eq!(window.fits_at(0, 1, requests), None);
        assert_eq!(window.fits_at(3, 3, requests), Some(UnixMs(HOUR_MS / 60 + HOUR_MS)));
    }

    #[test]
    fn tokens_come_back_into_the_bucket_of_the_admission() {
        let mut window = SlidingWindow::new(Span::Minute);
        window.add(UnixMs(0), 1, 100);
        window.add(UnixMs(30 * SECOND_MS), 1, 100);
        window.give_back(UnixMs(0), 0, 90);
        assert_eq!(window.counted().tokens, 110);
        window.slide(UnixMs(61 * SECOND_MS));
        assert_eq!(window.counted().tokens, 100);
        window.give_back(UnixMs(0), 0, 90);
        assert_eq!(window.counted().tokens, 100, "what has left is not taken from others");
    }

    proptest! {
        /// Beside an exact log: what is counted is never less, and never more than what came within one bucket more.
        #[test]
        fn it_counts_what_an_exact_log_counts_and_at_most_a_bucket_more(
            steps in prop::collection::vec((0_i64..20_000, 0_u64..50, prop::option::of(0_u64..50)), 1..200),
        ) {
            let mut window = SlidingWindow::new(Span::Minute);
            let mut log: Vec<(i64, u64)> = vec![];
            let mut now = 1_700_000_000_000;
            for (wait, tokens, back) in steps {
                now += wait;
                window.slide(UnixMs(now));
                window.add(UnixMs(now), 1, tokens);
                log.push((now, tokens));
                if let Some(back) = back {
                    // Of the call before the last one, which may have left already.
                    let before = log.len().saturating_sub(2);
                    let (at, reserved) = log[before];
                    let back = back.min(reserved);
                    window.give_back(UnixMs(at), 0, back);
                    log[before].1 -= back;
                }
                let within = |length: i64| {
                    let inside = log.iter().filter(|(at, _)| *at > now - length);
                    inside.fold((0, 0), |(calls, sum), (_, tokens)| (calls + 1, sum + tokens))
                };
                let (exact, longest) = (within(MINUTE_MS), within(MINUTE_MS + MINUTE_MS / 60 + 1));
                let counted = window.counted();
                prop_assert!(exact.0 <= counted.requests && counted.requests <= longest.0);
                prop_assert!(exact.1 <= counted.tokens && counted.tokens <= longest.1);
                prop_assert!(window.buckets.len() <= 61);
            }
        }
    }
}
