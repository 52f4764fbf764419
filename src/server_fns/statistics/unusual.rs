//! What stands out in a chart: days and hours, with words and the way to their calls.

use std::cmp::Reverse;

use super::{UsageCell, drawing::Drawing, metrics::Metric, times};
use crate::{
    domain::{
        format,
        money::{DOLLAR, NanoUsd},
        time::{DAY_MS, HOUR_MS},
        usage_marks::{Mark, marks_of_series},
    },
    service::usage::hour_marks::UsageHourMark,
};

/// Most hours that are listed below the chart.
const LISTED: usize = 5;

impl Drawing<'_> {
    /// What stands out, largest first: the interval, and words. Hours of spend against twelve weeks, the rest against the same part of
    /// other weeks of the range.
    pub(super) fn odd(&self, labels: &[(String, String)]) -> Vec<(usize, String)> {
        let told = &self.series.all;
        if !self.metric.adds_up() {
            return vec![];
        }
        if self.metric == Metric::Spend && told.bucket_ms <= HOUR_MS {
            let mut odd = vec![];
            for mark in self.largest_hours() {
                // An hour of UTC is several intervals, or parts of two: the one with most of it has the tag.
                let inside = told.intervals.iter().enumerate().filter(|(_, part)| part.start < mark.to && part.end > mark.from);
                let most = inside.max_by_key(|(place, part)| (part.measures.sums.cost, Reverse(*place)));
                odd.extend(most.map(|(place, _)| (place, self.hour_words(mark))));
            }
            return odd;
        }
        let parts = match told.bucket_ms {
            DAY_MS => 7,
            HOUR_MS => 168,
            _ => return vec![],
        };
        let floor = match self.metric {
            Metric::Spend => DOLLAR,
            Metric::Requests => 20,
            _ => 20_000,
        };
        let values: Vec<i64> = self.values(&told.intervals).collect();
        let mut odd = marks_of_series(&values, parts, floor);
        odd.sort_by_key(|(_, mark)| Reverse(mark.value));
        let words = |(place, mark): (usize, Mark)| {
            let start = told.intervals.get(place).map_or(self.now, |part| part.start);
            let kind = times::kind(times::local(self.zone, start), told.bucket_ms);
            (place, format!("{} {}, {}", labels[place].0, self.metric.text(mark.value), mark.words(&kind)))
        };
        odd.into_iter().map(words).collect()
    }

    /// The hours that stand out most, in words and with the way to their calls, or into them where the reader sees none.
    pub(super) fn odd_hours(&self) -> Vec<UsageCell> {
        if self.metric != Metric::Spend {
            return vec![];
        }
        let listed = |mark: &UsageHourMark| {
            let hour = self.asked.between(mark.from.0, mark.to.0);
            let href = if self.logs { hour.logs(self.place) } else { hour.address(self.place) };
            UsageCell { text: self.hour_words(mark), href }
        };
        self.largest_hours().into_iter().take(LISTED).map(listed).collect()
    }

    fn largest_hours(&self) -> Vec<&UsageHourMark> {
        let mut hours: Vec<&UsageHourMark> = self.hours.iter().collect();
        hours.sort_by_key(|mark| Reverse(mark.value));
        hours
    }

    /// `17 Nov, 14:00: $41.20, 4.1 × the usual for 14:00 on a Tuesday`
    fn hour_words(&self, mark: &UsageHourMark) -> String {
        let start = times::local(self.zone, mark.from);
        format!("{}, {}: {}, {}", times::day(start), times::clock(start), format::money(NanoUsd(mark.value)), mark.words)
    }
}
