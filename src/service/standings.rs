//! What open pages ask every few seconds: whether their reader still is, and may do, what the page was made from. As long as nothing was
//! changed it is answered from memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tower_sessions::{Session, session::Id};

use crate::{
    domain::time::{SECOND_MS, UnixMs},
    service::Services,
    storage::Engine,
};

/// How long an answer counts where no other process writes: then only time changes it, when a session ends.
const ALONE_MS: i64 = 30 * SECOND_MS;
/// The same where others may write: every change is seen within this, whoever made it.
const AMONG_OTHERS_MS: i64 = SECOND_MS;
/// Sessions that are remembered; beyond that all are forgotten.
const MOST: usize = 20_000;

/// The marks that were given, by session.
#[derive(Clone, Debug, Default)]
pub struct Standings(Arc<Mutex<HashMap<Id, Known>>>);

#[derive(Debug)]
struct Known {
    /// How many changes there were when it was asked of storage.
    changes: u64,
    until: UnixMs,
    mark: String,
}

/// A question that goes to storage. What it finds is remembered with it.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    session: Id,
    changes: u64,
}

impl Standings {
    fn all(&self) -> MutexGuard<'_, HashMap<Id, Known>> {
        // Whatever panicked, each entry is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Services {
    /// The mark that was given to a session, if nothing has happened since.
    pub fn remembered_standing(&self, session: &Session) -> Option<String> {
        let changes = self.store.changes();
        let all = self.standings.all();
        let known = all.get(&session.id()?)?;
        (known.changes == changes && self.clock.now() < known.until).then(|| known.mark.clone())
    }

    /// Begins to ask storage; nothing for a browser without a session. A change after this moment makes what is found old.
    pub fn ask_standing(&self, session: &Session) -> Option<Asking> {
        Some(Asking { session: session.id()?, changes: self.store.changes() })
    }

    /// Remembers what was found.
    pub fn remember_standing(&self, asking: Asking, mark: &str) {
        let counts = match self.store.engine() {
            Engine::Sqlite => ALONE_MS,
            Engine::Postgres => AMONG_OTHERS_MS,
        };
        let mut all = self.standings.all();
        if all.len() >= MOST {
            all.clear();
        }
        let until = self.clock.now().plus(counts);
        all.insert(asking.session, Known { changes: asking.changes, until, mark: mark.to_owned() });
    }
}
