//! The platform's outbox.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::mails::MailState, error::AppError, wire::PageAnswer};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxLine {
    pub id: String,
    pub subject: String,
    pub recipient: String,
    pub kind: String,
    pub state: MailState,
    pub attempts: i64,
    /// Why the last attempt failed; empty when none did.
    pub problem: String,
    /// When it was sent, or when it is tried next.
    pub next: String,
    pub next_title: String,
    pub queued: String,
    pub queued_title: String,
    /// What it says; empty where that is for its recipient's eyes alone.
    pub text: String,
}

/// The outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxPage {
    pub lead: String,
    /// How many mails wait for another try, a sentence; empty where none does.
    pub waiting: String,
    /// When the first of these is tried.
    pub waiting_detail: String,
    pub rows: Vec<OutboxLine>,
    pub next: Option<String>,
}

/// Mails, newest first; in a state, where one is given.
#[server(prefix = "/fn", endpoint = "list_outbox", output = PageAnswer)]
pub async fn list_outbox(text: String, state: String, cursor: String) -> Result<OutboxPage, AppError> {
    use crate::domain::{format, mails::MailFilter, page::PageRequest};

    let (services, caller) = super::context::signed_in().await?;
    let outbox = services.outbox_state(&caller).await?;
    let filter = MailFilter { state: MailState::parse(&state), text };
    let page = services.list_mails(&caller, &filter, &PageRequest { limit: None, cursor: Some(cursor) }).await?;
    let now = services.clock.now();
    let lead = if outbox.mail_server {
        "Mails leave through the mail server. What they say is wiped once they are gone."
    } else {
        "No mail server is set up: mails become files in the data directory, and their text is shown here for you to pass on."
    };
    let waiting = match outbox.waiting {
        0 => String::new(),
        1 => "1 mail waits for another try.".to_owned(),
        n => format!("{n} mails wait for another try."),
    };
    let first = outbox.next_attempt_at.filter(|_| outbox.waiting > 0);
    let waiting_detail = first.map_or_else(String::new, |at| format!("The first is tried {}.", format::until(at, now)));
    Ok(OutboxPage {
        lead: lead.to_owned(),
        waiting,
        waiting_detail,
        rows: page.items.into_iter().map(|row| words::line(row, now)).collect(),
        next: page.next_cursor,
    })
}

/// Tries again what waits for longer than two minutes; gives how many mails.
#[server(prefix = "/fn", endpoint = "retry_mails", output = PageAnswer)]
pub async fn retry_mails() -> Result<i64, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    Ok(services.retry_mails(&caller).await?)
}

#[cfg(feature = "ssr")]
mod words {
    use super::OutboxLine;
    use crate::domain::{
        format,
        mails::{MailState, OutboxRow},
        time::UnixMs,
    };

    pub(super) fn line(row: OutboxRow, now: UnixMs) -> OutboxLine {
        let at = match row.delivery.state {
            MailState::Queued => Some(row.delivery.next_attempt_at),
            MailState::Sent => row.delivery.sent_at,
            MailState::Failed => None,
        };
        let next = match (row.delivery.state, at) {
            (MailState::Queued, Some(at)) => format::until(at, now),
            (_, Some(at)) => format::ago(at, now),
            (_, None) => "Not tried again".to_owned(),
        };
        let kind = row.kind.replace('_', " ");
        OutboxLine {
            id: row.id.to_string(),
            subject: row.subject,
            recipient: row.recipient,
            kind,
            state: row.delivery.state,
            attempts: row.delivery.attempts,
            problem: row.delivery.problem,
            next,
            next_title: at.map_or_else(String::new, format::full),
            queued: format::ago(row.created_at, now),
            queued_title: format::full(row.created_at),
            text: row.text.unwrap_or_default(),
        }
    }
}
