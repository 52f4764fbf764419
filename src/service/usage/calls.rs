//! The call log: everybody's calls for those who may see them, else the caller's own; one call's detail; everything for a file.

use crate::{
    domain::{
        field_errors::FieldErrors,
        ids::{CallId, KeyId, UserId},
        page::{Page, PageRequest},
        roles::Action,
        time::UnixMs,
        usage::{CallRow, Outcome, TestCalls, UsageEvent},
    },
    service::{Caller, ServiceError, Services},
    storage::{
        self, AnyConnection,
        usage::{CallFilter, Calls, Place},
    },
};

/// Rows that are looked at for a page of the log. What is asked for may be rare, or nowhere: a page then says how far it was searched for.
const SEARCHED: i64 = if cfg!(test) { 60 } else { 5_000 };

/// The least and the most of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// At least this.
    pub min: Option<i64>,
    /// At most this.
    pub max: Option<i64>,
}

/// Which calls of the log are asked for.
#[derive(Clone, Debug, Default)]
pub struct CallQuery {
    /// Only the caller's own.
    pub mine: bool,
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only with this key.
    pub key: Option<KeyId>,
    /// Only of this model; empty for all.
    pub model: String,
    /// Only of this provider, by name; empty for all.
    pub provider: String,
    /// Only of this path of the gateway; empty for all.
    pub endpoint: String,
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those that got this status.
    pub status: Option<i64>,
    /// Only those that got this error code; empty for all.
    pub code: String,
    /// Only the call of this request id.
    pub id: Option<CallId>,
    /// Prompt and completion tokens together.
    pub tokens: Bounds,
    /// Admission to last byte.
    pub latency_ms: Bounds,
    /// Charged, in nano-dollars.
    pub cost: Bounds,
    /// With or without calls of test keys.
    pub test: TestCalls,
    /// Start, included.
    pub from: Option<UnixMs>,
    /// End, excluded.
    pub to: Option<UnixMs>,
    /// Page.
    pub page: PageRequest,
}

/// A page of the log, newest first, with the ways on from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallsPage {
    /// The rows. There may be fewer than wanted, even none, although there is more to search.
    pub items: Vec<CallRow>,
    /// How far was searched, where that was not to the end and the page is not full.
    pub searched_to: Option<UnixMs>,
    /// What to pass as `cursor` for older calls; none where there are none.
    pub next_cursor: Option<String>,
    /// What to pass as `cursor` for newer calls; none on the first page. Newer ones may come at any time.
    pub previous_cursor: Option<String>,
}

impl Services {
    /// The call log, newest first.
    pub async fn list_calls(&self, caller: &Caller, team: &str, query: CallQuery) -> Result<Page<CallRow>, ServiceError> {
        let page = self.read_calls(caller, team, query).await?;
        Ok(Page { items: page.items, next_cursor: page.next_cursor })
    }

    /// The same with the way back.
    pub async fn read_calls(&self, caller: &Caller, team: &str, query: CallQuery) -> Result<CallsPage, ServiceError> {
        let mut c = self.store.reader().await?;
        let mut filter = self.call_filter(&mut c, caller, team, &query).await?;
        let place = match query.page.cursor.as_deref() {
            None | Some("") => None,
            Some(cursor) => Some(self.parse_cursor(&filter, cursor)?),
        };
        let limit = query.page.limit();
        (filter.place, filter.limit) = (place, limit + 1);
        let Calls { rows: mut items, searched_to } = storage::usage::list_calls(&mut c, &filter).await?;
        let more = items.len() as i64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let newer = matches!(place, Some(Place::Newer(..)));
        if newer {
            items.reverse();
        }
        let ends = [items.first(), items.last()].map(|row| row.map(|row| (row.at, row.id)));
        let asked = place.map(|place| match place {
            Place::Older(at, id) | Place::Newer(at, id) => (at, id),
        });
        // Where one came from there is something, and in the other direction if a further row was read or not everything was searched.
        let onwards = |end: Option<(UnixMs, CallId)>| searched_to.or(end.filter(|_| more));
        let (newest, oldest) = if newer {
            (onwards(ends[0]), ends[1].or(asked))
        } else {
            (ends[0].or(asked).filter(|_| place.is_some()), onwards(ends[1]))
        };
        Ok(CallsPage {
            items,
            searched_to: searched_to.map(|(at, _)| at),
            next_cursor: oldest.map(|(at, id)| self.cursor(&filter, Place::Older(at, id))),
            previous_cursor: newest.map(|(at, id)| self.cursor(&filter, Place::Newer(at, id))),
        })
    }

