//! What a change touched, and so what of the snapshot is read anew.

use std::collections::BTreeSet;

use crate::domain::ids::{KeyId, ModelId, OrgId, TeamId, UserId};

/// From here on reading everything in one go is cheaper than reading it piece by piece.
const MANY: usize = 200;

/// Parts of the snapshot that storage holds otherwise by now. Too much costs time, too little leaves something old in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub(super) everything: bool,
    pub(super) providers: bool,
    pub(super) platform: bool,
    pub(super) models: BTreeSet<ModelId>,
    pub(super) organizations: BTreeSet<OrgId>,
    pub(super) teams: BTreeSet<TeamId>,
    pub(super) users: BTreeSet<UserId>,
    pub(super) keys: BTreeSet<KeyId>,
}

impl Touched {
    /// What can not be told, or is too much to name.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Providers: where calls go, and with what.
    pub fn providers() -> Self {
        Self { providers: true, ..Self::default() }
    }

    /// Groups of the platform, and what personal spaces have.
    pub fn platform() -> Self {
        Self { platform: true, ..Self::default() }
    }

    /// A model with its names, prices and deployments, and what organizations and groups make of it; also that it is new or gone.
    pub fn model(id: ModelId) -> Self {
        Self::models([id])
    }

    /// Several of them.
    pub fn models(ids: impl IntoIterator<Item = ModelId>) -> Self {
        Self { models: ids.into_iter().collect(), ..Self::default() }
    }

    /// What an organization gives, holds back for review and groups.
    pub fn organization(id: OrgId) -> Self {
        Self { organizations: [id].into(), ..Self::default() }
    }

    /// An organization's own part, or the platform's.
    pub fn organization_or_platform(id: Option<OrgId>) -> Self {
        id.map_or_else(Self::platform, Self::organization)
    }

    /// A team or personal space with its policy, subsets and grants; also that it is new or gone. Not its keys.
    pub fn team(id: TeamId) -> Self {
        Self::teams([id])
    }

    /// Several of them.
    pub fn teams(ids: impl IntoIterator<Item = TeamId>) -> Self {
        Self { teams: ids.into_iter().collect(), ..Self::default() }
    }

    /// All keys of a person: a name, a suspension, a membership.
    pub fn user(id: UserId) -> Self {
        Self { users: [id].into(), ..Self::default() }
    }

    /// Who is in a team: a member came or left.
    pub fn member(team: TeamId, user: UserId) -> Self {
        Self::team(team).and(Self::user(user))
    }

    /// A key with what narrows it.
    pub fn key(id: KeyId) -> Self {
        Self { keys: [id].into(), ..Self::default() }
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        self.everything |= other.everything;
        self.providers |= other.providers;
        self.platform |= other.platform;
        self.models.append(&mut other.models);
        self.organizations.append(&mut other.organizations);
        self.teams.append(&mut other.teams);
        self.users.append(&mut other.users);
        self.keys.append(&mut other.keys);
        self
    }

    /// Whether nothing is named.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is as good as everything.
    pub(super) fn is_everything(&self) -> bool {
        let named = [self.models.len(), self.organizations.len(), self.teams.len(), self.users.len(), self.keys.len()];
        self.everything || named.iter().sum::<usize>() > MANY
    }
}
