//! Demo data: an organization with teams, people, keys, simulated models and 60 days of usage, so that every page has something to
//! show. Usage is booked as the gateway's is, so the demo's books balance.
//!
//! Deterministic by seed and time, except for what must not be guessed: the password and the keys. What a first run made is kept in
//! `demo.json` of the data directory, mode 0600, so that later runs can print it again. A run that was cut short is taken up again:
//! people and keys are written in one transaction, and usage events have ids that are the same every time.

#[cfg(test)]
mod abnormal;
mod asked;
mod cast;
mod dice;
mod ended;
mod limits;
mod many;
mod money;
mod people;
mod policy;
mod printed;
mod record;
#[cfg(test)]
mod tests;
mod usage;

use serde::{Deserialize, Serialize};

pub use printed::{Demo, DemoAccount};

use crate::{
    domain::{
        time::{DAY_MS, UnixMs},
        usage::UsageEvent,
    },
    service::{Clock, Random, ServiceError, Services, metering, quota::Quota},
    storage,
};

/// Setting: how far the demo data is written.
const PROGRESS: &str = "demo";
/// How far back usage goes.
const DAYS: i64 = 60;
/// Events that are booked in one transaction.
const BATCH: usize = 2_000;

/// What must be known to go on with a run that was cut short.
#[derive(Serialize, Deserialize)]
struct Progress {
    seed: u64,
    now: UnixMs,
    days: i64,
    done: bool,
}

impl Services {
    /// Writes the demo data of a seed, as of now. Where it stands already, this changes nothing. Gives what people need to look
    /// around: accounts, their common password, and a key that works.
    pub async fn seed_demo(&self, seed: u64) -> Result<Demo, ServiceError> {
        self.seed_demo_days(seed, DAYS).await
    }

    async fn seed_demo_days(&self, seed: u64, days: i64) -> Result<Demo, ServiceError> {
        let mut progress = match self.find_demo_progress().await? {
            Some(progress) => progress,
            None => self.write_demo_people(seed, days).await?,
        };
        if !progress.done {
            self.write_demo_usage(&progress).await?;
            self.refresh_snapshot().await?;
            self.write_demo_limits().await?;
            progress.done = true;
            let mut tx = self.store.begin().await?;
            put_progress(&mut tx, &progress, self.clock.now()).await?;
            tx.commit().await?;
        }
        self.refresh_snapshot().await?;
        printed::read(&self.settings.data_dir)
    }

    async fn find_demo_progress(&self) -> Result<Option<Progress>, ServiceError> {
        let mut c = self.store.reader().await?;
        let Some(text) = storage::settings::find(&mut c, PROGRESS).await? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| ServiceError::Internal(format!("the setting {PROGRESS}: {error}")))
    }

    /// People, teams, catalog and keys, in one transaction.
    async fn write_demo_people(&self, seed: u64, days: i64) -> Result<Progress, ServiceError> {
        let mut c = self.store.reader().await?;
        if storage::users::count(&mut c).await? > 0 {
            let message = "The demo data needs a platform without accounts. Use another data directory, or another database.";
            return Err(ServiceError::Conflict("not_empty", message.into()));
        }
        drop(c);
        let progress = Progress { seed, now: self.clock.now(), days, done: false };
        // Everything in the past, and repeatable; secrets come from this platform's own randomness.
        let past = Self { clock: Clock::manual(progress.now), random: Random::seeded(seed), ..self.clone() };
        let mut tx = self.store.begin().await?;
        let demo = people::write(&past, self, &mut tx, progress.now).await?;
        put_progress(&mut tx, &progress, progress.now).await?;
        // Before the commit: a file without rows is overwritten by the next run, rows without the file have lost their password.
        printed::write(&self.settings.data_dir, &demo)?;
        tx.commit().await?;
        Ok(progress)
    }

    async fn write_demo_usage(&self, progress: &Progress) -> Result<(), ServiceError> {
        let callers = people::read(self).await?;
        let start = progress.now.floor_to(DAY_MS).plus(-(progress.days - 1) * DAY_MS);
        // What happens in the past is dated so, and is counted by nobody who admits calls.
        let (clock, random) = (Clock::manual(start), Random::seeded(progress.seed ^ 1));
        let past = Self { clock, random, quota: Quota::default(), ..self.clone() };
        let on_plan = money::begin(&past).await?;
        let mut batch: Vec<UsageEvent> = Vec::with_capacity(BATCH);
        for mut event in usage::events(progress.seed, progress.now, progress.days, &callers) {
            event.call.billed = event.call.team == on_plan && !event.call.test;
            // Calls of a month are booked before its end is.
            let month = batch.first().map(|first| first.call.at.civil().1);
            if batch.len() == BATCH || month.is_some_and(|month| month != event.call.at.civil().1) {
                past.book_past(&batch).await?;
                batch.clear();
            }
            batch.push(event);
        }
        past.book_past(&batch).await?;
        past.clock.advance(progress.now.since(past.clock.now()));
        money::end(&past).await
    }

    /// Books calls of the past, after what had begun by then.
    async fn book_past(&self, events: &[UsageEvent]) -> Result<(), ServiceError> {
        if let Some(latest) = events.iter().map(|event| event.call.at).max() {
            self.clock.advance(latest.since(self.clock.now()).max(0));
        }
        self.renew_for(events).await?;
        metering::book(&self.store, events).await?;
        Ok(())
    }
}

async fn put_progress(c: &mut sqlx::AnyConnection, progress: &Progress, at: UnixMs) -> Result<(), ServiceError> {
    // A plain struct of numbers: writing it can not fail.
    let text = serde_json::to_string(progress).unwrap_or_default();
    Ok(storage::settings::put(c, PROGRESS, &text, at).await?)
}
