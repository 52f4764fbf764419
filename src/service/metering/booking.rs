//! Booking: from the spool into the database, in batches, exactly once by id.
//!
//! While the database is away nothing is dropped: the batch is tried again until it is in, and the spool waits behind it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::{
    OpenMeter,
    reader::{Next, SpoolReader},
    record::{Checkpoint, Record},
};
use crate::{
    domain::{
        ids::CallId,
        usage::{CallFacts, UsageEvent},
    },
    service::{ServiceError, Services, billing::charge_events},
    storage::{self, Store},
};

/// Events that are booked in one transaction.
pub(super) const BATCH: usize = 256;
/// From the first end of a call to its booking: others come along.
const GATHER: Duration = Duration::from_millis(100);
/// Between attempts while the database is away; doubled each time up to the second figure.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long a stopping process tries to book what has ended. What is left stays in the spool for the next start.
const LAST_TRY: Duration = Duration::from_secs(10);

/// Books events, with their sums and the charges to their teams' balances; those that are known already change nothing. Gives how many
/// were new.
pub async fn book(store: &Store, events: &[UsageEvent]) -> Result<usize, sqlx::Error> {
    if events.is_empty() {
        return Ok(0);
    }
    let mut tx = store.begin_aside().await?;
    // What was booked and deleted since is known no less: an old spool that comes back changes nothing.
    let purged = storage::usage::find_purged_calls(&mut tx, events).await?;
    let known: Vec<UsageEvent>;
    let events = if purged.is_empty() {
        events
    } else {
        known = events.iter().filter(|event| !purged.contains(&event.call.id)).cloned().collect();
        &known
    };
    if events.is_empty() {
        return Ok(0);
    }
    let new: HashSet<CallId> = storage::usage::insert_events(&mut tx, events).await?;
    // An event that stands twice in one batch is new once.
    let mut counted = HashSet::with_capacity(new.len());
    let fresh: Vec<&UsageEvent> =
        events.iter().filter(|event| new.contains(&event.call.id) && counted.insert(event.call.id)).collect();
    if !fresh.is_empty() {
        storage::usage::lock_statistics(&mut tx).await?;
        storage::usage::add_to_rollups(&mut tx, fresh.iter().copied()).await?;
        storage::usage::add_to_statistics(&mut tx, fresh.iter().copied()).await?;
    }
    charge_events(&mut tx, &fresh).await?;
    tx.commit().await?;
    Ok(new.len())
}

impl Services {
    /// Books calls as they end, until `stop`; then what is left. Run once, by the composition.
    pub async fn run_booking(&self, stop: CancellationToken) {
        let Some(meter) = self.meter.open.clone() else { return };
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = meter.ended.notified() => {}
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(GATHER) => {}
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.book_until_done(&meter) => {}
            }
        }
        if tokio::time::timeout(LAST_TRY, self.book_until_done(&meter)).await.is_err() {
            tracing::warn!("the database did not take the last calls; the next start books them from the spool");
        }
    }

    /// Books everything that has ended so far. Gives how many events were new.
    pub async fn book_ended_calls(&self) -> Result<usize, ServiceError> {
        let Some(meter) = self.meter.open.clone() else { return Ok(0) };
        let mut booked = 0;
        loop {
            let mut intake = read_batch(&meter).await?;
            if intake.batch.is_empty() {
                return Ok(booked);
            }
            self.renew_for(&intake.batch).await?;
            booked += book_batch(&self.store, &meter, &intake.batch).await?;
            self.booked.tell(&intake.batch);
            intake.release(&meter);
        }
    }

    async fn book_until_done(&self, meter: &OpenMeter) {
        let mut wait = RETRY.0;
        while let Err(error) = self.book_ended_calls().await {
            tracing::warn!(%error, retry_ms = wait.as_millis(), "usage can not be booked; the spool keeps it");
            // Should this be stopped while it waits, the next one to look finds something to do.
            meter.ended.notify_one();
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY.1);
        }
    }
}

