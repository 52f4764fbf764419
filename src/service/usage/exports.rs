//! Files of calls that are being fetched: how far each has come, and how many a person fetches at once. Known to this process alone, as
//! long as the file is under way and a while after.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{
        ids::UserId,
        time::{MINUTE_MS, UnixMs},
    },
    service::{Caller, Clock, ServiceError, Services},
};

/// Files that a person may fetch at once.
const MOST: usize = 3;
/// How long it is remembered that a file has ended.
const REMEMBERED_MS: i64 = 10 * MINUTE_MS;
/// Longest name of an export.
const LONGEST_NAME: usize = 64;

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportProgress {
    /// Calls that were sent.
    pub rows: i64,
    /// Calls that there are, where the statistics tell. More may come while it is sent.
    pub expected: Option<i64>,
    /// Whether it is still sent, is whole, or broke off.
    pub state: ExportState,
}

/// How a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// It is being sent.
    Running,
    /// All of it was sent.
    Whole,
    /// Whoever fetched it left, or may not any more.
    Stopped,
}

#[derive(Debug)]
struct Known {
    progress: ExportProgress,
    changed_at: UnixMs,
}

type Names = HashMap<(UserId, String), Known>;

/// All of them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Exports(Arc<Mutex<Names>>);

impl Exports {
    fn all(&self) -> MutexGuard<'_, Names> {
        // Whatever panicked, each entry is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is being sent. Dropped before its end it is noted as stopped.
pub struct RunningExport {
    exports: Exports,
    clock: Clock,
    name: (UserId, String),
}

impl RunningExport {
    /// Notes rows that were sent.
    pub fn add(&self, rows: usize) {
        self.change(|progress| progress.rows = progress.rows.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX)));
    }

    /// Notes that all of it was sent.
    pub fn finish(self) {
        self.change(|progress| progress.state = ExportState::Whole);
    }

    fn change(&self, change: impl FnOnce(&mut ExportProgress)) {
        if let Some(known) = self.exports.all().get_mut(&self.name) {
            known.changed_at = self.clock.now();
            change(&mut known.progress);
        }
    }
}

impl Drop for RunningExport {
    fn drop(&mut self) {
        self.change(|progress| {
            if progress.state == ExportState::Running {
                progress.state = ExportState::Stopped;
            }
        });
    }
}

impl Services {
    /// Begins a file. `name` is what its progress is asked for by; an empty one is nobody's to ask for.
    pub fn begin_export(&self, caller: &Caller, name: &str, expected: Option<i64>) -> Result<RunningExport, ServiceError> {
        if name.len() > LONGEST_NAME {
            return Err(ServiceError::field("export", format!("Use a name of at most {LONGEST_NAME} characters.")));
        }
        let (user, now) = (caller.user.id, self.clock.now());
        let mut all = self.exports.all();
        all.retain(|_, known| known.progress.state == ExportState::Running || now.since(known.changed_at) < REMEMBERED_MS);
        let running = |known: &&Known| known.progress.state == ExportState::Running;
        let at_once = all.iter().filter(|((of, _), _)| *of == user).filter(|(_, known)| running(known)).count();
        if at_once >= MOST {
            let sentence = format!("You fetch {MOST} files of calls already. Wait until one of them is whole, or stop it.");
            return Err(ServiceError::Limited(sentence, 10));
        }
        // The same link pressed twice is two files, of which the page shows the first.
        let is_taken = all.get(&(user, name.to_owned())).is_some_and(|known| running(&known));
        let name = if name.is_empty() || is_taken { hex(&self.random.bytes::<16>()) } else { name.to_owned() };
        let progress = ExportProgress { rows: 0, expected, state: ExportState::Running };
        all.insert((user, name.clone()), Known { progress, changed_at: now });
        Ok(RunningExport { exports: self.exports.clone(), clock: self.clock.clone(), name: (user, name) })
    }

    /// How far a file of the caller's has come; nothing for one that did not begin, or ended a while ago.
    pub fn export_progress(&self, caller: &Caller, name: &str) -> Option<ExportProgress> {
        self.exports.all().get(&(caller.user.id, name.to_owned())).map(|known| known.progress)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
