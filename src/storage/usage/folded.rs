//! Events summed up in memory, as the rows that they add to.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{
    time::UnixMs,
    usage::UsageEvent,
    usage_buckets::Span,
    usage_filter::{Dimension, Facet, RANKS, SERIES, SERIES_SPANS, Values},
    usage_ranks::SumPage,
    usage_sums::{Cell, DayPage, Sums},
};

/// Which row. Texts are replaced by numbers: an event adds to forty rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RowKey {
    team: u32,
    pub(super) facet: Facet,
    pub(super) span: Span,
    values: [u32; Dimension::COUNT],
    pub(super) test: bool,
    pub(super) start: i64,
}

/// Sums of events, ready to be added to what is stored.
#[derive(Debug, Default)]
pub(super) struct Folded {
    words: Words,
    pub(super) series: BTreeMap<RowKey, Cell>,
    pub(super) stretches: BTreeMap<RowKey, SumPage>,
    pub(super) days: BTreeMap<RowKey, DayPage>,
    pub(super) pages: BTreeMap<RowKey, DayPage>,
}

/// Every dimension: what pages tell apart.
const EVERYTHING: Facet = Facet::of(&Dimension::ALL);

impl Folded {
    pub(super) fn of<'e>(events: impl Iterator<Item = &'e UsageEvent>) -> Self {
        let mut folded = Self::default();
        for event in events {
            folded.count(event);
        }
        folded
    }

    fn count(&mut self, event: &UsageEvent) {
        let call = &event.call;
        let values = Values::of_event(event, super::booking::storable);
        let mut numbers = [0; Dimension::COUNT];
        for (number, value) in numbers.iter_mut().zip(values.iter()) {
            *number = self.words.number(value);
        }
        let team = self.words.number(&call.team.to_string());
        let key = |facet: Facet, span: Span| RowKey {
            team,
            facet,
            span,
            values: of_facet(numbers, facet),
            test: call.test,
            start: span.start(call.at).0,
        };
        for facet in SERIES {
            for span in SERIES_SPANS {
                self.series.entry(key(facet, span)).or_default().count(event);
            }
        }
        let sums = Sums::of_event(event);
        let quarter = Span::Day.part_of(call.at);
        for facet in RANKS {
            self.stretches.entry(key(facet, Span::Stretch)).or_default().part(Span::Stretch.part_of(call.at)).add(&sums);
            self.days.entry(key(facet, Span::Day)).or_default().quarter(quarter).count(event);
        }
        self.pages.entry(key(EVERYTHING, Span::Day)).or_default().quarter(quarter).count(event);
    }

    /// Adds the page of a day to ranks alone. `values` are in the order of [`Dimension::ALL`].
    pub(super) fn rank_page(&mut self, team: &str, values: &[String; Dimension::COUNT], test: bool, day: UnixMs, page: &DayPage) {
        let team = self.words.number(team);
        let numbers = values.each_ref().map(|value| self.words.number(value));
        for facet in RANKS {
            let key = |span: Span| RowKey { team, facet, span, values: of_facet(numbers, facet), test, start: span.start(day).0 };
            self.stretches.entry(key(Span::Stretch)).or_default().part(Span::Stretch.part_of(day)).add(&page.sums());
            let days = self.days.entry(key(Span::Day)).or_default();
            page.iter().for_each(|(quarter, cell)| days.quarter(quarter).merge(cell));
        }
    }

    /// The team of a row.
    pub(super) fn team(&self, key: &RowKey) -> &str {
        self.words.word(key.team)
    }

    /// The value of a row; empty where it does not tell the dimension apart.
    pub(super) fn value(&self, key: &RowKey, dimension: Dimension) -> &str {
        self.words.word(key.values[dimension as usize])
    }
}

/// Without the values that a facet does not tell apart.
fn of_facet(mut values: [u32; Dimension::COUNT], facet: Facet) -> [u32; Dimension::COUNT] {
    for dimension in Dimension::ALL.into_iter().filter(|dimension| !facet.has(*dimension)) {
        values[dimension as usize] = 0;
    }
    values
}

/// Texts and their numbers; the empty one has 0.
#[derive(Debug)]
struct Words {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        Self { numbers: HashMap::from([(String::new(), 0)]), words: vec![String::new()] }
    }
}

impl Words {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.to_owned());
        self.numbers.insert(word.to_owned(), number);
        number
    }

    fn word(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", String::as_str)
    }
}
