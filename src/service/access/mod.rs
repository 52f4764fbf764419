//! Model authorization as data: one compiled, immutable [`snapshot::Snapshot`] that the gateway reads without waiting, swapped as a
//! whole. A change names what it touched ([`touched::Touched`]); that alone is read from storage again, and a new snapshot is made that
//! shares the rest with the one before.
//!
//! Staleness: writes of this process refresh the snapshot before they return. A refresh that fails, or whose request ends half-way,
//! leaves what it was to read noted, and it is read within a second or with the next one. When the database is away the last snapshot
//! stays in force; expiries still act, because they are compared with the clock at every call. Every few minutes everything is read, so
//! that even a change that named too little, or was made past this process, comes into force.

mod catalog;
pub mod compile;
pub mod decide;
mod load;
pub mod policy;
mod sharded;
pub mod snapshot;
pub mod terms;
mod touched;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::{ServiceError, Services};
use crate::{
    domain::ids::{TeamId, UserId},
    storage::Tx,
};
use decide::Holder;
use snapshot::Snapshot;
pub use touched::Touched;

/// How often it is looked whether something is left to read.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After so many looks everything is read.
const LOOKS: u32 = 300;

/// The snapshot in force, and what it does not hold yet.
#[derive(Debug, Default)]
pub struct InForce {
    snapshot: ArcSwap<Snapshot>,
    /// One refresh at a time, each reading after it got its turn: a slow older read can not replace a newer one.
    turn: tokio::sync::Mutex<()>,
    /// Committed, and not read yet.
    pending: Mutex<Touched>,
}

impl InForce {
    fn pending(&self) -> MutexGuard<'_, Touched> {
        // Whatever panicked, a set of names is whole.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self, touched: Touched) {
        let mut pending = self.pending();
        *pending = std::mem::take(&mut *pending).and(touched);
    }
}

impl Services {
    /// What the gateway decides with now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.in_force.snapshot.load_full()
    }

    /// A chat model that somebody may call in a context, for examples: the first by name.
    pub fn example_model(&self, team: TeamId, user: UserId) -> Option<String> {
        let snapshot = self.snapshot();
        let callable = snapshot.callable(&Holder::of_member(snapshot.team(team)?, user), self.clock.now());
        callable.into_iter().find(|model| model.modality.chats()).map(|model| model.name.clone())
    }

    /// Commits a transaction and brings what it touched into force. Goes on to its end even if whoever asked for it does not wait: who
    /// revokes a key and hangs up has revoked it.
    pub async fn commit(&self, tx: Tx, touched: Touched) -> Result<(), ServiceError> {
        self.commit_then(tx, touched, |_| {}).await
    }

    /// The same; `then` is told, before anybody else, whether it committed.
    pub(in crate::service) async fn commit_then(
        &self,
        tx: Tx,
        touched: Touched,
        then: impl FnOnce(bool) + Send + 'static,
    ) -> Result<(), ServiceError> {
        let services = self.clone();
        let work = tokio::spawn(async move {
            let committed = tx.commit().await;
            then(committed.is_ok());
            // Of a commit that failed nobody knows whether it came through.
            services.in_force.touch(touched);
            let refreshed = services.refresh().await;
            committed.map_err(ServiceError::from).and(refreshed)
        });
        work.await.map_err(|error| ServiceError::Internal(format!("committing: {error}")))?
    }

    /// Reads everything anew. Whoever returns from here after a write sees that write in force. [`Self::commit`] reads less.
    pub async fn refresh_snapshot(&self) -> Result<(), ServiceError> {
        self.in_force.touch(Touched::everything());
        self.refresh().await
    }

    /// Keeps the snapshot true until it is told to stop: reads what a failed refresh left, and now and then everything.
    pub async fn run_refresh(&self, stop: CancellationToken) {
        let mut looks = 0;
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            looks += 1;
            if looks % LOOKS == 0 {
                self.in_force.touch(Touched::everything());
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(error = %error, "what decides about calls could not be read; what was read before stays in force");
            }
        }
    }

    /// Brings into force what was touched, by whomever, until now.
    async fn refresh(&self) -> Result<(), ServiceError> {
        let _turn = self.in_force.turn.lock().await;
        let taken = Taken { touched: std::mem::take(&mut *self.in_force.pending()), from: &self.in_force };
        if taken.touched.is_nothing() {
            return Ok(());
        }
        let next = if taken.touched.is_everything() {
            load::load_everything(self).await?
        } else {
            load::load_touched(self, &self.snapshot(), &taken.touched).await?
        };
        self.in_force.snapshot.store(Arc::new(next));
        taken.done();
        Ok(())
    }
}

/// What a refresh is about to read; pending again if it does not get to its end.
struct Taken<'a> {
    touched: Touched,
    from: &'a InForce,
}

impl Taken<'_> {
    fn done(mut self) {
        self.touched = Touched::default();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.from.touch(std::mem::take(&mut self.touched));
    }
}

#[cfg(test)]
mod same;
