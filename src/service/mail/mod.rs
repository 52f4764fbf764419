//! Mail: a transactional outbox. A mail is queued in the transaction of what it reports, so neither exists without the other, and sent
//! by a task of its own, with retries: an outage of the mail server loses none. A crash between sending and noting it sends a mail
//! twice at most, with the same Message-ID.
//!
//! Secrets that a mail carries are sealed while it waits and wiped when it is gone.

pub mod delivery;
mod letters;
mod outbox;
pub mod templates;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::AnyConnection;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ids::MailId,
        time::{HOUR_MS, MINUTE_MS, SECOND_MS},
    },
    service::{ServiceError, Services, invitations::tokens::Channel, vault::Secret},
    storage::{self, mails::OutboxMail},
};

use delivery::Unsent;
pub use letters::Letter;
pub use templates::Template;

/// Attempts before a mail is given up: with the pauses between them, about four days.
const MOST_ATTEMPTS: i64 = 100;
const FIRST_PAUSE_MS: i64 = 10 * SECOND_MS;
const LONGEST_PAUSE_MS: i64 = HOUR_MS;
/// How long one process has a mail for itself: longer than the longest conversation with the mail server.
const CLAIM_MS: i64 = 2 * MINUTE_MS;
/// Mails per look into the outbox.
const BATCH: i64 = 20;
/// How long a mail that nobody announced waits for a look: those of another process, and those that are due again.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// A mail to queue.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    /// What it says.
    pub template: Template,
    /// Whom it goes to, as typed at sign-up.
    pub recipient: &'a str,
    /// Name of whom it goes to.
    pub name: &'a str,
    /// The token of its link.
    pub token: Option<&'a str>,
}

/// What a queued mail is made of.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    name: String,
    /// What the template names.
    #[serde(default)]
    facts: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed_token: Option<String>,
}

impl Services {
    /// Queues a mail in the transaction of what it reports. Call [`Mailer::wake`](delivery::Mailer::wake) once that is committed.
    pub async fn queue_mail(&self, c: &mut AnyConnection, new: NewMail<'_>) -> Result<MailId, ServiceError> {
        let at = self.clock.now();
        let id: MailId = self.random.id_at(at);
        let sealed_token = new.token.map(|token| self.vault.seal(&self.random, &place(id), token)).transpose()?;
        let unwritable = |error| ServiceError::Internal(format!("a mail's payload: {error}"));
        let payload = Payload { name: new.name.to_owned(), facts: new.template.facts().map_err(unwritable)?, sealed_token };
        let mail = OutboxMail {
            id,
            recipient: new.recipient.to_owned(),
            subject: new.template.subject(),
            template: new.template.as_str().to_owned(),
            payload: serde_json::to_string(&payload).map_err(unwritable)?,
            attempts: 0,
            created_at: at,
        };
        storage::mails::insert(c, &mail).await?;
        Ok(id)
    }

    /// Sends what is due and says how many mails left. A mail that fails waits longer each time. While the mail server is away, one
    /// mail finds that out for all.
    pub async fn deliver_mails_once(&self) -> Result<usize, ServiceError> {
        self.deliver_until(&CancellationToken::new()).await
    }

    async fn deliver_until(&self, cancel: &CancellationToken) -> Result<usize, ServiceError> {
        let due = storage::mails::list_due(&mut *self.store.reader().await?, self.clock.now(), BATCH).await?;
        let mut sent = 0;
        for mail in due {
            if cancel.is_cancelled() {
                break;
            }
            if !self.claim_mail(&mail).await? {
                continue;
            }
            let outcome = match self.render_mail(&mail) {
                Ok(letter) => self.mailer.send(&mail, letter, &self.settings.public_url).await,
                Err(reason) => Err(Unsent { reason, server_away: false }),
            };
            let server_away = outcome.as_ref().is_err_and(|unsent| unsent.server_away);
            sent += usize::from(outcome.is_ok());
            self.note_outcome(&mail, outcome).await?;
            if server_away {
                break;
            }
        }
        Ok(sent)
    }

