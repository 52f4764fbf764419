//! How long money lasts at the present pace: each remaining day is taken to cost what the last two of its weekday did (docs/usage.md).

use super::{
    format,
    time::{DAY_MS, UnixMs},
};

/// Whole days that must be known, and days of a period that must have begun: before that there is no pace.
const KNOWN_MIN: usize = 4;
/// How many days of the same kind are looked at.
const ALIKE: usize = 2;
/// Whole days before today that say what a day costs.
pub const PACE_DAYS: i64 = 14;
/// How far ahead is looked where nothing resets: what lasts longer lasts.
const AHEAD_MS: i64 = 400 * DAY_MS;

/// What a day of each weekday is taken to cost, in nano-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace([i64; 7]);

impl Pace {
    /// From the whole UTC days just before today, oldest first. Days before the first that cost anything are no days of this pace: then
    /// there was no usage yet. None where too few are known.
    pub fn of(today: UnixMs, days: &[i64]) -> Option<Self> {
        let begun = days.iter().position(|cost| *cost > 0)?;
        let known = &days[begun..];
        if known.len() < KNOWN_MIN {
            return None;
        }
        let today = usize::from(today.weekday());
        let mut pace = [0; 7];
        for (weekday, mean_cost) in pace.iter_mut().enumerate() {
            // How many days ago it was this weekday last: 1 to 7.
            let ago = (today + 6 - weekday) % 7 + 1;
            let alike: Vec<i64> = known.iter().rev().skip(ago - 1).step_by(7).take(ALIKE).copied().collect();
            *mean_cost = mean(if alike.is_empty() { known } else { &alike });
        }
        Some(Self(pace))
    }

    /// What is taken to be spent between two times of one UTC day.
    fn between(&self, from: UnixMs, to: UnixMs) -> i64 {
        share(self.0[usize::from(from.weekday())], to.since(from), DAY_MS)
    }

    /// When the days from now until an end are over, and what they are taken to cost by then in all, today's rest first.
    pub fn course(&self, now: UnixMs, until: UnixMs) -> Vec<(UnixMs, i64)> {
        let (mut at, mut sum, mut course) = (now, 0_i64, vec![]);
        while at < until {
            let next = at.floor_to(DAY_MS).plus(DAY_MS).min(until);
            sum = sum.saturating_add(self.between(at, next));
            course.push((next, sum));
            at = next;
        }
        course
    }
}

fn mean(costs: &[i64]) -> i64 {
    let sum: i128 = costs.iter().map(|cost| i128::from((*cost).max(0))).sum();
    i64::try_from(sum / (costs.len().max(1) as i128)).unwrap_or(i64::MAX)
}

/// `part` of `whole` of an amount.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    i64::try_from(i128::from(amount) * i128::from(part) / i128::from(whole.max(1))).unwrap_or(i64::MAX)
}

/// How money goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forecast {
    /// Nothing is left of it at this time.
    Ends(UnixMs),
    /// Something is left when it resets; of what does not reset, for more than a year.
    Lasts,
}

/// When what is `left` now will be used up, if it is before it resets.
pub fn forecast(pace: &Pace, left: i64, now: UnixMs, resets_at: Option<UnixMs>) -> Forecast {
    if left <= 0 {
        return Forecast::Ends(now);
    }
    let mut before = (now, 0);
    for (at, sum) in pace.course(now, resets_at.unwrap_or(now.plus(AHEAD_MS))) {
        if sum >= left {
            let (from, spent) = before;
            // Not earlier than the calls that use it up.
            let passed = share(at.since(from), left - spent, sum - spent);
            return Forecast::Ends(from.plus(passed));
        }
        before = (at, sum);
    }
    Forecast::Lasts
}

/// Whether so much of a period is over that its end can be told: from its fifth day.
pub fn is_told(now: UnixMs, period_start: UnixMs) -> bool {
    now.since(period_start) >= KNOWN_MIN as i64 * DAY_MS
}

impl Forecast {
    /// When it ends, if it does.
    pub fn ends_at(self) -> Option<UnixMs> {
        match self {
            Self::Ends(at) => Some(at),
            Self::Lasts => None,
        }
    }

    /// As a sentence of what is not used up yet: `At this pace the budget ends on 24 Nov, 6 days before it resets.`
    pub fn words(self, what: &str, now: UnixMs, resets_at: Option<UnixMs>) -> String {
        match self {
            Self::Lasts => format!("At this pace {what} lasts."),
            Self::Ends(at) if at.floor_to(DAY_MS) == now.floor_to(DAY_MS) => {
                format!("At this pace {what} ends today{}.", before_reset(at, resets_at))
            }
            Self::Ends(at) => {
                format!("At this pace {what} ends on {}{}.", format::short_date(at, now), before_reset(at, resets_at))
            }
        }
    }
}

