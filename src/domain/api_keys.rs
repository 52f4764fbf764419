//! Gateway keys: their shape, validated input, and what pages see. The secret itself exists once, in the answer to its creation.

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

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

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

/// Makes a secret with a prefix (`tg_` or `tgm_`): 43 base62 characters of 256 random bits and 6 of checksum.
/// The checksum (CRC-32, IEEE) lets scanners and the gateway tell a typing error without looking anything up.
pub fn make_secret(prefix: &str, random: [u8; 32]) -> String {
    let mut digits = [0u8; 43];
    let mut number = random;
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::from(divide_by_62(&mut number))];
    }
    let text = |digits: &[u8]| digits.iter().map(|b| char::from(*b)).collect::<String>();
    let body = text(&digits);
    let sum = text(&checksum(&body));
    format!("{prefix}{body}{sum}")
}

/// Whether a text has the shape of a secret with this prefix, checksum included.
pub fn is_well_formed(prefix: &str, text: &str) -> bool {
    let Some(rest) = text.strip_prefix(prefix) else { return false };
    rest.len() == 49 && rest.bytes().all(|b| b.is_ascii_alphanumeric()) && checksum(&rest[..43]) == rest.as_bytes()[43..]
}

/// `tg_k7Qm` and `3fXw` of a secret.
pub fn shown_parts(secret: &str) -> (String, String) {
    let start = secret.find('_').map_or(0, |at| at + 1) + 4;
    (secret.chars().take(start).collect(), secret[secret.len().saturating_sub(4)..].to_owned())
}

fn divide_by_62(number: &mut [u8; 32]) -> u8 {
    let mut rest = 0u16;
    for byte in number.iter_mut() {
        let value = rest << 8 | u16::from(*byte);
        *byte = (value / 62) as u8;
        rest = value % 62;
    }
    rest as u8
}

/// CRC-32 (IEEE 802.3, reflected) of each byte: the gateway looks at every call's secret.
const CRC: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// The checksum of a body as six base62 characters.
fn checksum(body: &str) -> [u8; 6] {
    let crc = body.bytes().fold(!0u32, |crc, byte| crc >> 8 ^ CRC[usize::from(crc as u8 ^ byte)]);
    let mut value = !crc;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(value % 62) as usize];
        value /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_contracts_shape() {
        for seed in 0..=255u8 {
            let secret = make_secret("tg_", [seed; 32]);
            assert_eq!(secret.len(), 3 + 43 + 6);
            assert!(is_well_formed("tg_", &secret));
        }
        let secret = make_secret("tg_", *b"0123456789abcdef0123456789abcdef");
        let mut wrong = secret.clone().into_bytes();
        wrong[10] = if wrong[10] == b'a' { b'b' } else { b'a' };
        assert!(!is_well_formed("tg_", &String::from_utf8(wrong).unwrap()), "one changed character is seen");
        assert!(!is_well_formed("tgm_", &secret));
        assert!(!is_well_formed("tg_", "tg_ä"));
        assert_eq!(shown_parts(&secret), (secret[..7].to_owned(), secret[48..].to_owned()));
    }

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of CRC-32/ISO-HDLC for "123456789" is 0xCBF43926.
        let mut value = 0xCBF4_3926_u32;
        let mut digits = vec![];
        for _ in 0..6 {
            digits.push(ALPHABET[(value % 62) as usize]);
            value /= 62;
        }
        digits.reverse();
        assert_eq!(checksum("123456789"), *digits);
    }

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
