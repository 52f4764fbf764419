//! What a restricting team names.

use serde::{Deserialize, Serialize};

use super::{
    authorization::TeamState,
    catalog::Tier,
    ids::{GroupId, ModelId},
};

/// The rows, groups and tiers of a team; see [`TeamState::of_rules`] for which goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamRows {
    /// Models with a row of their own.
    pub models: Vec<(ModelId, TeamState)>,
    /// Access groups.
    pub groups: Vec<GroupId>,
    /// Tiers with a rule.
    pub tiers: Vec<(Tier, TeamState)>,
}

impl TeamRows {
    /// The rule of a tier.
    pub fn tier(&self, tier: Tier) -> Option<TeamState> {
        self.tiers.iter().find(|(of, _)| *of == tier).map(|(_, state)| *state)
    }
}
