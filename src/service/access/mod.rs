//! Model authorization as data: one compiled, immutable [`snapshot::Snapshot`] that the gateway reads without waiting, rebuilt from
//! storage on change and swapped as a whole.
//!
//! Staleness: writes of this process refresh the snapshot before they return. When the database is away the last snapshot stays in
//! force; expiries still act, because they are compared with the clock at every call.

pub mod compile;
pub mod decide;
pub mod load;
pub mod policy;
pub mod snapshot;

use std::sync::Arc;

use super::{ServiceError, Services};
use crate::domain::ids::{TeamId, UserId};
use decide::Holder;
use snapshot::Snapshot;

impl Services {
    /// What the gateway decides with now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// A chat model that somebody may call in a context, for examples: the first by name.
    pub fn example_model(&self, team: TeamId, user: UserId) -> Option<String> {
        let snapshot = self.snapshot();
        let callable = snapshot.callable(&Holder::of_member(snapshot.team(team)?, user), self.clock.now());
        callable.into_iter().find(|model| model.modality.chats()).map(|model| model.name.clone())
    }

    /// Rebuilds the snapshot from storage. Whoever returns from here after a write sees that write in force.
    pub async fn refresh_snapshot(&self) -> Result<(), ServiceError> {
        // One at a time, each reading after it got its turn: a slow older read can not replace a newer one.
        let _turn = self.refreshing.lock().await;
        let snapshot = load::load(self).await?;
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }
}
