//! Asking for a higher budget: of an own key, of oneself in a team, or of the team.

use serde::{Deserialize, Serialize};

use super::{
    access_requests::RequestState,
    authorization::GrantLevel,
    ids::{OrgId, RequestId, TeamId, UserId},
    limit_scopes::Scope,
    money::NanoUsd,
    time::UnixMs,
};

/// A request for a higher budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRequest {
    /// Identifier.
    pub id: RequestId,
    /// Team.
    pub team: TeamId,
    /// Its short name.
    pub team_slug: String,
    /// Its name.
    pub team_name: String,
    /// Its organization.
    pub organization: Option<OrgId>,
    /// Who asks.
    pub user: UserId,
    /// Their name.
    pub user_name: String,
    /// Their address.
    pub user_email: String,
    /// Whose budget.
    pub scope: Scope,
    /// Its name, as of then.
    pub scope_name: String,
    /// What it was then; none where nothing limited it.
    pub present: Option<NanoUsd>,
    /// What is asked for.
    pub wanted: NanoUsd,
    /// Until when; none for good.
    pub wanted_until: Option<UnixMs>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: RequestState,
    /// Asked at.
    pub created_at: UnixMs,
    /// Decided at.
    pub decided_at: Option<UnixMs>,
    /// Name of who decided.
    pub decided_by: String,
    /// A word of who decided.
    pub note: String,
    /// What was approved, and until when.
    pub given: Option<(NanoUsd, Option<UnixMs>)>,
    /// Who decides now; none once it is decided.
    pub approver: Option<BudgetApprover>,
    /// Whether the viewer may decide.
    pub may_decide: bool,
}

/// Who decides about a higher budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetApprover {
    /// The team's owner and admins: it is about a key or a member.
    Team,
    /// The team's owner: it is about the team's own budget.
    Owner,
    /// Admins of the organization: its budget is in the way.
    Organization,
}

impl BudgetApprover {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Owner => "owner",
            Self::Organization => "organization",
        }
    }

    /// Whom the mail goes to.
    pub fn level(self) -> GrantLevel {
        match self {
            Self::Team | Self::Owner => GrantLevel::Team,
            Self::Organization => GrantLevel::Organization,
        }
    }
}

impl BudgetRequest {
    /// Whose word it was, for whoever comes second.
    pub fn decided_already(&self) -> String {
        match self.state {
            RequestState::Withdrawn => format!("{} took this request back. Nothing was changed.", self.user_name),
            RequestState::Approved => format!("{} has approved this already. Nothing was changed.", self.decided_by),
            RequestState::Rejected => format!("{} has declined this already. Nothing was changed.", self.decided_by),
            RequestState::Pending => "It still waits.".to_owned(),
        }
    }
}