    /// One call with all that is known of it: of whoever may see it in the log.
    pub async fn get_call(&self, caller: &Caller, team: &str, call: CallId) -> Result<UsageEvent, ServiceError> {
        let mut c = self.store.reader().await?;
        let query = CallQuery { id: Some(call), test: TestCalls::Include, ..CallQuery::default() };
        let filter = self.call_filter(&mut c, caller, team, &query).await?;
        let found = storage::usage::list_calls(&mut c, &CallFilter { limit: 1, ..filter }).await?;
        if found.rows.is_empty() {
            return Err(ServiceError::NotFound);
        }
        storage::usage::find_event(&mut c, call).await?.ok_or(ServiceError::NotFound)
    }

    /// Some rows of the log for a file, after a place, and the place to go on from, none at the end. Rights are looked at each time: an
    /// export ends with the role of who asked for it.
    pub async fn export_calls(
        &self,
        caller: &Caller,
        team: &str,
        query: &CallQuery,
        after: Option<(UnixMs, CallId)>,
        limit: i64,
    ) -> Result<(Vec<CallRow>, Option<(UnixMs, CallId)>), ServiceError> {
        let mut c = self.store.reader().await?;
        let mut filter = self.call_filter(&mut c, caller, team, query).await?;
        (filter.place, filter.limit) = (after.map(|(at, id)| Place::Older(at, id)), limit);
        let Calls { rows, searched_to } = storage::usage::list_calls(&mut c, &filter).await?;
        let last = rows.last().filter(|_| rows.len() as i64 == limit).map(|row| (row.at, row.id));
        Ok((rows, last.or(searched_to)))
    }

    async fn call_filter(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        query: &CallQuery,
    ) -> Result<CallFilter, ServiceError> {
        let (team, standing) = self.find_team_for(c, caller, team, Action::ViewTeam).await?;
        let everyones = standing.may(Action::ViewEveryonesUsage);
        if !everyones && !standing.may(Action::OwnKeys) {
            return Err(ServiceError::Denied(Action::OwnKeys));
        }
        if !everyones && query.user.is_some_and(|user| user != caller.user.id) {
            return Err(ServiceError::Denied(Action::ViewEveryonesUsage));
        }
        let mut errors = FieldErrors::default();
        for (field, bounds) in [("tokens", query.tokens), ("latency", query.latency_ms), ("cost", query.cost)] {
            if bounds.min.zip(bounds.max).is_some_and(|(min, max)| min > max) {
                errors.add(&format!("min_{field}"), "The least is more than the most.");
            }
        }
        if query.from.zip(query.to).is_some_and(|(from, to)| from >= to) {
            errors.add("from", "Choose a start before the end.");
        }
        errors.into_result()?;
        Ok(CallFilter {
            team: team.id,
            user: if query.mine || !everyones { Some(caller.user.id) } else { query.user },
            key: query.key,
            texts: [query.model.clone(), query.provider.clone(), query.endpoint.clone(), query.code.clone()],
            outcome: query.outcome,
            status: query.status,
            id: query.id,
            bounds: [query.tokens, query.latency_ms, query.cost].map(|bounds| (bounds.min, bounds.max)),
            test: query.test,
            from: query.from.unwrap_or_default(),
            to: query.to.unwrap_or(UnixMs(i64::MAX)),
            place: None,
            limit: 0,
            searched: SEARCHED,
        })
    }

    /// A cursor holds its place and a seal over it, the team and the filter: it opens nothing else.
    fn cursor(&self, filter: &CallFilter, place: Place) -> String {
        let (way, at, id) = match place {
            Place::Older(at, id) => ("o", at, id),
            Place::Newer(at, id) => ("n", at, id),
        };
        format!("{way}.{}.{id}.{}", at.0, self.seal(filter, way, at, id))
    }

    fn seal(&self, filter: &CallFilter, way: &str, at: UnixMs, id: CallId) -> String {
        // Everything that was asked for, but not the place and length of a page.
        let asked = CallFilter { place: None, limit: 0, ..filter.clone() };
        let seal = self.vault.derive(&format!("cursor of the call log {way} {} {id} {asked:?}", at.0));
        seal[..12].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn parse_cursor(&self, filter: &CallFilter, text: &str) -> Result<Place, ServiceError> {
        let wrong = || ServiceError::field("cursor", "This cursor is not valid for this list.");
        let mut parts = text.split('.');
        let (Some(way), Some(at), Some(id), Some(seal), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let at = at.parse().map(UnixMs).map_err(|_| wrong())?;
        let id = CallId::parse(id).ok_or_else(wrong)?;
        if seal != self.seal(filter, way, at, id) {
            return Err(wrong());
        }
        match way {
            "o" => Ok(Place::Older(at, id)),
            "n" => Ok(Place::Newer(at, id)),
            _ => Err(wrong()),
        }
    }
}
