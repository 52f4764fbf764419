//! What stands out: days of a whole team, and of single members, on which far more was spent than on the same weekdays of other weeks.
//! Read of sums of UTC days, all members' in one statement.

use std::collections::{BTreeSet, HashMap};

use super::{
    ranking::Shows,
    statistics::{StatisticsQuery, UsageOf},
};
use crate::{
    domain::{
        format,
        money::{DOLLAR, NanoUsd},
        roles::Action,
        time::{DAY_MS, UnixMs},
        usage_asked::UsageGroup,
        usage_filter::{Dimension, Facet, UsageFilter},
        usage_marks::{Mark, marks_of_days},
    },
    service::{Caller, ServiceError, Services},
    storage::{
        self, AnyConnection,
        usage::{UsageScope, list_costs_by_day, read_ranks},
    },
};

/// So many days up to the end of a range say what is usual, those of a longer range all of them.
const KNOWN_DAYS: i64 = 84;
/// Spending below this on a day is not worth a mark.
const FLOOR: i64 = DOLLAR;
/// So many marks are given out, the most recent days first.
const MARKS_MAX: usize = 50;
/// The model is looked up for the first of them only.
const MODELS_MAX: usize = 5;
/// Days by the numbers that [`UnixMs::weekday`] gives them.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A day that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageMark {
    /// Identifier of the member; empty for all of them together.
    pub member: String,
    /// The member's name.
    pub name: String,
    /// The UTC day: its start, included.
    pub from: UnixMs,
    /// Its end, excluded; of a day that is not over, too.
    pub to: UnixMs,
    /// What was charged on it, in nano-dollars.
    pub value: i64,
    /// What is usual for its weekday.
    pub usual: i64,
    /// `4.1 × the usual for a Tuesday`.
    pub words: String,
    /// The model that made most of it; empty where it was not looked up.
    pub model: String,
}

/// How spending of a range went, by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trends {
    /// Days that stand out, of members only.
    pub marks: Vec<UsageMark>,
    /// Of each member, key, model or team: what was charged on each UTC day that the range touches.
    pub costs: HashMap<String, Vec<i64>>,
}

impl UsageMark {
    fn of(day: UnixMs, mark: Mark) -> Self {
        let weekday = WEEKDAYS.get(usize::from(day.weekday())).copied().unwrap_or("day");
        Self {
            member: String::new(),
            name: String::new(),
            from: day,
            to: day.plus(DAY_MS),
            value: mark.value,
            usual: mark.usual,
            words: mark.words(weekday),
            model: String::new(),
        }
    }

    /// `$41.20 on 17 Nov, 4.1 × the usual for a Tuesday, mostly claude-sonnet-4-5`.
    pub fn sentence(&self, now: UnixMs) -> String {
        let day = format::short_date(self.from, now);
        let mostly = if self.model.is_empty() { String::new() } else { format!(", mostly {}", self.model) };
        format!("{} on {day}, {}{mostly}", format::money(NanoUsd(self.value)), self.words)
    }
}

impl Services {
    /// Days of a range on which a member spent far more than on the same weekdays of other weeks, latest first. For those who may see who
    /// used what. A filter that sums of members' days do not tell gives no marks.
    pub async fn usage_marks(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        query: &StatisticsQuery,
    ) -> Result<Vec<UsageMark>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        if self.may_rank(&mut c, caller, of, Dimension::Member.into()).await? != Shows::Everything {
            return Err(ServiceError::Denied(Action::ViewEveryonesUsage));
        }
        let days = trend_days(Dimension::Member.into(), query);
        let found = read_ranks(&mut c, scope, &filter, Dimension::Member, &[], Some(days)).await?.unwrap_or_default();
        let costs = found.into_iter().map(|(member, of)| (member, of.costs)).collect();
        Ok(read_trends(&mut c, scope, &filter, Dimension::Member.into(), query, costs).await?.marks)
    }

    /// The same of all calls of the scope together. Everybody who sees a team sees its sums.
    pub async fn usage_total_marks(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        query: &StatisticsQuery,
    ) -> Result<Vec<UsageMark>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        // One member's or key's own sums of days are kept only without further filters.
        let facet = filter.facet();
        if facet.has_who() && facet.size() > 1 {
            return Ok(vec![]);
        }
        let known = known_days(query);
        let days = list_costs_by_day(&mut c, scope, &filter, known).await?;
        Ok(marks_of(&days, known.1).into_iter().filter(|mark| in_range(mark, query)).rev().collect())
    }
}

