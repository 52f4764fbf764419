//! Attempts that a role does not allow, noted in the audit log as denied: one place for all of them, so that none is forgotten.
//!
//! An entry is written in the background, because the transaction of the attempt is not to be committed; once in a while for the same
//! person and attempt, so that nobody can fill the log.

use serde_json::{Value, json};

use crate::{
    domain::{
        accounts::User,
        audit::AuditOutcome,
        ids::{OrgId, TeamId},
        roles::{Action, Role, RoleRefusal},
        teams::Team,
    },
    service::{Caller, ServiceError, Services, audit::Change, invitations::refused},
    storage::organizations::Organization,
};

/// What somebody tried.
struct Attempt {
    action: &'static str,
    target_kind: &'static str,
    target_id: String,
    target_name: String,
    team: Option<TeamId>,
    organization: Option<OrgId>,
    /// What would be.
    after: Value,
}

impl Attempt {
    fn on_team(team: &Team, action: Action) -> Self {
        Self {
            action: action.word(),
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: team.name.clone(),
            team: Some(team.id),
            organization: team.organization,
            after: json!({}),
        }
    }
}

impl Services {
    /// The refusal of an action in a team. Looking is no attempt at a change, and is not noted.
    pub(super) fn denied(&self, caller: &Caller, team: &Team, action: Action) -> ServiceError {
        // Whoever looks as somebody else attempts nothing in their name.
        if action.is_change() && caller.viewing.is_none() {
            self.note(caller, Attempt::on_team(team, action));
        }
        ServiceError::Denied(action)
    }

    /// The refusal of a role that somebody wanted to give, or of one that they wanted to take; `whose` is the member that it is about.
    pub(super) fn denied_role(
        &self,
        caller: &Caller,
        team: &Team,
        refusal: RoleRefusal,
        whose: Option<&User>,
        wanted: Option<Role>,
    ) -> ServiceError {
        // An owner who wants to leave lacks no right: something else comes first.
        if refusal != RoleRefusal::LastOwner {
            let mut attempt = Attempt::on_team(team, Action::ManageMembers);
            if let Some(member) = whose {
                attempt.target_kind = "member";
                attempt.target_id = member.id.to_string();
                attempt.target_name.clone_from(&member.name);
            }
            attempt.after = wanted.map_or_else(|| json!({}), |role| json!({"role": role}));
            self.note(caller, attempt);
        }
        refused(refusal)
    }

    /// The refusal of something that only admins of an organization may do.
    pub(super) fn denied_in_organization(
        &self,
        caller: &Caller,
        organization: &Organization,
        action: &'static str,
        sentence: String,
    ) -> ServiceError {
        let attempt = Attempt {
            action,
            target_kind: "organization",
            target_id: organization.id.to_string(),
            target_name: organization.name.clone(),
            team: None,
            organization: Some(organization.id),
            after: json!({}),
        };
        self.note(caller, attempt);
        ServiceError::Forbidden(sentence)
    }

    /// Refuses a change to whoever is no platform admin, as if there were nothing to change, and to a read-only credential.
    pub(super) fn check_platform_change(&self, caller: &Caller, attempt: &'static str) -> Result<(), ServiceError> {
        caller.check_platform_admin().inspect_err(|_| {
            let attempt = Attempt {
                action: "platform.manage",
                target_kind: "platform",
                target_id: "platform".into(),
                target_name: "the platform".into(),
                team: None,
                organization: None,
                after: json!({"attempt": attempt}),
            };
            self.note(caller, attempt);
        })?;
        caller.check_may_write()
    }

    fn note(&self, caller: &Caller, attempt: Attempt) {
        let what = format!("{} {} {}", attempt.action, attempt.target_id, attempt.after);
        if !self.throttles.is_first_denial(caller.user.id, what, self.clock.now()) {
            return;
        }
        let (services, caller) = (self.clone(), caller.clone());
        self.calls.spawn(async move {
            if let Err(error) = services.write_denied(&caller, attempt).await {
                tracing::warn!(error = %error, "a refused attempt could not be noted in the audit log");
            }
        });
    }

    async fn write_denied(&self, caller: &Caller, attempt: Attempt) -> Result<(), ServiceError> {
        let change = Change {
            action: attempt.action,
            target_kind: attempt.target_kind,
            target_id: attempt.target_id,
            target_name: &attempt.target_name,
            team: attempt.team,
            organization: attempt.organization,
            before: Value::Null,
            after: attempt.after,
        };
        let mut tx = self.store.begin_aside().await?;
        self.insert_audit(&mut tx, caller, change, AuditOutcome::Denied).await?;
        tx.commit().await?;
        Ok(())
    }
}
