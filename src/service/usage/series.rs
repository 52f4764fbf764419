//! Statistics by interval and group, for charts.

use std::collections::HashMap;

use super::{
    ranking::{names, unnamed},
    statistics::{StatisticsQuery, UsageOf, measure},
};
use crate::{
    domain::{
        roles::Action,
        time::DAY_MS,
        usage::TestCalls,
        usage_asked::UsageGroup,
        usage_buckets::Intervals,
        usage_filter::{Dimension, UsageFilter},
        usage_series::{GROUPS_MAX, GroupSeries, UsageSeries, give_slots},
        usage_statistics::{RankBy, Ranked, rank},
        usage_sums::Sums,
    },
    service::{Caller, ServiceError, Services},
    storage::{
        self, AnyConnection,
        usage::{Named, UsageScope},
    },
};

/// Colours go by the spend of this time.
const COLOURS_MS: i64 = 28 * DAY_MS;

impl Services {
    /// Statistics of a range with some of the largest groups by interval, and the range before by interval.
    pub async fn usage_series(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: UsageGroup,
        order: RankBy,
        most: usize,
        query: &StatisticsQuery,
    ) -> Result<UsageSeries, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        self.check_group(&mut c, caller, of, by, &filter).await?;
        let (all, before) = measure(&mut c, scope, &filter, query).await?;
        let range = query.range;
        let whole = Intervals::whole(range.from, range.to);
        let now = sum_by(&mut c, scope, &filter, by, &whole).await?;
        let previous = Intervals::whole(query.previous.from, query.previous.to);
        let earlier = sum_by(&mut c, scope, &filter, by, &previous).await?;
        // Only what was called in the range is drawn; the legend of what is gone would be empty.
        let rows = now.iter().map(|(id, sums)| Ranked {
            id: id.clone(),
            sums: *sums,
            previous: earlier.get(id).copied().unwrap_or_default(),
            ..Ranked::default()
        });
        let mut rows = rank(rows.collect(), order);
        let others = rows.len().saturating_sub(most);
        rows.truncate(most);
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let named = group_names(&mut c, scope, by, &ids).await?;
        let mut parts = storage::usage::sum_groups(&mut c, scope, &filter, by, &ids, &query.zone.intervals(range)).await?;
        let colours = self.colours(&mut c, scope, by).await?;
        let own = caller.user.id.to_string();
        let mut groups: Vec<GroupSeries> = rows
            .into_iter()
            .map(|row| {
                let name = named.get(&row.id);
                GroupSeries {
                    slot: 0,
                    intervals: parts.remove(&row.id).unwrap_or_default(),
                    ranked: Ranked {
                        name: name.map_or_else(|| group_without_name(by, &row.id), |named| named.name.clone()),
                        gone: name.is_some_and(|named| named.gone),
                        own: by == UsageGroup::Of(Dimension::Member) && row.id == own,
                        ..row
                    },
                }
            })
            .collect();
        give_slots(&mut groups, &colours);
        Ok(UsageSeries { all, before, groups, others })
    }

    /// Names of what a page filters by, for those who may filter by it; what has none is left out.
    pub async fn usage_filter_name(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: Dimension,
        id: &str,
        query: &StatisticsQuery,
    ) -> Result<String, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        // A name is told only with the calls that it has here: ids of other teams' members and keys say nothing.
        let called =
            sum_by(&mut c, scope, &filter, UsageGroup::Of(by), &Intervals::whole(query.range.from, query.range.to)).await?;
        let known = called.contains_key(id);
        let names = if known { names(&mut c, scope, by, &[id]).await? } else { HashMap::new() };
        Ok(names.get(id).map_or_else(|| unnamed(by, id), |named| named.name.clone()))
    }

    /// Values to filter by that calls of the range have, most spent first.
    pub async fn usage_choices(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: Dimension,
        query: &StatisticsQuery,
    ) -> Result<Vec<(String, String)>, ServiceError> {
        let unfiltered = StatisticsQuery { filter: UsageFilter::of(TestCalls::Include), ..query.clone() };
        let rows = self.usage_ranking(caller, of, by, RankBy::Cost, &unfiltered).await?;
        Ok(rows.into_iter().filter(|row| !row.id.is_empty()).take(CHOICES_MAX).map(|row| (row.id, row.name)).collect())
    }

    /// Who called is told apart for those who may see it, and for everybody within their own calls. Teams, where there are several.
    async fn check_group(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        of: UsageOf<'_>,
        by: UsageGroup,
        filter: &UsageFilter,
    ) -> Result<(), ServiceError> {
        let UsageOf::Team(team) = of else { return Ok(()) };
        let dimension = match by {
            UsageGroup::Team => return Err(ServiceError::field("group_by", "A team is not made of teams.")),
            UsageGroup::Of(dimension) => dimension,
        };
        if !dimension.is_who() || filter.wanted(Dimension::Member) == Some(caller.user.id.to_string().as_str()) {
            return Ok(());
        }
        let (_, standing) = self.find_team_for(c, caller, team, Action::ViewTeam).await?;
        if standing.may(Action::ViewEveryonesUsage) { Ok(()) } else { Err(ServiceError::Denied(Action::ViewEveryonesUsage)) }
    }

    async fn colours(&self, c: &mut AnyConnection, scope: UsageScope, by: UsageGroup) -> Result<Vec<String>, sqlx::Error> {
        let to = self.clock.now().floor_to(DAY_MS).plus(DAY_MS);
        let lately = Intervals::whole(to.plus(-COLOURS_MS), to);
        let sums = sum_by(c, scope, &UsageFilter::of(TestCalls::Exclude), by, &lately).await?;
        let rows = sums.into_iter().map(|(id, sums)| Ranked { id, sums, ..Ranked::default() });
        Ok(rank(rows.collect(), RankBy::Cost).into_iter().take(GROUPS_MAX).map(|row| row.id).collect())
    }
}

/// Most values of a menu.
const CHOICES_MAX: usize = 200;

pub(super) async fn sum_by(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: UsageGroup,
    whole: &Intervals,
) -> Result<HashMap<String, Sums>, sqlx::Error> {
    match by {
        UsageGroup::Of(dimension) => storage::usage::sum_by(c, scope, filter, dimension, whole).await,
        UsageGroup::Team => storage::usage::sum_by_team(c, scope, filter, whole).await,
    }
}

pub(super) async fn group_names(
    c: &mut AnyConnection,
    scope: UsageScope,
    by: UsageGroup,
    ids: &[&str],
) -> Result<HashMap<String, Named>, sqlx::Error> {
    match by {
        UsageGroup::Of(dimension) => names(c, scope, dimension, ids).await,
        UsageGroup::Team => storage::usage::find_team_names(c, ids).await,
    }
}

pub(super) fn group_without_name(by: UsageGroup, id: &str) -> String {
    match by {
        UsageGroup::Of(dimension) => unnamed(dimension, id),
        UsageGroup::Team => String::new(),
    }
}
