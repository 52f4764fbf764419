//! The last step of a mail: a mail server, a file, or a test's memory.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        client::{Certificate, Tls, TlsParameters},
    },
};
use tokio::sync::Notify;

use super::Letter;
use crate::{
    domain::email,
    service::{ServiceError, Settings},
    storage::mails::OutboxMail,
};

/// Longest wait for a single answer of the mail server …
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// … and longest conversation about one mail.
const CONVERSATION_TIMEOUT: Duration = Duration::from_secs(60);
/// What is kept of a mail server's own words.
const LONGEST_WORDS: usize = 120;

/// Sends mails. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    patience: Duration,
    queued: Arc<Notify>,
}

/// Why a mail did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsent {
    /// A few words for the operator, without anything of the mail or of the credentials.
    pub(super) reason: String,
    /// No other mail would have left either.
    pub(super) server_away: bool,
}

impl Unsent {
    fn of_mail(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), server_away: false }
    }

    fn away(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), server_away: true }
    }

    fn of_smtp(error: &smtp::Error) -> Self {
        if let Some(problem) = tls_problem(error) {
            return Self::away(tls_words(problem));
        }
        let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_WORDS).collect();
        let words = words.trim();
        match error.status() {
            Some(code) => Self::of_mail(format!("the mail server answered {code} {words}").trim_end().to_owned()),
            None if error.is_timeout() => Self::away("the mail server did not answer in time"),
            None if error.is_tls() => Self::away(NO_TLS),
            None if error.is_client() => Self::away(format!("the mail server does not offer what is needed: {words}")),
            None => Self::away("no connection to the mail server"),
        }
    }
}

const NO_TLS: &str = "no safe connection to the mail server: its certificate or its TLS is not accepted";

/// What went wrong when a safe connection was to begin; it stands deep inside of an error of the connection.
fn tls_problem(error: &smtp::Error) -> Option<&rustls::Error> {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref())
}

fn tls_words(problem: &rustls::Error) -> &'static str {
    use rustls::CertificateError as Wrong;

    match problem {
        rustls::Error::InvalidCertificate(Wrong::UnknownIssuer) => {
            "the certificate of the mail server is signed by nobody known here; a private authority is named in TALLYGATE_SMTP_CA"
        }
        rustls::Error::InvalidCertificate(Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }) => {
            "the certificate of the mail server is for another name"
        }
        rustls::Error::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. }) => {
            "the certificate of the mail server has expired"
        }
        // What is left are forms that no authority gives to a server; the common one is an authority's own certificate.
        rustls::Error::InvalidCertificate(Wrong::Other(_)) => {
            "the mail server shows a certificate that is none for servers, such as one signed by itself; let a private authority \
             sign one, and name the authority in TALLYGATE_SMTP_CA"
        }
        _ => NO_TLS,
    }
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
                let wrong = || ServiceError::Internal("TALLYGATE_SMTP_URL is not understood".into());
                let url = with_tls(url.expose()).ok_or_else(wrong)?;
                let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|_| wrong())?;
                if !settings.smtp_roots.is_empty() {
                    smtp = smtp.tls(trusting(&url, &settings.smtp_roots).ok_or_else(wrong)?);
                }
                Transport::Smtp(smtp.timeout(Some(ANSWER_TIMEOUT)).build())
            }
            None => Transport::Folder(settings.data_dir.join("mail")),
        };
        let from = settings.mail_from.parse().map_err(|_| {
            ServiceError::Internal("TALLYGATE_MAIL_FROM is not a sender such as Tallygate <noreply@example.com>".into())
        })?;
        Ok(Self { transport, from, patience: CONVERSATION_TIMEOUT, queued: Arc::default() })
    }

    /// A mailer that keeps what it sends, for tests.
    #[must_use]
    pub fn memory() -> Self {
        let from = Mailbox::new(Some("Tallygate".into()), lettre::Address::new("tallygate", "localhost").expect("an address"));
        Self { transport: Transport::Memory(Arc::default()), from, patience: CONVERSATION_TIMEOUT, queued: Arc::default() }
    }

    /// The same mailer with less patience, for tests of servers that hang.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What a mailer in memory has sent.
    pub fn sent(&self) -> Vec<SentMail> {
        match &self.transport {
            Transport::Memory(sent) => sent.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Transport::Smtp(_) | Transport::Folder(_) => vec![],
        }
    }

    /// Whether the platform admin carries the links of mails, because no mail server does.
    pub(super) fn shows_mails(&self) -> bool {
        matches!(self.transport, Transport::Folder(_))
    }

    /// Says that the outbox has something new.
    pub fn wake(&self) {
        self.queued.notify_one();
    }

    /// Waits for [`wake`](Self::wake).
    pub(super) async fn woken(&self) {
        self.queued.notified().await;
    }

    /// Sends one mail.
    pub(super) async fn send(&self, mail: &OutboxMail, letter: Letter, public_url: &str) -> Result<(), Unsent> {
        let (text, html) = (letter.text.clone(), letter.html.clone());
        let message = self.message(mail, letter, public_url).map_err(Unsent::of_mail)?;
        match &self.transport {
            // The library's time limit is one for each answer; a server that trickles would hold the outbox for ever.
            Transport::Smtp(smtp) => match tokio::time::timeout(self.patience, smtp.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(Unsent::of_smtp(&error)),
                Err(_) => Err(Unsent::away("the mail server did not answer in time")),
            },
            Transport::Folder(folder) => {
                let raw = message.formatted();
                let path = folder.join(format!("{}.eml", mail.id));
                let written = tokio::task::spawn_blocking(move || write_file(&path, &raw)).await;
                written.map_err(|error| Unsent::away(error.to_string()))?.map_err(Unsent::away)
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
        let wrong = || "the recipient is not an address".to_owned();
        let recipient = email::deliverable(&mail.recipient).ok_or_else(wrong)?;
        let recipient: lettre::Address = recipient.parse().map_err(|_| wrong())?;
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
            .header(AutoSubmitted)
            .message_id(Some(format!("<{}@{host}>", mail.id)))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|error| error.to_string())
    }
}

