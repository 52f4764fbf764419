//! Asking for a higher budget. A request finds who decides by itself: the team's owner and admins for a key or a member, its owner for
//! the team itself, the organization's admins where their own budget is in the way. Who decides may give less, never more.

use serde_json::{Value, json};

use crate::{
    domain::{
        access_requests::RequestState,
        api_keys::check_expiry,
        budget_requests::{BudgetApprover, BudgetRequest},
        field_errors::FieldErrors,
        format,
        ids::{KeyId, RequestId, UserId},
        limit_forms::{MAX_BUDGET, wrong_budget},
        limit_scopes::Scope,
        money::NanoUsd,
        page::{Page, PageRequest},
        roles::{Action, Role, Standing},
        teams::Team,
        time::UnixMs,
    },
    service::{
        Caller, ServiceError, Services,
        audit::Change,
        limits::{How, Place, SpendingLimit},
        mail::{NewMail, Template},
        model_access::check_words,
    },
    storage::{
        self, AnyConnection, budget_requests,
        requests::{Closed, RequestKind, close},
    },
};

/// Most rows of an inbox.
const SHOWN_MAX: i64 = 1_000;

/// Whose budget is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetOf {
    /// One's own in the team.
    Member,
    /// An own key's.
    Key(KeyId),
    /// The whole team's.
    Team,
}

/// Input of a request.
#[derive(Clone, Debug)]
pub struct NewBudgetRequest {
    /// Whose budget.
    pub of: BudgetOf,
    /// What is asked for.
    pub amount: NanoUsd,
    /// Until when; none for good.
    pub until: Option<UnixMs>,
    /// Why.
    pub reason: String,
}

/// What is decided about a request.
#[derive(Clone, Debug, Default)]
pub struct BudgetDecision {
    /// Approve or reject.
    pub approve: bool,
    /// No more than was asked for; that without one.
    pub amount: Option<NanoUsd>,
    /// No later than was asked for; that without one.
    pub until: Option<UnixMs>,
    /// A word to the asker; needed to reject.
    pub note: String,
}

