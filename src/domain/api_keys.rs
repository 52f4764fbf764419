//! Gateway keys: validated input, and what pages see. The secret itself exists once, in the answer to its creation.

use serde::{Deserialize, Serialize};

use super::{
    accounts::check_name,
    field_errors::FieldErrors,
    ids::{KeyId, UserId},
    time::{DAY_MS, UnixMs},
};

/// Longest key name, in characters.
pub const KEY_NAME_MAX: usize = 60;
/// How long the old secret works after a rotation.
pub const ROTATION_OVERLAP_MS: i64 = DAY_MS;
/// Latest expiry that is accepted: 2100-01-01.
pub const EXPIRY_MAX: UnixMs = UnixMs(4_102_444_800_000);

/// What a key belongs to and may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Belongs to a person in a team.
    #[default]
    Person,
    /// Belongs to the team; made by owner or admin; survives removals.
    Application,
    /// Calls simulated models only, for free.
    Test,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Person, Self::Application, Self::Test];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Application => "application",
            Self::Test => "test",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// State of a key at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Works.
    Active,
    /// Works, and ends within seven days.
    ExpiresSoon,
    /// Its time is over.
    Expired,
    /// Was revoked.
    Revoked,
}

impl KeyState {
    /// The state at a moment.
    pub fn at(now: UnixMs, expires_at: Option<UnixMs>, revoked_at: Option<UnixMs>) -> Self {
        match (revoked_at, expires_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(end)) if end <= now => Self::Expired,
            (None, Some(end)) if end <= now.plus(7 * DAY_MS) => Self::ExpiresSoon,
            _ => Self::Active,
        }
    }
}

/// What a list of keys is narrowed to. A rotated key is an active one whose former secret still works beside the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Works, whether or not it ends soon.
    Active,
    /// Works with two secrets.
    Rotated,
    /// Its time is over.
    Expired,
    /// Was revoked.
    Revoked,
}

impl KeyStatus {
    /// All of them, in the order of a key's life.
    pub const ALL: [Self; 4] = [Self::Active, Self::Rotated, Self::Expired, Self::Revoked];

    /// The word in addresses and queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Rotated => "rotated",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Rotated => "Rotating",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Validated input of "create key".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: KeyKind,
    /// When it ends.
    pub expires_at: Option<UnixMs>,
}

impl NewApiKey {
    /// Checks a form or a request body.
    pub fn parse(name: &str, kind: &str, expires_at: Option<UnixMs>, now: UnixMs) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", check_name(name, "a name that says where the key runs", KEY_NAME_MAX));
        let kind = match kind {
            "" => Some(KeyKind::Person),
            text => errors.check("kind", KeyKind::parse(text).ok_or_else(|| "Choose person, application or test.".to_owned())),
        };
        if let Err(message) = check_expiry(expires_at, now) {
            errors.add("expires_at", message);
        }
        match (name, kind) {
            (Some(name), Some(kind)) if errors.0.is_empty() => Ok(Self { name, kind, expires_at }),
            _ => Err(errors),
        }
    }
}

/// An expiry lies in the future, and before the year 2100.
pub fn check_expiry(expires_at: Option<UnixMs>, now: UnixMs) -> Result<(), String> {
    match expires_at {
        Some(end) if end <= now => Err("Choose an expiry in the future.".into()),
        Some(end) if end > EXPIRY_MAX => Err("Choose an expiry before the year 2100.".into()),
        _ => Ok(()),
    }
}

/// A gateway key, as services know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Identifier.
    pub id: KeyId,
    /// Context that it acts in, fixed at creation.
    pub team: super::ids::TeamId,
    /// Person that it belongs to; for an application key who made it.
    pub user: UserId,
    /// Kind.
    pub kind: KeyKind,
    /// Name.
    pub name: String,
    /// First characters of the secret, for people.
    pub prefix: String,
    /// Last characters of the secret, for people.
    pub suffix: String,
    /// When it ends.
    pub expires_at: Option<UnixMs>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMs>,
    /// When the secret that a rotation replaced stops.
    pub old_secret_until: Option<UnixMs>,
    /// When it was made.
    pub created_at: UnixMs,
    /// Last call, as far as it is booked.
    pub last_used_at: Option<UnixMs>,
}

impl ApiKey {
    /// An application key belongs to the team and not to who made it: it survives removals.
    pub fn is_the_teams(&self) -> bool {
        self.kind == KeyKind::Application
    }
}

/// A row of the key list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Identifier.
    pub id: KeyId,
    /// Name.
    pub name: String,
    /// `tg_k7Qm…3fXw`.
    pub masked: String,
    /// Kind.
    pub kind: KeyKind,
    /// Owner's account.
    pub user: UserId,
    /// Owner's name.
    pub user_name: String,
    /// State now.
    pub state: KeyState,
    /// When it ends.
    pub expires_at: Option<UnixMs>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMs>,
    /// When the secret that a rotation replaced stops; only while it still works.
    pub old_secret_until: Option<UnixMs>,
    /// Made at.
    pub created_at: UnixMs,
    /// Last call.
    pub last_used_at: Option<UnixMs>,
    /// Spent since the start of the month, in nano-dollars.
    pub spent: i64,
    /// Whether the viewer may rename and rotate it.
    pub may_manage: bool,
    /// Whether the viewer may revoke it.
    pub may_revoke: bool,
}

/// A secret that is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKey {
    /// Identifier.
    pub id: KeyId,
    /// The whole secret.
    pub key: String,
    /// First characters, as lists show them.
    pub prefix: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: KeyKind,
    /// When it ends.
    pub expires_at: Option<UnixMs>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_a_moment_not_a_day() {
        let now = UnixMs(1_000);
        assert_eq!(KeyState::at(now, Some(UnixMs(1_000)), None), KeyState::Expired);
        assert_eq!(KeyState::at(now, Some(UnixMs(1_001)), None), KeyState::ExpiresSoon);
        assert_eq!(KeyState::at(now, Some(now.plus(8 * DAY_MS)), None), KeyState::Active);
        assert_eq!(KeyState::at(now, None, Some(now)), KeyState::Revoked);
        assert!(check_expiry(Some(now), now).is_err() && check_expiry(Some(UnixMs(i64::MAX)), now).is_err());
    }
}
