//! Statistics of a team, an organization or the platform, and one's own.

use super::zones::Zone;
use crate::{
    domain::{
        ids::{KeyId, UserId},
        limit_scopes::Scope,
        periods::{AnchorDay, Period},
        roles::Action,
        time::UnixMs,
        usage_buckets::Intervals,
        usage_filter::{Dimension, UsageFilter},
        usage_range::UsageRange,
        usage_statistics::{MeasuredInterval, Measures, Statistics},
        usage_sums::Cell,
    },
    service::{Caller, ServiceError, Services},
    storage::{self, AnyConnection, usage::UsageScope},
};

/// Whose statistics are asked for, as addresses name it.
#[derive(Clone, Copy, Debug)]
pub enum UsageOf<'a> {
    /// A team by slug or id, `me` for the personal space.
    Team(&'a str),
    /// An organization by slug or id.
    Organization(&'a str),
    /// Everybody.
    Platform,
}

/// Which statistics are asked for.
#[derive(Clone, Debug)]
pub struct StatisticsQuery {
    /// The range and its intervals.
    pub range: UsageRange,
    /// What it is compared with.
    pub previous: UsageRange,
    /// Zone in which intervals begin.
    pub zone: Zone,
    /// Which calls are counted.
    pub filter: UsageFilter,
    /// Only the caller's own.
    pub mine: bool,
}

impl StatisticsQuery {
    /// A range as typed: a word for it, or milliseconds; the word of an interval or nothing; the name of a zone or nothing.
    pub fn parse(words: RangeWords<'_>, filter: UsageFilter, now: UnixMs) -> Result<Self, ServiceError> {
        let zone = Zone::parse(words.zone)?;
        if !words.range.is_empty() && (words.from.is_some() || words.to.is_some()) {
            return Err(ServiceError::field("range", "Name a range, or its start and end, not both."));
        }
        let this = Period::at(now, words.anchor);
        let last = Period::at(this.start.plus(-1), words.anchor);
        let (from, to, before) = match words.range {
            "" => (words.from, words.to, None),
            "period" => (Some(this.start.0), None, Some(last)),
            "last_period" => (Some(last.start.0), Some(last.end.0), Some(Period::at(last.start.plus(-1), words.anchor))),
            word => match zone.preset(word, now) {
                Some((from, _)) => (Some(from.0), None, None),
                None => return Err(ServiceError::field("range", "Use 24h, 7d, 28d, 90d, period or last_period.")),
            },
        };
        let range = UsageRange::parse(from, to, words.bucket, now)?;
        let previous = match before {
            // As much of the period before as there is of this one, at most all of it.
            Some(before) => {
                let whole = words.range == "last_period";
                let to = if whole { before.end } else { before.start.plus(range.to.since(range.from)).min(before.end) };
                UsageRange { from: before.start, to, ..range }
            }
            None => zone.previous(range),
        };
        Ok(Self { range, previous, zone, filter, mine: false })
    }
}

/// A range as typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeWords<'a> {
    /// `24h`, `7d`, `28d`, `90d`, `period` or `last_period`; empty for start and end.
    pub range: &'a str,
    /// Start, included.
    pub from: Option<i64>,
    /// End, excluded.
    pub to: Option<i64>,
    /// `15m`, `1h`, `6h`, `1d` or `1w`; empty for a fitting one.
    pub bucket: &'a str,
    /// Name of a zone; empty for UTC.
    pub zone: &'a str,
    /// The day of the month on which billing periods begin.
    pub anchor: AnchorDay,
}

