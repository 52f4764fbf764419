//! Hours that stand out: against the same hour of the same weekday where enough weeks are known, else against the same hour of other days.

use super::usage_marks::{Mark, mark, median};

/// Hours of a week.
const WEEK: usize = 168;
/// Hours of a day.
const DAY: usize = 24;
/// So many other weeks say what is usual for an hour of a weekday.
const WEEKS_MIN: usize = 4;
/// With fewer of them, so many other days say what is usual for an hour of the day.
const DAYS_MIN: usize = 6;

/// An hour that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HourMark {
    /// Its place in the series.
    pub place: usize,
    /// What it is, and what is usual.
    pub mark: Mark,
    /// Whether that is told of the same weekday only.
    pub of_weekday: bool,
}

impl HourMark {
    /// In words: `4.1 × the usual for 14:00 on a Tuesday`, or `… for 14:00` where all days were compared. Clock and weekday are the reader's.
    pub fn words(&self, clock: &str, weekday: &str) -> String {
        let when = if self.of_weekday { format!("{clock} on a {weekday}") } else { clock.to_owned() };
        match self.mark.times() {
            Some(times) => format!("{times} × the usual for {when}"),
            None => format!("usually nothing at {when}"),
        }
    }
}

/// The hours that stand out in a series of hours without gaps, which begins with the first call. Besides its like, an hour has to be far
/// above hours with calls at all: whoever seldom calls in the evening does not stand out by doing so.
pub fn marks_of_hours(values: &[i64], floor: i64) -> Vec<HourMark> {
    let with_calls: Vec<i64> = values.iter().copied().filter(|value| *value > 0).collect();
    let busy = median(&with_calls);
    let others = |place: usize, step: usize| -> Vec<i64> {
        let places = (place % step..values.len()).step_by(step).filter(|other| *other != place);
        places.map(|other| values[other]).collect()
    };
    let stands_out = |place: usize| {
        let value = values[place];
        // Most hours are told by this alone.
        if value < floor || value < busy.saturating_mul(2) {
            return None;
        }
        let weeks = others(place, WEEK);
        let of_weekday = weeks.len() >= WEEKS_MIN;
        let known = if of_weekday { weeks } else { others(place, DAY) };
        if !of_weekday && known.len() < DAYS_MIN {
            return None;
        }
        let mark = mark(value, &known, floor)?;
        // Nothing at all is no measure: then hours with calls are.
        let far = mark.usual > 0 || super::usage_marks::mark(value, &with_calls, floor).is_some();
        far.then_some(HourMark { place, mark, of_weekday })
    };
    (0..values.len()).filter_map(stands_out).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage_marks::dice::Dice;

    /// What is charged in each hour of some weeks: little at night and at weekends, with the spread of people.
    fn steady(dice: &mut Dice, weeks: usize) -> Vec<i64> {
        let mean = 200.0 + dice.share() * 5_000.0;
        let of_hour = |hour: usize| {
            let night = if matches!(hour % DAY, 7..19) { 1.0 } else { 0.1 };
            let weekend = if hour % WEEK >= 5 * DAY { 0.15 } else { 1.0 };
            let mean = mean * night * weekend;
            dice.around(mean, mean.sqrt() + mean * 0.15)
        };
        (0..weeks * WEEK).map(of_hour).collect()
    }

    #[test]
    fn steady_hours_have_at_most_one_mark_in_a_hundred() {
        for weeks in [1, 2, 12] {
            let (mut marks, mut hours) = (0, 0);
            for seed in 0..40 {
                let values = steady(&mut Dice(seed), weeks);
                marks += marks_of_hours(&values, 1).len();
                hours += values.len();
            }
            assert!(marks * 100 <= hours, "{marks} marks on {hours} hours of {weeks} weeks");
        }
    }

    #[test]
    fn hours_with_a_call_now_and_then_have_at_most_one_mark_in_a_hundred() {
        let (mut marks, mut hours) = (0, 0);
        for seed in 0..40 {
            let mut dice = Dice(seed);
            let rare = |dice: &mut Dice| if dice.share() < 0.1 { dice.around(1_000.0, 400.0) } else { 0 };
            let values: Vec<i64> = (0..12 * WEEK).map(|_| rare(&mut dice)).collect();
            marks += marks_of_hours(&values, 1).len();
            hours += values.len();
        }
        assert!(marks * 100 <= hours, "{marks} marks on {hours} hours");
    }

    #[test]
    fn an_abnormal_hour_is_found_for_twenty_seeds() {
        for seed in 0..20 {
            // Eight weeks tell weekdays apart, two only hours of the day: weekends make the usual spread wide there.
            for (weeks, of_weekday, times) in [(8, true, 4), (2, false, 6)] {
                let mut values = steady(&mut Dice(1_000 + seed), weeks);
                let place = WEEK + DAY + 14;
                let step = if of_weekday { WEEK } else { DAY };
                let alike: Vec<i64> = values.iter().copied().skip(place % step).step_by(step).collect();
                values[place] = times * median(&alike);
                let marks = marks_of_hours(&values, 1);
                let found = marks.iter().find(|found| found.place == place);
                assert_eq!(found.map(|found| found.of_weekday), Some(of_weekday), "seed {seed}: {marks:?}");
            }
        }
    }

    #[test]
    fn a_few_days_do_not_say_what_is_usual() {
        let mut values = vec![10; DAYS_MIN * DAY];
        values[30] = 1_000;
        assert_eq!(marks_of_hours(&values, 1), []);
        values.extend([10; DAY]);
        assert_eq!(marks_of_hours(&values, 1).len(), 1);
        assert_eq!(marks_of_hours(&values, 1_001), [], "a trifle");
        assert_eq!(marks_of_hours(&[], 1), []);
    }

    #[test]
    fn hours_are_told_in_words() {
        let told =
            |usual, of_weekday| HourMark { place: 0, mark: Mark { value: 41, usual }, of_weekday }.words("14:00", "Tuesday");
        assert_eq!(told(10, true), "4.1 × the usual for 14:00 on a Tuesday");
        assert_eq!(told(10, false), "4.1 × the usual for 14:00");
        assert_eq!(told(0, true), "usually nothing at 14:00 on a Tuesday");
    }
}
