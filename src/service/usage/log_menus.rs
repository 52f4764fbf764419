//! What the call log's page offers beside the calls: what they can be filtered by, and how many a filter takes by the statistics.

use std::collections::HashMap;

use crate::{
    domain::{
        roles::Action,
        time::UnixMs,
        usage_buckets::{Intervals, Span},
        usage_filter::{Dimension, UsageFilter},
        usage_sums::Cell,
    },
    service::{
        Caller, ServiceError, Services,
        usage::{Bounds, CallQuery, statistics::UsageOf},
    },
    storage::{self, usage::UsageScope},
};

/// Entries of one menu.
const MOST: i64 = 500;

/// Something to filter by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChoice {
    /// What a filter names it by.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A member who left, a key that was revoked.
    pub gone: bool,
}

/// What the calls of a team can be filtered by, as far as the caller may see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogMenus {
    /// The caller sees everybody's calls; else only their own.
    pub everyones: bool,
    /// Who called.
    pub members: Vec<LogChoice>,
    /// With what keys.
    pub keys: Vec<LogChoice>,
    /// What they asked for.
    pub models: Vec<String>,
    /// Who answered.
    pub providers: Vec<String>,
    /// Paths of the gateway.
    pub endpoints: Vec<String>,
}

impl Services {
    /// What the call log can be filtered by.
    pub async fn log_menus(&self, caller: &Caller, team: &str) -> Result<LogMenus, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let everyones = standing.may(Action::ViewEveryonesUsage);
        if !everyones && !standing.may(Action::OwnKeys) {
            return Err(ServiceError::Denied(Action::OwnKeys));
        }
        let mut menus = LogMenus { everyones, ..LogMenus::default() };
        if everyones {
            let scope = UsageScope::Team(team.id);
            let members = storage::usage::list_choices(&mut c, team.id, Dimension::Member, MOST).await?;
            let ids: Vec<&str> = members.iter().map(String::as_str).collect();
            menus.members = choices(&ids, &storage::usage::find_member_names(&mut c, scope, &ids).await?);
            let keys = storage::usage::list_choices(&mut c, team.id, Dimension::Key, MOST).await?;
            let ids: Vec<&str> = keys.iter().map(String::as_str).collect();
            menus.keys = choices(&ids, &storage::usage::find_key_names(&mut c, &ids).await?);
        } else {
            let own = storage::api_keys::list_unrevoked(&mut c, team.id, Some(caller.user.id)).await?;
            let own = own.into_iter().map(|key| LogChoice { id: key.id.to_string(), name: key.name, gone: false });
            menus.keys = own.collect();
        }
        for (by, list) in [
            (Dimension::Model, &mut menus.models),
            (Dimension::Provider, &mut menus.providers),
            (Dimension::Endpoint, &mut menus.endpoints),
        ] {
            let values = storage::usage::list_choices(&mut c, team.id, by, MOST).await?;
            list.extend(values.into_iter().filter(|value| !value.is_empty()));
        }
        Ok(menus)
    }

    /// Refuses who may see no calls of a team, not even their own.
    pub async fn check_call_log(&self, caller: &Caller, team: &str) -> Result<(), ServiceError> {
        let mut c = self.store.reader().await?;
        let (_, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let may = standing.may(Action::ViewEveryonesUsage) || standing.may(Action::OwnKeys);
        if may { Ok(()) } else { Err(ServiceError::Denied(Action::OwnKeys)) }
    }

    /// How many calls a range has by the statistics: the same number that a chart shows. Its ends are whole quarters of an hour.
    pub async fn count_calls(
        &self,
        caller: &Caller,
        team: &str,
        mine: bool,
        filter: UsageFilter,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<i64, ServiceError> {
        let mut c = self.store.reader().await?;
        let (scope, filter) = self.usage_scope_of(&mut c, caller, UsageOf::Team(team), filter, mine).await?;
        if from >= to {
            return Ok(0);
        }
        let mut cells = [Cell::default()];
        storage::usage::add_cells(&mut c, scope, &filter, &Intervals::whole(from, to), &mut cells).await?;
        Ok(cells[0].sums.requests)
    }
}

/// The same filter for the statistics, with its range; none where they can not tell: single calls have more to be told apart by, and
/// moments that are not a quarter of an hour.
pub fn counted(query: &CallQuery, now: UnixMs) -> Option<(UsageFilter, UnixMs, UnixMs)> {
    let single = [query.tokens, query.latency_ms, query.cost].iter().any(|bounds| *bounds != Bounds::default());
    if single || query.status.is_some() || query.id.is_some() || !query.code.is_empty() {
        return None;
    }
    let latest = now.plus(Span::Quarter.ms()).floor_to(Span::Quarter.ms());
    let (from, to) = (query.from.unwrap_or_default(), query.to.unwrap_or(latest).min(latest));
    if from.0 % Span::Quarter.ms() != 0 || to.0 % Span::Quarter.ms() != 0 {
        return None;
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let filter = UsageFilter::of(query.test)
        .only(Dimension::Member, query.user.map(|id| id.to_string()))
        .only(Dimension::Key, query.key.map(|id| id.to_string()))
        .only(Dimension::Model, text(&query.model))
        .only(Dimension::Provider, text(&query.provider))
        .only(Dimension::Endpoint, text(&query.endpoint))
        .only(Dimension::Outcome, query.outcome.map(|outcome| outcome.as_str().to_owned()));
    Some((filter, from, to))
}

/// By name; ids that have none stand in no menu.
fn choices(ids: &[&str], names: &HashMap<String, storage::usage::Named>) -> Vec<LogChoice> {
    let named = ids.iter().filter_map(|id| Some((id, names.get(*id)?)));
    let mut all: Vec<LogChoice> =
        named.map(|(id, named)| LogChoice { id: (*id).to_owned(), name: named.name.clone(), gone: named.gone }).collect();
    all.sort_by(|a, b| (a.gone, a.name.to_lowercase(), &a.id).cmp(&(b.gone, b.name.to_lowercase(), &b.id)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_tell_of_whole_quarters_and_of_what_they_know() {
        let now = UnixMs(1_795_302_180_000);
        let query = CallQuery { model: "m".into(), ..CallQuery::default() };
        let (filter, from, to) = counted(&query, now).unwrap();
        assert_eq!((filter.wanted(Dimension::Model), from), (Some("m"), UnixMs(0)));
        assert!(to > now && to.0 % Span::Quarter.ms() == 0);
        assert!(counted(&CallQuery { from: Some(UnixMs(1)), ..query.clone() }, now).is_none());
        assert!(counted(&CallQuery { code: "x".into(), ..query.clone() }, now).is_none());
        let bounds = Bounds { min: Some(1), max: None };
        assert!(counted(&CallQuery { cost: bounds, ..query }, now).is_none());
    }
}
