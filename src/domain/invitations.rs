//! Invitations: what pages and interfaces show of them.

use serde::{Deserialize, Serialize};

use super::{
    ids::{InvitationId, TeamId},
    mails::MailDelivery,
    roles::Role,
    time::{DAY_MS, UnixMs},
};

/// How long an invitation is good.
pub const INVITATION_LIFE_MS: i64 = 7 * DAY_MS;
/// Longest word to who is invited, in characters.
pub const NOTE_MAX: usize = 500;
/// Most addresses of one form.
pub const MOST_IN_A_FORM: usize = 20;
/// Most addresses of one request.
pub const MOST_AT_ONCE: usize = 1_000;

/// Checks a word to who is invited: lines of text, or nothing.
pub fn check_note(typed: &str) -> Result<String, String> {
    let note = typed.trim().replace("\r\n", "\n");
    if note.len() > NOTE_MAX * 4 || note.chars().count() > NOTE_MAX {
        return Err(format!("Use at most {NOTE_MAX} characters."));
    }
    let hidden = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    if note.chars().any(hidden) {
        return Err("Leave out invisible and direction-changing characters.".into());
    }
    Ok(note)
}

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Waits for an answer.
    Pending,
    /// Its person joined.
    Accepted,
    /// Was taken back.
    Revoked,
    /// Its person said no.
    Declined,
    /// Its time was over.
    Expired,
}

impl InvitationState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Accepted, Self::Revoked, Self::Declined, Self::Expired];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// An invitation in a team's list. It holds no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingInvitation {
    /// Identifier.
    pub id: InvitationId,
    /// Invited address, as typed.
    pub email: String,
    /// Offered role.
    pub role: Role,
    /// Pending, or expired.
    pub state: InvitationState,
    /// Who sent it last.
    pub inviter_name: String,
    /// When it was sent last.
    pub sent_at: UnixMs,
    /// Good until.
    pub expires_at: UnixMs,
    /// How far its mail got.
    pub mail: MailDelivery,
    /// Whether a seat is kept for it; false once it has expired, or seats were taken away.
    pub holds_seat: bool,
}

/// An invitation in the list of who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnInvitation {
    /// Identifier.
    pub id: InvitationId,
    /// Team.
    pub team: String,
    /// Identifier of the team.
    pub team_id: TeamId,
    /// Organization.
    pub organization: String,
    /// Who sent it last.
    pub inviter: String,
    /// Offered role.
    pub role: Role,
    /// Good until.
    pub expires_at: UnixMs,
    /// Whether the team has a seat for it; without one it waits.
    pub has_seat: bool,
    /// The team's owner, who can add seats.
    pub owner: String,
}

/// What became of one address that was to be invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteOutcome {
    /// The invitation exists, and its mail is queued.
    Sent {
        /// The invitation.
        invitation: PendingInvitation,
        /// What to hand over where no mail arrives.
        link: String,
    },
    /// The address belongs to a member.
    AlreadyMember,
    /// The address has an invitation that waits; resend that one.
    AlreadyInvited {
        /// The invitation that waits.
        id: InvitationId,
    },
    /// The address is the caller's own.
    Yourself,
    /// Not an e-mail address.
    Malformed {
        /// Why.
        message: String,
    },
    /// The address stands in the list before.
    Repeated,
    /// All seats are taken.
    NoSeat,
}

/// One address and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteResult {
    /// The address, as typed.
    pub email: String,
    /// What became of it.
    pub outcome: InviteOutcome,
}

impl InviteOutcome {
    /// The sentence about an address.
    pub fn sentence(&self, team: &str) -> String {
        match self {
            Self::Sent { .. } => "Invited.".into(),
            Self::AlreadyMember => format!("This address belongs to a member of {team}."),
            Self::AlreadyInvited { .. } => "This address has an invitation that waits. Resend that one for a new link.".into(),
            Self::Yourself => "This is your own address.".into(),
            Self::Malformed { message } => message.clone(),
            Self::Repeated => "This address stands in the list twice.".into(),
            Self::NoSeat => format!("{team} has no free seat. The owner can add one."),
        }
    }
}

/// What a link shows to whoever opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// The right account is signed in: join or decline.
    Ready,
    /// Nobody is signed in, and the address has an account.
    SignIn,
    /// Nobody is signed in, and the address has no account.
    SignUp,
    /// The right account is signed in, and its address is not confirmed yet.
    ConfirmFirst,
    /// Somebody else is signed in.
    OtherAccount,
    /// Its time is over.
    Expired,
    /// Was taken back; nothing else is told.
    Revoked,
    /// Was declined.
    Declined,
    /// Was used, and the viewer is no member.
    Used,
    /// The viewer is a member already.
    AlreadyMember,
    /// All seats are taken; the link stays valid.
    NoSeat,
}

impl LinkState {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready | Self::SignIn | Self::SignUp => "pending",
            Self::ConfirmFirst => "confirm_first",
            Self::OtherAccount => "other_account",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Declined => "declined",
            Self::Used => "accepted",
            Self::AlreadyMember => "already_member",
            Self::NoSeat => "no_seat",
        }
    }
}

/// An invitation as its link shows it. Texts are empty where the state tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationView {
    /// What the page shows.
    pub state: LinkState,
    /// Team.
    pub team: String,
    /// Short name of the team.
    pub team_slug: String,
    /// Organization.
    pub organization: String,
    /// Who invites.
    pub inviter: String,
    /// Offered role; of a member the present one.
    pub role: Role,
    /// Invited address.
    pub email: String,
    /// Address of who is signed in; empty for nobody.
    pub viewer_email: String,
    /// Good until.
    pub expires_at: UnixMs,
    /// The team's owner, who can add seats.
    pub owner: String,
    /// Seats, where they are limited.
    pub seats: Option<i64>,
    /// Whether a mail may be asked for: for a new link, or a seat. Once a day.
    pub may_ask: bool,
}

/// Who joined what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Team.
    pub team: TeamId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_lines_of_text() {
        assert_eq!(check_note(" See you,\r\nMaya ").as_deref(), Ok("See you,\nMaya"));
        assert_eq!(check_note("").as_deref(), Ok(""));
        assert!(check_note(&"x".repeat(501)).is_err() && check_note("a\u{202e}b").is_err() && check_note("a\0b").is_err());
    }
}
