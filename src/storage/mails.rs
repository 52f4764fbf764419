//! The outbox: mails that wait, were sent, or were given up.

use std::collections::HashMap;

use sqlx::{AnyConnection, any::AnyRow};

use super::RowExt;
use crate::domain::{
    ids::MailId,
    mails::{MailDelivery, MailFilter, MailState},
    time::UnixMs,
};

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

/// A mail with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMail {
    /// The mail.
    pub mail: OutboxMail,
    /// Where its delivery stands.
    pub delivery: MailDelivery,
}

fn delivery(row: &AnyRow) -> Result<MailDelivery, sqlx::Error> {
    Ok(MailDelivery {
        state: row.word("state", MailState::parse)?,
        attempts: row.int("attempts")?,
        problem: row.text("last_error")?,
        next_attempt_at: row.time("next_attempt_at")?,
        sent_at: row.time_opt("sent_at")?,
    })
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

/// Takes a mail out that was not sent yet.
pub async fn withdraw(c: &mut AnyConnection, id: MailId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mails WHERE id = $1 AND state = 'queued'").bind(id.to_string()).execute(c).await?;
    Ok(())
}

/// Mails, newest first, older than `before`.
pub async fn list(
    c: &mut AnyConnection,
    filter: &MailFilter,
    before: Option<MailId>,
    limit: i64,
) -> Result<Vec<ListedMail>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, recipient, subject, template, payload, attempts, created_at, state, last_error, next_attempt_at, sent_at FROM mails
         WHERE ($1 = '' OR id < $1) AND ($2 = '' OR state = $2)
           AND ($3 = '' OR LOWER(recipient) LIKE $4 ESCAPE '\\' OR LOWER(subject) LIKE $4 ESCAPE '\\')
         ORDER BY id DESC LIMIT $5",
    )
    .bind(before.map(|id| id.to_string()).unwrap_or_default())
    .bind(filter.state.map_or("", MailState::as_str))
    .bind(filter.text.trim())
    .bind(super::contains(&filter.text))
    .bind(limit)
    .fetch_all(c)
    .await?;
    rows.iter().map(|row| Ok(ListedMail { mail: from_row(row)?, delivery: delivery(row)? })).collect()
}

/// How many mails failed and wait for another try, and when the first of these is made.
pub async fn count_waiting(c: &mut AnyConnection) -> Result<(i64, Option<UnixMs>), sqlx::Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n, MIN(next_attempt_at) AS next_at FROM mails WHERE state = 'queued' AND last_error <> ''",
    )
    .fetch_one(c)
    .await?;
    Ok((row.int("n")?, row.time_opt("next_at")?))
}

/// Makes mails due at once that would wait beyond `claimed_until`. Those that wait less may be on their way just now.
pub async fn hasten(c: &mut AnyConnection, now: UnixMs, claimed_until: UnixMs) -> Result<i64, sqlx::Error> {
    let done = sqlx::query("UPDATE mails SET next_attempt_at = $1 WHERE state = 'queued' AND next_attempt_at > $2")
        .bind(now.0)
        .bind(claimed_until.0)
        .execute(c)
        .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// Where the delivery of some mails stands.
pub async fn list_deliveries(c: &mut AnyConnection, ids: &[MailId]) -> Result<HashMap<MailId, MailDelivery>, sqlx::Error> {
    let mut found = HashMap::new();
    for ids in ids.chunks(100) {
        let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT id, state, attempts, last_error, next_attempt_at, sent_at FROM mails WHERE id IN ({})",
            places.join(", ")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for id in ids {
            query = query.bind(id.to_string());
        }
        for row in query.fetch_all(&mut *c).await? {
            found.insert(row.id("id")?, delivery(&row)?);
        }
    }
    Ok(found)
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

/// Notes that a mail was sent, and wipes what it was made of unless it is to be shown.
pub async fn mark_sent(c: &mut AnyConnection, id: MailId, at: UnixMs, keep: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE mails SET state = 'sent', payload = CASE WHEN $3 = 1 THEN payload ELSE '{}' END, last_error = '', sent_at = $2 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(at.0)
    .bind(i64::from(keep))
    .execute(c)
    .await?;
    Ok(())
}

/// What mails are made of that still hold something.
pub async fn list_payloads(c: &mut AnyConnection) -> Result<Vec<(MailId, String)>, sqlx::Error> {
    let rows = sqlx::query("SELECT id, payload FROM mails WHERE payload <> '{}'").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.text("payload")?))).collect()
}

/// Replaces what a mail is made of.
pub async fn put_payload(c: &mut AnyConnection, id: MailId, payload: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE mails SET payload = $2 WHERE id = $1").bind(id.to_string()).bind(payload).execute(c).await?;
    Ok(())
}

/// Wipes what sent mails were made of.
pub async fn wipe_sent(c: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE mails SET payload = '{}' WHERE state = 'sent' AND payload <> '{}'").execute(c).await?;
    Ok(())
}

/// Notes why an attempt failed, and when the next one is made; without one the mail is given up and its payload wiped.
pub async fn mark_failed(c: &mut AnyConnection, id: MailId, error: &str, next: Option<UnixMs>) -> Result<(), sqlx::Error> {
    let sql = match next {
        Some(_) => "UPDATE mails SET last_error = $2, next_attempt_at = $3 WHERE id = $1",
        None => {
            "UPDATE mails SET state = 'failed', payload = '{}', last_error = $2, next_attempt_at = COALESCE($3, next_attempt_at) WHERE id = $1"
        }
    };
    sqlx::query(sql).bind(id.to_string()).bind(error).bind(next.map(|at| at.0)).execute(c).await?;
    Ok(())
}