impl Services {
    /// Asks for a higher budget. Whoever can decide gets a mail.
    pub async fn request_budget(
        &self,
        caller: &Caller,
        team: &str,
        new: NewBudgetRequest,
    ) -> Result<BudgetRequest, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::RequestAccess).await?;
        let now = self.clock.now();
        let (scope, scope_name) = self.budget_asked(&mut tx, caller, &team, standing, new.of).await?;
        let present = storage::limits::find(&mut tx, scope).await?.and_then(|row| row.allowance.budget_at(now));
        let reason = check_words("reason", &new.reason, true)?;
        check_expiry(new.until, now).map_err(|message| ServiceError::field("until", message))?;
        let present = present.map(|budget| budget.amount);
        check_amount(new.amount, present)?;
        self.check_few_wait(&mut tx, caller, RequestKind::Budget, team.id).await?;
        let mut request = BudgetRequest {
            id: self.random.id_at(now),
            team: team.id,
            team_slug: team.slug.clone(),
            team_name: team.name.clone(),
            organization: team.organization,
            user: caller.user.id,
            user_name: caller.user.name.clone(),
            user_email: caller.user.email.clone(),
            scope,
            scope_name,
            present,
            wanted: new.amount,
            wanted_until: new.until,
            reason,
            state: RequestState::Pending,
            created_at: now,
            decided_at: None,
            decided_by: String::new(),
            note: String::new(),
            given: None,
            approver: None,
            may_decide: false,
        };
        budget_requests::insert(&mut tx, &request).await.map_err(|error| {
            if storage::violates_unique(&error, "budget_requests_open_key", "budget_requests.user_id") {
                let message = "You have asked about this budget already. It waits for a decision.";
                ServiceError::Conflict("already_requested", message.into())
            } else {
                error.into()
            }
        })?;
        let approver = self.budget_approver(&mut tx, &request).await?;
        (request.approver, request.may_decide) = (Some(approver), may_decide(standing, approver));
        let after = json!({"wanted": request.wanted, "until": request.wanted_until, "reason": request.reason});
        self.audit(&mut tx, caller, change("budget.request", &team, &request, json!({"budget": present}), after)).await?;
        let template = Template::BudgetWanted {
            team: team.name.clone(),
            slug: team.slug.clone(),
            whose: request.scope_name.clone(),
            amount: format::money(request.wanted),
            by: caller.user.name.clone(),
            reason: request.reason.clone(),
        };
        let only = (approver == BudgetApprover::Owner).then_some(team.owner);
        self.mail_approvers(&mut tx, caller, (team.id, approver.level(), only), &template).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(request)
    }

    /// Approves or rejects; an approval sets the budget in the same transaction. The asker gets a mail.
    pub async fn decide_budget_request(
        &self,
        caller: &Caller,
        team: &str,
        id: RequestId,
        decision: BudgetDecision,
    ) -> Result<BudgetRequest, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_and_organization_for(&mut tx, caller, team, Action::ManageLimits).await?;
        let request = budget_requests::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        let note = check_words("note", &decision.note, !decision.approve)?;
        if request.state != RequestState::Pending {
            return Err(decided_already(&request));
        }
        let approver = self.budget_approver(&mut tx, &request).await?;
        if !may_decide(standing, approver) {
            let who = match approver {
                BudgetApprover::Organization => "an admin of the organization, whose budget is in the way",
                BudgetApprover::Owner => "the owner of the team",
                BudgetApprover::Team => "the team’s owner or an admin",
            };
            return Err(ServiceError::Forbidden(format!("This waits for {who}.")));
        }
        let given = decision.approve.then(|| narrowed(&request, &decision)).transpose()?;
        let mut touched = crate::service::Touched::default();
        if let Some((amount, until)) = given {
            let place = Place::of_team(&team, request.scope, request.scope_name.clone());
            let limit = SpendingLimit { amount: Some(amount), until };
            touched = self.put_budget(&mut tx, caller, &place, limit, How::default()).await?;
        }
        let state = if decision.approve { RequestState::Approved } else { RequestState::Rejected };
        let closed = Closed { state, by: caller.user.id, by_name: &caller.user.name, note: &note, given };
        if !close(&mut tx, (RequestKind::Budget, id), closed, self.clock.now()).await? {
            return Err(decided_already(&request));
        }
        let action = if decision.approve { "budget.approve" } else { "budget.reject" };
        let after = json!({"given": given.map(|(amount, _)| amount), "until": given.and_then(|(_, until)| until), "note": note});
        self.audit(&mut tx, caller, change(action, &team, &request, json!({"wanted": request.wanted}), after)).await?;
        let template = Template::BudgetDecided {
            team: team.name.clone(),
            slug: team.slug.clone(),
            whose: request.scope_name.clone(),
            amount: format::money(given.map_or(request.wanted, |(amount, _)| amount)),
            by: caller.user.name.clone(),
            approved: decision.approve,
            until: given.and_then(|(_, until)| until),
            note,
        };
        let mail = NewMail { template, recipient: &request.user_email, name: &request.user_name, token: None };
        self.queue_mail(&mut tx, mail).await?;
        let decided = budget_requests::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        self.commit(tx, touched).await?;
        self.mailer.wake();
        Ok(decided)
    }

    /// Takes an own request back.
    pub async fn withdraw_budget_request(&self, caller: &Caller, team: &str, id: RequestId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.find_team_for(&mut tx, caller, team, Action::ViewTeam).await?;
        let found = budget_requests::find(&mut tx, team.id, id).await?;
        let request = found.filter(|request| request.user == caller.user.id).ok_or(ServiceError::NotFound)?;
        let change = change("budget.withdraw", &team, &request, json!({}), json!({}));
        self.take_back(&mut tx, caller, (RequestKind::Budget, id), decided_already(&request), change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Requests of a team, newest first: everybody's for those who decide, else the caller's own.
    pub async fn list_budget_requests(
        &self,
        caller: &Caller,
        team: &str,
        page: &PageRequest,
    ) -> Result<Page<BudgetRequest>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        if !standing.may(Action::ManageLimits) && !standing.may(Action::RequestAccess) {
            return Err(ServiceError::Denied(Action::RequestAccess));
        }
        let user = (!standing.may(Action::ManageLimits)).then_some(caller.user.id);
        let before = page.cursor_id(RequestId::parse).map_err(ServiceError::Invalid)?;
        let rows = budget_requests::list(&mut c, team.id, user, before, page.limit() + 1).await?;
        let mut page = Page::cut(rows, page.limit(), |row| row.id.to_string());
        for request in page.items.iter_mut().filter(|request| request.state == RequestState::Pending) {
            let approver = self.budget_approver(&mut c, request).await?;
            (request.approver, request.may_decide) = (Some(approver), may_decide(standing, approver));
        }
        Ok(page)
    }

    /// Every request that waits for the caller: for the badge.
    pub async fn list_budget_requests_to_decide(&self, caller: &Caller) -> Result<Vec<BudgetRequest>, ServiceError> {
        let mut c = self.store.reader().await?;
        let mut mine = vec![];
        for request in budget_requests::list_before_approver(&mut c, caller.user.id, SHOWN_MAX).await? {
            let Some(team) = storage::teams::find(&mut c, &request.team.to_string()).await? else { continue };
            let standing = storage::teams::standing(&mut c, &team, caller.user.id, false).await?;
            if may_decide(standing, self.budget_approver(&mut c, &request).await?) {
                mine.push(request);
            }
        }
        Ok(mine)
    }

    /// The scope that is asked about, if the caller may.
    async fn budget_asked(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        standing: Standing,
        of: BudgetOf,
    ) -> Result<(Scope, String), ServiceError> {
        Ok(match of {
            BudgetOf::Member if standing.role.is_some() => (Scope::Member(team.id, caller.user.id), caller.user.name.clone()),
            BudgetOf::Member => return Err(ServiceError::NotFound),
            BudgetOf::Team => (Scope::Team(team.id), team.name.clone()),
            BudgetOf::Key(id) => {
                let key = storage::api_keys::find(c, team.id, id).await?.ok_or(ServiceError::NotFound)?;
                let own = key.user == caller.user.id && !key.is_the_teams();
                if key.revoked_at.is_some() || !(own || standing.may(Action::ManageAnyKey)) {
                    return Err(ServiceError::NotFound);
                }
                (Scope::Key(id), format!("key {}", key.name))
            }
        })
    }

    /// Who decides about a request now.
    async fn budget_approver(&self, c: &mut AnyConnection, request: &BudgetRequest) -> Result<BudgetApprover, ServiceError> {
        let Scope::Team(_) = request.scope else { return Ok(BudgetApprover::Team) };
        let above = match request.organization {
            Some(org) => storage::limits::find(c, Scope::Organization(org)).await?,
            None => None,
        };
        let most = above.and_then(|row| row.allowance.budget_at(self.clock.now()));
        let in_the_way = most.is_some_and(|budget| budget.amount < request.wanted);
        Ok(if in_the_way { BudgetApprover::Organization } else { BudgetApprover::Owner })
    }
}

