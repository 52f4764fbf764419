//! What the platform admin's pages and the pages of an organization show, and the platform's own settings.

use serde::{Deserialize, Serialize};

use super::{
    accounts::{MyOrganization, MyTeam, SignUpPolicy},
    field_errors::FieldErrors,
    ids::{OrgId, TeamId, UserId},
    page::Page,
    roles::{OrgRole, Role},
    time::UnixMs,
};

/// A row of the list of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Account.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// Address, as typed.
    pub email: String,
    /// Whether the address is confirmed.
    pub email_confirmed: bool,
    /// Runs the platform.
    pub platform_admin: bool,
    /// Suspended since.
    pub disabled_at: Option<UnixMs>,
    /// Made at.
    pub created_at: UnixMs,
    /// Shared teams.
    pub teams: i64,
    /// Shared teams that this person owns.
    pub owned_teams: i64,
    /// Live sessions.
    pub sessions: i64,
    /// Last use of a live session, to the minute.
    pub last_seen_at: Option<UnixMs>,
    /// The viewer: can not suspend this account.
    pub is_self: bool,
}

/// An account with what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetail {
    /// As the list shows it.
    pub row: UserRow,
    /// Why it is suspended, as the platform admin wrote who did it; empty where it is not.
    pub suspended_for: String,
    /// Keys that work now, in all teams and the personal space; application keys belong to their team and do not count.
    pub active_keys: i64,
    /// Shared teams, by name.
    pub teams: Vec<MyTeam>,
    /// Organizations, by name.
    pub organizations: Vec<MyOrganization>,
}

/// Somebody in a team who may become its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerCandidate {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Role now.
    pub role: Role,
}

/// A team whose owner is out of reach, and who could be the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryPreview {
    /// Short name of the team.
    pub slug: String,
    /// Name of the team.
    pub team: String,
    /// The present owner.
    pub owner: UserId,
    /// The present owner's name.
    pub owner_name: String,
    /// Whether a mail reaches the present owner: the account is not deleted.
    pub owner_gets_mail: bool,
    /// Members whose accounts are not suspended, strongest role first.
    pub candidates: Vec<OwnerCandidate>,
}

/// A row of the list of organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRow {
    /// Organization.
    pub id: OrgId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Members, admins included.
    pub members: i64,
    /// Admins.
    pub admins: i64,
    /// Live teams.
    pub teams: i64,
    /// Spent by its teams since the start of the month, in nano-dollars.
    pub spent: i64,
    /// Made at.
    pub created_at: UnixMs,
}

/// An organization's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationView {
    /// Organization.
    pub id: OrgId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Members may create teams.
    pub members_create_teams: bool,
    /// Unrestricted models become callable as soon as they are in the catalog.
    pub open_unrestricted_models: bool,
    /// Teams without plan and without spending limit may call.
    pub allow_unbilled: bool,
    /// Whether the viewer decides about that.
    pub may_set_unbilled: bool,
    /// Days that single calls are kept; 0 for ever.
    pub call_log_days: i64,
    /// The viewer's role; none for a platform admin who does not belong to it.
    pub role: Option<OrgRole>,
    /// Whether the viewer may change settings and members.
    pub may_manage: bool,
    /// Made at.
    pub created_at: UnixMs,
}

/// A team of an organization, as its admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationTeamRow {
    /// Team.
    pub id: TeamId,
    /// Short name in addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// The owner.
    pub owner: UserId,
    /// The owner's name.
    pub owner_name: String,
    /// The owner's account is suspended or deleted: somebody else may have to own the team.
    pub owner_lost: bool,
    /// Members.
    pub members: i64,
    /// Calls since the start of the month, refused ones included.
    pub requests: i64,
    /// Spent since the start of the month, in nano-dollars.
    pub spent: i64,
    /// Last call of this month.
    pub last_call_at: Option<UnixMs>,
}

/// What a list of an organization's members is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationMemberSort {
    /// Name.
    #[default]
    Name,
    /// Admins first.
    Role,
    /// Joined first.
    Joined,
    /// Teams of the organization.
    Teams,
    /// Keys in its teams.
    Keys,
    /// Spend in its teams.
    Spent,
    /// Last call in its teams.
    LastActive,
}

