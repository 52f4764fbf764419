//! Warnings at 80 % and at 100 % of daily windows, budgets and balances: a mail to those who can do something about it, once for each
//! period and threshold, and a line above the team's pages for as long as it is so.
//!
//! What is used is read where it is refused: the counters in memory tell at once what is far from its limit, so that a look costs a
//! query for what is set and one for each thing that is nearly used up.

mod fullness;
mod told;

use std::time::Duration;

use sqlx::AnyConnection;
use tokio_util::sync::CancellationToken;

use self::{fullness::Fullness, told::Watched};
use crate::{
    domain::{
        billing::TeamBilling,
        ids::TeamId,
        ledger::EntryKind,
        limit_scopes::{Allowance, Scope},
        limit_words,
        periods::Period,
        roles::{Action, Standing},
        teams::{AlertPage, MyAlert},
        time::DAY_MS,
    },
    service::{
        Caller, ServiceError, Services,
        mail::{NewMail, Template},
        quota::{BookId, book_of},
    },
    storage::{
        self,
        limit_alerts::{self, Reached},
        limits::LimitRow,
    },
};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// Percent, the higher one first: whoever gets there at once is told once.
const THRESHOLDS: [i64; 2] = [100, 80];
/// Longest billing month.
const MONTH_MS: i64 = 31 * DAY_MS;

