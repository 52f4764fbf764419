//! The catalog's part of the snapshot: models and their places, what organizations and groups make of them. A change of one model
//! reads and changes that model's part alone, however many there are.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    compile::in_order,
    policy::{Boundary, GrantEntry, NamedRules, TeamPolicy},
    snapshot::{Catalog, GroupEntry, KeyFacts, KeySecrets, ModelEntry, ProviderEntry, Snapshot, TeamEntry},
    terms::OrganizationTerms,
};
use crate::{
    domain::{
        catalog::{ModelState, Tier},
        ids::{GroupId, ModelId, OrgId, ProviderId},
        model_set::ModelSet,
    },
    storage::model_access::compiled::GroupModels,
};

/// What organizations let be done with models.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenModels {
    /// States, those that are closed left out.
    pub(super) states: Vec<(OrgId, ModelId, ModelState)>,
    /// What has to be reviewed first.
    pub(super) blocked: Vec<(OrgId, ModelId)>,
}

/// What of an organization decides.
#[derive(Clone, Debug, Default)]
pub(super) struct OrganizationSource {
    pub(super) models: GivenModels,
    pub(super) groups: HashMap<GroupId, GroupModels>,
    pub(super) terms: Vec<OrganizationTerms>,
}

/// What decides about some models, apart from themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct ModelsSource {
    pub(super) given: GivenModels,
    /// Groups that name them.
    pub(super) named: Vec<(GroupId, ModelId)>,
    /// Whole tiers that groups hold.
    pub(super) tiers: Vec<(GroupId, Tier)>,
    pub(super) personal_general: bool,
}

impl Snapshot {
    /// Replaces the catalog and what all organizations give of it. Models may come, go and move: what stands keeps its sets.
    pub(super) fn put_catalog(&mut self, models: Vec<Arc<ModelEntry>>, given: &OrganizationSource, personal_general: bool) {
        self.put_models(models);
        self.groups = Arc::new(given.groups.iter().map(|(id, group)| (*id, self.group_entry(group))).collect());
        let mut boundaries = HashMap::new();
        self.add_boundaries(&mut boundaries, &given.models);
        self.boundaries = Arc::new(boundaries);
        self.put_personal(personal_general);
        self.organizations = Arc::new(given.terms.iter().map(|terms| (terms.id, Arc::new(terms.clone()))).collect());
        self.renew_teams(|_| true);
    }

    /// Replaces all providers: calls of every model go to them as they are now.
    pub(super) fn put_providers(&mut self, providers: &HashMap<ProviderId, Arc<ProviderEntry>>) {
        self.put_models(self.catalog.models.iter().map(|model| served_by(model.clone(), providers)).collect());
    }

    /// Replaces some models, `changed` without those that are gone, and what is made of them.
    pub(super) fn put_some_models(&mut self, which: &BTreeSet<ModelId>, changed: Vec<Arc<ModelEntry>>, source: &ModelsSource) {
        let others = self.catalog.models.iter().filter(|model| !which.contains(&model.id)).cloned();
        self.put_models(others.chain(changed).collect());
        let places: Vec<usize> = which.iter().filter_map(|id| self.catalog.places.get(id).copied()).collect();
        self.regroup(&places, source);
        let mut boundaries = HashMap::clone(&self.boundaries);
        for boundary in boundaries.values_mut() {
            places.iter().for_each(|place| Arc::make_mut(boundary).close(*place));
        }
        self.add_boundaries(&mut boundaries, &source.given);
        boundaries.retain(|_, boundary| !boundary.is_empty());
        self.boundaries = Arc::new(boundaries);
        self.put_personal(source.personal_general);
        self.renew_teams(|_| true);
    }

    /// Replaces the platform's groups and what personal spaces have.
    pub(super) fn put_platform(&mut self, groups: &HashMap<GroupId, GroupModels>, personal_general: bool) {
        self.put_groups(None, groups);
        self.put_personal(personal_general);
        self.renew_teams(|_| true);
    }

