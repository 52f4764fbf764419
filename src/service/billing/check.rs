//! The comparison of the books: events, sums, ledger and balance say the same, and so do the counters in memory. A difference is told
//! and stays; nothing is put right by itself.

use std::{collections::HashMap, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{difference_words, place};
use crate::{
    domain::{
        ids::TeamId,
        periods::Period,
        plan_changes::BookCheck,
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, ServiceError, Services},
    storage,
};

/// Between two comparisons.
const EVERY: Duration = Duration::from_secs(300);
/// Between two looks at the same counters.
const AGAIN: Duration = Duration::from_millis(500);
/// How many looks a difference of the counters must survive: calls that end meanwhile change both sides one after the other.
const LOOKS: usize = 4;

impl Services {
    /// Compares the books now and then, until it is told to stop. Run once, by the composition.
    pub async fn run_book_check(&self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.check_books().await {
                tracing::warn!(error = %error, "the books could not be compared");
            }
            if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Compares the books, keeps what was found for pages and metrics, and raises the alarm where they disagree.
    pub async fn check_books(&self) -> Result<BookCheck, ServiceError> {
        let mut differences = vec![];
        let mut c = self.store.reader().await?;
        differences.extend(storage::billing::compare_books(&mut c).await?.iter().map(difference_words));
        // What is older was compared before, and can not change; `doctor` compares all of it at its finest.
        let since = self.clock.now().plus(-2 * DAY_MS).floor_to(DAY_MS);
        let (events, sums) = storage::billing::sum_recent(&mut c, since).await?;
        if events != sums {
            differences.push(format!("sums of usage say {sums} nano-dollars since {}, the events {events}", since.0));
        }
        drop(c);
        differences.extend(self.find_wrong_counters().await?);
        let check = BookCheck { at: Some(self.clock.now()), differences };
        for difference in &check.differences {
            tracing::error!(%difference, "the books do not balance");
        }
        *self.books.write().unwrap_or_else(std::sync::PoisonError::into_inner) = check.clone();
        Ok(check)
    }

    /// The last comparison.
    pub fn last_book_check(&self) -> BookCheck {
        self.books.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The same for platform admins.
    pub fn get_book_check(&self, caller: &Caller) -> Result<BookCheck, ServiceError> {
        caller.check_platform_admin()?;
        Ok(self.last_book_check())
    }

    /// Teams whose balance in memory is not the stored one less what is not booked yet.
    async fn find_wrong_counters(&self) -> Result<Vec<String>, ServiceError> {
        let mut wrong: HashMap<TeamId, String> = HashMap::new();
        for look in 0..LOOKS {
            let found = self.compare_counters().await?;
            // What is wrong at every look is wrong.
            wrong = if look == 0 { found } else { found.into_iter().filter(|(team, _)| wrong.contains_key(team)).collect() };
            if wrong.is_empty() {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        Ok(wrong.into_values().collect())
    }

    async fn compare_counters(&self) -> Result<HashMap<TeamId, String>, ServiceError> {
        self.book_ended_calls().await?;
        let mut c = self.store.reader().await?;
        let mut found = HashMap::new();
        for (id, balance) in storage::billing::list_balances(&mut c).await? {
            let Some(team) = storage::teams::find(&mut c, &id.to_string()).await? else { continue };
            let (book, scope) = place(&team);
            let now = self.clock.now();
            let period = Period::at(now, storage::billing::anchor_day(&mut c, id).await?);
            let standing = self.quota.standing(book, scope, now, period);
            // A process that admits no calls counts no balances.
            let Some(counted) = standing.balance else { continue };
            if counted.0 != balance && standing.held.0 == 0 && !self.meter.has_open_call(id, UnixMs(i64::MAX)).await {
                let sentence =
                    format!("the counters of team {} ({id}) say {} nano-dollars, its balance is {balance}", team.name, counted.0);
                found.insert(id, sentence);
            }
        }
        Ok(found)
    }
}
