//! Changing the key that secrets are sealed with: everything is opened with whichever key of the ring fits, and sealed with the first.

use serde_json::json;

use crate::{
    domain::audit::AuditOutcome,
    service::{ServiceError, Services, catalog::secret_place},
    storage::{self, AnyConnection, audit::NewAuditEntry},
};

/// What was sealed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Credentials of providers.
    pub providers: usize,
    /// Links in mails that the outbox holds.
    pub mails: usize,
}

impl Services {
    /// Seals every secret of the database with the first key of the ring, in the caller's transaction. Afterwards the other keys open
    /// nothing that is needed but invitations' links: those that were sent work on, and can be shown again only by sending them anew.
    pub async fn reseal_secrets(&self, c: &mut AnyConnection) -> Result<Resealed, ServiceError> {
        let mut resealed = Resealed::default();
        for (provider, sealed) in storage::catalog::list_providers(c).await? {
            if sealed.is_empty() {
                continue;
            }
            let place = secret_place(provider.id);
            let secret = self.vault.open(&place, &sealed)?;
            let sealed = self.vault.seal(&self.random, &place, secret.expose())?;
            storage::catalog::update_provider(c, &provider, &sealed).await?;
            resealed.providers += 1;
        }
        resealed.mails = self.reseal_mails(c).await?;
        let at = self.clock.now();
        let entry = NewAuditEntry {
            id: self.random.id_at(at),
            at,
            actor: None,
            actor_name: "Tallygate",
            action: "platform.reseal_secrets",
            outcome: AuditOutcome::Done,
            target_kind: "platform",
            target_id: "platform".into(),
            target_name: "Platform",
            team: None,
            organization: None,
            before: json!({}).to_string(),
            after: json!({"providers": resealed.providers, "mails": resealed.mails}).to_string(),
            source: "system",
            address: String::new(),
            request_id: String::new(),
        };
        storage::audit::insert(c, &entry).await?;
        Ok(resealed)
    }
}
