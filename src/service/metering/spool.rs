//! The spool: append-only segment files in the data directory. Appending is one write under a lock, so that the gateway's hot path
//! can do it without waiting for a database; a thread hands what was written to the device at least every 100 ms.
//!
//! A process never appends to a segment of an earlier one: it starts a new segment, so that a torn tail stays the last thing in its
//! file. A segment is deleted when everything in it is booked. docs/metering.md tells the whole story.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use crate::domain::usage::UsageEvent;

/// A segment that has grown beyond this is followed by a new one.
const SEGMENT_BYTES: u64 = 8 << 20;
/// From a write to the start of its hand-over to the device.
const SYNC_AFTER: Duration = Duration::from_millis(40);
/// From a failed hand-over to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Storage takes nothing: no call may be admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("usage can not be recorded")]
pub struct MeterUnavailable;

/// What becomes of a record that can not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// The caller is refused and the record forgotten.
    OrRefuse,
    /// It is kept in memory and written as soon as the disk takes it; until then nothing is admitted.
    Keep,
}

/// The open spool. Dropped, it hands everything to the device.
#[derive(Debug)]
pub(super) struct Spool {
    shared: Arc<Shared>,
    syncer: Option<JoinHandle<()>>,
}

/// How far the spool is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Segment that is written now.
    pub(super) segment: u64,
    /// Its length.
    pub(super) length: u64,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    segment_bytes: u64,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug)]
struct State {
    file: Arc<File>,
    segment: u64,
    length: u64,
    /// Segments that exist, the one written now included.
    segments: BTreeSet<u64>,
    /// Frames that the disk did not take yet.
    backlog: Vec<u8>,
    /// Something was written since the last hand-over.
    dirty: bool,
    /// Segments that are finished but perhaps not on the device.
    finished: Vec<Arc<File>>,
    /// The last hand-over failed: what was written since may not be on the device.
    broken: bool,
    /// Half a frame stands at the end of the file and could not be taken back: the next frame needs a new segment.
    torn: bool,
    closing: bool,
}