    /// Replaces what an organization gives and groups.
    pub(super) fn put_organization(&mut self, org: OrgId, given: &OrganizationSource) {
        self.put_groups(Some(org), &given.groups);
        let mut boundaries = HashMap::clone(&self.boundaries);
        boundaries.remove(&Some(org));
        self.add_boundaries(&mut boundaries, &given.models);
        self.boundaries = Arc::new(boundaries);
        let all = Arc::make_mut(&mut self.organizations);
        all.remove(&org);
        all.extend(given.terms.iter().map(|terms| (terms.id, Arc::new(terms.clone()))));
        self.renew_teams(|team| team.organization == Some(org));
    }

    /// Replaces all models. Sets are carried over to the new places.
    fn put_models(&mut self, mut models: Vec<Arc<ModelEntry>>) {
        models.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        let mut catalog = Catalog::default();
        for (place, mut model) in models.into_iter().enumerate() {
            if model.place != place {
                Arc::make_mut(&mut model).place = place;
            }
            catalog.places.insert(model.id, place);
            for name in std::iter::once(&model.name).chain(&model.aliases) {
                catalog.names.insert(name.clone(), model.clone());
            }
            catalog.models.push(model);
        }
        let before = std::mem::replace(&mut self.catalog, Arc::new(catalog));
        let to: Vec<Option<usize>> = before.models.iter().map(|model| self.catalog.places.get(&model.id).copied()).collect();
        if before.models.len() != self.room() || to.iter().enumerate().any(|(place, to)| *to != Some(place)) {
            self.move_places(&to);
        }
    }

    /// Carries sets over to a catalog in which models have other places; `to` says which. What teams' rules make of it is compiled
    /// afterwards.
    fn move_places(&mut self, to: &[Option<usize>]) {
        let room = self.room();
        let moved = |set: &ModelSet| set.moved(room, to);
        let of = |group: &GroupEntry| GroupEntry { models: moved(&group.models), ..group.clone() };
        self.groups = Arc::new(self.groups.iter().map(|(id, group)| (*id, of(group))).collect());
        let of = |boundary: &Boundary| Arc::new(boundary.each(moved));
        self.boundaries = Arc::new(self.boundaries.iter().map(|(org, boundary)| (*org, of(boundary))).collect());
        self.teams.replace(|team| {
            let policy = &team.policy;
            let named = policy.named.as_ref().map(|named| NamedRules { rows: named.rows.each_ref().map(moved), ..named.clone() });
            let of = |grant: &GrantEntry| Some(GrantEntry { place: to.get(grant.place).copied().flatten()?, ..*grant });
            let grants = in_order(policy.grants.iter().filter_map(of).collect());
            let subsets = policy.subsets.iter().map(|(user, set)| (*user, moved(set))).collect();
            let policy = TeamPolicy { rules: None, named, subsets, grants };
            Some(Arc::new(TeamEntry { policy: Arc::new(policy), ..TeamEntry::clone(team) }))
        });
        let of = |facts: &Arc<KeyFacts>| {
            let models = facts.models.as_ref()?;
            Some(Arc::new(KeyFacts { models: Some(moved(models)), ..KeyFacts::clone(facts) }))
        };
        self.secrets.replace(of);
        self.keys.replace(|key| Some(KeySecrets { facts: of(&key.facts)?, ..key.clone() }));
    }

    /// Gives teams anew what their organization gives and what groups and tiers hold now.
    fn renew_teams(&mut self, which: impl Fn(&TeamEntry) -> bool) {
        let mut teams = std::mem::take(&mut self.teams);
        teams.replace(|team| {
            which(team).then(|| {
                let policy = match &team.policy.named {
                    None => team.policy.clone(),
                    Some(named) => {
                        let mut named = named.clone();
                        named.groups.retain(|group| self.groups.contains_key(group));
                        let rules = Some(self.compile_named(team.organization, &named));
                        Arc::new(TeamPolicy { rules, named: Some(named), ..TeamPolicy::clone(&team.policy) })
                    }
                };
                let boundary = self.boundaries.get(&team.organization).cloned().unwrap_or_default();
                let organization_terms = self.terms_of(team.organization);
                Arc::new(TeamEntry { boundary, policy, organization_terms, ..TeamEntry::clone(team) })
            })
        });
        self.teams = teams;
    }

