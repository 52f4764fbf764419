//! Writing audit entries: in the transaction of the change that they report.

use serde_json::{Value, json};
use sqlx::AnyConnection;

use crate::{
    domain::ids::{OrgId, TeamId},
    service::{Caller, ServiceError, Services},
    storage,
};

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
        let text = |value: Value| if value.is_null() { json!({}).to_string() } else { value.to_string() };
        let at = self.clock.now();
        let entry = storage::audit::NewAuditEntry {
            id: self.random.id_at(at),
            at,
            actor: Some(caller.user.id),
            actor_name: &caller.user.name,
            action: change.action,
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
}
