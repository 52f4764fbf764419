//! What asking, deciding and taking back have in common, whatever is asked for: a model, or a higher budget.

use serde_json::json;

use crate::{
    domain::{
        access_requests::{PENDING_MAX, RequestState},
        authorization::GrantLevel,
        ids::{RequestId, TeamId, UserId},
    },
    service::{
        Caller, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
    },
    storage::{
        AnyConnection,
        model_access::requests::list_approvers,
        requests::{self, Closed, RequestKind},
    },
};

impl Services {
    /// Refuses another request where too many of the caller's wait in a team.
    pub(super) async fn check_few_wait(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        kind: RequestKind,
        team: TeamId,
    ) -> Result<(), ServiceError> {
        if requests::count_pending(c, kind, team, caller.user.id).await? < PENDING_MAX {
            return Ok(());
        }
        let message = format!("{PENDING_MAX} of your requests wait already. Withdraw some of them.");
        Err(ServiceError::Conflict("too_many_requests", message))
    }

    /// Writes to everybody who can decide, or to one of them alone, and never to who asks.
    pub(super) async fn mail_approvers(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        (team, level, only): (TeamId, GrantLevel, Option<UserId>),
        template: &Template,
    ) -> Result<(), ServiceError> {
        for (id, email, name) in list_approvers(c, team, level).await? {
            if id != caller.user.id && only.is_none_or(|only| only == id) {
                let mail = NewMail { template: template.clone(), recipient: &email, name: &name, token: None };
                self.queue_mail(c, mail).await?;
            }
        }
        Ok(())
    }

    /// Takes an own request back. `late` is said where somebody decided before; `change` says what it is about.
    pub(super) async fn take_back(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        request: (RequestKind, RequestId),
        late: ServiceError,
        change: Change<'_>,
    ) -> Result<(), ServiceError> {
        let state = RequestState::Withdrawn;
        let closed = Closed { state, by: caller.user.id, by_name: &caller.user.name, note: "", given: None };
        if !requests::close(c, request, closed, self.clock.now()).await? {
            return Err(late);
        }
        let (before, after) = (json!({"state": RequestState::Pending}), json!({"state": state}));
        self.audit(c, caller, Change { before, after, ..change }).await
    }
}