impl Services {
    /// Looks for what is nearly or wholly used up, again and again, until it is told to stop.
    pub async fn run_alerts(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            if let Err(error) = self.send_alerts().await {
                tracing::warn!(error = %error, "it was not found out which limits are nearly used up; it is tried again");
            }
        }
    }

    /// Tells those who can do something about it what is nearly or wholly used up, and was not told before in this period. Gives how
    /// many times it told something.
    pub async fn send_alerts(&self) -> Result<usize, ServiceError> {
        let mut c = self.store.reader().await?;
        let mut due = vec![];
        for row in storage::limits::list_all(&mut c).await? {
            for full in self.fullness_of(&mut c, &row).await? {
                due.push((row.scope, row.team, full));
            }
        }
        for billing in storage::billing::list_on_plan(&mut c).await? {
            if let Some(full) = self.balance_fullness(&mut c, &billing).await? {
                due.push((Scope::Team(billing.team), Some(billing.team), full));
            }
        }
        drop(c);
        let mut sent = 0;
        for (scope, team, full) in due {
            sent += usize::from(self.send_alert(scope, team, &full).await?);
        }
        if sent > 0 {
            self.mailer.wake();
        }
        Ok(sent)
    }

    /// What stands above the pages of somebody's teams: what is nearly used up of a team, and of what is their own in it. The worst of
    /// each team comes first. A balance that is not used up yet is for those who see the team's billing.
    pub async fn list_own_alerts(&self, caller: &Caller) -> Result<Vec<MyAlert>, ServiceError> {
        let mut c = self.store.reader().await?;
        let now = self.clock.now();
        let mut alerts = vec![];
        let recent = limit_alerts::list_scopes_of(&mut c, caller.user.id, now.plus(-MONTH_MS)).await?;
        let mine = if recent.is_empty() { vec![] } else { storage::teams::list_of(&mut c, caller.user.id).await? };
        for scope in recent {
            let mut found = vec![];
            let row = storage::limits::find(&mut c, scope).await?;
            if let Some(row) = &row {
                found.append(&mut self.fullness_of(&mut c, row).await?);
            }
            let team = match scope {
                Scope::Team(id) => Some(id),
                _ => row.and_then(|row| row.team),
            };
            let Some(mine) = mine.iter().find(|mine| Some(mine.id) == team) else { continue };
            let sees_billing = Standing { role: Some(mine.role), ..Standing::default() }.may(Action::ViewBilling);
            if scope == Scope::Team(mine.id) {
                let billing = storage::billing::find(&mut c, mine.id).await?.filter(|billing| billing.terms.is_some());
                if let Some(billing) = billing {
                    let full = self.balance_fullness(&mut c, &billing).await?;
                    found.extend(full.filter(|full| sees_billing || full.percent >= THRESHOLDS[0]));
                }
            }
            if found.is_empty() {
                continue;
            }
            let Some(watched) = self.find_watched(&mut c, scope, team).await? else { continue };
            alerts.extend(found.into_iter().map(|full| {
                let alert = MyAlert {
                    team: mine.slug.clone(),
                    sentence: limit_words::warned(&watched.name, &full.reached, now),
                    page: match scope {
                        Scope::Team(_) if full.what == "balance" && sees_billing => AlertPage::Billing,
                        Scope::Key(_) => AlertPage::Keys,
                        _ => AlertPage::Limits,
                    },
                    reached: full.percent >= THRESHOLDS[0],
                };
                (full.percent, alert)
            }));
        }
        alerts.sort_by_key(|(percent, _)| std::cmp::Reverse(*percent));
        Ok(alerts.into_iter().map(|(_, alert)| alert).collect())
    }

    /// What is nearly used up of what is set on a scope.
    async fn fullness_of(&self, c: &mut AnyConnection, row: &LimitRow) -> Result<Vec<Fullness>, ServiceError> {
        if !is_watched(&row.allowance) {
            return Ok(vec![]);
        }
        let now = self.clock.now();
        let (book, anchor) = match (row.root, row.team) {
            (Scope::Organization(id), None) => (BookId::Organization(id), storage::limits::find_anchor(c, row.scope).await?),
            (_, Some(team)) => match self.snapshot().team(team) {
                Some(entry) => (book_of(entry), entry.terms.anchor),
                // It was deleted.
                None => return Ok(vec![]),
            },
            _ => return Ok(vec![]),
        };
        let period = Period::at(now, anchor);
        let standing = self.quota.standing(book, row.scope, now, period);
        Ok(fullness::of_allowance(&row.allowance, &standing, period, now))
    }

    /// How much of a balance is used, if it is nearly all of it.
    async fn balance_fullness(&self, c: &mut AnyConnection, billing: &TeamBilling) -> Result<Option<Fullness>, ServiceError> {
        let (spent, month) = match self.snapshot().team(billing.team) {
            Some(entry) => {
                let (now, scope) = (self.clock.now(), Scope::Team(billing.team));
                let month = Period::at(now, entry.terms.anchor);
                (self.quota.standing(book_of(entry), scope, now, month).spent, month)
            }
            None => return Ok(None),
        };
        // What the balance paid for is no more than all calls of the month: where even those would not use it up, no query is needed.
        // A month that began later, as the anchor was moved, does not tell.
        if month.start <= billing.period.start && fullness::of_balance(billing, spent.0).is_none() {
            return Ok(None);
        }
        let (_, sums) = storage::billing::sums_of_period(c, billing.team, billing.period.start).await?;
        let charged = sums.iter().filter(|(kind, _)| *kind == EntryKind::UsageCharge).map(|(_, sum)| -sum).sum();
        Ok(fullness::of_balance(billing, charged))
    }

    /// Notes what was reached and queues its mails, in one transaction; whether there was anything to tell.
    async fn send_alert(&self, scope: Scope, team: Option<TeamId>, full: &Fullness) -> Result<bool, ServiceError> {
        let now = self.clock.now();
        let of = |threshold| Reached { scope, what: full.what, threshold, period_start: full.period_start };
        let percent = full.percent;
        let reached = || THRESHOLDS.into_iter().filter(move |threshold| percent >= *threshold);
        // Most of what is found was told long ago: that takes no writer.
        let mut c = self.store.reader().await?;
        let mut told = true;
        for threshold in reached() {
            told &= limit_alerts::is_noted(&mut c, &of(threshold), full.told_after).await?;
        }
        if told {
            return Ok(false);
        }
        drop(c);
        let mut tx = self.store.begin().await?;
        let Some(watched) = self.find_watched(&mut tx, scope, team).await? else { return Ok(false) };
        let mut news = None;
        for threshold in reached() {
            if limit_alerts::insert_new(&mut tx, &of(threshold), full.told_after, now).await? {
                news = news.max(Some(threshold));
            }
        }
        let Some(threshold) = news else { return Ok(false) };
        self.queue_alert(&mut tx, &watched, full, threshold >= THRESHOLDS[0]).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn queue_alert(
        &self,
        c: &mut AnyConnection,
        watched: &Watched,
        full: &Fullness,
        reached: bool,
    ) -> Result<(), ServiceError> {
        let sentence = limit_words::warned(&watched.name, &full.reached, self.clock.now());
        for reader in self.list_alert_readers(c, watched).await? {
            let template = Template::LimitNear {
                name: watched.name.first_words(),
                path: match &reader.name {
                    Some(_) if full.what == "balance" => watched.billing.clone(),
                    Some(_) => watched.path.clone(),
                    None => String::new(),
                },
                sentence: sentence.clone(),
                reached,
            };
            let name = reader.name.as_deref().unwrap_or_default();
            self.queue_mail(c, NewMail { template, recipient: &reader.email, name, token: None }).await?;
        }
        Ok(())
    }
}

/// Whether something is set that people are warned of: a window of a day, or a budget.
fn is_watched(set: &Allowance) -> bool {
    set.budget.is_some() || set.limits.rpd.is_some() || set.limits.tpd.is_some()
}
