//! What became of mails: for the list of invitations, and for the platform admin.

use std::collections::HashMap;

use sqlx::AnyConnection;

use crate::{
    domain::{
        ids::MailId,
        mails::{MailDelivery, OutboxRow},
        page::{Page, PageRequest},
    },
    service::{Caller, ServiceError, Services},
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
    pub async fn list_mails(&self, caller: &Caller, page: &PageRequest) -> Result<Page<OutboxRow>, ServiceError> {
        caller.check_platform_admin()?;
        let before = page.cursor_id(MailId::parse).map_err(ServiceError::Invalid)?;
        let mut c = self.store.reader().await?;
        let mails = storage::mails::list(&mut c, before, page.limit() + 1).await?;
        let page = Page::cut(mails, page.limit(), |listed| listed.mail.id.to_string());
        Ok(page.map(|listed| self.outbox_row(listed)))
    }

    fn outbox_row(&self, listed: ListedMail) -> OutboxRow {
        let ListedMail { mail, delivery } = listed;
        let text = if self.mailer.shows_mails() { self.render_mail(&mail).ok().map(|letter| letter.text) } else { None };
        let OutboxMail { id, recipient, subject, template, created_at, .. } = mail;
        OutboxRow { id, recipient, subject, kind: template, created_at, delivery, text }
    }
}
