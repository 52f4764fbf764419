//! The audit log: entries are written in the transaction of the change that they report, and read by those who may.

use serde_json::{Value, json};
use sqlx::AnyConnection;

use crate::{
    domain::{
        audit::{AuditFilter, AuditOutcome, AuditRow},
        ids::{AuditId, OrgId, TeamId},
        page::{Page, PageRequest},
        roles::{Action, OrgRole},
    },
    service::{Caller, ServiceError, Services},
    storage::{self, audit::AuditScope},
};

/// Rows of one piece of an export.
const EXPORT_PIECE: u32 = 100;

/// Whose log is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOf {
    /// A team's, by slug or id: for its owner and admins, admins of its organization, platform admins.
    Team(String),
    /// An organization's and its teams', by slug or id: for its admins and platform admins.
    Organization(String),
    /// Everything: for platform admins.
    Platform,
}

/// A change, as the audit log keeps it.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// What, such as `key.create`.
    pub action: &'a str,
    /// Kind of the object, such as `key`.
    pub target_kind: &'a str,
    /// Identifier of the object.
    pub target_id: String,
    /// Name of the object.
    pub target_name: &'a str,
    /// Team that may read it.
    pub team: Option<TeamId>,
    /// Organization that may read it.
    pub organization: Option<OrgId>,
    /// What was; never a secret.
    pub before: Value,
    /// What is; never a secret.
    pub after: Value,
}

impl Services {
    /// Writes an audit entry.
    pub async fn audit(&self, c: &mut AnyConnection, caller: &Caller, change: Change<'_>) -> Result<(), ServiceError> {
        self.insert_audit(c, caller, change, AuditOutcome::Done).await
    }

    pub(super) async fn insert_audit(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        change: Change<'_>,
        outcome: AuditOutcome,
    ) -> Result<(), ServiceError> {
        let text = |value: Value| if value.is_null() { json!({}).to_string() } else { value.to_string() };
        let at = self.clock.now();
        let entry = storage::audit::NewAuditEntry {
            id: self.random.id_at(at),
            at,
            actor: Some(caller.user.id),
            actor_name: &caller.user.name,
            action: change.action,
            outcome,
            target_kind: change.target_kind,
            target_id: change.target_id,
            target_name: change.target_name,
            team: change.team,
            organization: change.organization,
            before: text(change.before),
            after: text(change.after),
            source: caller.door.as_str(),
            address: caller.address.clone(),
            request_id: caller.request_id.clone(),
        };
        storage::audit::insert(c, &entry).await?;
        Ok(())
    }

    /// Entries, newest first.
    pub async fn list_audit(
        &self,
        caller: &Caller,
        of: &AuditOf,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditRow>, ServiceError> {
        let mut c = self.store.reader().await?;
        let scope = self.audit_scope(&mut c, caller, of).await?;
        let before = page.cursor_id(AuditId::parse).map_err(ServiceError::Invalid)?;
        let rows = storage::audit::list(&mut c, scope, filter, before, page.limit() + 1).await?;
        Ok(Page::cut(rows, page.limit(), |row| row.id.to_string()))
    }

    /// Notes in the log itself that somebody takes it home, and gives its first piece; [`Self::continue_audit_export`] gives the others.
    pub async fn start_audit_export(
        &self,
        caller: &Caller,
        of: &AuditOf,
        filter: &AuditFilter,
    ) -> Result<Page<AuditRow>, ServiceError> {
        let mut tx = self.store.begin().await?;
        let scope = self.audit_scope(&mut tx, caller, of).await?;
        let (team, organization) = match scope {
            AuditScope::Team(id) => (Some(id), None),
            AuditScope::Organization(id) => (None, Some(id)),
            AuditScope::Platform => (None, None),
        };
        let change = Change {
            action: "audit.export",
            target_kind: "audit",
            target_id: team.map(|id| id.to_string()).or(organization.map(|id| id.to_string())).unwrap_or_default(),
            target_name: "Audit log",
            team,
            organization,
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        tx.commit().await?;
        self.continue_audit_export(caller, of, filter, None).await
    }

    /// The piece of an export after a cursor. The caller's right is read for each.
    pub async fn continue_audit_export(
        &self,
        caller: &Caller,
        of: &AuditOf,
        filter: &AuditFilter,
        cursor: Option<String>,
    ) -> Result<Page<AuditRow>, ServiceError> {
        self.list_audit(caller, of, filter, &PageRequest { limit: Some(EXPORT_PIECE), cursor }).await
    }

    async fn audit_scope(&self, c: &mut AnyConnection, caller: &Caller, of: &AuditOf) -> Result<AuditScope, ServiceError> {
        match of {
            AuditOf::Team(team) => {
                let (team, _) = self.find_team_for(c, caller, team, Action::ViewAudit).await?;
                Ok(AuditScope::Team(team.id))
            }
            AuditOf::Organization(org) => {
                let org = storage::organizations::find(c, org).await?.ok_or(ServiceError::NotFound)?;
                let role = storage::organizations::find_role(c, org.id, caller.user.id).await?;
                match role {
                    Some(OrgRole::Admin) => {}
                    _ if caller.user.platform_admin => {}
                    Some(OrgRole::Member) => {
                        return Err(ServiceError::Forbidden("Only admins of the organization can read its audit log.".into()));
                    }
                    None => return Err(ServiceError::NotFound),
                }
                Ok(AuditScope::Organization(org.id))
            }
            AuditOf::Platform => {
                caller.check_platform_admin()?;
                Ok(AuditScope::Platform)
            }
        }
    }
}
