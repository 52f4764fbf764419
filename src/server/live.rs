//! Pages that are told what is new by server-sent events. A stream wakes when calls of its teams are booked, and looks by itself for what
//! others have booked or changed. Each time it finds out anew who is behind its session and what they may see: it ends with a sign-out,
//! a lost role, and at once when the server stops.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream::unfold;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;
use url::form_urlencoded;

use super::{Edge, layers::refuse};
use crate::{
    domain::{
        ids::{TeamId, UserId},
        usage::UsageEvent,
    },
    error::AppError,
    service::{
        Caller, Door, RequestFacts, ServiceError, Services,
        accounts::sessions::{AskedBy, caller_behind},
    },
    storage::Engine,
};

/// Streams that a person may have open. Browsers have six connections to a server that speaks HTTP/1.1.
pub const MOST_STREAMS: usize = 4;
/// How long nothing is said before a comment says that the stream still stands.
const BEAT: Duration = Duration::from_secs(15);
/// How often it is asked in memory whether this process has changed anything.
const TICK: Duration = Duration::from_secs(1);
/// Calls that are kept until the next look; who missed some looks at the database anyway.
const MOST_NEWS: usize = 1_000;
/// The event behind which nothing comes and nothing is to be asked again: its data says why.
pub const OVER: &str = "over";

/// One event for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub data: String,
}

impl Event {
    /// As it is sent.
    fn written(&self) -> String {
        // A line break would end the field.
        let data: String = self.data.split(['\r', '\n']).map(|line| format!("data: {line}\n")).collect();
        format!("event: {}\n{data}\n", self.name)
    }
}

/// What a stream begins with.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Whose calls it wakes for.
    pub teams: Vec<TeamId>,
    /// What it says first.
    pub events: Vec<Event>,
}

/// What a kind of stream tells. Each method authorizes its caller: rights may have changed since the one before.
pub trait Tell: Send + 'static {
    /// Least time between two looks.
    const EVERY: Duration = Duration::from_secs(1);

    /// The beginning; a refusal is the answer to the request.
    fn begin(&mut self, services: &Services, caller: &Caller) -> impl Future<Output = Result<Opening, ServiceError>> + Send;

    /// What is new. `news` are calls that this process has booked since the last look; where it is empty the look is by the clock, or
    /// because something else was changed.
    fn look(
        &mut self,
        services: &Services,
        caller: &Caller,
        news: &[UsageEvent],
    ) -> impl Future<Output = Result<Vec<Event>, ServiceError>> + Send;
}

/// Answers a visitor's request with a stream of what there is to tell.
pub async fn open<T: Tell>(edge: &Edge, visitor: Visitor, mut tell: T) -> Response {
    let path = visitor.path.clone();
    let refused = |error: ServiceError| {
        let error = AppError::from(error);
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        refuse(&path, status, &error.to_string())
    };
    // Before the first look: what is booked while it looks is not missed.
    let (booked, changes) = (edge.services.booked.listen(), edge.services.store.changes());
    let caller = match visitor.asker(&edge.services).await {
        Ok(caller) => caller,
        Err(error) => return refused(error),
    };
    let Some(slot) = edge.streams.take(caller.user.id) else {
        let sentence =
            format!("You have {MOST_STREAMS} pages open that are live. Close one of them, or reload this one by hand.");
        return refused(ServiceError::Limited(sentence, 60));
    };
    let opening = match visitor.seen(&edge.services, caller).await {
        Ok(caller) => tell.begin(&edge.services, &caller).await,
        Err(error) => Err(error),
    };
    let opening = match opening {
        Ok(opening) => opening,
        Err(error) => return refused(error),
    };
    let now = Instant::now();
    let stream = Stream {
        services: edge.services.clone(),
        stopping: edge.stopping.clone(),
        visitor,
        tell,
        teams: opening.teams,
        booked,
        changes,
        news: vec![],
        looked: now,
        missed: false,
        said: now,
        // Something is said at once, so that whoever listens knows that the stream stands.
        to_say: std::iter::once(": open\n\n".to_owned()).chain(opening.events.iter().map(Event::written)).collect(),
        over: false,
        _slot: slot,
    };
    let mut response = Body::from_stream(unfold(stream, Stream::next)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    // A proxy that collects an answer before it passes it on would hold back everything.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Streams that are open, by person.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<HashMap<UserId, usize>>>);

impl Streams {
    fn take(&self, user: UserId) -> Option<Slot> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_default();
        (*count < MOST_STREAMS).then(|| {
            *count += 1;
            Slot { streams: self.clone(), user }
        })
    }
}

/// A place among a person's streams; free again when it is dropped.
struct Slot {
    streams: Streams,
    user: UserId,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

/// Whoever sent a request, to be found anew.
pub struct Visitor {
    path: String,
    session: Option<Session>,
    facts: RequestFacts,
    team: String,
    /// Whom the team is to be seen as.
    seen_as: Option<String>,
}

impl Visitor {
    /// Of a request. `team` is whose page it is, so that it can be seen as a member (`?as=`); empty where it is no team's.
    pub fn of(request: &Request, team: &str) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let seen_as =
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "as").map(|(_, value)| value.into_owned());
        let extensions = request.extensions();
        Self {
            path: request.uri().path().to_owned(),
            session: extensions.get().cloned(),
            facts: extensions.get().cloned().unwrap_or_default(),
            team: team.to_owned(),
            seen_as: seen_as.filter(|member| !member.is_empty() && !team.is_empty()),
        }
    }

    /// The signed-in person.
    async fn asker(&self, services: &Services) -> Result<Caller, ServiceError> {
        let session = self.session.as_ref().ok_or(ServiceError::SignedOut)?;
        let found = caller_behind(services, session, Door::Page, &self.facts, AskedBy::Page).await?;
        found.ok_or(ServiceError::SignedOut)
    }

    /// The same, or whom they see the team as.
    async fn seen(&self, services: &Services, caller: Caller) -> Result<Caller, ServiceError> {
        let Some(member) = &self.seen_as else { return Ok(caller) };
        let member = UserId::parse(member).ok_or(ServiceError::NotFound)?;
        services.view_as(&caller, &self.team, member).await
    }
}

