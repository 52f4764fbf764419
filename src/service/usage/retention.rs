//! How long single calls are kept: an organization may have them deleted after some days. Sums, statements and the ledger stay, and what
//! is deleted is noted so that the books still balance to the last digit (docs/usage.md).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ids::TeamId,
        roles::Action,
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, ServiceError, Services},
    storage,
};

/// How often it is looked for what is too old.
const EVERY: Duration = Duration::from_secs(3_600);
/// Calls that are deleted in one transaction: bookers wait for it.
const BATCH: i64 = 500;
/// Between two transactions: bookers go first.
const REST: Duration = Duration::from_millis(50);

/// The fewest and most days that calls are kept where they are not kept for ever. A billing month lies within the fewest.
pub const DAYS: std::ops::RangeInclusive<i64> = 30..=3_650;

impl Services {
    /// Deletes calls that are older than their organization keeps them, now and then, until it is told to stop. Run once, by the
    /// composition.
    pub async fn run_retention(&self, stop: CancellationToken) {
        loop {
            match stop.run_until_cancelled(self.purge_old_calls()).await {
                None => return,
                Some(Err(error)) => tracing::warn!(%error, "old calls could not be deleted; it is tried again in an hour"),
                Some(Ok(0)) => {}
                Some(Ok(calls)) => tracing::info!(calls, "calls were deleted that were older than their organizations keep them"),
            }
            if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Deletes what is too old now, in small transactions. Gives how many calls that were. It may be cut off between any two of them.
    pub async fn purge_old_calls(&self) -> Result<u64, ServiceError> {
        let teams = storage::usage::list_purged_teams(&mut *self.store.reader().await?).await?;
        let mut deleted = 0;
        for (team, days) in teams {
            let before = self.clock.now().plus(-days * DAY_MS).floor_to(DAY_MS);
            while let Some(calls) = self.purge_some(team, before).await? {
                deleted += calls;
                tokio::time::sleep(REST).await;
            }
        }
        Ok(deleted)
    }

    /// One transaction of it: nothing where nothing is left to delete, or where the books of the oldest day do not agree with its calls.
    pub(crate) async fn purge_some(&self, team: TeamId, before: UnixMs) -> Result<Option<u64>, ServiceError> {
        let mut tx = self.store.begin_aside().await?;
        let Some(day) = storage::usage::find_oldest_day(&mut tx, team, before).await? else { return Ok(None) };
        storage::usage::lock_statistics(&mut tx).await?;
        let next = day.plus(DAY_MS);
        if !storage::usage::has_purged(&mut tx, team, day, next).await?
            && !storage::usage::is_day_right(&mut tx, team, day).await?
        {
            tracing::error!(%team, day = day.0, "calls of a day are kept, because sums do not agree with them");
            return Ok(None);
        }
        let deleted = storage::usage::purge_day(&mut tx, team, day, BATCH).await?;
        tx.commit().await?;
        Ok(Some(deleted))
    }

    /// The days that a team's calls are kept; 0 for ever.
    pub async fn call_log_days(&self, caller: &Caller, team: &str) -> Result<i64, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        Ok(storage::usage::find_call_log_days(&mut c, team.id).await?)
    }
}

/// Days as they may be set; 0 means for ever.
pub fn check_days(days: i64) -> Result<i64, String> {
    if days == 0 || DAYS.contains(&days) {
        Ok(days)
    } else {
        Err(format!("Keep calls for {} to {} days, or for ever.", DAYS.start(), DAYS.end()))
    }
}
