//! Plans and seats that wait for a platform admin.

use serde_json::json;
use sqlx::AnyConnection;

use super::change::WorkedOut;
use crate::{
    domain::{
        ids::PlanRequestId,
        plan_changes::{PlanAndSeats, PlanRequestView, Wanted},
        roles::Action,
        teams::Team,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        mail::{NewMail, templates::Template},
    },
    storage::{self, plans::PlanRequest},
};

impl From<PlanRequest> for PlanRequestView {
    fn from(request: PlanRequest) -> Self {
        Self {
            id: request.id,
            team: request.team,
            team_name: request.team_name,
            team_slug: request.team_slug,
            asked_by: request.asked_by_name,
            asked_at: request.asked_at,
            wanted: PlanAndSeats { plan: request.plan_name, seats: request.seats },
        }
    }
}

impl Services {
    /// What waits, oldest first. Platform admins only.
    pub async fn list_plan_requests(&self, caller: &Caller) -> Result<Vec<PlanRequestView>, ServiceError> {
        caller.check_platform_admin()?;
        let mut c = self.store.reader().await?;
        Ok(storage::plans::list_waiting(&mut c).await?.into_iter().map(PlanRequestView::from).collect())
    }

    /// Writes down what somebody asks for, in place of what they asked before, and tells the platform admins.
    pub(super) async fn ask_for_plan(
        &self,
        mut tx: storage::Tx,
        caller: &Caller,
        team: &Team,
        change: WorkedOut,
    ) -> Result<(), ServiceError> {
        let Some((plan, seats)) = change.wanted else { return Ok(()) };
        self.withdraw_waiting(&mut tx, caller, team).await?;
        let at = self.clock.now();
        let request = PlanRequest {
            id: self.random.id_at(at),
            team: team.id,
            team_name: team.name.clone(),
            team_slug: team.slug.clone(),
            asked_by: caller.user.id,
            asked_by_name: caller.user.name.clone(),
            asked_at: at,
            plan: plan.id,
            plan_name: plan.name.clone(),
            seats,
        };
        storage::plans::insert_request(&mut tx, &request).await?;
        self.audit_request(&mut tx, caller, team, "team.ask_plan", &request).await?;
        for admin in storage::users::list_platform_admins(&mut tx).await? {
            let template =
                Template::PlanWanted { team: team.name.clone(), by: caller.user.name.clone(), plan: plan.name.clone(), seats };
            self.queue_mail(&mut tx, NewMail { template, recipient: &admin.email, name: &admin.name, token: None }).await?;
        }
        self.commit(tx, Touched::default()).await?;
        self.mailer.wake();
        Ok(())
    }

    /// Takes back what waits. For whoever may ask.
    pub async fn withdraw_plan_request(&self, caller: &Caller, team: &str) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ManageBilling).await?;
        if !self.withdraw_waiting(&mut tx, caller, &team).await? {
            return Err(ServiceError::NotFound);
        }
        self.commit(tx, Touched::default()).await
    }

    pub(super) async fn withdraw_waiting(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
    ) -> Result<bool, ServiceError> {
        let Some(request) = storage::plans::find_waiting_of(c, team.id).await? else { return Ok(false) };
        let now = self.clock.now();
        if !storage::plans::decide(c, request.id, "withdrawn", caller.user.id, now, "").await? {
            return Ok(false);
        }
        self.audit_request(c, caller, team, "team.withdraw_plan", &request).await?;
        Ok(true)
    }

    /// Approves what waits, which then acts as of now, or declines it with a reason. Platform admins only; the first decision wins.
    pub async fn decide_plan_request(
        &self,
        caller: &Caller,
        id: PlanRequestId,
        approve: bool,
        reason: &str,
    ) -> Result<(), ServiceError> {
        self.check_platform_change(caller, "decide about plans and seats")?;
        let reason = match (approve, reason.trim()) {
            (true, "") => String::new(),
            _ => crate::service::platform::check_reason(reason, "a reason")?,
        };
        let gone = || ServiceError::Conflict("request_decided", "This request does not wait any more.".into());
        let found = storage::plans::find_waiting(&mut *self.store.reader().await?, id).await?.ok_or_else(gone)?;
        self.renew_team(found.team, self.clock.now()).await?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, &found.team.to_string(), Action::ManageBilling).await?;
        let request = storage::plans::find_waiting(&mut tx, id).await?.ok_or_else(gone)?;
        let state = if approve { "approved" } else { "declined" };
        if !storage::plans::decide(&mut tx, id, state, caller.user.id, self.clock.now(), &reason).await? {
            return Err(gone());
        }
        let asker = storage::users::find(&mut tx, request.asked_by).await?;
        if let Some(asker) = asker.filter(|asker| asker.id != caller.user.id) {
            let template = Template::PlanDecided {
                team: team.name.clone(),
                slug: team.slug.clone(),
                by: caller.user.name.clone(),
                plan: request.plan_name.clone(),
                seats: request.seats,
                approved: approve,
                note: reason,
            };
            self.queue_mail(&mut tx, NewMail { template, recipient: &asker.email, name: &asker.name, token: None }).await?;
        }
        if approve {
            let wanted = Wanted::Plan(request.plan.to_string(), Some(request.seats));
            let change = self.work_out(&mut tx, caller, &team, &wanted).await?;
            self.apply_plan(tx, caller, &team, change, "team.approve_plan").await?;
        } else {
            self.audit_request(&mut tx, caller, &team, "team.decline_plan", &request).await?;
            self.commit(tx, Touched::default()).await?;
        }
        self.mailer.wake();
        Ok(())
    }

    async fn audit_request(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        action: &'static str,
        request: &PlanRequest,
    ) -> Result<(), ServiceError> {
        let change = Change {
            action,
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            after: json!({"plan": request.plan_name, "seats": request.seats}),
            ..Change::default()
        };
        self.audit(c, caller, change).await
    }
}
