//! The last step of a mail: a mail server, a file, or a test's memory.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
};
use tokio::sync::Notify;

use super::templates::Letter;
use crate::{
    service::{ServiceError, Settings},
    storage::mails::OutboxMail,
};

/// Longest conversation with the mail server.
const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends mails. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    queued: Arc<Notify>,
}

#[derive(Clone, Debug)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
    Memory(Arc<Mutex<Vec<SentMail>>>),
}

/// A mail that a test received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMail {
    /// Whom it went to.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// All of it, as it would have left.
    pub raw: String,
}

impl Mailer {
    /// A mailer as configured: SMTP, else files in `mail/` of the data directory.
    pub fn new(settings: &Settings) -> Result<Self, ServiceError> {
        let transport = match &settings.smtp_url {
            Some(url) => {
                // The URL holds a password: it is not repeated.
                let wrong = |_| ServiceError::Internal("TALLYGATE_SMTP_URL is not understood".into());
                Transport::Smtp(
                    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
                        .map_err(wrong)?
                        .timeout(Some(SMTP_TIMEOUT))
                        .build(),
                )
            }
            None => Transport::Folder(settings.data_dir.join("mail")),
        };
        let from = settings.mail_from.parse().map_err(|_| {
            ServiceError::Internal("TALLYGATE_MAIL_FROM is not a sender such as Tallygate <noreply@example.com>".into())
        })?;
        Ok(Self { transport, from, queued: Arc::default() })
    }

    /// A mailer that keeps what it sends, for tests.
    #[must_use]
    pub fn memory() -> Self {
        let from = Mailbox::new(Some("Tallygate".into()), lettre::Address::new("tallygate", "localhost").expect("an address"));
        Self { transport: Transport::Memory(Arc::default()), from, queued: Arc::default() }
    }

    /// What a mailer in memory has sent.
    pub fn sent(&self) -> Vec<SentMail> {
        match &self.transport {
            Transport::Memory(sent) => sent.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Transport::Smtp(_) | Transport::Folder(_) => vec![],
        }
    }

    /// Says that the outbox has something new.
    pub fn wake(&self) {
        self.queued.notify_one();
    }

    /// Waits for [`wake`](Self::wake).
    pub(super) async fn woken(&self) {
        self.queued.notified().await;
    }

    /// Sends one mail. The error is for the operator; it holds nothing of the mail.
    pub(super) async fn send(&self, mail: &OutboxMail, letter: Letter, public_url: &str) -> Result<(), String> {
        let (text, html) = (letter.text.clone(), letter.html.clone());
        let message = self.message(mail, letter, public_url)?;
        match &self.transport {
            Transport::Smtp(smtp) => smtp.send(message).await.map(|_| ()).map_err(|error| error.to_string()),
            Transport::Folder(folder) => {
                let raw = message.formatted();
                let path = folder.join(format!("{}.eml", mail.id));
                tokio::task::spawn_blocking(move || write_file(&path, &raw)).await.map_err(|error| error.to_string())?
            }
            Transport::Memory(sent) => {
                let raw = String::from_utf8_lossy(&message.formatted()).into_owned();
                let mail = SentMail { recipient: mail.recipient.clone(), subject: mail.subject.clone(), text, html, raw };
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                Ok(())
            }
        }
    }

    fn message(&self, mail: &OutboxMail, letter: Letter, public_url: &str) -> Result<Message, String> {
        // Parsed as an address: what could add a header or a recipient is refused here once more.
        let recipient: lettre::Address = mail.recipient.parse().map_err(|_| "the recipient is not an address".to_owned())?;
        let host = url::Url::parse(public_url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| "localhost".into());
        let date = UNIX_EPOCH + Duration::from_millis(mail.created_at.0.max(0).unsigned_abs());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient))
            .subject(mail.subject.clone())
            .date(date)
            .message_id(Some(format!("<{}@{host}>", mail.id)))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|error| error.to_string())
    }
}

/// Writes a file that only this user may read, whole or not at all.
fn write_file(path: &Path, bytes: &[u8]) -> Result<(), String> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};

    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let unfinished = path.with_extension("part");
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    };
    write().map_err(|error| error.to_string())
}
