//! What organizations give and teams make of it, compiled into sets.

use std::collections::HashMap;

use crate::domain::{
    authorization::{GrantLevel, TeamState},
    catalog::{ModelState, Tier},
    ids::{GrantId, GroupId, UserId},
    model_set::ModelSet,
    time::UnixMs,
};

/// What an organization gives to its teams, or the platform to personal spaces. What is in neither set is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    pub(super) open: ModelSet,
    pub(super) approval: ModelSet,
    /// Held back until they are reviewed.
    pub(super) blocked: ModelSet,
}

impl Boundary {
    /// What it lets be done with a model.
    pub fn state(&self, place: usize) -> ModelState {
        if self.open.contains(place) {
            ModelState::Open
        } else if self.approval.contains(place) {
            ModelState::Approval
        } else {
            ModelState::Closed
        }
    }

    /// The same with each set made into another.
    pub(super) fn each(&self, of: impl Fn(&ModelSet) -> ModelSet) -> Self {
        Self { open: of(&self.open), approval: of(&self.approval), blocked: of(&self.blocked) }
    }

    /// Takes a model out, with its review.
    pub(super) fn close(&mut self, place: usize) {
        [&mut self.open, &mut self.approval, &mut self.blocked].into_iter().for_each(|set| set.remove(place));
    }

    /// Whether nothing can be called and nothing is held back.
    pub(super) fn is_empty(&self) -> bool {
        [&self.open, &self.approval, &self.blocked].into_iter().all(ModelSet::is_empty)
    }

    /// Whether no open review holds a model back.
    pub fn is_reviewed(&self, place: usize) -> bool {
        !self.blocked.contains(place)
    }
}

/// What a team makes of its organization's models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamPolicy {
    /// None where the team takes everything as it is.
    pub(super) rules: Option<TeamRules>,
    /// What the rules are compiled from.
    pub(super) named: Option<NamedRules>,
    /// What members are narrowed to.
    pub(super) subsets: HashMap<UserId, ModelSet>,
    /// In the order of their models.
    pub(super) grants: Vec<GrantEntry>,
}

/// A restricting team's rows, groups and tiers. What is in neither set is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamRules {
    pub(super) direct: ModelSet,
    pub(super) approval: ModelSet,
}

/// What a restricting team names: kept, because what a group or a tier holds changes without the team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NamedRules {
    /// Models with a row, by the row's state.
    pub(super) rows: [ModelSet; TeamState::ALL.len()],
    pub(super) groups: Vec<GroupId>,
    pub(super) tiers: [Option<TeamState>; Tier::ALL.len()],
}

impl NamedRules {
    /// The row of a model.
    pub(super) fn row(&self, place: usize) -> Option<TeamState> {
        TeamState::ALL.into_iter().zip(&self.rows).find(|(_, rows)| rows.contains(place)).map(|(state, _)| state)
    }
}

impl TeamRules {
    /// What they let be done with a model.
    pub fn state(&self, place: usize) -> TeamState {
        if self.direct.contains(place) {
            TeamState::Direct
        } else if self.approval.contains(place) {
            TeamState::Approval
        } else {
            TeamState::Closed
        }
    }
}

/// A grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GrantEntry {
    pub(super) id: GrantId,
    pub(super) place: usize,
    /// None for the whole team.
    pub(super) user: Option<UserId>,
    pub(super) level: GrantLevel,
    pub(super) ends_at: UnixMs,
}

/// Which of the two kinds of grants are live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveGrants {
    /// By an admin of the organization, to the team or to this member.
    pub organization: bool,
    /// To this member, whoever gave it.
    pub member: bool,
}

/// Who asks for a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AskedBy {
    pub(super) organization: bool,
    pub(super) team: bool,
}

impl TeamPolicy {
    /// What the team lets its members do with a model.
    pub fn state(&self, place: usize) -> TeamState {
        match &self.rules {
            None => TeamState::Direct,
            Some(rules) => rules.state(place),
        }
    }

    /// Whether a member is not narrowed, or to a set that holds the model.
    pub fn member_may_have(&self, user: UserId, place: usize) -> bool {
        self.subsets.is_empty() || self.subsets.get(&user).is_none_or(|subset| subset.contains(place))
    }

    /// Whether an admin of the organization granted a model to anybody here, live at a moment.
    pub fn is_granted(&self, place: usize, now: UnixMs) -> bool {
        let start = self.grants.partition_point(|grant| grant.place < place);
        let of_model = self.grants[start..].iter().take_while(|grant| grant.place == place);
        of_model.into_iter().any(|grant| grant.ends_at > now && grant.level == GrantLevel::Organization)
    }

    /// The grants by which a member may call a model now, where the organization, the team or both ask for one: the member's own from the
    /// organization serves both; else the member's own from the team, and the organization's to the whole team.
    pub(super) fn used_grants(
        &self,
        place: usize,
        member: Option<UserId>,
        now: UnixMs,
        asked_by: AskedBy,
    ) -> [Option<GrantId>; 2] {
        let start = self.grants.partition_point(|grant| grant.place < place);
        let of_model =
            || self.grants[start..].iter().take_while(|grant| grant.place == place).filter(|grant| grant.ends_at > now);
        let find = |user: Option<UserId>, level| {
            // Of several the one that lasts longest, which stands last.
            of_model().filter(|grant| grant.user == user && grant.level == level).map(|grant| grant.id).last()
        };
        let own = |level| member.and_then(|user| find(Some(user), level));
        match own(GrantLevel::Organization) {
            Some(grant) if asked_by.organization || asked_by.team => [Some(grant), None],
            _ => [
                asked_by.team.then(|| own(GrantLevel::Team)).flatten(),
                asked_by.organization.then(|| find(None, GrantLevel::Organization)).flatten(),
            ],
        }
    }

    /// The grants that count for a member, or for nobody in particular, at a moment.
    pub fn grants(&self, place: usize, member: Option<UserId>, now: UnixMs) -> LiveGrants {
        let start = self.grants.partition_point(|grant| grant.place < place);
        let mut live = LiveGrants::default();
        for grant in self.grants[start..].iter().take_while(|grant| grant.place == place) {
            if grant.ends_at <= now || (grant.user.is_some() && grant.user != member) {
                continue;
            }
            live.organization |= grant.level == GrantLevel::Organization;
            live.member |= grant.user.is_some();
        }
        live
    }
}
