//! Mail: a transactional outbox. A mail is queued in the transaction of what it reports, so neither exists without the other, and sent
//! by a task of its own, with retries: an outage of the mail server loses none. A crash between sending and noting it sends a mail
//! twice at most, with the same Message-ID.
//!
//! Secrets that a mail carries are sealed while it waits and wiped when it is gone.

pub mod delivery;
pub mod templates;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ids::MailId,
        time::{HOUR_MS, SECOND_MS, UnixMs},
    },
    service::{ServiceError, Services},
    storage::{self, mails::OutboxMail},
};

pub use templates::Template;

/// Attempts before a mail is given up: with the pauses between them, about four days.
const MOST_ATTEMPTS: i64 = 100;
const FIRST_PAUSE_MS: i64 = 10 * SECOND_MS;
const LONGEST_PAUSE_MS: i64 = HOUR_MS;
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed_token: Option<String>,
}

impl Services {
    /// Queues a mail in the transaction of what it reports. Call [`Mailer::wake`](delivery::Mailer::wake) once that is committed.
    pub async fn queue_mail(&self, c: &mut AnyConnection, new: NewMail<'_>) -> Result<MailId, ServiceError> {
        let at = self.clock.now();
        let id: MailId = self.random.id_at(at);
        let sealed_token = new.token.map(|token| self.vault.seal(&self.random, &place(id), token)).transpose()?;
        let payload = Payload { name: new.name.to_owned(), sealed_token };
        let mail = OutboxMail {
            id,
            recipient: new.recipient.to_owned(),
            subject: new.template.subject().to_owned(),
            template: new.template.as_str().to_owned(),
            payload: serde_json::to_string(&payload)
                .map_err(|error| ServiceError::Internal(format!("a mail's payload: {error}")))?,
            attempts: 0,
            created_at: at,
        };
        storage::mails::insert(c, &mail).await?;
        Ok(id)
    }

    /// Sends what is due and says how many mails left. A mail that fails waits longer each time.
    pub async fn deliver_mails_once(&self) -> Result<usize, ServiceError> {
        let due = storage::mails::list_due(&mut *self.store.reader().await?, self.clock.now(), BATCH).await?;
        let mut sent = 0;
        for mail in due {
            let next = self.clock.now().plus(pause_after(mail.attempts + 1));
            if !self.claim_mail(&mail, next).await? {
                continue;
            }
            let outcome = match self.render_mail(&mail) {
                Ok(letter) => self.mailer.send(&mail, letter, &self.settings.public_url).await,
                Err(error) => Err(error.to_string()),
            };
            sent += usize::from(outcome.is_ok());
            self.note_outcome(&mail, outcome).await?;
        }
        Ok(sent)
    }

    /// Sends mails until it is cancelled.
    pub async fn run_mail_delivery(&self, cancel: CancellationToken) {
        loop {
            match self.deliver_mails_once().await {
                // There may be more than one batch.
                Ok(sent) if sent > 0 => continue,
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

    async fn claim_mail(&self, mail: &OutboxMail, next: UnixMs) -> Result<bool, ServiceError> {
        let mut tx = self.store.begin().await?;
        let claimed = storage::mails::claim(&mut tx, mail, next).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    fn render_mail(&self, mail: &OutboxMail) -> Result<templates::Letter, ServiceError> {
        let unreadable = || ServiceError::Internal(format!("mail {} can not be read", mail.id));
        let template = Template::parse(&mail.template).ok_or_else(unreadable)?;
        let payload: Payload = serde_json::from_str(&mail.payload).map_err(|_| unreadable())?;
        let token = payload.sealed_token.map(|sealed| self.vault.open(&place(mail.id), &sealed)).transpose()?;
        Ok(template.render(&self.settings.public_url, &payload.name, token.as_ref()))
    }

    async fn note_outcome(&self, mail: &OutboxMail, outcome: Result<(), String>) -> Result<(), ServiceError> {
        let mut tx = self.store.begin().await?;
        match outcome {
            Ok(()) => storage::mails::mark_sent(&mut tx, mail.id, self.clock.now()).await?,
            Err(error) => {
                let give_up = mail.attempts + 1 >= MOST_ATTEMPTS;
                tracing::warn!(mail.id = %mail.id, mail.attempts = mail.attempts + 1, error, give_up, "a mail was not sent");
                storage::mails::mark_failed(&mut tx, mail.id, &error, give_up).await?;
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