/// Whether somebody's word is enough.
fn may_decide(standing: Standing, approver: BudgetApprover) -> bool {
    match approver {
        BudgetApprover::Team => standing.may(Action::ManageLimits),
        BudgetApprover::Owner => standing.role == Some(Role::Owner) || standing.platform_admin,
        BudgetApprover::Organization => standing.org_admin || standing.platform_admin,
    }
}

/// What is given: within what was asked.
fn narrowed(request: &BudgetRequest, decision: &BudgetDecision) -> Result<(NanoUsd, Option<UnixMs>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let amount = decision.amount.unwrap_or(request.wanted);
    if amount > request.wanted {
        errors.add("amount", format!("That is more than was asked for. Choose {} or less.", format::money(request.wanted)));
    }
    let until = decision.until.or(request.wanted_until);
    if request.wanted_until.is_some_and(|wanted| until.is_some_and(|until| until > wanted)) {
        errors.add("until", "That is longer than was asked for. Choose the same day or an earlier one.");
    }
    errors.into_result()?;
    Ok((amount, until))
}

fn check_amount(amount: NanoUsd, present: Option<NanoUsd>) -> Result<(), ServiceError> {
    if !(NanoUsd(1)..=MAX_BUDGET).contains(&amount) {
        return Err(ServiceError::field("amount", wrong_budget()));
    }
    match present {
        None => Err(ServiceError::Conflict("no_budget", "No budget is set there: nothing has to be raised.".into())),
        Some(present) if amount <= present => {
            Err(ServiceError::field("amount", format!("Ask for more than {}, which is there already.", format::money(present))))
        }
        Some(_) => Ok(()),
    }
}

fn decided_already(request: &BudgetRequest) -> ServiceError {
    ServiceError::Conflict("decided_already", request.decided_already())
}

fn change<'a>(action: &'a str, team: &Team, request: &'a BudgetRequest, before: Value, after: Value) -> Change<'a> {
    let (target_kind, target_id) = match request.scope {
        Scope::Key(id) => ("key", id.to_string()),
        Scope::Member(_, id) => ("member", UserId::to_string(&id)),
        _ => ("team", team.id.to_string()),
    };
    Change {
        action,
        target_kind,
        target_id,
        target_name: &request.scope_name,
        team: Some(team.id),
        organization: team.organization,
        before,
        after,
    }
}
