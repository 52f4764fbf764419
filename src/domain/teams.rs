//! Teams and personal spaces: validated input and what pages see.

use serde::{Deserialize, Serialize};

use super::{
    accounts::{NAME_MAX, check_name},
    email,
    field_errors::FieldErrors,
    ids::{OrgId, TeamId, UserId},
    roles::{Role, Standing},
    slug,
    time::UnixMs,
};

/// A shared team, or one person's own space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamKind {
    /// A team of an organization.
    Team,
    /// A personal space: one member, no organization.
    Personal,
}

impl TeamKind {
    /// The word for storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Personal => "personal",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Team, Self::Personal].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Whether a team takes its organization's models as they are, or narrows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessMode {
    /// Every model of the organization is direct.
    #[default]
    Inherit,
    /// Only what the team's own rules name.
    Restrict,
}

impl AccessMode {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Restrict => "restrict",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Inherit, Self::Restrict].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Most addresses, besides those of its owner and admins, that a team's alerts go to.
pub const MOST_ALERT_EMAILS: usize = 5;

/// Checks the addresses that a team's alerts go to as well, and gives their normalized forms, each once.
pub fn check_alert_emails<T: AsRef<str>>(typed: &[T]) -> Result<Vec<String>, String> {
    let mut emails = vec![];
    for typed in typed {
        let email = email::normalize(typed.as_ref())?;
        if !emails.contains(&email) {
            emails.push(email);
        }
    }
    if emails.len() > MOST_ALERT_EMAILS {
        return Err(format!("Enter at most {MOST_ALERT_EMAILS} addresses; these are {}.", emails.len()));
    }
    Ok(emails)
}

/// A team, as services know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Identifier.
    pub id: TeamId,
    /// Team or personal space.
    pub kind: TeamKind,
    /// Organization; none for a personal space.
    pub organization: Option<OrgId>,
    /// Name of the organization; empty for a personal space.
    pub organization_name: String,
    /// Short name of the organization; empty for a personal space.
    pub organization_slug: String,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// The one owner.
    pub owner: UserId,
    /// Inherit or restrict.
    pub mode: AccessMode,
    /// Whether members may make their own keys.
    pub self_service: bool,
    /// Whether members see the ranking of members, others masked.
    pub ranking_open: bool,
    /// Further addresses that get its alerts, normalized.
    pub alert_emails: Vec<String>,
    /// Seats; none for unlimited.
    pub seats: Option<i64>,
    /// Discount on usage.
    pub discount_bp: i64,
    /// When the team was made.
    pub created_at: UnixMs,
}

/// Input of "create team".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTeam {
    /// Name.
    pub name: String,
    /// Short name; made of the name when not given.
    pub slug: Option<String>,
    /// Organization, by slug or id.
    pub organization: String,
    /// Inherit or restrict.
    pub mode: AccessMode,
    /// Members may make their own keys.
    pub self_service: bool,
}

impl NewTeam {
    /// Checks a form or a request body.
    pub fn parse(name: &str, slug_text: &str, organization: &str, mode: &str, self_service: bool) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", check_name(name, "a name", NAME_MAX));
        let slug = match slug_text.trim() {
            "" => Some(None),
            text => errors.check("slug", slug::check(text)).map(Some),
        };
        if organization.trim().is_empty() {
            errors.add("organization", "Choose the organization that the team belongs to.");
        }
        let mode = match mode {
            "" => Some(AccessMode::Inherit),
            text => errors.check("mode", AccessMode::parse(text).ok_or_else(|| "Choose inherit or restrict.".to_owned())),
        };
        match (name, slug, mode) {
            (Some(name), Some(slug), Some(mode)) if errors.0.is_empty() => {
                Ok(Self { name, slug, organization: organization.trim().to_owned(), mode, self_service })
            }
            _ => Err(errors),
        }
    }
}

/// A team as pages and REST show it, with the viewer's standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamView {
    /// Identifier.
    pub id: TeamId,
    /// Team or personal space.
    pub kind: TeamKind,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Organization's name; empty for a personal space.
    pub organization: String,
    /// Organization's short name; empty for a personal space.
    pub organization_slug: String,
    /// Owner's account.
    pub owner: UserId,
    /// Owner's name.
    pub owner_name: String,
    /// What the viewer is to the team.
    pub standing: Standing,
    /// Inherit or restrict.
    pub mode: AccessMode,
    /// Members may make their own keys.
    pub self_service: bool,
    /// Members see the ranking of members, others masked.
    pub ranking_open: bool,
    /// Further addresses that get its alerts, for those who may change them; else none.
    pub alert_emails: Vec<String>,
    /// Seats; none for unlimited.
    pub seats: Option<i64>,
    /// Discount in basis points.
    pub discount_bp: i64,
    /// Members.
    pub members: i64,
    /// When the team was made.
    pub created_at: UnixMs,
}

/// A row of the team list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamListItem {
    /// Identifier.
    pub id: TeamId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Organization's name.
    pub organization: String,
    /// Short name of the organization.
    pub organization_slug: String,
    /// Own role; none for somebody who only administrates.
    pub role: Option<Role>,
    /// Members.
    pub members: i64,
    /// Spent since the start of the month, in nano-dollars.
    pub spent: i64,
    /// Last call.
    pub last_call_at: Option<UnixMs>,
}

/// How far a new team is, in the order in which its overview leads through; that it was created comes before them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSetup {
    /// Somebody else is in, or invited.
    pub invited: bool,
    /// A key works.
    pub has_key: bool,
    /// A model is open to it.
    pub has_model: bool,
    /// Besides the owner somebody could take it over at once.
    pub second_admin: bool,
}

impl TeamSetup {
    /// Nothing is left to do.
    pub fn is_done(self) -> bool {
        self.invited && self.has_key && self.has_model && self.second_admin
    }
}

/// Where something that is nearly used up is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertPage {
    /// Limits and budgets.
    Limits,
    /// The list of keys.
    Keys,
    /// The balance.
    Billing,
}

/// What stands above the pages of a team that is at or near a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyAlert {
    /// Short name of the team.
    pub team: String,
    /// What is used of what.
    pub sentence: String,
    /// Which page of the team shows it.
    pub page: AlertPage,
    /// Calls are refused.
    pub reached: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alert_addresses_are_compared_as_mail_is_delivered_and_counted() {
        let checked = check_alert_emails(&["Ops@Northwind.example", "ops@northwind.example ", "finance@northwind.example"]);
        assert_eq!(checked.unwrap(), ["ops@northwind.example", "finance@northwind.example"]);
        assert_eq!(check_alert_emails::<&str>(&[]), Ok(vec![]));
        let many: Vec<String> = (0..6).map(|n| format!("ops{n}@northwind.example")).collect();
        assert!(check_alert_emails(&many).unwrap_err().contains("at most 5"));
        assert!(check_alert_emails(&many[..5]).is_ok());
        for wrong in ["ops", "ops@northwind.example\nBcc: all@northwind.example", ""] {
            assert!(check_alert_emails(&[wrong]).is_err(), "{wrong}");
        }
    }
}
