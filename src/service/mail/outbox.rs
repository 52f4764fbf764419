//! What became of mails: for the list of invitations, and for the platform admin.

use std::collections::HashMap;

use serde_json::json;
use sqlx::AnyConnection;

use super::CLAIM_MS;
use crate::{
    domain::{
        ids::MailId,
        mails::{MailDelivery, MailFilter, OutboxRow, OutboxState},
        page::{Page, PageRequest},
    },
    service::{Caller, ServiceError, Services, audit::Change},
    storage::{
        self,
        mails::{ListedMail, OutboxMail},
    },
};

impl Services {
    /// Where the delivery of mails stands. A mail that was withdrawn is not in it.
    pub async fn mail_deliveries(
        &self,
        c: &mut AnyConnection,
        mails: &[MailId],
    ) -> Result<HashMap<MailId, MailDelivery>, ServiceError> {
        Ok(storage::mails::list_deliveries(c, mails).await?)
    }

    /// Takes a mail back that was not sent yet, in the transaction of what makes it pointless.
    pub async fn withdraw_mail(&self, c: &mut AnyConnection, mail: MailId) -> Result<(), ServiceError> {
        Ok(storage::mails::withdraw(c, mail).await?)
    }

    /// The outbox, newest first, for platform admins. What mails say is shown only where no mail server is configured, because then
    /// somebody has to carry their links; with one, a link is for its recipient's eyes alone.
    pub async fn list_mails(
        &self,
        caller: &Caller,
        filter: &MailFilter,
        page: &PageRequest,
    ) -> Result<Page<OutboxRow>, ServiceError> {
        caller.check_platform_admin()?;
        let before = page.cursor_id(MailId::parse).map_err(ServiceError::Invalid)?;
        let mut c = self.store.reader().await?;
        let mails = storage::mails::list(&mut c, filter, before, page.limit() + 1).await?;
        let page = Page::cut(mails, page.limit(), |listed| listed.mail.id.to_string());
        Ok(page.map(|listed| self.outbox_row(listed)))
    }

    /// What waits in the outbox, for platform admins.
    pub async fn outbox_state(&self, caller: &Caller) -> Result<OutboxState, ServiceError> {
        caller.check_platform_admin()?;
        let (waiting, next_attempt_at) = storage::mails::count_waiting(&mut *self.store.reader().await?).await?;
        Ok(OutboxState { waiting, next_attempt_at, mail_server: !self.mailer.shows_mails() })
    }

    /// Tries mails again at once that would wait for more than two minutes: after the mail server was repaired, for platform admins.
    /// Gives how many. The others are tried soon in any case, and one may be under way just now: it must not leave twice.
    pub async fn retry_mails(&self, caller: &Caller) -> Result<i64, ServiceError> {
        self.check_platform_change(caller, "send waiting mails")?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mails = storage::mails::hasten(&mut tx, now, now.plus(CLAIM_MS)).await?;
        if mails > 0 {
            let change = Change {
                action: "mail.retry",
                target_kind: "platform",
                target_name: "Outbox",
                after: json!({"mails": mails}),
                ..Change::default()
            };
            self.audit(&mut tx, caller, change).await?;
        }
        tx.commit().await?;
        self.mailer.wake();
        Ok(mails)
    }

    fn outbox_row(&self, listed: ListedMail) -> OutboxRow {
        let ListedMail { mail, delivery } = listed;
        let text = if self.mailer.shows_mails() { self.render_mail(&mail).ok().map(|letter| letter.text) } else { None };
        let OutboxMail { id, recipient, subject, template, created_at, .. } = mail;
        OutboxRow { id, recipient, subject, kind: template, created_at, delivery, text }
    }
}
