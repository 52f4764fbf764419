//! Accounts: what a name and a password must look like, and what pages see of the signed-in person.

use serde::{Deserialize, Serialize};

use super::{
    ids::{OrgId, TeamId, UserId},
    roles::{OrgRole, Role},
    time::UnixMs,
};

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// Longest password, in characters; more is refused before it is hashed.
pub const PASSWORD_MAX: usize = 128;
/// Longest display name, in characters.
pub const NAME_MAX: usize = 80;

/// Checks a password's length; everything else about it is free.
pub fn check_password_length(password: &str) -> Result<(), String> {
    // Bytes first: counting the characters of a megabyte is work that nobody asked for.
    let length = if password.len() > PASSWORD_MAX * 4 { PASSWORD_MAX + 1 } else { password.chars().count() };
    match length {
        0 => Err("Enter a password.".into()),
        n if n < PASSWORD_MIN => Err(format!("A password has at least {PASSWORD_MIN} characters; 12 or more are better.")),
        n if n > PASSWORD_MAX => Err(format!("A password has at most {PASSWORD_MAX} characters.")),
        _ => Ok(()),
    }
}

/// Checks a name of a person, team, organization or key: 1 to `max` characters, no control or direction-changing ones.
pub fn check_name(typed: &str, what: &str, max: usize) -> Result<String, String> {
    let name = typed.trim();
    if name.is_empty() {
        return Err(format!("Enter {what}."));
    }
    if name.len() > max * 4 || name.chars().count() > max {
        return Err(format!("Use at most {max} characters."));
    }
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if name.chars().any(hidden) {
        return Err("Leave out invisible and direction-changing characters.".into());
    }
    Ok(name.to_owned())
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUpPolicy {
    /// Only who was invited.
    #[default]
    Invite,
    /// Addresses of listed domains.
    Domain,
    /// Everybody.
    Open,
}

impl SignUpPolicy {
    /// The word for storage and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Domain => "domain",
            Self::Open => "open",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invite, Self::Domain, Self::Open].into_iter().find(|policy| policy.as_str() == text)
    }
}

/// A team in the signed-in person's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyTeam {
    /// Identifier.
    pub id: TeamId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Own role.
    pub role: Role,
    /// Name of the organization.
    pub organization: String,
    /// Short name of the organization.
    pub organization_slug: String,
}

/// An organization in the signed-in person's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyOrganization {
    /// Identifier.
    pub id: OrgId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Own role.
    pub role: OrgRole,
    /// Whether this person may create teams in it.
    pub may_create_teams: bool,
}

/// The signed-in person, as pages and `GET /me` show them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Identifier.
    pub id: UserId,
    /// Address, as typed at sign-up.
    pub email: String,
    /// Whether the address is confirmed.
    pub email_confirmed: bool,
    /// Display name.
    pub name: String,
    /// Runs the platform.
    pub platform_admin: bool,
    /// The personal space.
    pub personal_team: TeamId,
    /// Teams, by name; without the personal space.
    pub teams: Vec<MyTeam>,
    /// Organizations, by name.
    pub organizations: Vec<MyOrganization>,
}

/// An account, as services know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Address, as typed.
    pub email: String,
    /// When the address was confirmed.
    pub email_confirmed_at: Option<UnixMs>,
    /// Display name.
    pub name: String,
    /// Runs the platform.
    pub platform_admin: bool,
    /// Personal space.
    pub personal_team: TeamId,
    /// When the account was disabled.
    pub disabled_at: Option<UnixMs>,
    /// Rises whenever all sessions of the account must end.
    pub auth_epoch: i64,
    /// When the account was made.
    pub created_at: UnixMs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_measured_in_characters() {
        assert!(check_password_length("1234567").is_err());
        assert!(check_password_length("pässwörd").is_ok());
        assert!(check_password_length(&"🦀".repeat(128)).is_ok());
        assert!(check_password_length(&"a".repeat(129)).is_err());
        assert!(check_password_length(&"a".repeat(1 << 20)).is_err());
    }

    #[test]
    fn names_hide_nothing() {
        assert_eq!(check_name("  Ada  ", "a name", 80).as_deref(), Ok("Ada"));
        for bad in ["", " ", "a\u{202e}b", "a\r\nb", "a\0b", "a\u{200b}b"] {
            assert!(check_name(bad, "a name", 80).is_err(), "{bad:?}");
        }
        assert!(check_name(&"x".repeat(81), "a name", 80).is_err());
        assert!(check_name("<b>Ünïcode 🦀</b>", "a name", 80).is_ok(), "markup is text");
    }
}
