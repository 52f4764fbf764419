//! Asking for a model that needs approval. A request finds who decides by itself: the organization's admins where its state asks for a
//! grant, else the team's owner and admins. Who decides may narrow what was asked, never widen it.

use serde_json::json;

use super::teams::speaks_for_organization;
use crate::{
    domain::{
        access_requests::{AccessRequest, RequestState},
        api_keys::check_expiry,
        authorization::{GrantLevel, ModelRefusal, TeamState, approver, decide},
        ids::{RequestId, UserId},
        limit_forms::AllowanceChange,
        roles::{Action, Role, Standing},
        teams::Team,
        time::UnixMs,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        access::decide::Holder,
        audit::Change,
        limits::{How, LimitsOf},
        mail::{NewMail, Template},
    },
    storage::{
        self,
        model_access::requests,
        requests::{Closed, RequestKind, close},
    },
};

/// Input of a request.
#[derive(Clone, Debug, Default)]
pub struct NewAccessRequest {
    /// Model, by name.
    pub model: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Option<UnixMs>,
    /// For the whole team.
    pub for_team: bool,
}

/// What is decided about a request.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// Approve or reject.
    pub approve: bool,
    /// Ends at; no later than asked for.
    pub until: Option<UnixMs>,
    /// For the asker alone, although they asked for the team.
    pub only_asker: bool,
    /// A word to the asker; needed to reject.
    pub note: String,
    /// Limits and a budget of what is called by the grant.
    pub allowance: AllowanceChange,
}

