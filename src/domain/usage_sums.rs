//! What statistics are made of: sums and latencies of calls, which merge in any order, and how they are stored.
//!
//! Numbers are written as variable-length integers (seven bits a byte, lowest first), so that a cell of one call takes some 25 bytes and
//! one of a thousand calls under a kilobyte.

use serde::{Deserialize, Serialize};

use super::{
    latency,
    usage::{Figures, Outcome, UsageEvent},
};

/// No count of one call is larger: sums of a billion calls stay within 64 bits.
const COUNT_MAX: u64 = 1_000_000_000;

/// Sums over calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Calls, refused ones included.
    pub requests: i64,
    /// Completed calls.
    pub succeeded: i64,
    /// Upstream failures, time-outs and interrupted calls.
    pub failed: i64,
    /// Refused calls.
    pub refused: i64,
    /// Prompt tokens, cached ones included.
    pub prompt_tokens: i64,
    /// Prompt tokens that the provider had cached.
    pub cached_tokens: i64,
    /// Completion tokens.
    pub completion_tokens: i64,
    /// Charged, in nano-dollars.
    pub cost: i64,
    /// Calls whose tokens were counted here.
    pub estimated: i64,
    /// Calls that have a latency.
    pub answered: i64,
    /// Latencies of these, in total.
    pub latency_ms: i64,
}

impl Sums {
    /// How many there are.
    pub const COUNT: usize = 11;
    /// What they are called in tables, in order.
    pub const COLUMNS: [&str; Self::COUNT] = [
        "requests",
        "succeeded",
        "failed",
        "refused",
        "prompt_tokens",
        "cached_tokens",
        "completion_tokens",
        "cost",
        "estimated",
        "answered",
        "latency_ms",
    ];

    /// The numbers in the order of [`Self::COLUMNS`].
    pub fn numbers(&self) -> [i64; Self::COUNT] {
        [
            self.requests,
            self.succeeded,
            self.failed,
            self.refused,
            self.prompt_tokens,
            self.cached_tokens,
            self.completion_tokens,
            self.cost,
            self.estimated,
            self.answered,
            self.latency_ms,
        ]
    }

    /// The other way round.
    pub fn of_numbers(n: [i64; Self::COUNT]) -> Self {
        Self {
            requests: n[0],
            succeeded: n[1],
            failed: n[2],
            refused: n[3],
            prompt_tokens: n[4],
            cached_tokens: n[5],
            completion_tokens: n[6],
            cost: n[7],
            estimated: n[8],
            answered: n[9],
            latency_ms: n[10],
        }
    }

    /// What one call adds.
    pub fn of_event(event: &UsageEvent) -> Self {
        let end = &event.end;
        let answered = has_latency(end.outcome);
        let count = |tokens: u64| tokens.min(COUNT_MAX).cast_signed();
        Self {
            requests: 1,
            succeeded: i64::from(end.outcome == Outcome::Completed),
            failed: i64::from(end.outcome.is_failure()),
            refused: i64::from(end.outcome == Outcome::Refused),
            prompt_tokens: count(end.tokens.prompt),
            cached_tokens: count(end.tokens.cached),
            completion_tokens: count(end.tokens.completion),
            cost: end.cost.0,
            estimated: i64::from(end.estimated),
            answered: i64::from(answered),
            latency_ms: if answered { end.latency_ms.max(0) } else { 0 },
        }
    }

    /// Adds other calls'.
    pub fn add(&mut self, other: &Self) {
        let (mut sum, more) = (self.numbers(), other.numbers());
        for (sum, more) in sum.iter_mut().zip(more) {
            *sum = sum.saturating_add(more);
        }
        *self = Self::of_numbers(sum);
    }

    /// Takes away some of these calls.
    pub fn take_away(&mut self, other: &Self) {
        let (mut sum, less) = (self.numbers(), other.numbers());
        for (sum, less) in sum.iter_mut().zip(less) {
            *sum = sum.saturating_sub(less);
        }
        *self = Self::of_numbers(sum);
    }

    /// Those that answers have had since the first version.
    pub fn figures(&self) -> Figures {
        Figures {
            requests: self.requests,
            succeeded: self.succeeded,
            failed: self.failed,
            refused: self.refused,
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            cost: self.cost,
            estimated: self.estimated,
        }
    }

    /// Prompt and completion.
    pub fn tokens(&self) -> i64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// Completed ÷ (completed + failed), in ten-thousandths; none without such calls.
    pub fn success_rate_bp(&self) -> Option<i64> {
        self.figures().success_rate_bp()
    }
}

/// Refused calls were never answered; how long an interrupted one took is not known.
fn has_latency(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Refused | Outcome::Interrupted)
}

/// How many calls fell into each class of latency (`latency.rs`). Histograms of parts add up to that of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(Vec<u64>);

impl Histogram {
    /// Counts one more.
    pub fn count(&mut self, ms: i64) {
        self.add(latency::class(ms), 1);
    }

    /// All that were counted.
    pub fn calls(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        for (class, calls) in other.classes() {
            self.add(class, calls);
        }
    }

