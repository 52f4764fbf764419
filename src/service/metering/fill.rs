//! Statistics of calls that were booked before there were tables for them: filled in once, before anything else is booked.

use crate::{
    service::{ServiceError, Services},
    storage,
};

/// Events of one transaction.
const BATCH: i64 = 10_000;

impl Services {
    /// Fills the tables of statistics with what is booked already. A start that is cut short goes on where the last one stopped; two
    /// processes share the work. Gives how many events were taken.
    pub async fn fill_statistics(&self) -> Result<u64, ServiceError> {
        self.fill_ranks().await?;
        let mut taken = 0;
        loop {
            let mut tx = self.store.begin_aside().await?;
            // Under the lock: another process may be at it, too.
            storage::usage::lock_statistics(&mut tx).await?;
            let Some(last) = storage::usage::find_fill(&mut tx).await? else {
                tx.commit().await?;
                return Ok(taken);
            };
            let events = storage::usage::list_events_after(&mut tx, &last, BATCH).await?;
            storage::usage::add_to_statistics(&mut tx, events.iter()).await?;
            storage::usage::note_fill(&mut tx, events.last().map(|event| event.call.id)).await?;
            tx.commit().await?;
            taken += events.len() as u64;
            tracing::info!(calls = taken, "filling the statistics with what was booked before");
        }
    }

    /// Fills the sums that rankings are read of from the pages of days.
    async fn fill_ranks(&self) -> Result<(), ServiceError> {
        let mut days = 0;
        loop {
            let mut tx = self.store.begin_aside().await?;
            storage::usage::lock_statistics(&mut tx).await?;
            let found = storage::usage::fill_ranks(&mut tx).await?;
            tx.commit().await?;
            let Some(more) = found else { return Ok(()) };
            days += more;
            tracing::info!(days, "filling the rankings with what was booked before");
        }
    }
}
