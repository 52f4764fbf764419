//! The outbox: mails that wait, were sent, or were given up.

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{ids::MailId, time::UnixMs};

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    /// Identifier; part of the Message-ID.
    pub id: MailId,
    /// Whom it goes to.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Which template it is rendered with.
    pub template: String,
    /// What the template needs (JSON); secrets in it are sealed.
    pub payload: String,
    /// Attempts to send it so far.
    pub attempts: i64,
    /// Queued at.
    pub created_at: UnixMs,
}

fn from_row(row: &AnyRow) -> Result<OutboxMail, sqlx::Error> {
    Ok(OutboxMail {
        id: row.id("id")?,
        recipient: row.text("recipient")?,
        subject: row.text("subject")?,
        template: row.text("template")?,
        payload: row.text("payload")?,
        attempts: row.int("attempts")?,
        created_at: row.time("created_at")?,
    })
}

/// Queues a mail; it is due at once.
pub async fn insert(c: &mut AnyConnection, mail: &OutboxMail) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO mails (id, recipient, subject, template, payload, state, attempts, next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $7)",
    )
    .bind(mail.id.to_string())
    .bind(&mail.recipient)
    .bind(&mail.subject)
    .bind(&mail.template)
    .bind(&mail.payload)
    .bind(mail.attempts)
    .bind(mail.created_at.0)
    .execute(c)
    .await?;
    Ok(())
}

/// Takes a mail out again, in the transaction that queued it.
pub async fn delete(c: &mut AnyConnection, id: MailId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE id = $1").bind(id.to_string()).execute(c).await?;
    Ok(())
}

/// Mails that are due, oldest first.
pub async fn list_due(c: &mut AnyConnection, now: UnixMs, limit: i64) -> Result<Vec<OutboxMail>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, recipient, subject, template, payload, attempts, created_at FROM mails
         WHERE state = 'queued' AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(c)
    .await?;
    rows.iter().map(from_row).collect()
}

/// Takes a mail for one attempt; of several processes one gets `true`. Without an outcome it is due again at `next`.
pub async fn claim(c: &mut AnyConnection, mail: &OutboxMail, next: UnixMs) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $3 WHERE id = $1 AND state = 'queued' AND attempts = $2",
    )
    .bind(mail.id.to_string())
    .bind(mail.attempts)
    .bind(next.0)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that a mail was sent, and wipes what it was made of.
pub async fn mark_sent(c: &mut AnyConnection, id: MailId, at: UnixMs) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE mails SET state = 'sent', payload = '{}', last_error = '', sent_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(at.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Notes why an attempt failed; `give_up` wipes the mail's payload and ends the attempts.
pub async fn mark_failed(c: &mut AnyConnection, id: MailId, error: &str, give_up: bool) -> Result<(), sqlx::Error> {
    let sql = if give_up {
        "UPDATE mails SET state = 'failed', payload = '{}', last_error = $2 WHERE id = $1"
    } else {
        "UPDATE mails SET last_error = $2 WHERE id = $1"
    };
    sqlx::query(sql).bind(id.to_string()).bind(error).execute(c).await?;
    Ok(())
}
