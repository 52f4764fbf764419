//! The kinds of mails, each with what it names besides whom it goes to. What they say stands in [`letters`](super::letters).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::letters::{self, Letter};
use crate::{
    domain::{ids::InvitationId, roles::Role, time::UnixMs},
    service::vault::Secret,
};

/// A kind of mail and its facts. Facts wait in the outbox in the clear, so none of them is a secret: what opens something is the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Template {
    /// To a new account: prove that you read this address.
    ConfirmEmail,
    /// To an address that wants an account, where an account needs a proven address.
    FinishSignUp,
    /// To an address that wants an account and has one.
    AccountExists,
    /// A link to set a new password.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
    /// To the address that an account wants to have: prove that you read it.
    ChangeEmail,
    /// To the address that an account had.
    EmailChanged {
        /// The address that it has now.
        to: String,
    },
    /// The account and its personal space are gone.
    AccountDeleted,
    /// Come and join a team, with a link to `/invite/…`.
    Invitation {
        /// The team's name.
        team: String,
        /// Its organization's name.
        organization: String,
        /// Who invites.
        inviter: String,
        /// As what.
        role: Role,
        /// A word from the inviter; may be empty.
        note: String,
        /// When the link ends.
        expires_at: UnixMs,
        /// Which invitation. Its token is made when the mail is sent, and waits nowhere.
        invitation: InvitationId,
        /// Which of its tokens.
        generation: i64,
        /// SHA-256 of that token, by which the key is found that it is made under.
        token_hash: String,
    },
    /// To who invited: the link has ended, and its person still wants to join.
    LinkWanted {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Who asks.
        email: String,
    },
    /// To the owner: somebody was invited and finds no free seat.
    SeatWanted {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Who asks.
        email: String,
        /// All seats.
        seats: i64,
    },
    /// To the members of a team that was deleted.
    TeamDeleted {
        /// The team's name.
        team: String,
        /// Who deleted it.
        by: String,
    },
    /// To a member whose role was changed.
    RoleChanged {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Who changed it.
        by: String,
        /// What the member was.
        before: Role,
        /// What the member is.
        after: Role,
    },
    /// To somebody who was removed from a team.
    MemberRemoved {
        /// The team's name.
        team: String,
        /// Who removed them.
        by: String,
        /// How many of their keys stopped.
        keys: i64,
    },
    /// To the old and to the new owner of a team.
    OwnershipTransferred {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Who owned it.
        from: String,
        /// Who owns it.
        to: String,
        /// Whether this is the new owner's mail.
        to_new_owner: bool,
    },
    /// To the old and to the new owner, where a platform admin set the owner.
    OwnershipRecovered {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Who owned it.
        from: String,
        /// Who owns it.
        to: String,
        /// Who set it.
        by: String,
        /// Why, as typed.
        reason: String,
        /// Whether this is the new owner's mail.
        to_new_owner: bool,
    },
    /// To somebody who belongs to an organization from now on, or has another role in it.
    OrganizationRole {
        /// The organization's name.
        organization: String,
        /// Who gave the role.
        by: String,
        /// Whether it is the role of an admin.
        admin: bool,
    },
    /// To those who run a team or an organization, whoever it concerns, and addresses that the team has added: a limit, a budget or a
    /// balance is nearly or wholly used up.
    LimitNear {
        /// What it is set on, by its name.
        name: String,
        /// Where it is shown; empty for an added address, whose letter has no link.
        path: String,
        /// What is used of what.
        sentence: String,
        /// It is used up.
        reached: bool,
    },
    /// To whoever can decide: somebody asks for a higher budget.
    BudgetWanted {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Whose budget.
        whose: String,
        /// What is asked for.
        amount: String,
        /// Who asks.
        by: String,
        /// Why, as typed.
        reason: String,
    },
    /// To who asked for a higher budget.
    BudgetDecided {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Whose budget.
        whose: String,
        /// What was given, or asked for.
        amount: String,
        /// Who decided.
        by: String,
        /// Whether it was approved.
        approved: bool,
        /// When the approval ends.
        until: Option<UnixMs>,
        /// A word of who decided; may be empty.
        note: String,
    },
    /// To whoever can decide: somebody asks for a model.
    AccessWanted {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// The model.
        model: String,
        /// Who asks.
        by: String,
        /// Why, as typed.
        reason: String,
    },
    /// To who asked for a model.
    AccessDecided {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// The model.
        model: String,
        /// Who decided.
        by: String,
        /// Whether it was approved.
        approved: bool,
        /// When the approval ends.
        until: Option<UnixMs>,
        /// A word of who decided; may be empty.
        note: String,
    },
    /// To who had a model until now.
    AccessEnded {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// The model.
        model: String,
    },
    /// To platform admins: a team asks for a plan, or for more seats.
    PlanWanted {
        /// The team's name.
        team: String,
        /// Who asks.
        by: String,
        /// The plan.
        plan: String,
        /// How many seats.
        seats: i64,
    },
    /// To who asked for a plan or seats.
    PlanDecided {
        /// The team's name.
        team: String,
        /// The team's short name, for the link.
        slug: String,
        /// Who decided.
        by: String,
        /// The plan.
        plan: String,
        /// How many seats.
        seats: i64,
        /// Whether it was approved.
        approved: bool,
        /// A word of who decided; may be empty.
        note: String,
    },
}

impl Template {
    /// The word for storage.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::FinishSignUp => "finish_sign_up",
            Self::AccountExists => "account_exists",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::ChangeEmail => "change_email",
            Self::EmailChanged { .. } => "email_changed",
            Self::AccountDeleted => "account_deleted",
            Self::Invitation { .. } => "invitation",
            Self::LinkWanted { .. } => "link_wanted",
            Self::SeatWanted { .. } => "seat_wanted",
            Self::TeamDeleted { .. } => "team_deleted",
            Self::RoleChanged { .. } => "role_changed",
            Self::MemberRemoved { .. } => "member_removed",
            Self::OwnershipTransferred { .. } => "ownership_transferred",
            Self::OwnershipRecovered { .. } => "ownership_recovered",
            Self::OrganizationRole { .. } => "organization_role",
            Self::AccessWanted { .. } => "access_wanted",
            Self::AccessDecided { .. } => "access_decided",
            Self::AccessEnded { .. } => "access_ended",
            Self::PlanWanted { .. } => "plan_wanted",
            Self::PlanDecided { .. } => "plan_decided",
            Self::LimitNear { .. } => "limit_near",
            Self::BudgetWanted { .. } => "budget_wanted",
            Self::BudgetDecided { .. } => "budget_decided",
        }
    }

    /// The facts, for storage beside the word.
    pub(super) fn facts(&self) -> Result<Map<String, Value>, serde_json::Error> {
        match serde_json::to_value(self)? {
            Value::Object(mut facts) => {
                facts.remove("kind");
                Ok(facts)
            }
            _ => Ok(Map::new()),
        }
    }

    /// Reads word and facts. None for what this program does not know.
    pub(super) fn parse(word: &str, mut facts: Map<String, Value>) -> Option<Self> {
        facts.insert("kind".into(), word.into());
        serde_json::from_value(Value::Object(facts)).ok()
    }

    /// The subject line. Without line ends, whatever the facts hold.
    pub fn subject(&self) -> String {
        letters::one_line(&letters::subject(self))
    }

    /// The mail itself. Links begin with the configured address, whatever a request claimed.
    pub fn render(&self, public_url: &str, name: &str, token: Option<&Secret>) -> Letter {
        letters::render(self, public_url, name, token.map_or("", Secret::expose))
    }
}
