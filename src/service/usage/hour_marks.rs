//! Hours of a range in which far more was charged than in the same hour of other weeks or days. They are UTC hours, as sums are kept of
//! these, told by the clock of the reader's zone: in India an hour begins at 13:30. Where clocks are put forward or back between the weeks
//! that are compared, an hour is compared with those that the clock called otherwise.

use super::statistics::{StatisticsQuery, UsageOf};
use crate::{
    domain::{
        money::DOLLAR,
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage_hour_marks::{HourMark, marks_of_hours},
    },
    service::{Caller, ServiceError, Services},
    storage::usage::list_costs_by_hour,
};

/// So much time up to the end of a range says what is usual.
const KNOWN_MS: i64 = 84 * DAY_MS;
/// Less in an hour is not worth a mark.
const FLOOR: i64 = DOLLAR;
/// Days by the numbers that [`UnixMs::weekday`] gives them.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// An hour that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageHourMark {
    /// The UTC hour: its start, included.
    pub from: UnixMs,
    /// Its end, excluded; of an hour that is not over, too.
    pub to: UnixMs,
    /// What was charged in it, in nano-dollars.
    pub value: i64,
    /// What is usual.
    pub usual: i64,
    /// `4.1 × the usual for 14:00 on a Tuesday`, by the clock of the reader's zone.
    pub words: String,
}

impl Services {
    /// The hours of a range that stand out, oldest first, of all calls that the filter takes. Of ranges that are told by hours or finer;
    /// others have none.
    pub async fn usage_hour_marks(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        query: &StatisticsQuery,
    ) -> Result<Vec<UsageHourMark>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        let range = query.range;
        if range.bucket_ms > HOUR_MS {
            return Ok(vec![]);
        }
        let to = range.to.plus(HOUR_MS - 1).floor_to(HOUR_MS);
        let costs = list_costs_by_hour(&mut c, scope, &filter, (to.plus(-KNOWN_MS), to)).await?;
        let (first, values) = filled(&costs, to);
        let told = |found: HourMark| {
            let from = first.plus(i64::try_from(found.place).unwrap_or(0) * HOUR_MS);
            let local = query.zone.local(from);
            let weekday = WEEKDAYS.get(usize::from(local.weekday())).copied().unwrap_or("day");
            let clock = format!("{:02}:{:02}", local.clock().0, local.clock().1);
            let words = found.words(&clock, weekday);
            UsageHourMark { from, to: from.plus(HOUR_MS), value: found.mark.value, usual: found.mark.usual, words }
        };
        let marks = marks_of_hours(&values, FLOOR).into_iter().map(told);
        Ok(marks.filter(|mark| (range.from..range.to).contains(&mark.from)).collect())
    }
}

/// The first hour with a charge, and a value for each from there on: what was charged before is not known to be nothing.
fn filled(costs: &[(UnixMs, i64)], to: UnixMs) -> (UnixMs, Vec<i64>) {
    let first = costs.iter().find(|(_, cost)| *cost > 0).map_or(to, |(hour, _)| *hour);
    let mut values = vec![0; usize::try_from(to.since(first) / HOUR_MS).unwrap_or_default()];
    for (hour, cost) in costs {
        if let Some(value) = usize::try_from(hour.since(first).div_euclid(HOUR_MS)).ok().and_then(|at| values.get_mut(at)) {
            *value = *cost;
        }
    }
    (first, values)
}