/// Tells other programs that nobody is to be told about an absence (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// The mail server's URL with a word on TLS. `smtps` is TLS from the first byte. `smtp` starts TLS wherever the server offers it, and must
/// where a password is sent, unless the URL says `tls=none` or the server is this machine.
fn with_tls(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok()?;
    if url.scheme() == "smtps" {
        return Some(text.to_owned());
    }
    let said = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    let local = matches!(url.host_str()?, "localhost" | "127.0.0.1" | "[::1]");
    let tls = match said.as_deref() {
        Some(word @ ("none" | "opportunistic" | "required")) => word,
        Some(_) => return None,
        None if local => "none",
        None if url.password().is_some() => "required",
        None => "opportunistic",
    };
    let port = url.port().unwrap_or(if tls == "required" { smtp::SUBMISSION_PORT } else { smtp::SMTP_PORT });
    url.set_port(Some(port)).ok()?;
    url.set_query((tls != "none").then(|| format!("tls={tls}")).as_deref());
    Some(url.into())
}

/// What [`with_tls`] says of TLS, for a client that believes private authorities besides the public ones.
fn trusting(url: &str, roots: &[Vec<u8>]) -> Option<Tls> {
    let url = url::Url::parse(url).ok()?;
    let word = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    let mut parameters = TlsParameters::builder(url.host_str()?.trim_matches(['[', ']']).to_owned());
    for root in roots {
        parameters = parameters.add_root_certificate(Certificate::from_der(root.clone()).ok()?);
    }
    let parameters = || parameters.build_rustls().ok();
    Some(match (url.scheme(), word.as_deref()) {
        ("smtps", _) => Tls::Wrapper(parameters()?),
        (_, Some("required")) => Tls::Required(parameters()?),
        (_, Some("opportunistic")) => Tls::Opportunistic(parameters()?),
        _ => Tls::None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_do_not_travel_in_the_clear() {
        for (given, used) in [
            ("smtps://u:p@mail.example", "smtps://u:p@mail.example"),
            ("smtp://u:p@mail.example", "smtp://u:p@mail.example:587?tls=required"),
            ("smtp://u:p@mail.example:2525?tls=none", "smtp://u:p@mail.example:2525"),
            ("smtp://mail.example", "smtp://mail.example:25?tls=opportunistic"),
            ("smtp://u:p@127.0.0.1:1025", "smtp://u:p@127.0.0.1:1025"),
            ("smtp://localhost", "smtp://localhost:25"),
        ] {
            assert_eq!(with_tls(given).as_deref(), Some(used), "{given}");
            assert!(AsyncSmtpTransport::<Tokio1Executor>::from_url(used).is_ok(), "{used}");
        }
        assert_eq!(with_tls("smtp://mail.example?tls=maybe"), None);
    }
}
