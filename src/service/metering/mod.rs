//! Metering: from an admitted call to a booked usage event, without losing one and without counting one twice.
//!
//! The gateway calls [`Meter::admit`], [`AdmittedCall::checkpoint`] and [`AdmittedCall::finish`]: plain functions that append to the
//! spool (`spool.rs`) and touch no SQL. A background task reads the spool and books what has ended (`booking.rs`). At start the same
//! reader finds what an earlier process left behind (`recovery.rs`). While the database is away calls go on and the spool grows;
//! when the spool can not be written, calls are refused. docs/metering.md has the format and the argument for "exactly once".

mod booking;
mod call;
mod charge;
mod fill;
mod interrupted;
mod lock;
mod reader;
mod record;
mod recovery;
mod spool;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, Notify};

pub use booking::book;
pub use call::AdmittedCall;
pub use charge::{charge, most};
pub use lock::DataDirLock;
pub use recovery::Recovered;
pub use spool::MeterUnavailable;

use crate::{
    domain::{
        ids::TeamId,
        money::NanoUsd,
        time::UnixMs,
        usage::{CallEnd, CallFacts, UsageEvent},
    },
    service::{Clock, quota::Hold},
};
use booking::Intake;
use spool::{Spool, Urgency};

/// Records calls. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// None at the command line, where no calls are admitted.
    open: Option<Arc<OpenMeter>>,
}

#[derive(Debug)]
struct OpenMeter {
    spool: Spool,
    clock: Clock,
    /// Something has ended and can be booked.
    ended: Notify,
    /// What an earlier process left open is booked.
    recovered: AtomicBool,
    /// The one reader of the spool.
    intake: Arc<Mutex<Intake>>,
    /// Calls that used more than was reserved for them.
    overruns: AtomicU64,
}

impl Meter {
    /// A meter that admits no calls: for the command line.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Opens the spool in `data_dir/spool`. Where an earlier process left something there, nothing is admitted before
    /// `services.recover_calls()` has booked it.
    pub fn open(data_dir: &Path, clock: Clock) -> io::Result<Self> {
        Ok(Self::over(Spool::open(&data_dir.join("spool"))?, clock))
    }

    fn over(spool: Spool, clock: Clock) -> Self {
        let recovered = AtomicBool::new(spool.segment_from(0) == Some(spool.written().segment));
        let intake = Arc::new(Mutex::new(Intake::new()));
        let overruns = AtomicU64::new(0);
        Self { open: Some(Arc::new(OpenMeter { spool, clock, ended: Notify::new(), recovered, intake, overruns })) }
    }

    fn admitting(&self) -> Result<&Arc<OpenMeter>, MeterUnavailable> {
        self.open.as_ref().filter(|meter| meter.recovered.load(Ordering::Acquire)).ok_or(MeterUnavailable)
    }

    /// Admits a call with what it has reserved: when this returns, it is in the spool and will be booked, whatever happens. One that
    /// can not be admitted has reserved nothing.
    pub fn admit(&self, facts: CallFacts, hold: Hold) -> Result<AdmittedCall, MeterUnavailable> {
        match self.open_call(&facts) {
            Ok(meter) => Ok(AdmittedCall::new(meter.clone(), facts, Some(hold))),
            Err(error) => {
                hold.cancel();
                Err(error)
            }
        }
    }

    fn open_call(&self, facts: &CallFacts) -> Result<&Arc<OpenMeter>, MeterUnavailable> {
        let meter = self.admitting()?;
        meter.spool.append(&record::open(facts), Urgency::OrRefuse)?;
        Ok(meter)
    }

    /// Admits a call that has reserved nothing.
    #[cfg(test)]
    pub(crate) fn admit_uncounted(&self, facts: CallFacts) -> Result<AdmittedCall, MeterUnavailable> {
        self.open_call(&facts).cloned().map(|meter| AdmittedCall::new(meter, facts, None))
    }

    /// Calls, since the start, that used more than was reserved for them: their rest is the platform's loss.
    pub fn overruns(&self) -> u64 {
        self.open.as_ref().map_or(0, |meter| meter.overruns.load(Ordering::Relaxed))
    }

    /// Whether calls of an earlier process wait for being booked, and none is admitted yet.
    pub fn is_recovering(&self) -> bool {
        self.open.as_ref().is_some_and(|meter| !meter.recovered.load(Ordering::Acquire))
    }

    /// Whether a team has calls that were admitted before a moment and have no end, as far as the spool was read.
    pub async fn has_open_call(&self, team: TeamId, before: UnixMs) -> bool {
        let Some(meter) = &self.open else { return false };
        let intake = meter.intake.lock().await;
        intake.open.values().any(|call| call.facts.team == team && call.facts.at < before)
    }

    /// Notes a refused call, for the statistics.
    pub fn refused(&self, call: CallFacts, end: CallEnd) {
        let Ok(meter) = self.admitting() else { return };
        // A refusal that can not be written is missing in the statistics and nowhere else; the failure itself is logged below.
        if meter.spool.append(&record::refused(&UsageEvent { call, end }), Urgency::OrRefuse).is_ok() {
            meter.ended.notify_one();
        }
    }
}

impl OpenMeter {
    fn overran(&self, facts: &CallFacts, beyond: NanoUsd) {
        self.overruns.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            call.id = %facts.id,
            model = facts.model_name,
            beyond_nano_usd = beyond.0,
            "a provider reported more than a call can use; the charge stops at its reserve, and the rest is the platform's loss"
        );
    }

    fn end(&self, facts: &CallFacts, end: &CallEnd) {
        // Where the disk takes nothing the frame waits in memory; there is nobody left to refuse.
        let _kept = self.spool.append(&record::end(facts.id, end), Urgency::Keep);
        self.ended.notify_one();
    }
}
