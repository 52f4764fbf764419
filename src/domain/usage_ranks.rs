//! What rankings are made of: the sums of 64 UTC days, packed into one row, and those of a day's quarters of an hour. Numbers are written
//! as those of [`super::usage_sums`] are.

use std::collections::BTreeMap;

use super::usage_sums::{DayPage, Sums, pass_sums, put, read_sums};

/// Sums of the parts of a row that have calls, oldest first: of the days of a stretch, or of the quarters of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SumPage(BTreeMap<u8, Sums>);

impl SumPage {
    /// Of a day's quarters, without their latencies.
    pub fn of_quarters(page: &DayPage) -> Self {
        Self(page.iter().map(|(quarter, cell)| (quarter, cell.sums)).collect())
    }

    /// The sums of a part, made where they are missing.
    pub fn part(&mut self, part: u8) -> &mut Sums {
        self.0.entry(part).or_default()
    }

    /// Parts and their sums.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &Sums)> {
        self.0.iter().map(|(part, sums)| (*part, sums))
    }

    /// All parts'.
    pub fn sums(&self) -> Sums {
        let mut all = Sums::default();
        self.0.values().for_each(|sums| all.add(sums));
        all
    }

    /// As it is stored.
    pub fn stored(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (part, sums) in &self.0 {
            out.push(*part);
            // What is stored is not below zero: events hold no such amounts.
            sums.numbers().into_iter().for_each(|number| put(&mut out, number.max(0).cast_unsigned()));
        }
        out
    }

    /// Adds a stored page. Nothing where it can not be read.
    pub fn merge_stored(&mut self, stored: &[u8]) -> Option<()> {
        read_parts(stored, |_| true, |part, sums| self.part(part).add(&sums))
    }
}

/// Gives out the parts of a stored page that are wanted. Nothing where it can not be read.
pub fn read_parts(mut stored: &[u8], wanted: impl Fn(u8) -> bool, mut part: impl FnMut(u8, Sums)) -> Option<()> {
    while let Some((number, rest)) = stored.split_first() {
        stored = rest;
        if wanted(*number) {
            part(*number, read_sums(&mut stored)?);
        } else {
            pass_sums(&mut stored)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A part is a byte and eleven numbers, of which each ends with a byte below 0x80.
    fn has_whole_parts(mut bytes: &[u8]) -> bool {
        while let [_, numbers @ ..] = bytes {
            let Some(end) = (1..=numbers.len()).find(|end| numbers[..*end].iter().filter(|byte| **byte < 0x80).count() == 11)
            else {
                return false;
            };
            bytes = &numbers[end..];
        }
        true
    }

    proptest! {
        #[test]
        fn pages_are_read_back_and_merge_like_sums(
            calls in prop::collection::vec((0_u8..64, prop::array::uniform11(0_i64..=1 << 50)), 0..60), cut in 0_usize..60,
        ) {
            let page = |calls: &[(u8, [i64; 11])]| {
                let mut page = SumPage::default();
                calls.iter().for_each(|(part, numbers)| page.part(*part).add(&Sums::of_numbers(*numbers)));
                page
            };
            let (first, second) = calls.split_at(cut.min(calls.len()));
            let mut merged = page(first);
            prop_assert!(merged.merge_stored(&page(second).stored()).is_some());
            prop_assert_eq!(&merged, &page(&calls));
            let mut read = SumPage::default();
            prop_assert!(read.merge_stored(&merged.stored()).is_some());
            prop_assert_eq!(read.sums(), merged.sums());
            prop_assert_eq!(read, merged);
        }

        #[test]
        fn quarters_are_kept_without_their_latencies(
            quarters in prop::collection::btree_map(0_u8..96, (prop::array::uniform11(0_i64..1 << 40), prop::collection::vec(0_i64..9_000_000, 0..9)), 0..20)
        ) {
            let mut page = DayPage::default();
            for (quarter, (numbers, latencies)) in &quarters {
                let cell = page.quarter(*quarter);
                cell.sums = Sums::of_numbers(*numbers);
                latencies.iter().for_each(|ms| cell.latency.count(*ms));
                latencies.iter().skip(2).for_each(|ms| cell.first_token.count(*ms));
            }
            let mut read = BTreeMap::new();
            let take = |quarter, sums| {
                read.insert(quarter, sums);
            };
            let wanted = |quarter: u8| quarter.is_multiple_of(3) || quarter > 60;
            prop_assert!(read_parts(&SumPage::of_quarters(&page).stored(), wanted, take).is_some());
            let quarters = quarters.into_iter().filter(|(quarter, _)| wanted(*quarter));
            let quarters: BTreeMap<u8, Sums> = quarters.map(|(quarter, (numbers, _))| (quarter, Sums::of_numbers(numbers))).collect();
            prop_assert_eq!(read, quarters);
        }

        #[test]
        fn what_is_no_page_is_refused_or_read_but_never_fatal(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(read_parts(&bytes, |_| false, |_, _| ()).is_some(), has_whole_parts(&bytes));
            let mut page = SumPage::default();
            if page.merge_stored(&bytes).is_some() {
                let mut again = SumPage::default();
                prop_assert!(again.merge_stored(&page.stored()).is_some());
                prop_assert_eq!(again, page);
            }
        }
    }
}
