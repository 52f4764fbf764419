//! One change to what a team makes of its models, and the team model page's list. What the states mean is decided in `authorization`.

use serde::{Deserialize, Serialize};

use super::{
    authorization::TeamState,
    catalog::{ModelState, Tier},
    ids::{GroupId, TeamId, UserId},
    model_access::TeamModel,
    page::{Page, PageRequest},
    teams::AccessMode,
    time::UnixMs,
};

/// Days whose calls and cost the team model page shows.
pub const USAGE_DAYS: i64 = 28;
/// Days whose calls a preview counts.
pub const PREVIEW_DAYS: i64 = 7;
/// Most teams that one policy is applied to at once.
pub const APPLY_MAX: usize = 200;

/// What restricting starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartFrom {
    /// Everything that the organization gives today.
    #[default]
    Present,
    /// What the team named when it restricted before.
    Former,
    /// Nothing at all.
    Nothing,
}

impl StartFrom {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Present, Self::Former, Self::Nothing];

    /// The word in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Former => "former",
            Self::Nothing => "nothing",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|start| start.as_str() == text)
    }
}

/// One change to what a team makes of its models. It touches nothing beside what it names, so that two people may change two models at
/// once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessEdit {
    /// Takes everything as it is again. What the team names rests until it restricts anew.
    Inherit,
    /// Lets through only what the team names.
    Restrict(StartFrom),
    /// The row of a model, by name; none takes it away, and the group or tier decides.
    Model(String, Option<TeamState>),
    /// The rule of a tier.
    Tier(Tier, Option<TeamState>),
    /// Whether the team names an access group, by id or name.
    Group(String, bool),
    /// The team has looked over what its organization opened; changes no state.
    Reviewed,
}

impl TeamState {
    /// What members meet, where the organization does not give more.
    pub fn within(self, organization: ModelState) -> Self {
        match (organization, self) {
            (ModelState::Closed, _) | (_, Self::Closed) => Self::Closed,
            (ModelState::Approval, _) | (_, Self::Approval) => Self::Approval,
            (ModelState::Open, Self::Direct) => Self::Direct,
        }
    }
}

/// Which models a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelFilter {
    /// All that the viewer may know of.
    #[default]
    All,
    /// Those in this state for members.
    State(TeamState),
    /// Those that the organization opened since the team last looked.
    New,
}

impl ModelFilter {
    /// Reads the word of an address.
    pub fn parse(text: &str) -> Self {
        match text {
            "new" => Self::New,
            text => TeamState::parse(text).map_or(Self::All, Self::State),
        }
    }
}

/// Which models are asked for.
#[derive(Clone, Debug, Default)]
pub struct TeamModelQuery {
    /// A part of the name, whatever the case.
    pub text: String,
    /// Of this tier.
    pub tier: Option<Tier>,
    /// In this state.
    pub filter: ModelFilter,
    /// Page.
    pub page: PageRequest,
}

/// An access group that a team may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamGroup {
    /// Identifier.
    pub id: GroupId,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Belongs to the team's organization; else to the platform.
    pub own: bool,
    /// Models in it that the organization gives.
    pub models: usize,
    /// The team names it.
    pub named: bool,
}

/// A member who may not call all of the team's models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NarrowedMember {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Models that they are narrowed to, and of those what the team lets be called or asked for.
    pub models: usize,
}

/// How many models each level lets through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCounts {
    /// The platform has enabled, priced and served.
    pub platform: usize,
    /// The organization gives.
    pub organization_open: usize,
    /// The organization gives with its approval.
    pub organization_approval: usize,
    /// Members call.
    pub direct: usize,
    /// Members ask for.
    pub approval: usize,
    /// The rest of the catalog.
    pub closed: usize,
}

/// The team model page.
#[derive(Clone, Debug)]
pub struct TeamModels {
    /// Whether the viewer may change it.
    pub may_manage: bool,
    /// Whether the viewer may ask for models.
    pub may_request: bool,
    /// Inherit or restrict.
    pub mode: AccessMode,
    /// When the team last looked over its models.
    pub reviewed_at: UnixMs,
    /// What each level lets through; for whoever manages it.
    pub counts: ModelCounts,
    /// Rules of tiers.
    pub tiers: Vec<(Tier, TeamState)>,
    /// Groups that the team names or may name; for whoever manages it.
    pub groups: Vec<TeamGroup>,
    /// Members who are narrowed; for whoever manages it.
    pub narrowed: Vec<NarrowedMember>,
    /// Models that the organization opened since, and that nobody here has decided on.
    pub new: usize,
    /// How many models the query finds.
    pub found: usize,
    /// Models of this page: by tier and name; for members those that they call before those on request.
    pub page: Page<TeamModel>,
}

/// What narrowing a member would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NarrowingPreview {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// What they are narrowed to now; none where they are not.
    pub now: Option<Vec<String>>,
    /// Models of the team that they might be narrowed to.
    pub choices: Vec<String>,
    /// What they call now and could not any more, with their calls of the last days.
    pub lost: Vec<(String, i64)>,
    /// What they could call in addition.
    pub gained: Vec<String>,
    /// What they could call then.
    pub left: usize,
}

/// A team that a policy may be applied to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyTarget {
    /// Identifier.
    pub id: TeamId,
    /// Short name.
    pub slug: String,
    /// Name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_what_the_organization_gives() {
        use TeamState::{Approval, Closed, Direct};
        for (organization, seen) in [
            (ModelState::Open, [Direct, Approval, Closed]),
            (ModelState::Approval, [Approval, Approval, Closed]),
            (ModelState::Closed, [Closed; 3]),
        ] {
            assert_eq!(TeamState::ALL.map(|state| state.within(organization)), seen, "{organization:?}");
        }
    }
}
