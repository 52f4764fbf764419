//! Management tokens: what scopes there are and what a new one must look like.

use serde::{Deserialize, Serialize};

use super::{
    accounts::{NAME_MAX, check_name},
    api_keys::check_expiry,
    field_errors::FieldErrors,
    ids::TokenId,
    time::UnixMs,
};

/// How a management token begins.
pub const PREFIX: &str = "tgm_";

/// What a token may do in the name of its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Look.
    #[default]
    Read,
    /// Look and change.
    Write,
}

impl TokenScope {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            _ => None,
        }
    }
}

/// A token as its person sees it; the secret itself is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementToken {
    /// Identifier.
    pub id: TokenId,
    /// Name.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The secret's last four characters.
    pub suffix: String,
    /// Made at.
    pub created_at: UnixMs,
    /// Good until; none means until revoked.
    pub expires_at: Option<UnixMs>,
    /// Last use, to the minute.
    pub last_used_at: Option<UnixMs>,
}

/// A checked wish for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewManagementToken {
    /// Name.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// Good until.
    pub expires_at: Option<UnixMs>,
}

impl NewManagementToken {
    /// Checks a form or a request body.
    pub fn parse(name: &str, scope: &str, expires_at: Option<UnixMs>, now: UnixMs) -> Result<Self, FieldErrors> {
        let mut problems = FieldErrors::default();
        let name = problems.check("name", check_name(name, "a name", NAME_MAX));
        let scope = problems.check("scope", TokenScope::parse(scope).ok_or_else(|| "Choose read or write.".to_owned()));
        problems.check("expires_at", check_expiry(expires_at, now));
        problems.into_result()?;
        Ok(Self { name: name.unwrap_or_default(), scope: scope.unwrap_or_default(), expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_named() {
        let problems = NewManagementToken::parse(" ", "admin", Some(UnixMs(1)), UnixMs(2)).unwrap_err();
        for field in ["name", "scope", "expires_at"] {
            assert!(problems.get(field).is_some(), "{field}");
        }
        assert!(NewManagementToken::parse("ci", "write", None, UnixMs(2)).is_ok());
    }
}
