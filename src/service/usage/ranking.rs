//! Who and what uses most: sums of a range by member, key, model, provider, endpoint or outcome, compared with the range before.

use std::collections::HashMap;

use super::statistics::{StatisticsQuery, UsageOf};
use crate::{
    domain::{
        roles::Action,
        time::UnixMs,
        usage_buckets::Intervals,
        usage_filter::Dimension,
        usage_statistics::{RankBy, Ranked, rank},
    },
    service::{Caller, ServiceError, Services},
    storage::{
        self, AnyConnection,
        usage::{Named, UsageScope},
    },
};

impl Services {
    /// A ranking of a range, with everybody who called in it or in the range before. Members who left keep their place and name.
    pub async fn usage_ranking(
        &self,
        caller: &Caller,
        of: UsageOf<'_>,
        by: Dimension,
        order: RankBy,
        query: &StatisticsQuery,
    ) -> Result<Vec<Ranked>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope(&mut c, caller, of, query).await?;
        let shows = self.may_rank(&mut c, caller, of, by).await?;
        let filter = match shows {
            Shows::Own => filter.only(Dimension::Member, Some(caller.user.id.to_string())),
            Shows::Everything | Shows::Masked => filter,
        };
        let range = query.range;
        let now = storage::usage::sum_by(&mut c, scope, &filter, by, &Intervals::whole(range.from, range.to)).await?;
        let previous = query.previous;
        let before = storage::usage::sum_by(&mut c, scope, &filter, by, &Intervals::whole(previous.from, previous.to)).await?;
        let mut ids: Vec<&str> = now.keys().chain(before.keys()).map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        let names = names(&mut c, scope, by, &ids).await?;
        let rows = ids.iter().map(|id| {
            let named = names.get(*id);
            Ranked {
                id: (*id).to_owned(),
                name: named.map_or_else(|| unnamed(by, id), |named| named.name.clone()),
                own: by == Dimension::Member && *id == caller.user.id.to_string(),
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
        Ok(rows)
    }

    /// When people left a team, or were removed, last; by account. For whoever sees who used what.
    pub async fn list_left_members(&self, caller: &Caller, team: &str) -> Result<HashMap<String, UnixMs>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewEveryonesUsage).await?;
        Ok(storage::audit::list_left_members(&mut c, team.id).await?)
    }

    /// What of a ranking a caller may see. A team may open the ranking of members to them: each sees where they stand, and nobody
    /// else's name. Their own keys everybody may see.
    async fn may_rank(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        of: UsageOf<'_>,
        by: Dimension,
    ) -> Result<Shows, ServiceError> {
        let UsageOf::Team(team) = of else { return Ok(Shows::Everything) };
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Everything,
    /// The caller's own calls.
    Own,
    /// Everybody's sums, and the caller's name.
    Masked,
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
