//! What pages and interfaces show of a team's money.

use sqlx::AnyConnection;

use crate::{
    domain::{
        billing::{Renewal, TeamBilling},
        ledger::{EntryKind, LedgerFilter, LedgerLine},
        limit_scopes::{BudgetPer, Scope},
        page::{Page, PageRequest},
        periods::Period,
        plan_changes::{BillingView, Next, PlanAndSeats, PlanRequestView, Statement},
        roles::Action,
        teams::Team,
        time::{DAY_MS, UnixMs},
        usage::UsageShare,
    },
    service::{Caller, ServiceError, Services},
    storage,
};

/// Lines of one piece of an export, or of a statement.
const PIECE: i64 = 1_000;

impl Services {
    /// Balance, plan, seats and what comes next.
    pub async fn get_billing(&self, caller: &Caller, team: &str) -> Result<BillingView, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        let stored = storage::billing::find(&mut c, team.id).await?;
        let now = self.clock.now();
        let on_plan = stored.as_ref().filter(|billing| billing.terms.is_some());
        let period = match on_plan {
            Some(billing) => billing.period,
            None => Period::at(now, storage::billing::anchor_day(&mut c, team.id).await?),
        };
        let terms = on_plan.and_then(|billing| billing.terms.clone());
        let (_, sums) = storage::billing::sums_of_period(&mut c, team.id, period.start).await?;
        let limit = storage::limits::find(&mut c, Scope::Team(team.id)).await?;
        let limit = limit.and_then(|row| row.allowance.budget_at(now));
        let month = Period::at(now, storage::billing::anchor_day(&mut c, team.id).await?);
        let spent = storage::usage::sum_cost(&mut c, team.id, month.start, month.end).await?;
        let limit_per = limit.map(|budget| budget.per).unwrap_or_default();
        let seats = self.seats_of(&mut c, &team).await?;
        let request = storage::plans::find_waiting_of(&mut c, team.id).await?.map(PlanRequestView::from);
        Ok(BillingView {
            seat_price: terms.as_ref().map_or(0, |terms| terms.seat_price.0),
            included_usage: terms.as_ref().map_or(0, |terms| terms.included_usage.0),
            plan: terms.map(|terms| terms.name),
            seats: team.seats,
            members: seats.members,
            pending: seats.pending,
            balance: stored.as_ref().map(|billing| billing.balance),
            expiring: stored.as_ref().map_or(0, |billing| billing.credit + billing.spared),
            credited: sum(&sums, EntryKind::SeatCredit),
            charged: -sum(&sums, EntryKind::UsageCharge),
            next: self.next_of(&mut c, stored.as_ref()).await?,
            period,
            discount_bp: team.discount_bp,
            spending_limit: limit.map(|budget| budget.amount.0),
            limit_per,
            limit_spent: match limit_per {
                BudgetPer::Period => spent,
                BudgetPer::Total => storage::usage::sum_spent(&mut c, Scope::Team(team.id), UnixMs(0)).await?,
            },
            spent,
            request: request.filter(|_| standing.may(Action::ManageBilling)),
            may_change: standing.may(Action::ManageBilling) && team.organization.is_some(),
            may_adjust: standing.platform_admin,
            allows_unbilled: storage::organizations::allows_unbilled(&mut c, team.organization).await?,
        })
    }

    /// The plan that a team is on, by name; none without one.
    pub async fn find_plan_name(&self, caller: &Caller, team: &str) -> Result<Option<String>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        let billing = storage::billing::find(&mut c, team.id).await?;
        Ok(billing.and_then(|billing| billing.terms).map(|terms| terms.name))
    }

    async fn next_of(&self, c: &mut AnyConnection, billing: Option<&TeamBilling>) -> Result<Next, ServiceError> {
        Ok(match billing.map(|billing| billing.next) {
            None | Some(Renewal::Same) => Next::Same,
            Some(Renewal::End) => Next::End,
            Some(Renewal::Change(plan, seats)) => {
                let plan = storage::plans::find(c, &plan.to_string()).await?.map(|plan| plan.name).unwrap_or_default();
                Next::Change(PlanAndSeats { plan, seats })
            }
        })
    }

    /// Lines of the ledger, newest first.
    pub async fn list_ledger(
        &self,
        caller: &Caller,
        team: &str,
        filter: &LedgerFilter,
        page: &PageRequest,
    ) -> Result<Page<LedgerLine>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        let parse = |cursor: &str| cursor.parse::<i64>().ok().filter(|line| *line > 0);
        let before = page.cursor_id(parse).map_err(ServiceError::Invalid)?.unwrap_or(0);
        let lines = storage::billing::list_lines(&mut c, team.id, filter, before, page.limit() + 1).await?;
        Ok(Page::cut(lines, page.limit(), |line| line.line.to_string()))
    }

    /// The part of a ledger that a file begins with; its cursor leads to the next one.
    pub async fn export_ledger(
        &self,
        caller: &Caller,
        team: &str,
        filter: &LedgerFilter,
        cursor: Option<i64>,
    ) -> Result<Page<LedgerLine>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        let lines = storage::billing::list_lines(&mut c, team.id, filter, cursor.unwrap_or(0), PIECE + 1).await?;
        Ok(Page::cut(lines, PIECE, |line| line.line.to_string()))
    }

    /// What models a line of usage is made of: those of the calls of its day and period.
    pub async fn list_line_models(&self, caller: &Caller, team: &str, line: i64) -> Result<Vec<UsageShare>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        let found = storage::billing::list_lines(&mut c, team.id, &LedgerFilter::default(), line.saturating_add(1), 1).await?;
        let found = found.into_iter().find(|found| found.line == line).ok_or(ServiceError::NotFound)?;
        let Some(day) = found.day else { return Ok(vec![]) };
        let periods = storage::billing::list_periods(&mut c, team.id).await?;
        let next = periods.iter().map(|period| period.start).filter(|start| *start > found.period_start).min();
        let from = day.max(found.period_start);
        let to = day.plus(DAY_MS).min(next.unwrap_or(UnixMs(i64::MAX)));
        Ok(storage::billing::sum_models(&mut c, team.id, from, to).await?)
    }

    /// The periods of a team, newest first.
    pub async fn list_statements(&self, caller: &Caller, team: &str) -> Result<Vec<Period>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        Ok(storage::billing::list_periods(&mut c, team.id).await?)
    }

    /// The statement of the period that begins at a moment.
    pub async fn get_statement(&self, caller: &Caller, team: &str, start: UnixMs) -> Result<Statement, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewBilling).await?;
        let periods = storage::billing::list_periods(&mut c, team.id).await?;
        let period = *periods.iter().find(|period| period.start == start).ok_or(ServiceError::NotFound)?;
        let (opening, sums) = storage::billing::sums_of_period(&mut c, team.id, start).await?;
        let mut lines = vec![];
        let filter = LedgerFilter { period_start: Some(start), ..LedgerFilter::default() };
        loop {
            let before = lines.last().map_or(0, |line: &LedgerLine| line.line);
            let mut piece = storage::billing::list_lines(&mut c, team.id, &filter, before, PIECE).await?;
            let more = piece.len() as i64 == PIECE;
            lines.append(&mut piece);
            if !more {
                break;
            }
        }
        lines.reverse();
        Ok(Statement {
            opening,
            credited: sum(&sums, EntryKind::SeatCredit),
            charged: sum(&sums, EntryKind::UsageCharge),
            adjusted: sum(&sums, EntryKind::Adjustment),
            expired: sum(&sums, EntryKind::Expiry),
            closing: opening + sums.iter().map(|(_, amount)| amount).sum::<i64>(),
            lines,
            fees: storage::billing::list_fees(&mut c, team.id, start).await?,
            models: models_of(&mut c, &team, &periods, period).await?,
            over: period.end <= self.clock.now(),
            period,
            team_name: team.name,
            team_slug: team.slug,
            organization: team.organization_name,
        })
    }
}

async fn models_of(
    c: &mut AnyConnection,
    team: &Team,
    periods: &[Period],
    period: Period,
) -> Result<Vec<UsageShare>, ServiceError> {
    // Calls belong to the last period that had begun when they were admitted.
    let next = periods.iter().map(|other| other.start).filter(|start| *start > period.start).min();
    Ok(storage::billing::sum_models(c, team.id, period.start, next.unwrap_or(UnixMs(i64::MAX))).await?)
}

fn sum(sums: &[(EntryKind, i64)], kind: EntryKind) -> i64 {
    sums.iter().filter(|(of, _)| *of == kind).map(|(_, amount)| amount).sum()
}