/// An open stream.
struct Stream<T> {
    services: Services,
    stopping: CancellationToken,
    visitor: Visitor,
    tell: T,
    teams: Vec<TeamId>,
    booked: Receiver<Arc<[UsageEvent]>>,
    /// How many changes there were at the last look.
    changes: u64,
    /// Calls that were booked since.
    news: Vec<UsageEvent>,
    looked: Instant,
    /// More was booked than could be told.
    missed: bool,
    said: Instant,
    to_say: Vec<String>,
    over: bool,
    _slot: Slot,
}

enum Wake {
    Look,
    Beat,
}

impl<T: Tell> Stream<T> {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let stopping = self.stopping.clone();
        loop {
            if !self.to_say.is_empty() {
                self.said = Instant::now();
                let text = self.to_say.drain(..).collect::<String>();
                return Some((Ok(text.into()), self));
            }
            if self.over {
                return None;
            }
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = self.go_on() => {}
            }
        }
    }

    async fn go_on(&mut self) {
        match self.wake().await {
            Wake::Beat => self.to_say.push(": still here\n\n".to_owned()),
            Wake::Look => {
                (self.changes, self.missed) = (self.services.store.changes(), false);
                let news = std::mem::take(&mut self.news);
                let told = self.look(&news).await;
                self.looked = Instant::now();
                match told {
                    Ok(events) => self.to_say.extend(events.iter().map(Event::written)),
                    // Whoever listens asks again in a while.
                    Err(ServiceError::Busy | ServiceError::Internal(_)) => self.over = true,
                    Err(error) => {
                        self.over = true;
                        self.to_say.push(Event { name: OVER, data: AppError::from(error).to_string() }.written());
                    }
                }
            }
        }
    }

    async fn look(&mut self, news: &[UsageEvent]) -> Result<Vec<Event>, ServiceError> {
        let caller = self.visitor.asker(&self.services).await?;
        let caller = self.visitor.seen(&self.services, caller).await?;
        self.tell.look(&self.services, &caller, news).await
    }

    /// Waits until there is something to do.
    async fn wake(&mut self) -> Wake {
        // Where other processes may write, a look finds what they did.
        let at_latest = match self.services.store.engine() {
            Engine::Sqlite => Duration::from_secs(5),
            Engine::Postgres => Duration::from_secs(2),
        };
        loop {
            let (now, changes) = (Instant::now(), self.services.store.changes());
            let rested = now >= self.looked + T::EVERY;
            let is_new = !self.news.is_empty() || self.missed || changes != self.changes;
            if (rested && is_new) || now >= self.looked + at_latest.max(T::EVERY) {
                return Wake::Look;
            }
            if now >= self.said + BEAT {
                return Wake::Beat;
            }
            let until = if is_new { (self.looked + T::EVERY).min(now + TICK) } else { now + TICK };
            tokio::select! {
                heard = self.booked.recv() => self.take(heard),
                () = sleep_until(until) => {}
            }
        }
    }

    fn take(&mut self, heard: Result<Arc<[UsageEvent]>, RecvError>) {
        match heard {
            Ok(events) => {
                let own = events.iter().filter(|event| self.teams.contains(&event.call.team));
                let room = MOST_NEWS.saturating_sub(self.news.len());
                self.news.extend(own.take(room).cloned());
            }
            // Closed it is never: the services hold its other end.
            Err(_) => self.missed = true,
        }
    }
}