/// `, 6 days before it resets`.
pub fn before_reset(at: UnixMs, resets_at: Option<UnixMs>) -> String {
    let days = |resets: UnixMs| resets.floor_to(DAY_MS).since(at.floor_to(DAY_MS)) / DAY_MS;
    match resets_at.map(days) {
        None | Some(0) => String::new(),
        Some(1) => ", a day before it resets".to_owned(),
        Some(days) => format!(", {days} days before it resets"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::HOUR_MS;

    /// A Friday, 12:00.
    const NOW: UnixMs = UnixMs(1_795_176_000_000);
    /// 1 December.
    const RESETS: UnixMs = UnixMs(1_796_083_200_000);

    /// Two weeks before it: 10 on working days, 2 and 4 on the Saturdays, nothing on Sundays.
    const DAYS: [i64; 14] = [10, 2, 0, 10, 10, 10, 10, 10, 4, 0, 10, 10, 10, 10];

    fn pace() -> Pace {
        Pace::of(NOW, &DAYS).unwrap()
    }

    #[test]
    fn each_remaining_day_costs_what_the_last_two_of_its_weekday_did() {
        assert_eq!((NOW.civil(), NOW.weekday(), NOW.clock()), ((2026, 11, 20), 4, (12, 0, 0)));
        assert_eq!(RESETS.civil(), (2026, 12, 1));
        assert_eq!(pace().0, [10, 10, 10, 10, 10, 3, 0]);
        // Half of Friday, Saturday, Sunday, five days of 10, Saturday, Sunday, Monday.
        let course: Vec<i64> = pace().course(NOW, RESETS).iter().map(|(_, sum)| *sum).collect();
        assert_eq!(course, [5, 8, 8, 18, 28, 38, 48, 58, 61, 61, 71]);
        assert_eq!(pace().course(NOW, RESETS).last().unwrap().0, RESETS);
    }

    #[test]
    fn what_is_left_ends_within_the_day_that_uses_it_up() {
        let ends = |left| forecast(&pace(), left, NOW, Some(RESETS));
        let at = |day: u8, hour: i64| Forecast::Ends(UnixMs::from_civil(2026, 11, day).plus(hour * HOUR_MS));
        assert_eq!(ends(0), Forecast::Ends(NOW));
        assert_eq!(ends(5), at(21, 0));
        assert_eq!(ends(33), at(25, 12), "five of Wednesday's ten");
        assert_eq!((ends(71), ends(72)), (Forecast::Ends(RESETS), Forecast::Lasts));
        assert_eq!(forecast(&pace(), 72, NOW, None), Forecast::Ends(RESETS.plus(DAY_MS / 10)), "goes on where nothing resets");
        assert_eq!(forecast(&pace(), i64::MAX, NOW, None), Forecast::Lasts);
    }

    #[test]
    fn a_weekday_that_is_not_known_costs_what_the_others_do_and_few_days_tell_nothing() {
        assert_eq!(Pace::of(NOW, &[0, 0, 0, 6, 6, 6]), None, "three days are known");
        let known = Pace::of(NOW, &[0, 6, 2, 6, 6]).unwrap();
        // Thursday, Wednesday, Tuesday and Monday are known.
        assert_eq!(known.0, [6, 2, 6, 6, 5, 5, 5]);
        assert_eq!(Pace::of(NOW, &[0; 14]), None);
        assert!(!is_told(UnixMs::from_civil(2026, 11, 5).plus(-1), UnixMs::from_civil(2026, 11, 1)));
        assert!(is_told(UnixMs::from_civil(2026, 11, 5), UnixMs::from_civil(2026, 11, 1)));
    }

    #[test]
    fn forecasts_are_said_in_words() {
        let ends = Forecast::Ends(UnixMs::from_civil(2026, 11, 25).plus(HOUR_MS));
        let words = |forecast: Forecast, resets| forecast.words("the budget", NOW, resets);
        assert_eq!(words(ends, Some(RESETS)), "At this pace the budget ends on 25 Nov, 6 days before it resets.");
        assert_eq!(words(ends, None), "At this pace the budget ends on 25 Nov.");
        assert_eq!(
            words(Forecast::Ends(NOW), Some(NOW.plus(DAY_MS))),
            "At this pace the budget ends today, a day before it resets."
        );
        assert_eq!(words(Forecast::Lasts, Some(RESETS)), "At this pace the budget lasts.");
    }

    fn ends_at(forecast: Forecast) -> i64 {
        forecast.ends_at().map_or(i64::MAX, |at| at.0)
    }

    proptest! {
        /// However odd the past, nothing ends before now or after its reset, and more lasts longer.
        #[test]
        fn a_forecast_is_never_before_now_and_more_lasts_longer(
            days in prop::collection::vec(prop_oneof![Just(0_i64), 0..1_000_000_000_i64, Just(i64::MAX)], 4..15),
            now in 0..200 * DAY_MS,
            until in prop::option::of(0..60 * DAY_MS),
            left in any::<i64>(),
            more in 0..i64::MAX,
        ) {
            let (now, resets) = (NOW.plus(now), until.map(|until| NOW.plus(now).plus(until)));
            if let Some(pace) = Pace::of(now, &days) {
                let (less, rest) = (forecast(&pace, left, now, resets), forecast(&pace, left.saturating_add(more), now, resets));
                prop_assert!(ends_at(less) >= now.0 && ends_at(less) <= ends_at(rest), "{less:?} {rest:?}");
                if let (Some(at), Some(resets)) = (less.ends_at(), resets) {
                    prop_assert!(at <= resets);
                }
                let course = pace.course(now, resets.unwrap_or(now));
                prop_assert!(course.windows(2).all(|pair| pair[0] < pair[1] && pair[0].1 <= pair[1].1));
            }
        }
    }
}
