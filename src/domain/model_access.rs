//! Model access as pages and interfaces see it: policies of teams, groups, grants, requests, reviews, explanations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    authorization::{GrantLevel, ModelRefusal, TeamState},
    catalog::{Modality, ModelState, Prices, Tier},
    ids::{GrantId, GroupId, ModelId, OrgId, ReviewId, TeamId, UserId},
    limit_scopes::Allowance,
    limit_uses::LimitUse,
    teams::AccessMode,
    time::UnixMs,
};

pub use super::access_requests::{AccessRequest, GivenAccess, PENDING_MAX, RequestState};

/// Longest reason, note or description, in characters.
pub const WORDS_MAX: usize = 1_000;

/// A named set of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessGroup {
    /// Identifier.
    pub id: GroupId,
    /// Whose it is; none for the platform's.
    pub organization: Option<OrgId>,
    /// Name, unique beside others of the same owner.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Models.
    pub models: Vec<ModelId>,
    /// Whole tiers.
    pub tiers: Vec<Tier>,
    /// Teams that name it.
    pub teams: i64,
}

/// What a change of a group does to a team that names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEffect {
    /// The team's name.
    pub team: String,
    /// Models that it loses.
    pub lost: usize,
    /// Models that need an approval from then on.
    pub to_approval: usize,
    /// Some of both, by name.
    pub cut: Vec<String>,
    /// Models that it gains.
    pub gained: usize,
    /// Some of them, by name.
    pub gains: Vec<String>,
}

/// What an organization's admins see of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationModel {
    /// Identifier.
    pub id: ModelId,
    /// Public name.
    pub name: String,
    /// Tier.
    pub tier: Tier,
    /// Modality.
    pub modality: Modality,
    /// Prices.
    pub prices: Prices,
    /// Taken in as `approval` rather than `open`.
    pub restricted: bool,
    /// The platform has it enabled.
    pub enabled: bool,
    /// What the organization lets its teams do with it.
    pub state: ModelState,
    /// An open review holds it back.
    pub blocked: bool,
}

/// Who set a team's state of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// The team inherits.
    Inherit,
    /// Its own row.
    Row,
    /// A group of the team.
    Group,
    /// A tier's rule.
    Tier,
    /// Nothing names it.
    Nothing,
}

impl SetBy {
    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Row => "row",
            Self::Group => "group",
            Self::Tier => "tier",
            Self::Nothing => "nothing",
        }
    }
}

/// A row of the team model page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamModel {
    /// Identifier.
    pub id: ModelId,
    /// Public name.
    pub name: String,
    /// Tier.
    pub tier: Tier,
    /// Modality.
    pub modality: Modality,
    /// Prices.
    pub prices: Prices,
    /// Costly: granting it asks for confirmation.
    pub restricted: bool,
    /// What the organization gives; closed while a review holds it back or the platform has it disabled.
    pub organization: ModelState,
    /// What the team makes of it.
    pub team: TeamState,
    /// What says so.
    pub set_by: SetBy,
    /// Why the viewer may not call it; none where they may.
    pub refusal: Option<ModelRefusal>,
    /// Who could approve it for the viewer.
    pub approver: Option<GrantLevel>,
    /// A request of the viewer waits.
    pub requested: bool,
    /// What serves it first; empty for whoever does not manage the team's models.
    pub provider: String,
    /// The group that lets it through, where one does.
    pub group: String,
    /// Opened by the organization since the team last looked, and not decided on.
    pub is_new: bool,
    /// In the catalog since.
    pub created_at: UnixMs,
    /// Members who hold a live grant for it.
    pub granted: usize,
    /// Calls of the team in the last 28 days.
    pub calls: i64,
    /// Their cost in nano-dollars; none where the viewer may not know.
    pub cost: Option<i64>,
}

/// The team model page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamAccess {
    /// Inherit or restrict.
    pub mode: AccessMode,
    /// Models with a row of their own, by name.
    pub rows: BTreeMap<String, TeamState>,
    /// Groups that the team names.
    pub groups: Vec<GroupId>,
    /// Tiers with a rule.
    pub tiers: Vec<(Tier, TeamState)>,
    /// Every model that the viewer may know of, by name.
    pub models: Vec<TeamModel>,
    /// What the organization opened since a restricting team last looked, and the team has closed.
    pub opened_since: Vec<String>,
    /// Whether the viewer may change it.
    pub may_manage: bool,
}

/// What a team is to make of its organization's models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessDraft {
    /// Inherit or restrict.
    pub mode: AccessMode,
    /// States by name; where neither models, groups nor tiers are said, restricting starts from the present set.
    pub models: Option<BTreeMap<String, TeamState>>,
    /// Groups, by id or name.
    pub groups: Option<Vec<String>>,
    /// Rules of tiers.
    pub tiers: Option<Vec<(Tier, TeamState)>>,
}

/// What a change would do to a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPreview {
    /// Team.
    pub team: TeamId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What members lose, with the team's calls of the last 7 days.
    pub lost: Vec<(String, i64)>,
    /// What stays with an approval only, with the team's calls of the last 7 days.
    pub to_approval: Vec<(String, i64)>,
    /// What members gain.
    pub gained: Vec<String>,
    /// Of that, what is costly.
    pub costly: Vec<String>,
    /// Members who could call something before and not after, or the reverse.
    pub members: usize,
    /// Keys that could, or can then.
    pub keys: usize,
}

/// A permission for a model that needs approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Identifier.
    pub id: GrantId,
    /// Team.
    pub team: TeamId,
    /// Its short name.
    pub team_slug: String,
    /// Its name.
    pub team_name: String,
    /// Member; none for the whole team.
    pub user: Option<UserId>,
    /// Their name; empty for the whole team.
    pub user_name: String,
    /// Model.
    pub model: ModelId,
    /// Its name.
    pub model_name: String,
    /// Who stands behind it.
    pub level: GrantLevel,
    /// Name of who gave it.
    pub granted_by: String,
    /// Given at.
    pub created_at: UnixMs,
    /// Ends at.
    pub ends_at: Option<UnixMs>,
    /// Limits and a budget of what it allows.
    pub allowance: Allowance,
}

/// Why an organization has to look at a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewKind {
    /// It is new in the catalog.
    NewModel,
    /// Its price crossed the platform's threshold.
    Price,
}

impl ReviewKind {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewModel => "new_model",
            Self::Price => "price",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::NewModel, Self::Price].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// Identifier.
    pub id: ReviewId,
    /// Model.
    pub model: ModelId,
    /// Its name.
    pub model_name: String,
    /// Why.
    pub kind: ReviewKind,
    /// Nobody may call the model until this is closed.
    pub blocks: bool,
    /// Opened at.
    pub opened_at: UnixMs,
    /// Names of the teams that would gain the model if it were opened.
    pub teams: Vec<String>,
}

/// A rule of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainStep {
    /// The rule.
    pub rule: String,
    /// Whose.
    pub scope: String,
    /// What it says.
    pub outcome: String,
}

/// Whether a call would go through, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// It would.
    pub allowed: bool,
    /// What the gateway would answer; empty where it goes through.
    pub code: String,
    /// Every rule, in order.
    pub steps: Vec<ExplainStep>,
    /// Every limit that the call meets, in the order of the checks.
    pub limits: Vec<LimitUse>,
    /// Which of them stands in the way now, as the gateway would say it; empty where none does.
    pub limit_met: String,
}