    /// Sends mails until it is cancelled.
    pub async fn run_mail_delivery(&self, cancel: CancellationToken) {
        // What was shown while there was no mail server is not kept beyond that.
        if !self.mailer.shows_mails()
            && let Err(error) = self.wipe_sent_mails().await
        {
            tracing::warn!(error = %error, "sent mails could not be wiped; it is tried at the next start");
        }
        loop {
            match self.deliver_until(&cancel).await {
                // There may be more than one batch.
                Ok(sent) if sent > 0 && !cancel.is_cancelled() => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(error = %error, "the outbox could not be read; it is tried again"),
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.mailer.woken() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Seals the links of mails anew that the outbox holds; how many those were.
    pub(super) async fn reseal_mails(&self, c: &mut AnyConnection) -> Result<usize, ServiceError> {
        let unreadable = |error| ServiceError::Internal(format!("a mail's payload: {error}"));
        let mut resealed = 0;
        for (id, text) in storage::mails::list_payloads(c).await? {
            let mut payload: Payload = serde_json::from_str(&text).map_err(unreadable)?;
            let Some(sealed) = payload.sealed_token.take() else { continue };
            let token = self.vault.open(&place(id), &sealed)?;
            payload.sealed_token = Some(self.vault.seal(&self.random, &place(id), token.expose())?);
            storage::mails::put_payload(c, id, &serde_json::to_string(&payload).map_err(unreadable)?).await?;
            resealed += 1;
        }
        Ok(resealed)
    }

    async fn wipe_sent_mails(&self) -> Result<(), ServiceError> {
        let mut tx = self.store.begin_aside().await?;
        storage::mails::wipe_sent(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn claim_mail(&self, mail: &OutboxMail) -> Result<bool, ServiceError> {
        let mut tx = self.store.begin_aside().await?;
        let claimed = storage::mails::claim(&mut tx, mail, self.clock.now().plus(CLAIM_MS)).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// The mail as it is sent; the error is a few words for the operator.
    fn render_mail(&self, mail: &OutboxMail) -> Result<Letter, String> {
        let unreadable = || "what the mail is made of can not be read".to_owned();
        let payload: Payload = serde_json::from_str(&mail.payload).map_err(|_| unreadable())?;
        let template = Template::parse(&mail.template, payload.facts).ok_or_else(unreadable)?;
        let key_is_gone = || "its link was made under another TALLYGATE_SECRET_KEY".to_owned();
        let token = match &template {
            Template::Invitation { invitation, generation, token_hash, .. } => {
                let made = self.remake_invitation_token(*invitation, *generation, Channel::Mail, token_hash);
                Some(Secret::new(made.ok_or_else(key_is_gone)?))
            }
            _ => {
                let opened = payload.sealed_token.map(|sealed| self.vault.open(&place(mail.id), &sealed)).transpose();
                opened.map_err(|_| key_is_gone())?
            }
        };
        Ok(template.render(&self.settings.public_url, &payload.name, token.as_ref()))
    }

    async fn note_outcome(&self, mail: &OutboxMail, outcome: Result<(), Unsent>) -> Result<(), ServiceError> {
        let (now, attempts) = (self.clock.now(), mail.attempts + 1);
        let mut tx = self.store.begin_aside().await?;
        match outcome {
            Ok(()) => storage::mails::mark_sent(&mut tx, mail.id, now, self.mailer.shows_mails()).await?,
            Err(Unsent { reason, .. }) => {
                let next = (attempts < MOST_ATTEMPTS).then(|| now.plus(pause_after(attempts)));
                tracing::warn!(mail.id = %mail.id, mail.attempts = attempts, reason, give_up = next.is_none(), "a mail was not sent");
                storage::mails::mark_failed(&mut tx, mail.id, &reason, next).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Where a mail's token is sealed for.
fn place(id: MailId) -> String {
    format!("mails/{id}/token")
}

fn pause_after(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS)
}