impl Services {
    /// Statistics of a range, by interval and compared with the range before.
    pub async fn usage_statistics(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        query: &StatisticsQuery,
    ) -> Result<Statistics, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        statistics(&mut c, scope, &filter, query).await
    }

    /// Statistics of one key, for whoever holds it. Other teams than the key's do not exist for it; `me` is its own.
    pub async fn usage_statistics_of_key(
        &self,
        key: KeyId,
        team: &str,
        query: &StatisticsQuery,
    ) -> Result<Statistics, ServiceError> {
        let entry = self.snapshot().key(key).ok_or(ServiceError::SignedOut)?;
        let mut c = self.store.reader().await?;
        self.check_own_team(&mut c, team, entry.team_id).await?;
        let filter = query.filter.clone().only(Dimension::Key, Some(key.to_string()));
        statistics(&mut c, UsageScope::Team(entry.team_id), &filter, query).await
    }

    /// The day on which the billing periods of a scope begin.
    pub async fn usage_anchor(&self, caller: &Caller, of: UsageOf<'_>) -> Result<AnchorDay, ServiceError> {
        let mut c = self.store.reader().await?;
        let scope = match of {
            UsageOf::Team(team) => Scope::Team(self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?.0.id),
            UsageOf::Organization(org) => Scope::Organization(self.organization_for_admin(&mut c, caller, org).await?.id),
            UsageOf::Platform => {
                caller.check_platform_admin()?;
                return Ok(AnchorDay::default());
            }
        };
        Ok(storage::limits::find_anchor(&mut c, scope).await?)
    }

    /// The same of the team of a key.
    pub async fn usage_anchor_of_key(&self, key: KeyId) -> Result<AnchorDay, ServiceError> {
        let entry = self.snapshot().key(key).ok_or(ServiceError::SignedOut)?;
        let mut c = self.store.reader().await?;
        Ok(storage::limits::find_anchor(&mut c, Scope::Team(entry.team_id)).await?)
    }

    /// What a caller may count: everybody sees the sums of their teams; who used what, only those whose role says so; one's own, too.
    pub(super) async fn usage_scope(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        of: UsageOf<'_>,
        query: &StatisticsQuery,
    ) -> Result<(UsageScope, UsageFilter), ServiceError> {
        self.usage_scope_of(c, caller, of, query.filter.clone(), query.mine).await
    }

    /// The same for a filter without a range.
    pub(super) async fn usage_scope_of(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        of: UsageOf<'_>,
        mut filter: UsageFilter,
        mine: bool,
    ) -> Result<(UsageScope, UsageFilter), ServiceError> {
        let own = caller.user.id.to_string();
        if mine {
            filter = filter.only(Dimension::Member, Some(own.clone()));
        }
        let scope = match of {
            UsageOf::Team(team) => {
                let (team, standing) = self.find_team_for(c, caller, team, Action::ViewTeam).await?;
                let asks_who = filter.wanted(Dimension::Member).is_some() || filter.wanted(Dimension::Key).is_some();
                if asks_who && !standing.may(Action::ViewEveryonesUsage) {
                    if !standing.may(Action::OwnKeys) {
                        return Err(ServiceError::Denied(Action::OwnKeys));
                    }
                    if filter.wanted(Dimension::Member).is_some_and(|member| member != own) {
                        return Err(ServiceError::Denied(Action::ViewEveryonesUsage));
                    }
                    // Of whatever key: only what the caller did with it.
                    filter = filter.only(Dimension::Member, Some(own));
                }
                UsageScope::Team(team.id)
            }
            UsageOf::Organization(org) => UsageScope::Organization(self.organization_for_admin(c, caller, org).await?.id),
            UsageOf::Platform => {
                caller.check_platform_admin()?;
                UsageScope::Platform
            }
        };
        Ok((scope, filter))
    }
}

async fn statistics(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    query: &StatisticsQuery,
) -> Result<Statistics, ServiceError> {
    let (total, intervals) = cells(c, scope, filter, &query.zone.intervals(query.range)).await?;
    let previous = query.previous;
    let (before, _) = cells(c, scope, filter, &Intervals::whole(previous.from, previous.to)).await?;
    Ok(told(query, &total, intervals, &before))
}

/// Statistics of a range, and the intervals of the range before.
pub(super) async fn measure(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    query: &StatisticsQuery,
) -> Result<(Statistics, Vec<MeasuredInterval>), ServiceError> {
    let (total, intervals) = cells(c, scope, filter, &query.zone.intervals(query.range)).await?;
    let (before, earlier) = cells(c, scope, filter, &query.zone.intervals(query.previous)).await?;
    Ok((told(query, &total, intervals, &before), earlier))
}

/// The calls of intervals, all together and each.
async fn cells(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    intervals: &Intervals,
) -> Result<(Cell, Vec<MeasuredInterval>), sqlx::Error> {
    let mut cells = vec![Cell::default(); intervals.len()];
    storage::usage::add_cells(c, scope, filter, intervals, &mut cells).await?;
    let mut total = Cell::default();
    cells.iter().for_each(|cell| total.merge(cell));
    let parts = intervals.spans().zip(&cells);
    Ok((total, parts.map(|((start, end), cell)| MeasuredInterval { start, end, measures: cell.into() }).collect()))
}

fn told(query: &StatisticsQuery, total: &Cell, intervals: Vec<MeasuredInterval>, before: &Cell) -> Statistics {
    Statistics {
        from: query.range.from,
        to: query.range.to,
        bucket_ms: query.range.bucket_ms,
        zone: query.zone.name().to_owned(),
        total: Measures::from(total),
        previous_from: query.previous.from,
        previous_to: query.previous.to,
        previous: Measures::from(before),
        intervals,
    }
}

/// Reads ids for filters.
pub fn parse_who(member: Option<&str>, key: Option<&str>, filter: UsageFilter) -> Result<UsageFilter, ServiceError> {
    let member = match member.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let id = UserId::parse(text).ok_or_else(|| ServiceError::field("member", "This is not the id of a person."))?;
            Some(id.to_string())
        }
    };
    let key = match key.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let id = KeyId::parse(text).ok_or_else(|| ServiceError::field("key", "This is not the id of a key."))?;
            Some(id.to_string())
        }
    };
    Ok(filter.only(Dimension::Member, member).only(Dimension::Key, key))
}
