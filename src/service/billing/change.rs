//! Changing plan and seats: what it would do is worked out once, shown before saving, and done the same way.

use serde_json::json;
use sqlx::AnyConnection;

use super::{InMemory, renewal::facts, write};
use crate::{
    domain::{
        billing::{Fee, Movement, Renewal, TeamBilling, seats_words},
        ids::PlanRequestId,
        ledger::{Entry, EntryKind},
        money::NanoUsd,
        periods::Period,
        plan_changes::{Next, PlanAndSeats, PlanChangePreview, PlanChanged, Wanted},
        plans::{Plan, Proration, Split, Terms, whole_of},
        roles::Action,
        teams::Team,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, teams::check_shared},
    storage,
};

/// A change, worked out.
pub(super) struct WorkedOut {
    pub(super) billing: TeamBilling,
    /// None for ending the plan.
    pub(super) split: Option<Split>,
    pub(super) wanted: Option<(Plan, i64)>,
    pub(super) preview: PlanChangePreview,
}

impl Services {
    /// What a change of plan and seats would do. For whoever may do it.
    pub async fn preview_plan(&self, caller: &Caller, team: &str, wanted: &Wanted) -> Result<PlanChangePreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageBilling).await?;
        check_shared(&team)?;
        Ok(self.work_out(&mut c, caller, &team, wanted).await?.preview)
    }

    /// Changes plan and seats: more acts now, less at renewal. What needs approval waits for a platform admin.
    pub async fn change_plan(&self, caller: &Caller, team: &str, wanted: &Wanted) -> Result<PlanChanged, ServiceError> {
        caller.check_may_write()?;
        // A period that is over ends first, so that nothing is counted in it.
        let (found, _) = self.find_team_for(&mut *self.store.reader().await?, caller, team, Action::ManageBilling).await?;
        self.renew_team(found.id, self.clock.now()).await?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ManageBilling).await?;
        let change = self.work_out(&mut tx, caller, &team, wanted).await?;
        if change.preview.nothing {
            return Ok(PlanChanged { preview: change.preview, waits: false });
        }
        if change.preview.needs_approval {
            let preview = change.preview.clone();
            self.ask_for_plan(tx, caller, &team, change).await?;
            return Ok(PlanChanged { preview, waits: true });
        }
        // Whatever waited is not wanted any more.
        self.withdraw_waiting(&mut tx, caller, &team).await?;
        let preview = change.preview.clone();
        self.apply_plan(tx, caller, &team, change, "team.change_plan").await?;
        Ok(PlanChanged { preview, waits: false })
    }

    /// Does what was worked out.
    pub(super) async fn apply_plan(
        &self,
        mut tx: storage::Tx,
        caller: &Caller,
        team: &Team,
        change: WorkedOut,
        action: &'static str,
    ) -> Result<(), ServiceError> {
        let WorkedOut { mut billing, split, preview, .. } = change;
        // Under the lock of the team nobody else changes its plan; charges may have been booked since.
        if let Some(now) = storage::billing::lock(&mut tx, team.id).await? {
            billing = now;
        }
        let before = facts(&billing);
        let at = self.clock.now();
        let mut memory = InMemory::of(self, team);
        match split {
            None => {
                billing.next = Renewal::End;
                storage::billing::put(&mut tx, &billing).await?;
            }
            Some(split) => {
                let first = billing.terms.is_none();
                if first {
                    billing.period = preview.period;
                }
                billing.next = split.next.as_ref().map_or(Renewal::Same, |(terms, seats)| Renewal::Change(terms.plan, *seats));
                let (entries, fee) = self.post_change(&mut billing, &split, preview.proration, at, first)?;
                memory.added = entries.iter().map(|entry| entry.movement.amount).sum();
                if first {
                    // A plan begins where it begins: the statement has no days before.
                    storage::billing::put(&mut tx, &billing).await?;
                    storage::billing::insert_period(&mut tx, team.id, billing.period).await?;
                }
                write(&mut tx, &billing, &entries, fee.as_ref()).await?;
                storage::billing::set_seats(&mut tx, team.id, Some(billing.seats)).await?;
            }
        }
        let mut after = facts(&billing);
        after["next"] = match &preview.next {
            Next::Same => json!(null),
            Next::Change(next) => json!(next),
            Next::End => json!("none"),
        };
        let change = Change {
            action,
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            before,
            after,
        };
        self.audit(&mut tx, caller, change).await?;
        memory.commit(self, tx, Touched::team(team.id)).await
    }

    fn post_change(
        &self,
        billing: &mut TeamBilling,
        split: &Split,
        proration: Proration,
        at: UnixMs,
        first: bool,
    ) -> Result<(Vec<Entry>, Option<Fee>), ServiceError> {
        let (terms, seats) = split.now.clone();
        let changed = billing.agreed() != Some((terms.clone(), seats));
        let description = match billing.agreed() {
            Some((before, had)) if before.plan == terms.plan => format!("{}: {} more", terms.name, seats_words(seats - had)),
            _ => format!("{}: {}", terms.name, seats_words(seats)),
        };
        let part =
            if billing.period.start < at || first { format!("{description}, to the end of the period") } else { description };
        (billing.terms, billing.seats) = (Some(terms), seats);
        let reference = format!("change:{}", self.random.id_at::<PlanRequestId>(at));
        let mut entries = vec![];
        if changed && proration.credit.0 > 0 {
            entries.push(billing.post(Movement {
                kind: EntryKind::SeatCredit,
                amount: proration.credit.0,
                at,
                description: part.clone(),
                reference: reference.clone(),
                actor_name: String::new(),
                period_start: billing.period.start,
                day: None,
            })?);
        }
        let fee = Fee { reference, period_start: billing.period.start, at, description: part, amount: proration.fee.0 };
        Ok((entries, (changed && fee.amount > 0).then_some(fee)))
    }

    pub(super) async fn work_out(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        wanted: &Wanted,
    ) -> Result<WorkedOut, ServiceError> {
        let billing = self.billing_of(c, team).await?;
        let agreed = billing.agreed();
        let at = self.clock.now();
        let Wanted::Plan(name, seats) = wanted else {
            return end_of_plan(billing, agreed.as_ref());
        };
        let unknown = || ServiceError::field("plan", "There is no such plan. Choose one of the list.");
        let plan = storage::plans::find(c, name.trim()).await?.ok_or_else(unknown)?;
        let same_plan = agreed.as_ref().is_some_and(|(terms, _)| terms.plan == plan.id);
        if !plan.active && !same_plan {
            return Err(ServiceError::field("plan", format!("{} can not be chosen any more. Choose another plan.", plan.name)));
        }
        let current = match &agreed {
            Some((_, seats)) => *seats,
            None => team.seats.unwrap_or(0).max(storage::teams::count_members(c, team.id).await?),
        };
        let seats = seats.unwrap_or(current);
        let without_seat = self.seats_change(c, team, Some(seats)).await?.without_seat;
        // Who stays on a plan keeps its terms until renewal.
        let asked = match &agreed {
            Some((terms, _)) if same_plan => (terms.clone(), seats),
            _ => (Terms::from(&plan), seats),
        };
        let split = Split::of(agreed.as_ref(), asked);
        let anchor = storage::billing::anchor_day(c, team.id).await?;
        let whole = match agreed {
            Some(_) => whole_of(billing.period, anchor),
            None => Period::at(at, anchor),
        };
        let proration = split.proration(agreed.as_ref(), at, whole);
        let period = if agreed.is_some() { billing.period } else { Period { start: at, end: whole.end } };
        let next = split.next.as_ref().map_or(Next::Same, |(terms, seats)| named(&terms.name, *seats));
        let same_now = agreed.as_ref() == Some(&split.now);
        let same_next = match (&billing.next, &split.next) {
            (Renewal::Same, None) => true,
            (Renewal::Change(plan, seats), Some((terms, next))) => *plan == terms.plan && seats == next,
            _ => false,
        };
        let more = agreed.as_ref().is_none_or(|(_, had)| seats > *had);
        let nothing = same_now && same_next;
        let preview = PlanChangePreview {
            wanted: Some(PlanAndSeats { plan: plan.name.clone(), seats }),
            now: (!same_now).then(|| PlanAndSeats { plan: split.now.0.name.clone(), seats: split.now.1 }),
            next,
            proration,
            period,
            per_period: Proration {
                credit: NanoUsd(plan.included_usage.0.saturating_mul(seats)),
                fee: NanoUsd(plan.seat_price.0.saturating_mul(seats)),
            },
            without_seat,
            needs_approval: !nothing && !caller.user.platform_admin && !plan.self_service && (!same_plan || more),
            nothing,
        };
        Ok(WorkedOut { billing, split: Some(split), wanted: Some((plan, seats)), preview })
    }
}

fn named(plan: &str, seats: i64) -> Next {
    Next::Change(PlanAndSeats { plan: plan.to_owned(), seats })
}

fn end_of_plan(billing: TeamBilling, agreed: Option<&(Terms, i64)>) -> Result<WorkedOut, ServiceError> {
    if agreed.is_none() {
        return Err(ServiceError::Conflict("no_plan", "The team is on no plan, so none can end.".into()));
    }
    let preview = PlanChangePreview {
        wanted: None,
        now: None,
        next: Next::End,
        proration: Proration::default(),
        period: billing.period,
        per_period: Proration::default(),
        without_seat: vec![],
        needs_approval: false,
        nothing: billing.next == Renewal::End,
    };
    Ok(WorkedOut { billing, split: None, wanted: None, preview })
}