/// The days whose charges tell how spending of a range went: those of the range, and of members those that say what is usual.
pub(super) fn trend_days(by: UsageGroup, query: &StatisticsQuery) -> (UnixMs, UnixMs) {
    let (from, to) = known_days(query);
    if by == Dimension::Member.into() { (from, to) } else { (query.range.from.floor_to(DAY_MS), to) }
}

/// How spending of a range went, from the charges of [`trend_days`] of each member, key, model or team; of members also what stands out.
pub(super) async fn read_trends(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: UsageGroup,
    query: &StatisticsQuery,
    costs: HashMap<String, Vec<(UnixMs, i64)>>,
) -> Result<Trends, ServiceError> {
    let (_, to) = known_days(query);
    let shown = (query.range.from.floor_to(DAY_MS), to);
    let mut trends = Trends::default();
    for (value, days) in costs {
        if by == Dimension::Member.into() {
            let found = marks_of(&days, to).into_iter().filter(|mark| in_range(mark, query));
            trends.marks.extend(found.map(|mark| UsageMark { member: value.clone(), ..mark }));
        }
        trends.costs.insert(value, filled(&days, shown));
    }
    let marks = &mut trends.marks;
    marks.sort_by(|a, b| (b.from, b.value, &a.member).cmp(&(a.from, a.value, &b.member)));
    marks.truncate(MARKS_MAX);
    let mut ids: Vec<String> = marks.iter().map(|mark| mark.member.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let names = storage::usage::find_member_names(c, scope, &ids).await?;
    for mark in marks.iter_mut() {
        mark.name = names.get(&mark.member).map(|named| named.name.clone()).unwrap_or_default();
    }
    let latest = marks.len().min(MODELS_MAX);
    if latest > 0 {
        name_models(c, scope, filter, &mut marks[..latest]).await?;
    }
    Ok(trends)
}

/// From when to when days say what is usual for a range.
fn known_days(query: &StatisticsQuery) -> (UnixMs, UnixMs) {
    let to = query.range.to.plus(DAY_MS - 1).floor_to(DAY_MS);
    let from = query.range.from.floor_to(DAY_MS).min(to.plus(-KNOWN_DAYS * DAY_MS));
    (from, to)
}

fn in_range(mark: &UsageMark, query: &StatisticsQuery) -> bool {
    mark.from < query.range.to && mark.to > query.range.from
}

/// The days that stand out, oldest first. What was charged before the first day is not known to be nothing.
pub(in crate::service) fn marks_of(days: &[(UnixMs, i64)], to: UnixMs) -> Vec<UsageMark> {
    let Some((first, _)) = days.first().copied() else { return vec![] };
    let values = filled(days, (first, to));
    let found = marks_of_days(&values, FLOOR).into_iter();
    found.map(|(place, mark)| UsageMark::of(first.plus(i64::try_from(place).unwrap_or(0) * DAY_MS), mark)).collect()
}

/// A value for each day of a range.
fn filled(days: &[(UnixMs, i64)], (from, to): (UnixMs, UnixMs)) -> Vec<i64> {
    let mut values = vec![0; usize::try_from(to.since(from) / DAY_MS).unwrap_or_default()];
    for (day, cost) in days {
        if let Some(value) = usize::try_from(day.since(from).div_euclid(DAY_MS)).ok().and_then(|at| values.get_mut(at)) {
            *value = *cost;
        }
    }
    values
}

/// Says of the latest days what most was spent for.
async fn name_models(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    marks: &mut [UsageMark],
) -> Result<(), ServiceError> {
    // Sums by model are kept of members without further filters.
    if filter.clone().only(Dimension::Member, None).facet() != Facet::TOTAL {
        return Ok(());
    }
    let people: BTreeSet<&str> = marks.iter().map(|mark| mark.member.as_str()).collect();
    let days: BTreeSet<UnixMs> = marks.iter().map(|mark| mark.from).collect();
    let (people, days): (Vec<&str>, Vec<UnixMs>) = (people.into_iter().collect(), days.into_iter().collect());
    let costs = storage::usage::list_costs_by_model(c, scope, filter.test, &people, &days).await?;
    for mark in marks {
        let of_day = costs.iter().filter(|of| (of.member == mark.member) && of.day == mark.from);
        mark.model = of_day.max_by_key(|of| (of.cost, &of.model)).map(|of| of.model.clone()).unwrap_or_default();
    }
    Ok(())
}
