//! Mails on their way, as pages show them.

use serde::{Deserialize, Serialize};

use super::{ids::MailId, time::UnixMs};

/// How far a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// Waits for its first or next attempt.
    Queued,
    /// Taken by the mail server, or written to a file.
    Sent,
    /// Given up after many attempts.
    Failed,
}

impl MailState {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Sent, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

/// Where the delivery of a mail stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailDelivery {
    /// How far it is.
    pub state: MailState,
    /// Attempts so far.
    pub attempts: i64,
    /// Why the last attempt failed, in a few words; empty when none did.
    pub problem: String,
    /// When the next attempt is made, while the mail is queued.
    pub next_attempt_at: UnixMs,
    /// When it was sent.
    pub sent_at: Option<UnixMs>,
}

impl MailDelivery {
    /// The state in words: `Sent`, `Queued`, `Failed 3 times: no connection to the mail server`.
    pub fn words(&self) -> String {
        match (self.state, self.attempts) {
            (MailState::Sent, _) => "Sent".into(),
            (MailState::Queued, _) if self.problem.is_empty() => "Queued".into(),
            (_, 1) => format!("Failed once: {}", self.problem),
            (_, n) => format!("Failed {n} times: {}", self.problem),
        }
    }
}

/// Which mails are asked for; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailFilter {
    /// How far they are.
    pub state: Option<MailState>,
    /// A part of the recipient or of the subject.
    pub text: String,
}

/// The outbox in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxState {
    /// Mails that failed and wait for another try.
    pub waiting: i64,
    /// When the first of these tries is made.
    pub next_attempt_at: Option<UnixMs>,
    /// Whether mails leave through a mail server; else they are files, and their text is shown.
    pub mail_server: bool,
}

/// A row of the platform admin's outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Identifier; part of the Message-ID.
    pub id: MailId,
    /// Whom it goes to.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Kind, such as `invitation`.
    pub kind: String,
    /// Queued at.
    pub created_at: UnixMs,
    /// How far it is.
    pub delivery: MailDelivery,
    /// What it says, links included; only where mails are files because no mail server is configured.
    pub text: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_have_words() {
        let delivery = |state, attempts, problem: &str| MailDelivery {
            state,
            attempts,
            problem: problem.into(),
            next_attempt_at: UnixMs(0),
            sent_at: None,
        };
        assert_eq!(delivery(MailState::Queued, 0, "").words(), "Queued");
        assert_eq!(delivery(MailState::Queued, 1, "no connection").words(), "Failed once: no connection");
        assert_eq!(delivery(MailState::Failed, 100, "no connection").words(), "Failed 100 times: no connection");
        assert_eq!(delivery(MailState::Sent, 3, "").words(), "Sent");
    }
}
