//! Warnings at 80 % and at 100 % of what a team or an organization may use in a day and in a billing month: a mail to those who can do
//! something about it, once for each period and threshold, and a line above the team's pages for as long as it is so.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        authorization::GrantLevel,
        format,
        ids::UserId,
        limit_scopes::{BudgetPer, Scope},
        limits::Window,
        money::NanoUsd,
        teams::MyAlert,
        time::{DAY_MS, UnixMs},
    },
    service::{
        Caller, ServiceError, Services,
        limits::{LimitsView, Place},
        mail::{NewMail, Template},
    },
    storage::{
        self, AnyConnection,
        limit_alerts::{self, Reached},
        model_access::requests::list_approvers,
        usage::{find_window_use, sum_spent},
    },
};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// Percent, the higher one first: whoever gets there at once is told once.
const THRESHOLDS: [i64; 2] = [100, 80];
/// Longest billing month.
const MONTH_MS: i64 = 31 * DAY_MS;

/// How full something is.
#[derive(Clone, Debug)]
struct Fullness {
    what: &'static str,
    percent: i64,
    /// What was used of what, and when it is over.
    sentence: String,
    period_start: UnixMs,
    /// Not told again for something that was told after this.
    told_after: UnixMs,
}

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
            let set = row.allowance;
            if set.budget.is_none() && set.limits.rpd.is_none() && set.limits.tpd.is_none() {
                continue;
            }
            if let Some((place, path)) = self.alerted_place(&mut c, row.scope).await? {
                let view = self.view_limits(&mut c, &place).await?;
                let full = self.fullness(&mut c, &view).await?;
                due.extend(full.into_iter().map(|full| (place.clone(), path.clone(), full)));
            }
        }
        drop(c);
        let mut sent = 0;
        for (place, path, full) in due {
            sent += usize::from(self.send_alert(&place, &path, &full).await?);
        }
        if sent > 0 {
            self.mailer.wake();
        }
        Ok(sent)
    }

    /// What stands above the pages of the teams that somebody runs: team, sentence, and whether calls are refused.
    pub async fn list_own_alerts(&self, caller: &Caller) -> Result<Vec<MyAlert>, ServiceError> {
        let mut c = self.store.reader().await?;
        let recent = limit_alerts::list_scopes(&mut c, self.clock.now().plus(-MONTH_MS)).await?;
        let mut alerts = vec![];
        for mine in storage::teams::list_of(&mut c, caller.user.id).await? {
            let scope = Scope::Team(mine.id);
            if !recent.contains(&scope) {
                continue;
            }
            let Some(team) = storage::teams::find(&mut c, &mine.id.to_string()).await? else { continue };
            let view = self.view_limits(&mut c, &Place::of_team(&team, scope, team.name.clone())).await?;
            let full = self.fullness(&mut c, &view).await?;
            let worst = full.into_iter().max_by_key(|full| full.percent);
            alerts.extend(worst.map(|full| MyAlert {
                team: mine.slug.clone(),
                sentence: full.sentence,
                reached: full.percent >= THRESHOLDS[0],
            }));
        }
        Ok(alerts)
    }

    /// A team or an organization, and where its limits are shown. Nobody is told of keys, members and models: their own pages show it.
    async fn alerted_place(&self, c: &mut AnyConnection, scope: Scope) -> Result<Option<(Place, String)>, ServiceError> {
        Ok(match scope {
            Scope::Team(id) => storage::teams::find(c, &id.to_string()).await?.map(|team| {
                let path = format!("/t/{}/quotas", team.slug);
                (Place::of_team(&team, scope, team.name.clone()), path)
            }),
            Scope::Organization(id) => storage::organizations::find(c, &id.to_string())
                .await?
                .map(|org| (Place::of_organization(&org), format!("/o/{}/limits", org.slug))),
            Scope::Key(_) | Scope::Member(..) | Scope::Grant(_) | Scope::TeamModel(..) => None,
        })
    }

    /// Everything of a scope that is at least at the lower threshold.
    async fn fullness(&self, c: &mut AnyConnection, view: &LimitsView) -> Result<Vec<Fullness>, ServiceError> {
        let (set, now) = (view.allowance, view.at);
        let mut full = vec![];
        if set.limits.rpd.is_some() || set.limits.tpd.is_some() {
            let used = find_window_use(c, view.scope, now).await?;
            for (window, used) in [(Window::Rpd, used.requests[2]), (Window::Tpd, used.tokens[2])] {
                let Some(limit) = set.limits.get(window).filter(|limit| *limit > 0) else { continue };
                let words = format!(
                    "{} has used {} of its {} {} a day.",
                    view.name,
                    format::count(used),
                    format::count(limit),
                    window.counted().as_str()
                );
                full.push(Fullness {
                    what: window.as_str(),
                    percent: percent(used, limit),
                    sentence: words,
                    period_start: now.floor_to(DAY_MS),
                    told_after: now.plus(-DAY_MS),
                });
            }
        }
        if let Some(budget) = set.budget_at(now).filter(|budget| budget.amount.0 > 0) {
            let (since, ends) = match budget.per {
                BudgetPer::Period => (view.period.start, format!(" It resets on {}.", format::date(view.period.end))),
                BudgetPer::Total => (UnixMs(0), String::new()),
            };
            let spent = NanoUsd(sum_spent(c, view.scope, since).await?);
            let words =
                format!("{} has spent {} of its {} budget.{ends}", view.name, format::money(spent), format::money(budget.amount));
            full.push(Fullness {
                what: "budget",
                percent: percent(spent.0, budget.amount.0),
                sentence: words,
                period_start: since,
                told_after: UnixMs(i64::MAX),
            });
        }
        full.retain(|full| full.percent >= THRESHOLDS[1]);
        Ok(full)
    }

    /// Notes what was reached and queues its mails, in one transaction; whether there was anything to tell.
    async fn send_alert(&self, place: &Place, path: &str, full: &Fullness) -> Result<bool, ServiceError> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut news = None;
        for threshold in THRESHOLDS.into_iter().filter(|threshold| full.percent >= *threshold) {
            let reached = Reached { scope: place.scope, what: full.what, threshold, period_start: full.period_start };
            if limit_alerts::insert_new(&mut tx, &reached, full.told_after, now).await? {
                news = news.max(Some(threshold));
            }
        }
        let Some(threshold) = news else { return Ok(false) };
        for (_, email, name) in self.alert_recipients(&mut tx, place).await? {
            let template = Template::LimitNear {
                name: place.name.clone(),
                path: path.to_owned(),
                sentence: full.sentence.clone(),
                reached: threshold == THRESHOLDS[0],
            };
            self.queue_mail(&mut tx, NewMail { template, recipient: &email, name: &name, token: None }).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Owner and admins of a team, or the admins of an organization.
    async fn alert_recipients(
        &self,
        c: &mut AnyConnection,
        place: &Place,
    ) -> Result<Vec<(UserId, String, String)>, ServiceError> {
        Ok(match (place.scope, place.team) {
            (Scope::Organization(id), _) => storage::organizations::list_admins(c, id).await?,
            (_, Some(team)) => list_approvers(c, team, GrantLevel::Team).await?,
            (_, None) => vec![],
        })
    }
}

/// Floored: 100 means reached.
fn percent(used: i64, limit: i64) -> i64 {
    i64::try_from(i128::from(used) * 100 / i128::from(limit.max(1))).unwrap_or(i64::MAX)
}