impl OrganizationMemberSort {
    /// Reads the word in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "name" => Some(Self::Name),
            "role" => Some(Self::Role),
            "joined" => Some(Self::Joined),
            "teams" => Some(Self::Teams),
            "keys" => Some(Self::Keys),
            "spent" => Some(Self::Spent),
            "last_active" => Some(Self::LastActive),
            _ => None,
        }
    }
}

/// Members of an organization, with what stands above the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMembers {
    /// Name of the organization.
    pub organization: String,
    /// Rows.
    pub page: Page<OrganizationMemberRow>,
    /// Members that the search found.
    pub found: i64,
}

/// What happens when somebody is taken out of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRemoval {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// The viewer.
    pub is_self: bool,
    /// Role that ends.
    pub role: OrgRole,
    /// Invitations to its teams that this person sent and that are withdrawn.
    pub invitations: i64,
}

/// A row of an organization's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMemberRow {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Address, as typed.
    pub email: String,
    /// Role.
    pub role: OrgRole,
    /// Member since.
    pub joined_at: UnixMs,
    /// Teams of the organization that this person is in.
    pub teams: i64,
    /// Suspended.
    pub disabled: bool,
    /// The viewer.
    pub is_self: bool,
    /// Own keys in its teams that work.
    pub active_keys: i64,
    /// Spent in its teams since the start of the month.
    pub spent: i64,
    /// Part of what all its teams spent since then, in hundredths of a percent.
    pub share_bp: i64,
    /// Last call in its teams this month.
    pub last_active_at: Option<UnixMs>,
}

/// What personal spaces may call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalModels {
    /// Nothing.
    #[default]
    None,
    /// Every model of the tier `general`.
    General,
}

impl PersonalModels {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::General => "general",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::General].into_iter().find(|models| models.as_str() == text)
    }
}

/// Who may make an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpRules {
    /// The policy.
    pub policy: SignUpPolicy,
    /// Mail domains of the policy `domain`, in lower case.
    pub domains: Vec<String>,
}

/// Most mail domains that may sign up.
const MOST_DOMAINS: usize = 50;

impl SignUpRules {
    /// Checks a form or a request body: the policy's word, and domains between commas, spaces or lines.
    pub fn parse(policy: &str, domains: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let policy = errors.check("sign_up", SignUpPolicy::parse(policy).ok_or_else(|| "Choose invite, domain or open.".into()));
        let separator = |c: char| c == ',' || c == ';' || c.is_whitespace();
        let mut list: Vec<String> = vec![];
        for domain in domains.split(separator).filter(|text| !text.is_empty()) {
            let domain = domain.trim_start_matches('@').to_ascii_lowercase();
            if super::email::normalize(&format!("a@{domain}")).is_err() {
                errors.add("sign_up_domains", "Enter domains such as company.example, with commas between them.");
                break;
            }
            if !list.contains(&domain) {
                list.push(domain);
            }
        }
        if policy == Some(SignUpPolicy::Domain) && list.is_empty() && errors.get("sign_up_domains").is_none() {
            errors.add("sign_up_domains", "Enter at least one domain that may sign up.");
        }
        if list.len() > MOST_DOMAINS {
            errors.add("sign_up_domains", format!("Enter at most {MOST_DOMAINS} domains."));
        }
        errors.into_result()?;
        Ok(Self { policy: policy.unwrap_or_default(), domains: list })
    }
}

/// The platform's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformSettings {
    /// Who may sign up.
    pub sign_up: SignUpRules,
    /// Whether that is what the configuration says, because nobody set it here.
    pub sign_up_from_configuration: bool,
    /// Demo mode: everybody may sign up, whatever is set.
    pub demo: bool,
    /// What personal spaces may call.
    pub personal_models: PersonalModels,
    /// Whether mails leave through a mail server; else they are files, and the outbox shows them.
    pub mail_server: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_up_rules_name_what_is_wrong() {
        let rules = SignUpRules::parse("domain", "Northwind.example, @labs.example\nnorthwind.example").unwrap();
        assert_eq!(rules.domains, ["northwind.example", "labs.example"]);
        assert_eq!(SignUpRules::parse("open", "").unwrap().policy, SignUpPolicy::Open);
        assert!(SignUpRules::parse("domain", "").unwrap_err().get("sign_up_domains").is_some());
        assert!(SignUpRules::parse("domain", "not a domain").unwrap_err().get("sign_up_domains").is_some());
        assert!(SignUpRules::parse("OPEN", "").unwrap_err().get("sign_up").is_some());
    }
}