    fn put_groups(&mut self, owner: Option<OrgId>, groups: &HashMap<GroupId, GroupModels>) {
        let groups: Vec<_> = groups.iter().map(|(id, group)| (*id, self.group_entry(group))).collect();
        let all = Arc::make_mut(&mut self.groups);
        all.retain(|_, group| group.organization != owner);
        all.extend(groups);
    }

    fn group_entry(&self, group: &GroupModels) -> GroupEntry {
        let mut models = self.set_of(&group.models);
        for model in self.catalog.models.iter().filter(|model| group.tiers.contains(&model.tier)) {
            models.insert(model.place);
        }
        GroupEntry { organization: group.organization, models }
    }

    /// Puts some models into the groups that hold them now, and out of the others.
    fn regroup(&mut self, places: &[usize], source: &ModelsSource) {
        let catalog = self.catalog.clone();
        let groups = Arc::make_mut(&mut self.groups);
        for group in groups.values_mut() {
            places.iter().for_each(|place| group.models.remove(*place));
        }
        let named = source.named.iter().filter_map(|(group, model)| Some((*group, *catalog.places.get(model)?)));
        let of_tier = |(group, tier): &(GroupId, Tier)| {
            let (group, tier, catalog) = (*group, *tier, &catalog);
            places.iter().filter(move |place| catalog.models[**place].tier == tier).map(move |place| (group, *place))
        };
        for (group, place) in named.chain(source.tiers.iter().flat_map(of_tier)) {
            groups.entry(group).and_modify(|group| group.models.insert(place));
        }
    }

    fn put_personal(&mut self, general: bool) {
        let mut personal = self.empty_boundary();
        let open = self.catalog.models.iter().filter(|model| general && model.tier == Tier::General);
        open.for_each(|model| personal.open.insert(model.place));
        Arc::make_mut(&mut self.boundaries).insert(None, Arc::new(personal));
    }

    fn empty_boundary(&self) -> Boundary {
        let empty = || ModelSet::new(self.room());
        Boundary { open: empty(), approval: empty(), blocked: empty() }
    }

    fn add_boundaries(&self, boundaries: &mut HashMap<Option<OrgId>, Arc<Boundary>>, given: &GivenModels) {
        let mut change = |org: OrgId, model: ModelId, change: &dyn Fn(&mut Boundary, usize)| {
            if let Some(place) = self.catalog.places.get(&model) {
                let boundary = boundaries.entry(Some(org)).or_insert_with(|| Arc::new(self.empty_boundary()));
                change(Arc::make_mut(boundary), *place);
            }
        };
        for (org, model, state) in &given.states {
            change(*org, *model, &|boundary, place| match state {
                ModelState::Open => boundary.open.insert(place),
                ModelState::Approval => boundary.approval.insert(place),
                ModelState::Closed => {}
            });
        }
        for (org, model) in &given.blocked {
            change(*org, *model, &|boundary, place| boundary.blocked.insert(place));
        }
    }
}

/// A model whose calls go to the same providers, as they are now. One that is gone serves nothing.
fn served_by(mut model: Arc<ModelEntry>, providers: &HashMap<ProviderId, Arc<ProviderEntry>>) -> Arc<ModelEntry> {
    Arc::make_mut(&mut model).deployments.retain_mut(|deployment| {
        let Some(provider) = providers.get(&deployment.provider.id) else { return false };
        deployment.provider = provider.clone();
        true
    });
    model
}
