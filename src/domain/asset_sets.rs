//! What an organization takes in of the catalog, as its page shows it: which models, in which state, with which teams behind it; and
//! what a change would do before it is saved.

use serde::{Deserialize, Serialize};

use super::{
    catalog::{Modality, ModelState, Tier},
    ids::TeamId,
    model_access::{OrganizationModel, ReviewItem},
    page::PageRequest,
};

/// Days whose calls count as use.
pub const USE_DAYS: i64 = 28;

/// Which models of the catalog are meant; what is none does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelChoice {
    /// By name.
    pub models: Option<Vec<String>>,
    /// A part of the name, whatever the case; empty for all.
    pub text: String,
    /// Of this tier.
    pub tier: Option<Tier>,
    /// Of this modality.
    pub modality: Option<Modality>,
    /// Of this access group, by id or name.
    pub group: Option<String>,
    /// In this state now.
    pub now: Option<ModelState>,
    /// An open review names it.
    pub in_review: bool,
}

impl ModelChoice {
    /// Whether it says anything; what says nothing means the whole catalog.
    pub fn narrows(&self) -> bool {
        let Self { models, text, tier, modality, group, now, in_review } = self;
        models.is_some()
            || !text.trim().is_empty()
            || tier.is_some()
            || modality.is_some()
            || group.is_some()
            || now.is_some()
            || *in_review
    }
}

/// Which part of an organization's models is asked for.
#[derive(Clone, Debug, Default)]
pub struct OrganizationModelQuery {
    /// Which models.
    pub choice: ModelChoice,
    /// Page; the cursor is the name of the last model before it.
    pub page: PageRequest,
}

/// A model of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationModelRow {
    /// What the organization makes of it.
    pub model: OrganizationModel,
    /// Teams that have it, directly or by approval.
    pub have: usize,
    /// Names of the teams that called it in the last [`USE_DAYS`] days.
    pub used_by: Vec<String>,
}

/// The page of an organization's models.
#[derive(Clone, Debug)]
pub struct OrganizationModels {
    /// The organization's name.
    pub name: String,
    /// Unrestricted models open by themselves.
    pub open_unrestricted: bool,
    /// Models of the catalog that are open, by approval, and closed.
    pub counts: [usize; 3],
    /// Its teams.
    pub teams: usize,
    /// How many models the query finds.
    pub found: usize,
    /// Those of this page, by tier and name.
    pub rows: Vec<OrganizationModelRow>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// What is to be looked at, oldest first.
    pub reviews: Vec<ReviewItem>,
}

/// Names that a team's part of a preview tells.
pub const NAMED_MAX: usize = 5;

/// What a change of states does to one team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamEffect {
    /// Team.
    pub team: TeamId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Models that it loses.
    pub lost: usize,
    /// Models that need an approval of the organization from then on.
    pub to_approval: usize,
    /// Some models of both, those that it called most first.
    pub cut: Vec<String>,
    /// Its calls of both in the last seven days.
    pub calls: i64,
    /// Models that its members may call, or ask for, from then on.
    pub gained: usize,
    /// Its members.
    pub members: i64,
    /// Its keys that work.
    pub keys: i64,
}

impl TeamEffect {
    /// Whether members are cut off from something.
    pub fn cuts(&self) -> bool {
        self.lost + self.to_approval > 0
    }
}

/// What a change of states would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatesPreview {
    /// Models that change: name, before, after.
    pub changes: Vec<(String, ModelState, ModelState)>,
    /// Open reviews that it closes.
    pub reviews: usize,
    /// Teams that it reaches, by name.
    pub teams: Vec<TeamEffect>,
}

/// The first of some names as a sentence counts them, and how many more there are: `gpt-4.1, o3 and 7 more`.
pub fn names_and(names: &[String], all: usize, shown: usize) -> String {
    let shown: Vec<&str> = names.iter().take(shown).map(String::as_str).collect();
    match (all.saturating_sub(shown.len()), shown.as_slice()) {
        (0, []) => String::new(),
        (0, [one]) => (*one).to_owned(),
        (0, [first @ .., last]) => format!("{} and {last}", first.join(", ")),
        (more, []) => more.to_string(),
        (more, shown) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_far_as_they_fit() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let said = |known: usize, all, shown| names_and(&names[..known], all, shown);
        assert_eq!([said(0, 0, 3), said(1, 1, 3), said(3, 3, 3)], ["", "a", "a, b and c"]);
        assert_eq!([said(3, 3, 2), said(3, 9, 3), said(0, 2, 3)], ["a, b and 1 more", "a, b, c and 6 more", "2"]);
    }
}
