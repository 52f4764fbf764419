//! Who and what uses most: sums of a range by member, key, model, provider, endpoint, outcome or team, compared with the range before.

use std::collections::HashMap;

use super::{
    marks::{Trends, read_trends, trend_days},
    series::{group_names, group_without_name, sum_by},
    statistics::{StatisticsQuery, UsageOf},
};
use crate::{
    domain::{
        roles::Action,
        time::UnixMs,
        usage_asked::UsageGroup,
        usage_buckets::Intervals,
        usage_filter::{Dimension, UsageFilter},
        usage_statistics::{RankBy, Ranked, rank},
        usage_sums::Sums,
    },
    service::{Caller, ServiceError, Services},
    storage::{
        self, AnyConnection,
        usage::{Named, RankSums, UsageScope},
    },
};

impl Services {
    /// A ranking of a range, with everybody who called in it or in the range before. Members who left keep their place and name.
    pub async fn usage_ranking(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: impl Into<UsageGroup>,
        order: RankBy,
        query: &StatisticsQuery,
    ) -> Result<Vec<Ranked>, ServiceError> {
        Ok(self.ranked(caller, of, by.into(), order, query, false).await?.0)
    }

    /// A ranking with how spending of each went, read together; where it is masked, or shows a person's own, without.
    pub async fn usage_ranking_with_trends(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: impl Into<UsageGroup>,
        order: RankBy,
        query: &StatisticsQuery,
    ) -> Result<(Vec<Ranked>, Trends), ServiceError> {
        self.ranked(caller, of, by.into(), order, query, true).await
    }

    async fn ranked(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: UsageGroup,
        order: RankBy,
        query: &StatisticsQuery,
        with_trends: bool,
    ) -> Result<(Vec<Ranked>, Trends), ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        let shows = self.may_rank(&mut c, caller, of, by).await?;
        let filter = match shows {
            Shows::Own => filter.only(Dimension::Member, Some(caller.user.id.to_string())),
            Shows::Everything | Shows::Masked => filter,
        };
        let days = (with_trends && shows == Shows::Everything).then(|| trend_days(by, query));
        let Read { now, before, costs } = read(&mut c, scope, &filter, by, query, days).await?;
        let trends = match days {
            Some(_) => read_trends(&mut c, scope, &filter, by, query, costs).await?,
            None => Trends::default(),
        };
        let mut ids: Vec<&str> = now.keys().chain(before.keys()).map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = group_names(&mut c, scope, by, &ids).await?;
        let rows = ids.iter().map(|id| {
            let named = names.get(*id);
            Ranked {
                id: (*id).to_owned(),
                name: named.map_or_else(|| group_without_name(by, id), |named| named.name.clone()),
                own: by == Dimension::Member.into() && *id == caller.user.id.to_string(),
                gone: named.is_some_and(|named| named.gone),
                sums: now.get(*id).copied().unwrap_or_default(),
                previous: before.get(*id).copied().unwrap_or_default(),
                ..Ranked::default()
            }
        });
        let mut rows = rank(rows.collect(), order);
        if shows == Shows::Masked {
            mask(&mut rows);
        }
        Ok((rows, trends))
    }

    /// When people left a team, or were removed, last; by account. For whoever sees who used what.
    pub async fn list_left_members(&self, caller: &Caller, team: &str) -> Result<HashMap<String, UnixMs>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewEveryonesUsage).await?;
        Ok(storage::audit::list_left_members(&mut c, team.id).await?)
    }

    /// What of a ranking a caller may see. A team may open the ranking of members to them: each sees where they stand, and nobody
    /// else's name. Their own keys everybody may see.
    pub(super) async fn may_rank(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        of: UsageOf<'_>,
        by: UsageGroup,
    ) -> Result<Shows, ServiceError> {
        let UsageOf::Team(team) = of else { return Ok(Shows::Everything) };
        let UsageGroup::Of(by) = by else { return Err(ServiceError::field("group_by", "A team is not made of teams.")) };
        if !by.is_who() {
            return Ok(Shows::Everything);
        }
        let (team, standing) = self.find_team_for(c, caller, team, Action::ViewTeam).await?;
        match (standing.may(Action::ViewEveryonesUsage), standing.may(Action::OwnKeys), by) {
            (true, ..) => Ok(Shows::Everything),
            (_, true, Dimension::Key) => Ok(Shows::Own),
            (_, true, _) if team.ranking_open => Ok(Shows::Masked),
            _ => Err(ServiceError::Denied(Action::ViewEveryonesUsage)),
        }
    }
}

/// What of a ranking somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    Everything,
    /// The caller's own calls.
    Own,
    /// Everybody's sums, and the caller's name.
    Masked,
}

/// What a ranking is made of.
#[derive(Default)]
struct Read {
    now: HashMap<String, Sums>,
    before: HashMap<String, Sums>,
    costs: HashMap<String, Vec<(UnixMs, i64)>>,
}

async fn read(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: UsageGroup,
    query: &StatisticsQuery,
    days: Option<(UnixMs, UnixMs)>,
) -> Result<Read, sqlx::Error> {
    let ranges = [query.range, query.previous].map(|range| Intervals::whole(range.from, range.to));
    let bounds = ranges.each_ref().map(|range| (range.from(), range.to()));
    let kept = match by {
        UsageGroup::Of(by) => storage::usage::read_ranks(c, scope, filter, by, &bounds, days).await?,
        UsageGroup::Team => None,
    };
    if let Some(found) = kept {
        let mut read = Read::default();
        for (value, RankSums { sums, costs }) in found {
            for (sums, into) in sums.into_iter().zip([&mut read.now, &mut read.before]) {
                if sums != Sums::default() {
                    into.insert(value.clone(), sums);
                }
            }
            read.costs.insert(value, costs);
        }
        return Ok(read);
    }
    let [now, before] = &ranges;
    let (now, before) = (sum_by(c, scope, filter, by, now).await?, sum_by(c, scope, filter, by, before).await?);
    let costs = match days {
        Some(days) => storage::usage::list_shared_costs_by_day(c, scope, filter, by, days).await?.unwrap_or_default(),
        None => HashMap::new(),
    };
    Ok(Read { now, before, costs })
}

fn mask(rows: &mut [Ranked]) {
    for row in rows.iter_mut().filter(|row| !row.own) {
        (row.id, row.name, row.gone) = (String::new(), format!("Member {}", row.place), false);
    }
}

pub(super) async fn names(
    c: &mut AnyConnection,
    scope: UsageScope,
    by: Dimension,
    ids: &[&str],
) -> Result<HashMap<String, Named>, sqlx::Error> {
    match by {
        Dimension::Member => storage::usage::find_member_names(c, scope, ids).await,
        Dimension::Key => storage::usage::find_key_names(c, ids).await,
        _ => Ok(HashMap::new()),
    }
}

/// What stands for something that has no name.
pub(super) fn unnamed(by: Dimension, id: &str) -> String {
    match (by, id) {
        (Dimension::Key, "") => "Playground".to_owned(),
        (Dimension::Member | Dimension::Key, _) => String::new(),
        (_, id) => id.to_owned(),
    }
}
