//! What stands out: hours and members that are far from what is usual for them, found by medians, which a few odd values do not move.

use super::format;

/// A value is usual for its like by this many spreads (median absolute deviation, scaled to a standard deviation).
const SPREADS: f64 = 5.0;
/// And by this factor: what varies little does not stand out for a trifle.
const FACTOR: f64 = 2.0;
/// Values of the same kind that say what is usual; with fewer nothing is marked.
const KNOWN_MIN: usize = 3;
/// A standard deviation is this much of a median absolute deviation, for values that are spread evenly around their middle.
const MAD_TO_SIGMA: f64 = 1.4826;

/// What stands out, and by how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The value.
    pub value: i64,
    /// What is usual.
    pub usual: i64,
}

impl Mark {
    /// In words: `4.1 × the usual for a Tuesday`.
    pub fn words(&self, kind: &str) -> String {
        match self.times() {
            Some(times) => format!("{times} × the usual for a {kind}"),
            None => format!("usually nothing on a {kind}"),
        }
    }

    /// How many times the usual it is: `4.1`; none where nothing is usual.
    pub fn times(&self) -> Option<String> {
        if self.usual <= 0 {
            return None;
        }
        let tenths = i128::from(self.value) * 10 / i128::from(self.usual);
        if tenths >= 1_000 {
            return Some(format::count(i64::try_from(tenths / 10).unwrap_or(i64::MAX)));
        }
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }
}

/// Whether a value stands out above what is known of its like. `floor` is a value below which nothing is worth a mark.
pub fn mark(value: i64, known: &[i64], floor: i64) -> Option<Mark> {
    if known.len() < KNOWN_MIN || value < floor {
        return None;
    }
    let usual = median(known);
    let apart: Vec<i64> = known.iter().map(|other| (other - usual).abs()).collect();
    // Counts spread at least like rare events: the root of their number. Of few values the spread is told too small now and then.
    let few = (1.0 + 4.0 / known.len() as f64) * MAD_TO_SIGMA;
    let spread = (median(&apart) as f64 * few).max(usual as f64 * 0.08);
    let above = (value - usual) as f64;
    (above > SPREADS * spread && value as f64 >= FACTOR * usual as f64 && value > usual).then_some(Mark { value, usual })
}

/// The places of a series that stand out against the same part of earlier weeks. `parts` intervals make a week; `floor` as in [`mark`].
pub fn marks_of_series(values: &[i64], parts: usize, floor: i64) -> Vec<(usize, Mark)> {
    (0..values.len()).filter_map(|place| Some((place, mark_at(values, place, parts, floor)?))).collect()
}

/// Whether a place of a series stands out.
fn mark_at(values: &[i64], place: usize, parts: usize, floor: i64) -> Option<Mark> {
    // The same part of other weeks, before and after: a range of a few weeks has not many before.
    let alike = (place % parts.max(1)..values.len()).step_by(parts.max(1)).filter(|other| *other != place);
    mark(values[place], &alike.map(|other| values[other]).collect::<Vec<_>>(), floor)
}

/// The days that stand out in somebody's series of days, which begins with their first call: against the same weekdays of other weeks, and
/// against what they use on a day with calls at all. Whoever seldom works on a Sunday does not stand out by doing so.
pub fn marks_of_days(values: &[i64], floor: i64) -> Vec<(usize, Mark)> {
    let with_calls: Vec<i64> = values.iter().copied().filter(|value| *value > 0).collect();
    let usual_day = median(&with_calls);
    let much = |place: &usize| values[*place] >= floor && values[*place] as f64 >= FACTOR * usual_day as f64;
    // Most days are told by this alone, and those of two hundred members are looked at for a ranking.
    (0..values.len()).filter(much).filter_map(|place| Some((place, mark_at(values, place, 7, floor)?))).collect()
}

/// The middle of some values; of an even number the lower one of the two in the middle.
pub(super) fn median(values: &[i64]) -> i64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// Values that look made by chance and are the same each time.
#[cfg(test)]
pub(super) mod dice {
    /// A fixed scatter (SplitMix64).
    pub struct Dice(pub u64);

    impl Dice {
        /// From nothing up to one.
        pub fn share(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// Some calls of a day, around a mean: the sum of twelve shares is nearly normal.
        pub fn around(&mut self, mean: f64, deviation: f64) -> i64 {
            let normal = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
            (mean + deviation * normal).max(0.0) as i64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{dice::Dice, *};

    /// Calls of a member on each of 84 days: fewer at weekends, with the spread of people.
    fn steady(dice: &mut Dice) -> Vec<i64> {
        let mean = 40.0 + dice.share() * 2_000.0;
        (0..84)
            .map(|day| {
                let mean = if day % 7 >= 5 { mean * 0.15 } else { mean };
                dice.around(mean, mean.sqrt() + mean * 0.15)
            })
            .collect()
    }

    #[test]
    fn steady_members_have_at_most_one_mark_in_a_hundred() {
        let (mut marks, mut days) = (0, 0);
        for seed in 0..400 {
            let values = steady(&mut Dice(seed));
            marks += marks_of_series(&values, 7, 1).len();
            days += values.len();
        }
        assert!(marks * 100 <= days, "{marks} marks on {days} days");
    }

    #[test]
    fn a_sunday_at_work_is_not_unusual_by_itself() {
        let mut values: Vec<i64> = (0..84).map(|day| if day % 7 >= 5 { 0 } else { 1_000 + day % 3 }).collect();
        values[6] = 1_000;
        assert_eq!(marks_of_days(&values, 1), []);
        values[6] = 3_000;
        assert_eq!(marks_of_days(&values, 1), [(6, Mark { value: 3_000, usual: 0 })]);
        assert_eq!(marks_of_days(&[5; 9], 1), [], "nine days do not say what is usual");
    }

    #[test]
    fn four_times_the_usual_is_found_for_twenty_seeds() {
        for seed in 0..20 {
            let mut values = steady(&mut Dice(1_000 + seed));
            let others: Vec<i64> = (3..84).step_by(7).map(|day| values[day]).collect();
            values[45] = median(&others) * 4;
            let marks = marks_of_series(&values, 7, 1);
            assert!(marks.iter().any(|(place, _)| *place == 45), "seed {seed}: {marks:?} {values:?}");
        }
    }

    #[test]
    fn marks_are_said_in_words() {
        let mark = mark(4_100, &[1_000, 990, 1_010, 1_005, 4_100], 1).unwrap();
        assert_eq!(mark.words("Tuesday"), "4.0 × the usual for a Tuesday");
        assert_eq!(Mark { value: 41, usual: 10 }.words("Tuesday"), "4.1 × the usual for a Tuesday");
        assert_eq!(Mark { value: 41, usual: 0 }.words("Sunday"), "usually nothing on a Sunday");
        assert_eq!(super::mark(5, &[1, 1], 1), None, "two values do not say what is usual");
        assert_eq!(super::mark(9, &[0, 0, 0, 0], 10), None, "a trifle");
        assert_eq!(super::mark(1_900, &[1_000, 1_000, 1_000], 1), None, "not twice as much");
    }
}
