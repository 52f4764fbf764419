//! Statistics by interval and by what they are told apart by.

use serde::{Deserialize, Serialize};

use super::{
    usage_statistics::{MeasuredInterval, Ranked, Statistics},
    usage_sums::Sums,
};

/// Most groups of a chart; what is left is drawn together.
pub const GROUPS_MAX: usize = 6;

/// A group and its intervals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSeries {
    /// Who or what it is, its sums and its place.
    pub ranked: Ranked,
    /// Colour, 1 to 6: its place by spend in the last 28 days whatever is filtered, so that it keeps it.
    pub slot: u8,
    /// Sums of the intervals.
    pub intervals: Vec<Sums>,
}

/// Statistics of a range, the range before by interval, and the largest groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSeries {
    /// All calls together.
    pub all: Statistics,
    /// The intervals of the range before, in the order of those of this one.
    pub before: Vec<MeasuredInterval>,
    /// The largest groups, largest first.
    pub groups: Vec<GroupSeries>,
    /// How many groups there are besides.
    pub others: usize,
}

impl UsageSeries {
    /// What the groups leave of an interval.
    pub fn rest(&self, place: usize) -> Sums {
        let mut rest = self.all.intervals.get(place).map(|part| part.measures.sums).unwrap_or_default();
        for group in &self.groups {
            rest = less(&rest, &group.intervals.get(place).copied().unwrap_or_default());
        }
        rest
    }

    /// What the groups leave of the whole range.
    pub fn rest_of_all(&self) -> Sums {
        self.groups.iter().fold(self.all.total.sums, |rest, group| less(&rest, &group.ranked.sums))
    }
}

fn less(sums: &Sums, part: &Sums) -> Sums {
    let (mut left, part) = (sums.numbers(), part.numbers());
    left.iter_mut().zip(part).for_each(|(left, part)| *left = left.saturating_sub(part));
    Sums::of_numbers(left)
}

/// Gives each group its colour: the place that it has in an order, and what is free to those that have none there.
pub fn give_slots(groups: &mut [GroupSeries], order: &[String]) {
    let place = |group: &GroupSeries| order.iter().take(GROUPS_MAX).position(|id| *id == group.ranked.id);
    let taken: Vec<usize> = groups.iter().filter_map(place).collect();
    let mut free = (0..GROUPS_MAX).filter(|slot| !taken.contains(slot));
    for group in groups.iter_mut() {
        let slot = place(group).or_else(|| free.next()).unwrap_or_default();
        group.slot = u8::try_from(slot + 1).unwrap_or(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_keeps_its_colour_whatever_is_filtered() {
        let group = |id: &str| GroupSeries { ranked: Ranked { id: id.into(), ..Ranked::default() }, ..GroupSeries::default() };
        let order: Vec<String> = ["a", "b", "c", "d", "e", "f", "g"].map(str::to_owned).to_vec();
        let mut groups = vec![group("c"), group("g"), group("a"), group("new")];
        give_slots(&mut groups, &order);
        assert_eq!(groups.iter().map(|group| group.slot).collect::<Vec<_>>(), [3, 2, 1, 4]);
        let mut all: Vec<GroupSeries> = order[..6].iter().rev().map(|id| group(id)).collect();
        give_slots(&mut all, &order);
        assert_eq!(all.iter().map(|group| group.slot).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn what_groups_leave_is_the_rest() {
        let sums = |requests| Sums { requests, cost: requests * 2, ..Sums::default() };
        let mut series = UsageSeries::default();
        series.all.total.sums = sums(10);
        series.all.intervals = vec![MeasuredInterval::default()];
        series.all.intervals[0].measures.sums = sums(10);
        for requests in [3, 5] {
            let ranked = Ranked { sums: sums(requests), ..Ranked::default() };
            series.groups.push(GroupSeries { ranked, slot: 1, intervals: vec![sums(requests)] });
        }
        assert_eq!((series.rest(0), series.rest_of_all()), (sums(2), sums(2)));
        assert_eq!(series.rest(1).requests, 0, "an interval that there is not");
    }
}
