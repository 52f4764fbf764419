//! What is set on a team and everything in it, and on an organization: limits, budgets, and the day on which their billing months begin.

use std::{collections::HashMap, sync::Arc};

use super::snapshot::{Snapshot, TeamEntry};
use crate::{
    domain::{
        ids::{GrantId, KeyId, ModelId, OrgId, TeamId, UserId},
        limit_scopes::{Allowance, Scope},
        periods::AnchorDay,
    },
    storage::limits::LimitRow,
};

/// What is set on an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationTerms {
    /// Organization.
    pub id: OrgId,
    /// Name.
    pub name: String,
    /// Short name in addresses.
    pub slug: String,
    /// When its billing months begin.
    pub anchor: AnchorDay,
    /// All of its teams together.
    pub allowance: Allowance,
}

/// What is set on a team or personal space, and on everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamTerms {
    /// When its billing months begin.
    pub anchor: AnchorDay,
    /// All of its keys together.
    pub allowance: Allowance,
    members: HashMap<UserId, Allowance>,
    models: HashMap<ModelId, Allowance>,
    grants: HashMap<GrantId, Allowance>,
    keys: HashMap<KeyId, Allowance>,
}

impl TeamTerms {
    /// Made of the rows of a team.
    pub(super) fn new(anchor: AnchorDay, rows: &[LimitRow]) -> Self {
        let mut terms = Self { anchor, ..Self::default() };
        for row in rows {
            match row.scope {
                Scope::Key(key) => _ = terms.keys.insert(key, row.allowance),
                Scope::Member(_, user) => _ = terms.members.insert(user, row.allowance),
                Scope::Grant(grant) => _ = terms.grants.insert(grant, row.allowance),
                Scope::TeamModel(_, model) => _ = terms.models.insert(model, row.allowance),
                Scope::Team(_) => terms.allowance = row.allowance,
                // An organization's row belongs to no team.
                Scope::Organization(_) => {}
            }
        }
        terms
    }

    /// What is set on a scope of the team; nothing where nothing is.
    pub fn of(&self, scope: Scope) -> Allowance {
        let found = match scope {
            Scope::Key(key) => self.keys.get(&key),
            Scope::Member(_, user) => self.members.get(&user),
            Scope::Grant(grant) => self.grants.get(&grant),
            Scope::TeamModel(_, model) => self.models.get(&model),
            Scope::Team(_) => Some(&self.allowance),
            Scope::Organization(_) => None,
        };
        found.copied().unwrap_or_default()
    }
}

impl Snapshot {
    /// Replaces what is set on a team and in it.
    pub(super) fn put_terms(&mut self, id: TeamId, rows: &[LimitRow]) {
        if let Some(team) = self.teams.get(&id).cloned() {
            let terms = Arc::new(TeamTerms::new(team.terms.anchor, rows));
            self.teams.insert(id, Arc::new(TeamEntry { terms, ..TeamEntry::clone(&team) }));
        }
    }
}