/// Fills the batch with what has ended, as far as it is not full of what could not be booked before.
pub(super) async fn read_batch(meter: &Arc<OpenMeter>) -> Result<OwnedMutexGuard<Intake>, ServiceError> {
    let mut intake = meter.intake.clone().lock_owned().await;
    let meter = meter.clone();
    let read = tokio::task::spawn_blocking(move || intake.read(&meter).map(|()| intake)).await;
    let failed = |error: &dyn std::fmt::Display| ServiceError::Internal(format!("reading the spool: {error}"));
    read.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
}

/// Books a batch. An event that the database will never take does not hold up the others: it is put aside for people to look at.
pub(super) async fn book_batch(store: &Store, meter: &OpenMeter, batch: &[UsageEvent]) -> Result<usize, ServiceError> {
    match book(store, batch).await {
        Ok(new) => return Ok(new),
        Err(error) if is_about_the_data(&error) => {}
        Err(error) => return Err(error.into()),
    }
    let mut new = 0;
    for event in batch {
        match book(store, std::slice::from_ref(event)).await {
            Ok(count) => new += count,
            Err(error) if is_about_the_data(&error) => {
                tracing::error!(call.id = %event.call.id, %error, "a usage event can not be booked; it is kept in unbookable.jsonl");
                meter.spool.set_aside(event).map_err(|error| ServiceError::Internal(format!("setting a call aside: {error}")))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(new)
}

/// Whether another attempt would fail the same way: a violated constraint, or a value that the engine refuses (SQLSTATE class 22).
fn is_about_the_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => {
            !matches!(error.kind(), sqlx::error::ErrorKind::Other)
                || error.code().is_some_and(|code| code.len() == 5 && code.starts_with("22"))
        }
        _ => false,
    }
}

/// What is read from the spool and not booked yet. Memory is bounded by the calls that are open.
#[derive(Debug)]
pub(super) struct Intake {
    reader: SpoolReader,
    pub(super) open: HashMap<CallId, OpenCall>,
    /// Ended and not booked.
    pub(super) batch: Vec<UsageEvent>,
    /// Segments in which something could not be read: kept aside for people to look at.
    damaged: BTreeSet<u64>,
}

/// A call that has no end yet.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) facts: Box<CallFacts>,
    pub(super) segment: u64,
    pub(super) checkpoint: Option<(u64, Checkpoint)>,
}

impl Intake {
    pub(super) fn new() -> Self {
        Self { reader: SpoolReader::default(), open: HashMap::new(), batch: Vec::with_capacity(BATCH), damaged: BTreeSet::new() }
    }

    /// Reads until the batch is full or nothing is left.
    fn read(&mut self, meter: &OpenMeter) -> std::io::Result<()> {
        while self.batch.len() < BATCH {
            match self.reader.next(&meter.spool)? {
                Next::CaughtUp => break,
                Next::Damage => {
                    tracing::error!(segment = self.reader.segment(), "a spool segment is damaged; it is kept as *.damaged");
                    self.damaged.insert(self.reader.segment());
                }
                Next::Record(record) => self.take(record),
            }
        }
        Ok(())
    }

    fn take(&mut self, record: Record) {
        let segment = self.reader.segment();
        match record {
            Record::Open(facts) => {
                self.open.insert(facts.id, OpenCall { facts, segment, checkpoint: None });
            }
            Record::Checkpoint(id, checkpoint) => {
                if let Some(call) = self.open.get_mut(&id) {
                    call.checkpoint = Some((segment, checkpoint));
                }
            }
            // Without its beginning, an end belongs to a call that is booked: its first segment is gone.
            Record::End(id, end) => {
                if let Some(call) = self.open.remove(&id) {
                    self.batch.push(UsageEvent { call: *call.facts, end: *end });
                }
            }
            Record::Refused(event) => self.batch.push(*event),
        }
    }

    /// After a batch is booked: forgets it, and removes the segments that nothing needs any more.
    pub(super) fn release(&mut self, meter: &OpenMeter) {
        self.batch.clear();
        let mut needed = BTreeSet::new();
        for call in self.open.values() {
            needed.insert(call.segment);
            needed.extend(call.checkpoint.map(|(segment, _)| segment));
        }
        meter.spool.remove_before(self.reader.segment(), &needed, &self.damaged);
    }
}
