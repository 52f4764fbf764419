//! The money of teams: plans, seats, balance, ledger (spec.md §5). The arithmetic stands in `domain/billing.rs`; here it is posted, each
//! movement in the transaction of what causes it: charges with the events that are booked, credit with the change of plan or seats,
//! expiry with the renewal.
//!
//! The balance that gateway calls reserve from is in memory (`quota`) and follows each commit. What a movement takes away is taken there
//! first, and only as far as no running call holds it; so no charge finds less than it had reserved.

mod adjust;
mod change;
mod check;
mod plans;
mod posting;
mod read;
mod renewal;
mod requests;

use sqlx::AnyConnection;

pub use posting::charge_events;

use crate::{
    domain::{
        billing::{Fee, TeamBilling, TooMuch},
        ledger::Entry,
        limit_scopes::Scope,
        money::NanoUsd,
        periods::Period,
        teams::Team,
    },
    service::{
        ServiceError, Services,
        quota::{BookId, Quota},
    },
    storage,
};

impl From<TooMuch> for ServiceError {
    fn from(_: TooMuch) -> Self {
        Self::field("amount", "The balance would be more than can be written down.")
    }
}

impl Services {
    /// Brings the balances that calls reserve from to what storage says. Run at the start, when what an earlier process left is booked
    /// and nothing is admitted yet.
    pub async fn load_balances(&self) -> Result<(), ServiceError> {
        self.expire_left_over().await?;
        let mut c = self.store.reader().await?;
        for (team, balance) in storage::billing::list_balances(&mut c).await? {
            if let Some(team) = storage::teams::find(&mut c, &team.to_string()).await? {
                let (book, scope) = place(&team);
                self.quota.set_balance(book, scope, NanoUsd(balance));
            }
        }
        Ok(())
    }

    /// Refuses to change seats past the plan that they are paid with.
    pub(super) async fn check_not_on_plan(&self, c: &mut AnyConnection, team: &Team) -> Result<(), ServiceError> {
        match storage::billing::find(c, team.id).await?.and_then(|billing| billing.terms) {
            None => Ok(()),
            Some(terms) => Err(ServiceError::Conflict(
                "on_plan",
                format!("{} is on the plan {}: its seats are changed under Billing.", team.name, terms.name),
            )),
        }
    }

    /// What a team has, or what it would begin with.
    async fn billing_of(&self, c: &mut AnyConnection, team: &Team) -> Result<TeamBilling, ServiceError> {
        if let Some(billing) = storage::billing::find(c, team.id).await? {
            return Ok(billing);
        }
        let anchor = storage::billing::anchor_day(c, team.id).await?;
        Ok(TeamBilling::new(team.id, Period::at(self.clock.now(), anchor)))
    }
}

/// Where a team's balance is counted.
pub(crate) fn place(team: &Team) -> (BookId, Scope) {
    let book = team.organization.map_or(BookId::Personal(team.id), BookId::Organization);
    (book, Scope::Team(team.id))
}

/// Writes what was posted.
async fn write(c: &mut AnyConnection, billing: &TeamBilling, entries: &[Entry], fee: Option<&Fee>) -> Result<(), sqlx::Error> {
    storage::billing::put(c, billing).await?;
    storage::billing::insert_entries(c, billing.team, entries).await?;
    if let Some(fee) = fee {
        storage::billing::insert_fee(c, billing.team, fee).await?;
    }
    Ok(())
}

/// What a transaction does to the balance in memory: what it takes away is gone before it commits, what it adds comes afterwards.
#[derive(Debug)]
struct InMemory {
    quota: Quota,
    book: BookId,
    scope: Scope,
    taken: i64,
    added: i64,
    done: bool,
}

impl InMemory {
    fn of(services: &Services, team: &Team) -> Self {
        let (book, scope) = place(team);
        Self { quota: services.quota.clone(), book, scope, taken: 0, added: 0, done: false }
    }

    /// Takes what no running call holds: at most `most`, and so that `keep` stays.
    fn take(&mut self, most: i64, keep: i64) -> i64 {
        let taken = self.quota.take(self.book, self.scope, NanoUsd(most), NanoUsd(keep)).0;
        self.taken += taken;
        taken
    }

    /// Commits, and lets the balance follow, even if whoever asked does not wait.
    async fn commit(mut self, services: &Services, tx: storage::Tx, touched: super::Touched) -> Result<(), ServiceError> {
        let then = move |committed: bool| {
            // Of a commit that failed nobody knows whether it came through: what was taken stays away, so that nothing is spent twice.
            self.done = true;
            if committed && self.added != 0 {
                self.quota.credit(self.book, self.scope, NanoUsd(self.added));
            }
        };
        services.commit_then(tx, touched, then).await
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        if !self.done && self.taken != 0 {
            self.quota.credit(self.book, self.scope, NanoUsd(self.taken));
        }
    }
}

/// What the books of a team disagree on, for people who look after the installation.
pub(super) fn difference_words(books: &storage::billing::Books) -> String {
    let money = |amount: i64| format!("{amount} nano-dollars");
    format!(
        "the books of team {} ({}) disagree (INV-1): events charge {}, the ledger charges {}, the ledger sums up to {}, the balance is {}",
        books.name,
        books.team,
        money(books.events),
        money(books.charged),
        money(books.ledger),
        money(books.balance),
    )
}