impl Services {
    /// Asks for a model, for oneself or, as owner or admin, for the team. Whoever can decide gets a mail.
    pub async fn request_access(
        &self,
        caller: &Caller,
        team: &str,
        new: NewAccessRequest,
    ) -> Result<AccessRequest, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_context_for(&mut tx, caller, team, Action::RequestAccess).await?;
        if new.for_team && !matches!(standing.role, Some(Role::Owner | Role::Admin)) {
            return Err(ServiceError::Forbidden("Only an owner or admin asks for the whole team.".into()));
        }
        let reason = super::check_words("reason", &new.reason, true)?;
        let at = self.clock.now();
        check_expiry(new.until, at).map_err(|message| ServiceError::field("until", message))?;
        let level = self.level_asked(&team, caller.user.id, &new.model, new.for_team)?;
        let model = self.snapshot().find(&new.model).ok_or(ServiceError::NotFound)?.clone();
        self.check_few_wait(&mut tx, caller, RequestKind::Access, team.id).await?;
        let request = AccessRequest {
            id: self.random.id_at(at),
            team: team.id,
            team_slug: team.slug.clone(),
            team_name: team.name.clone(),
            organization: team.organization,
            user: caller.user.id,
            user_name: caller.user.name.clone(),
            user_email: caller.user.email.clone(),
            for_team: new.for_team,
            model: model.id,
            model_name: model.name.clone(),
            reason,
            wanted_until: new.until,
            state: RequestState::Pending,
            created_at: at,
            decided_at: None,
            decided_by: String::new(),
            note: String::new(),
            given: None,
            approver: Some(level),
            may_decide: may_decide(standing, level),
        };
        requests::insert(&mut tx, &request).await.map_err(|error| {
            if storage::violates_unique(&error, "access_requests_open_key", "access_requests.team_id") {
                ServiceError::Conflict(
                    "already_requested",
                    format!("You have asked for {} already. It waits for a decision.", model.name),
                )
            } else {
                error.into()
            }
        })?;
        let after = json!({"model": request.model_name, "reason": request.reason, "until": request.wanted_until, "for_team": request.for_team});
        self.audit(&mut tx, caller, change("access.request", &team, &request, json!({}), after)).await?;
        let template = Template::AccessWanted {
            team: team.name.clone(),
            slug: team.slug.clone(),
            model: request.model_name.clone(),
            by: caller.user.name.clone(),
            reason: request.reason.clone(),
        };
        self.mail_approvers(&mut tx, caller, (team.id, level, None), &template).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(request)
    }

    /// Approves or rejects. The asker gets a mail.
    pub async fn decide_request(
        &self,
        caller: &Caller,
        team: &str,
        id: RequestId,
        decision: Decision,
    ) -> Result<AccessRequest, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_context_for(&mut tx, caller, team, Action::ManageLimits).await?;
        let request = requests::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        let note = super::check_words("note", &decision.note, !decision.approve)?;
        if request.state != RequestState::Pending {
            return Err(decided_already(&request));
        }
        let at = self.clock.now();
        let mut until = None;
        if decision.approve {
            let level = self.level_asked(&team, request.user, &request.model_name, request.for_team)?;
            if !may_decide(standing, level) {
                return Err(ServiceError::Forbidden("This waits for an admin of the organization.".into()));
            }
            until = narrowed(decision.until, request.wanted_until)?;
            check_expiry(until, at).map_err(|message| ServiceError::field("until", message))?;
            let user = (!request.for_team || decision.only_asker).then_some(request.user);
            let grant = self.insert_grant(&mut tx, caller, (&team, standing), (user, request.model, until), Some(id)).await?;
            if !decision.allowance.is_nothing() {
                let place = self.place_in(&mut tx, &team, LimitsOf::Grant(grant.id)).await?;
                self.put_allowance(&mut tx, caller, &place, decision.allowance, How::default()).await?;
            }
        }
        let state = if decision.approve { RequestState::Approved } else { RequestState::Rejected };
        let closed = Closed { state, by: caller.user.id, by_name: &caller.user.name, note: &note, given: None };
        if !close(&mut tx, (RequestKind::Access, id), closed, at).await? {
            let request = requests::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
            return Err(decided_already(&request));
        }
        let action = if decision.approve { "access.approve" } else { "access.reject" };
        let after = json!({"state": state, "until": until, "note": note});
        self.audit(&mut tx, caller, change(action, &team, &request, json!({"state": RequestState::Pending}), after)).await?;
        let template = Template::AccessDecided {
            team: team.name.clone(),
            slug: team.slug.clone(),
            model: request.model_name.clone(),
            by: caller.user.name.clone(),
            approved: decision.approve,
            until,
            note: note.clone(),
        };
        let mail = NewMail { template, recipient: &request.user_email, name: &request.user_name, token: None };
        self.queue_mail(&mut tx, mail).await?;
        let decided = requests::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        self.commit(tx, Touched::team(team.id)).await?;
        self.mailer.wake();
        Ok(decided)
    }

    /// Takes an own request back.
    pub async fn withdraw_request(&self, caller: &Caller, team: &str, id: RequestId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.find_team_for(&mut tx, caller, team, Action::ViewTeam).await?;
        let found = requests::find(&mut tx, team.id, id).await?;
        let request = found.filter(|request| request.user == caller.user.id).ok_or(ServiceError::NotFound)?;
        let change = change("access.withdraw", &team, &request, json!({}), json!({}));
        self.take_back(&mut tx, caller, (RequestKind::Access, id), decided_already(&request), change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who has to approve; refused where nothing has to be, or nothing can be.
    fn level_asked(&self, team: &Team, user: UserId, model: &str, for_team: bool) -> Result<GrantLevel, ServiceError> {
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let holder = Holder::of_member(entry, user);
        let facts = snapshot.facts(&holder, model, self.clock.now()).map(|(_, facts)| facts);
        let closed = || ServiceError::field("model", format!("There is no such model that {} could have.", team.name));
        let mut facts = facts.ok_or_else(closed)?;
        if for_team {
            // What the member alone has or lacks is no matter for the team.
            (facts.in_member_subset, facts.member_grant) = (true, true);
        }
        match (decide(&facts), approver(&facts)) {
            (Err(ModelRefusal::RequiresApproval), Some(level)) => Ok(level),
            (Ok(()), _) if for_team && facts.team != TeamState::Direct => Err(ServiceError::Conflict(
                "teams_own_state",
                "The team itself asks for an approval here. An owner or admin can set it to direct.".into(),
            )),
            (Ok(()), _) => Err(ServiceError::Conflict("access_already", format!("{model} can be called already."))),
            _ => Err(closed()),
        }
    }
}

/// The end of an approval: what was decided, within what was asked.
fn narrowed(decided: Option<UnixMs>, wanted: Option<UnixMs>) -> Result<Option<UnixMs>, ServiceError> {
    match (decided, wanted) {
        (Some(decided), Some(wanted)) if decided > wanted => {
            Err(ServiceError::field("until", "That is longer than was asked for. Choose the same day or an earlier one."))
        }
        (decided, wanted) => Ok(decided.or(wanted)),
    }
}

/// The first decision counts; whoever comes second learns whose it was.
fn decided_already(request: &AccessRequest) -> ServiceError {
    ServiceError::Conflict("decided_already", request.decided_already())
}

fn change<'a>(
    action: &'a str,
    team: &Team,
    request: &'a AccessRequest,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Change<'a> {
    Change {
        action,
        target_kind: "model",
        target_id: request.model.to_string(),
        target_name: &request.model_name,
        team: Some(team.id),
        organization: team.organization,
        before,
        after,
    }
}

/// Whether somebody's word is enough.
pub(super) fn may_decide(standing: Standing, level: GrantLevel) -> bool {
    match level {
        GrantLevel::Organization => speaks_for_organization(standing),
        GrantLevel::Team => standing.may(Action::ManageLimits),
    }
}