impl Spool {
    /// Opens the spool in a directory and starts a segment of its own. Earlier segments stay for recovery.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        Self::open_sized(dir, SEGMENT_BYTES)
    }

    pub(super) fn open_sized(dir: &Path, segment_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut segments = BTreeSet::new();
        for entry in fs::read_dir(dir)? {
            segments.extend(number_of(&entry?.path()));
        }
        let segment = segments.last().map_or(1, |last| last + 1);
        let file = create(dir, segment)?;
        File::open(dir)?.sync_all()?;
        segments.insert(segment);
        let state = State {
            file,
            segment,
            length: 0,
            segments,
            backlog: Vec::new(),
            dirty: false,
            finished: Vec::new(),
            broken: false,
            torn: false,
            closing: false,
        };
        let shared = Arc::new(Shared { dir: dir.to_owned(), segment_bytes, state: Mutex::new(state), wake: Condvar::new() });
        let of_thread = shared.clone();
        let syncer = std::thread::Builder::new().name("spool-sync".into()).spawn(move || of_thread.sync_until_closed())?;
        Ok(Self { shared, syncer: Some(syncer) })
    }

    /// Writes a frame. One system call under a lock; no waiting for the device.
    pub(super) fn append(&self, frame: &[u8], urgency: Urgency) -> Result<(), MeterUnavailable> {
        let mut state = self.shared.lock();
        if urgency == Urgency::OrRefuse && (state.broken || state.closing) {
            return Err(MeterUnavailable);
        }
        let written = self.shared.write(&mut state, frame);
        if !state.dirty {
            state.dirty = true;
            self.shared.wake.notify_one();
        }
        match (written, urgency) {
            (Ok(()), _) => Ok(()),
            (Err(error), Urgency::OrRefuse) => {
                tracing::error!(%error, "the spool can not be written; calls are refused");
                Err(MeterUnavailable)
            }
            (Err(error), Urgency::Keep) => {
                tracing::error!(%error, "the spool can not be written; a finished call waits in memory");
                state.backlog.extend_from_slice(frame);
                Err(MeterUnavailable)
            }
        }
    }

    /// How far it is written.
    pub(super) fn written(&self) -> Written {
        let state = self.shared.lock();
        Written { segment: state.segment, length: state.length }
    }

    /// The first segment that exists at or after a number.
    pub(super) fn segment_from(&self, number: u64) -> Option<u64> {
        self.shared.lock().segments.range(number..).next().copied()
    }

    /// Opens a segment for reading.
    pub(super) fn reader(&self, segment: u64) -> io::Result<File> {
        File::open(path(&self.shared.dir, segment))
    }

    /// Keeps an event that the database refuses, as a line of `unbookable.jsonl`.
    pub(super) fn set_aside(&self, event: &UsageEvent) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().append(true).create(true).open(self.shared.dir.join("unbookable.jsonl"))?;
        file.write_all(&line)?;
        file.sync_data()
    }

    /// Removes the segments before a number, except those that are needed and those that are damaged: these are put aside.
    pub(super) fn remove_before(&self, number: u64, needed: &BTreeSet<u64>, damaged: &BTreeSet<u64>) {
        let old: Vec<u64> = {
            let mut state = self.shared.lock();
            let end = number.min(state.segment);
            let old = state.segments.range(..end).filter(|segment| !needed.contains(segment)).copied().collect::<Vec<_>>();
            for segment in &old {
                state.segments.remove(segment);
            }
            old
        };
        for segment in old {
            let from = path(&self.shared.dir, segment);
            let done = if damaged.contains(&segment) {
                fs::rename(&from, from.with_extension("damaged"))
            } else {
                fs::remove_file(&from)
            };
            if let Err(error) = done {
                // It is read again at the next start, and its calls are known by their ids then.
                tracing::warn!(segment, %error, "a booked spool segment can not be removed");
            }
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_all();
        if let Some(syncer) = self.syncer.take() {
            // A panic of that thread has been reported by its hook.
            drop(syncer.join());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole after every statement that can panic: counts are set after the write that they count.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, state: &mut State, frame: &[u8]) -> io::Result<()> {
        if state.length >= self.segment_bytes || state.torn {
            self.rotate(state)?;
        }
        if !state.backlog.is_empty() {
            let backlog = std::mem::take(&mut state.backlog);
            if let Err(error) = state.put(&backlog) {
                state.backlog = backlog;
                return Err(error);
            }
        }
        state.put(frame)
    }

    fn rotate(&self, state: &mut State) -> io::Result<()> {
        let segment = state.segment + 1;
        let file = create(&self.dir, segment)?;
        state.segments.insert(segment);
        state.finished.push(std::mem::replace(&mut state.file, file));
        (state.segment, state.length, state.torn) = (segment, 0, false);
        Ok(())
    }

    /// The thread: hands what was written to the device, until the spool is closed and nothing is left.
    fn sync_until_closed(&self) {
        loop {
            let mut state = self.lock();
            while !state.dirty && !state.closing {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closing && !state.dirty {
                return;
            }
            let closing = state.closing;
            drop(state);
            if !closing {
                std::thread::sleep(SYNC_AFTER);
            }
            if let Err(error) = self.sync_once() {
                tracing::error!(%error, "the spool can not be handed to the device; calls are refused");
                if closing {
                    return;
                }
                std::thread::sleep(RETRY_AFTER);
            }
        }
    }

    fn sync_once(&self) -> io::Result<()> {
        let (files, new_names, waiting) = {
            let mut state = self.lock();
            if state.broken {
                // After a failed hand-over the kernel may have forgotten what it could not write: go on in a new file.
                self.rotate(&mut state)?;
            }
            let waiting = if state.backlog.is_empty() { Ok(()) } else { self.write(&mut state, &[]) };
            state.dirty = waiting.is_err();
            let mut files = std::mem::take(&mut state.finished);
            let new_names = !files.is_empty();
            files.push(state.file.clone());
            (files, new_names, waiting)
        };
        let synced = files.iter().try_for_each(|file| file.sync_data());
        let synced = synced.and_then(|()| if new_names { File::open(&self.dir)?.sync_all() } else { Ok(()) });
        let mut state = self.lock();
        state.broken = synced.is_err();
        state.dirty |= state.broken;
        waiting.and(synced)
    }
}

impl State {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = (&*self.file).write_all(bytes) {
            // Half a frame must not stand before the next whole one.
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

fn create(dir: &Path, segment: u64) -> io::Result<Arc<File>> {
    OpenOptions::new().append(true).create_new(true).open(path(dir, segment)).map(Arc::new)
}

fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:016x}.spool"))
}

fn number_of(path: &Path) -> Option<u64> {
    let known = path.extension().is_some_and(|extension| extension == "spool");
    known.then(|| u64::from_str_radix(path.file_stem()?.to_str()?, 16).ok()).flatten()
}