    /// Takes away some of what was counted.
    pub fn take_away(&mut self, other: &Self) {
        for (calls, less) in self.0.iter_mut().zip(&other.0) {
            *calls = calls.saturating_sub(*less);
        }
        // Histograms of the same calls are the same.
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// A percentile (0.5 is the median) by nearest rank, at most 1/64 away from that of the single values; none without calls.
    pub fn percentile(&self, share: f64) -> Option<i64> {
        let mut counts: Vec<(i64, i64)> = self.classes().map(|(class, calls)| (class, calls.cast_signed())).collect();
        latency::percentile(&mut counts, share)
    }

    fn classes(&self) -> impl Iterator<Item = (i64, u64)> {
        self.0.iter().enumerate().filter(|(_, calls)| **calls > 0).map(|(class, calls)| (class as i64, *calls))
    }

    fn add(&mut self, class: i64, calls: u64) {
        // Classes are few and not below zero; what is stored and is none counts as the longest.
        let class = usize::try_from(class).unwrap_or(0).min(latency::LAST_CLASS);
        if self.0.len() <= class {
            self.0.resize(class + 1, 0);
        }
        self.0[class] = self.0[class].saturating_add(calls);
    }

    /// As it is stored: how many classes, then for each its distance from the one before and its calls.
    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, self.classes().count() as u64);
        let mut before = 0;
        for (class, calls) in self.classes() {
            put(out, (class - before).cast_unsigned());
            put(out, calls);
            before = class;
        }
    }

    /// Adds what is stored. Nothing where that can not be read.
    pub fn merge_stored(&mut self, input: &mut &[u8]) -> Option<()> {
        let mut class = 0_i64;
        for _ in 0..take(input)? {
            class = class.checked_add_unsigned(take(input)?)?;
            self.add(class, take(input)?);
        }
        Some(())
    }
}

/// All that statistics know of some calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Sums.
    pub sums: Sums,
    /// Admission to last byte.
    pub latency: Histogram,
    /// Admission to first byte from upstream, of calls that were answered.
    pub first_token: Histogram,
}

impl Cell {
    /// Counts a call.
    pub fn count(&mut self, event: &UsageEvent) {
        self.sums.add(&Sums::of_event(event));
        if has_latency(event.end.outcome) {
            self.latency.count(event.end.latency_ms);
            if let Some(ms) = event.end.first_token_ms {
                self.first_token.count(ms);
            }
        }
    }

    /// Adds other calls'.
    pub fn merge(&mut self, other: &Self) {
        self.sums.add(&other.sums);
        self.latency.merge(&other.latency);
        self.first_token.merge(&other.first_token);
    }

    /// Takes away some of these calls.
    pub fn take_away(&mut self, other: &Self) {
        self.sums.take_away(&other.sums);
        self.latency.take_away(&other.latency);
        self.first_token.take_away(&other.first_token);
    }

    /// As it is stored.
    pub fn stored(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Adds a stored one. Nothing where it can not be read.
    pub fn merge_packed(&mut self, mut stored: &[u8]) -> Option<()> {
        self.merge_stored(&mut stored)?;
        stored.is_empty().then_some(())
    }

    fn write(&self, out: &mut Vec<u8>) {
        // What is stored is not below zero: events hold no such amounts.
        self.sums.numbers().into_iter().for_each(|number| put(out, number.max(0).cast_unsigned()));
        self.latency.write(out);
        self.first_token.write(out);
    }

    fn merge_stored(&mut self, input: &mut &[u8]) -> Option<()> {
        self.sums.add(&read_sums(input)?);
        self.latency.merge_stored(input)?;
        self.first_token.merge_stored(input)
    }
}

/// Quarters of an hour of a day.
pub const QUARTERS: usize = 96;

/// The quarters of a UTC day that have calls, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayPage(std::collections::BTreeMap<u8, Cell>);

impl DayPage {
    /// The cell of a quarter, made where it is missing.
    pub fn quarter(&mut self, quarter: u8) -> &mut Cell {
        self.0.entry(quarter).or_default()
    }

    /// Quarters and their cells.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &Cell)> {
        self.0.iter().map(|(quarter, cell)| (*quarter, cell))
    }

    /// The whole day's sums.
    pub fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        self.0.values().for_each(|cell| sums.add(&cell.sums));
        sums
    }

    /// As it is stored.
    pub fn stored(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (quarter, cell) in &self.0 {
            out.push(*quarter);
            cell.write(&mut out);
        }
        out
    }

    /// Adds a stored page. Nothing where it can not be read.
    pub fn merge_stored(&mut self, stored: &[u8]) -> Option<()> {
        read_page(stored, |quarter, stored| self.quarter(quarter).merge_stored(stored))
    }
}

/// Adds the quarters of a stored page to the cells at the places that `place` gives for them; passes over those without one.
pub fn add_page(stored: &[u8], cells: &mut [Cell], place: impl Fn(u8) -> Option<usize>) -> Option<()> {
    let mut aside = Cell::default();
    read_page(stored, |quarter, stored| match place(quarter).and_then(|place| cells.get_mut(place)) {
        Some(cell) => cell.merge_stored(stored),
        None => aside.merge_stored(stored),
    })
}

pub(super) fn read_sums(input: &mut &[u8]) -> Option<Sums> {
    let mut numbers = [0; Sums::COUNT];
    for number in &mut numbers {
        *number = i64::try_from(take(input)?).ok()?;
    }
    Some(Sums::of_numbers(numbers))
}

fn read_page(mut stored: &[u8], mut cell: impl FnMut(u8, &mut &[u8]) -> Option<()>) -> Option<()> {
    while let Some((quarter, rest)) = stored.split_first() {
        if usize::from(*quarter) >= QUARTERS {
            return None;
        }
        stored = rest;
        cell(*quarter, &mut stored)?;
    }
    Some(())
}

pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for (at, byte) in input.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *input = &input[at + 1..];
            return Some(number);
        }
    }
    None
}

/// Passes over sums without reading them.
pub(super) fn pass_sums(input: &mut &[u8]) -> Option<()> {
    let mut ends = input.iter().enumerate().filter(|(_, byte)| **byte & 0x80 == 0);
    let (last, _) = ends.nth(Sums::COUNT - 1)?;
    *input = &input[last + 1..];
    Some(())
}

#[cfg(test)]
mod tests;
