//! The live tail of the call log: how many calls there are that a page does not show yet. The calls themselves it loads as always.

use std::collections::HashSet;

use axum::{
    Router,
    extract::{Path, Request, State},
    routing::get,
};
use url::form_urlencoded;

use super::{
    Edge,
    live::{self, Event, Opening, Tell, Visitor},
};
use crate::{
    domain::{
        ids::CallId,
        page::PageRequest,
        time::UnixMs,
        usage::{CallRow, UsageEvent},
    },
    server_fns::call_logs::asked::Asked,
    service::{Caller, ServiceError, Services, usage::CallQuery},
    storage::Engine,
};

/// Calls that are looked at; beyond that there are "100+".
const MOST: u32 = 100;
/// The event with the number.
const NEWS: &str = "news";

/// `GET /t/{team}/logs/tail` and `/me/logs/tail`, with the filters of the page and, as `seen`, the newest call that it shows.
pub fn routes() -> Router<Edge> {
    let of_team = |State(edge): State<Edge>, Path(team): Path<String>, request: Request| async move {
        let (visitor, tail) = asked(&request, &team);
        live::open(&edge, visitor, tail).await
    };
    let own = |State(edge): State<Edge>, request: Request| async move {
        let (visitor, tail) = asked(&request, "me");
        live::open(&edge, visitor, tail).await
    };
    Router::new().route("/t/{team}/logs/tail", get(of_team)).route("/me/logs/tail", get(own))
}

fn asked(request: &Request, team: &str) -> (Visitor, Tail) {
    let query = request.uri().query().unwrap_or_default();
    let seen = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "seen");
    let seen = seen.and_then(|(_, id)| CallId::parse(&id));
    let asked = Asked::read(query).without(&["cursor", "limit"]);
    let tail = Tail { team: team.to_owned(), asked, seen, known: HashSet::new(), floor: UnixMs(0), told: String::new() };
    (Visitor::of(request, team), tail)
}

struct Tail {
    team: String,
    asked: Asked,
    seen: Option<CallId>,
    /// Calls that the page shows, or that stood below them when it began.
    known: HashSet<CallId>,
    /// What lies before this was not looked at in the beginning.
    floor: UnixMs,
    told: String,
}

impl Tail {
    async fn query(&self, services: &Services, caller: &Caller) -> Result<CallQuery, ServiceError> {
        let zone = self.asked.zone()?;
        let mut query = self.asked.query(services, caller, &self.team, &zone).await?;
        query.page = PageRequest { limit: Some(MOST), cursor: None };
        Ok(query)
    }

    async fn newest(&self, services: &Services, caller: &Caller) -> Result<Vec<CallRow>, ServiceError> {
        let query = self.query(services, caller).await?;
        Ok(services.read_calls(caller, &self.team, query).await?.items)
    }

    /// What to say of the newest calls, where it is not what was said before.
    fn told(&mut self, rows: &[CallRow]) -> Vec<Event> {
        let new = rows.iter().filter(|row| row.at >= self.floor && !self.known.contains(&row.id)).count();
        let data = match new {
            0 => String::new(),
            new if new >= MOST as usize => format!("{MOST}+"),
            new => new.to_string(),
        };
        if data == self.told || data.is_empty() {
            return vec![];
        }
        self.told.clone_from(&data);
        vec![Event { name: NEWS, data }]
    }
}

impl Tell for Tail {
    async fn begin(&mut self, services: &Services, caller: &Caller) -> Result<Opening, ServiceError> {
        let team = services.get_team(caller, &self.team).await?;
        let rows = self.newest(services, caller).await?;
        let shown = match self.seen {
            // What came between the page and its stream is new.
            Some(seen) => rows.iter().position(|row| row.id == seen).unwrap_or(rows.len()),
            None => rows.len(),
        };
        self.known.extend(rows.iter().skip(shown).map(|row| row.id));
        if let Some(last) = rows.last().filter(|_| rows.len() >= MOST as usize) {
            self.floor = last.at;
        }
        Ok(Opening { teams: vec![team.id], events: self.told(&rows) })
    }

    async fn look(&mut self, services: &Services, caller: &Caller, news: &[UsageEvent]) -> Result<Vec<Event>, ServiceError> {
        let query = self.query(services, caller).await?;
        // Where nobody else books, calls come as news: without such the look is for the rights alone.
        let may_be_new = services.store.engine() != Engine::Sqlite || news.iter().any(|event| fits(&query, event));
        if !may_be_new || self.told.ends_with('+') {
            services.check_call_log(caller, &self.team).await?;
            return Ok(vec![]);
        }
        let rows = self.newest(services, caller).await?;
        Ok(self.told(&rows))
    }
}

/// Whether a call may be one of those that are asked for: a first look that spares the database.
fn fits(query: &CallQuery, UsageEvent { call, end }: &UsageEvent) -> bool {
    let text = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
    query.user.is_none_or(|user| user == call.user)
        && query.key.is_none_or(|key| Some(key) == call.key)
        && query.outcome.is_none_or(|outcome| outcome == end.outcome)
        && query.status.is_none_or(|status| status == i64::from(end.status))
        && text(&query.model, &call.model_name)
        && text(&query.code, &end.code)
}
