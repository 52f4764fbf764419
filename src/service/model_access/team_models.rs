//! The models of a team as its people see them: everything for those who set the access, for the others what they may call or ask for.

use std::collections::{HashMap, HashSet};

use super::teams::{manages_models, named_rows};
use crate::{
    domain::{
        authorization::{self, ModelRefusal, TeamState},
        catalog::ModelState,
        ids::{GroupId, ModelId},
        model_access::{SetBy, TeamAccess, TeamModel},
        roles::{Action, Standing},
        team_models::{ModelCounts, ModelFilter, NarrowedMember, TeamGroup, TeamModelQuery, TeamModels, USAGE_DAYS},
        team_policy::TeamRows,
        teams::{AccessMode, Team, TeamKind},
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, ServiceError, Services, Snapshot, access::decide::Holder, access::snapshot::TeamEntry, sorted},
    storage::{
        AnyConnection,
        model_access::{grants, groups, requests, subsets, teams},
    },
};

/// What a list of models is made of.
struct Listed {
    team: Team,
    standing: Standing,
    rows: TeamRows,
    reviewed_at: UnixMs,
    models: Vec<TeamModel>,
}

impl Services {
    /// Every model that the viewer may know of, and for whoever sets the access all of the catalog.
    pub async fn get_team_access(&self, caller: &Caller, team: &str) -> Result<TeamAccess, ServiceError> {
        let mut c = self.store.reader().await?;
        let Listed { team, standing, rows, models, .. } = self.list_models_of(&mut c, caller, team).await?;
        Ok(TeamAccess {
            mode: team.mode,
            rows: named_rows(&self.snapshot(), &rows),
            groups: rows.groups,
            tiers: rows.tiers,
            opened_since: models.iter().filter(|model| model.is_new).map(|model| model.name.clone()).collect(),
            models,
            may_manage: manages_models(&team, standing),
        })
    }

    /// The team model page.
    pub async fn list_team_models(
        &self,
        caller: &Caller,
        team: &str,
        query: &TeamModelQuery,
    ) -> Result<TeamModels, ServiceError> {
        let mut c = self.store.reader().await?;
        let Listed { team, standing, rows, reviewed_at, mut models } = self.list_models_of(&mut c, caller, team).await?;
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let may_manage = manages_models(&team, standing);
        let counts = counts(&models);
        let new = models.iter().filter(|model| model.is_new).count();
        let text = query.text.trim().to_lowercase();
        models.retain(|model| {
            let in_filter = match query.filter {
                ModelFilter::All => true,
                ModelFilter::New => model.is_new,
                ModelFilter::State(state) => state == seen(model, may_manage),
            };
            in_filter && query.tier.is_none_or(|tier| tier == model.tier) && model.name.to_lowercase().contains(&text)
        });
        let found = models.len();
        let order = |model: &TeamModel| {
            let on_request = !may_manage && model.refusal.is_some();
            format!("{}{}{}", u8::from(on_request), model.tier as usize, model.name)
        };
        let page = sorted::page_of(models, order, false, &query.page)?;
        let (groups, narrowed) = if may_manage {
            let narrowed = subsets::list_members(&mut c, team.id).await?;
            let reachable = |id: &ModelId| {
                let place = snapshot.find_id(*id)?.place;
                (entry.policy.state(place).within(entry.boundary.state(place)) != TeamState::Closed).then_some(())
            };
            let narrowed = narrowed.into_iter().map(|(user, name, models)| NarrowedMember {
                user,
                name,
                models: models.iter().filter_map(reachable).count(),
            });
            (self.groups_for(&mut c, &snapshot, entry, &rows).await?, narrowed.collect())
        } else {
            (vec![], vec![])
        };
        Ok(TeamModels {
            may_manage,
            may_request: standing.may(Action::RequestAccess) && team.kind == TeamKind::Team,
            mode: team.mode,
            reviewed_at,
            counts,
            tiers: rows.tiers,
            groups,
            narrowed,
            new,
            found,
            page,
        })
    }

    async fn list_models_of(&self, c: &mut AnyConnection, caller: &Caller, team: &str) -> Result<Listed, ServiceError> {
        let (team, standing) = self.find_team_for(c, caller, team, Action::ViewTeam).await?;
        let now = self.clock.now();
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let may_manage = manages_models(&team, standing);
        let shows_cost = standing.may(Action::ViewEveryonesUsage);
        let rows = teams::find_rows(c, team.id).await?;
        let usage = teams::list_usage(c, team.id, None, now.plus(-USAGE_DAYS * DAY_MS)).await?;
        let own = requests::RequestFilter {
            team: Some(team.id),
            user: Some(caller.user.id),
            pending: true,
            limit: 100,
            ..Default::default()
        };
        let requested: HashSet<ModelId> = requests::list(c, &own).await?.into_iter().map(|request| request.model).collect();
        let reviewed_at = teams::find_reviewed_at(c, team.id).await?;
        let (mut opened, mut granted, mut group_names) = (HashSet::new(), HashMap::new(), HashMap::new());
        if may_manage {
            if team.mode == AccessMode::Restrict {
                opened = teams::list_opened_since_review(c, team.id).await?.into_iter().collect();
            }
            for grant in grants::list_live(c, team.id, now).await? {
                let members: &mut HashSet<_> = granted.entry(grant.model).or_default();
                members.extend(grant.user);
            }
            group_names = groups::list_names(c).await?;
        }
        let rules = Rules::of(&team, &rows);
        let mut models = vec![];
        for (model, facts) in snapshot.all_facts(&Holder::of_member(entry, caller.user.id), now) {
            let refusal = authorization::decide(&facts).err();
            // What is closed to somebody does not exist for them; whoever sets it knows of everything.
            if !may_manage && refusal == Some(ModelRefusal::NotFound) {
                continue;
            }
            let usable = facts.enabled && facts.priced && facts.served && facts.reviewed;
            let (set_by, group) = rules.set_by(&snapshot, model.place);
            let provider = model.deployments.first().filter(|_| may_manage).map(|first| first.provider.name.clone());
            let (calls, cost) = usage.get(&model.name).copied().unwrap_or_default();
            models.push(TeamModel {
                id: model.id,
                name: model.name.clone(),
                tier: model.tier,
                modality: model.modality,
                prices: model.prices.at(now),
                restricted: model.restricted,
                organization: if usable { facts.organization } else { ModelState::Closed },
                team: facts.team,
                set_by,
                refusal,
                approver: authorization::approver(&facts),
                requested: requested.contains(&model.id),
                provider: provider.unwrap_or_default(),
                group: group.and_then(|id| group_names.get(&id).cloned()).unwrap_or_default(),
                is_new: usable && facts.team == TeamState::Closed && set_by != SetBy::Row && opened.contains(&model.id),
                created_at: model.created_at,
                granted: granted.get(&model.id).map_or(0, HashSet::len),
                calls,
                cost: shows_cost.then_some(cost),
            });
        }
        Ok(Listed { team, standing, rows, reviewed_at, models })
    }

    /// The groups that a team names or may name, by name.
    async fn groups_for(
        &self,
        c: &mut AnyConnection,
        snapshot: &Snapshot,
        entry: &TeamEntry,
        rows: &TeamRows,
    ) -> Result<Vec<TeamGroup>, ServiceError> {
        let given = |place: &usize| entry.boundary.state(*place) != ModelState::Closed;
        let mut found = vec![];
        for (id, organization, name, description) in groups::list_heads(c, entry.organization).await? {
            found.push(TeamGroup {
                id,
                name,
                description,
                own: organization.is_some(),
                models: snapshot.group(id).map_or(0, |group| group.models.places().filter(given).count()),
                named: rows.groups.contains(&id),
            });
        }
        Ok(found)
    }
}

/// What a team names, ready to be asked for each model of the catalog.
struct Rules<'a> {
    inherits: bool,
    rows: &'a TeamRows,
    named: HashSet<ModelId>,
}

impl<'a> Rules<'a> {
    fn of(team: &Team, rows: &'a TeamRows) -> Self {
        let named = rows.models.iter().map(|(id, _)| *id).collect();
        Self { inherits: team.mode == AccessMode::Inherit, rows, named }
    }

    /// What says how a model stands, and the group if it is one.
    fn set_by(&self, snapshot: &Snapshot, place: usize) -> (SetBy, Option<GroupId>) {
        let model = &snapshot.models()[place];
        let holds = |id: &&GroupId| snapshot.group(**id).is_some_and(|group| group.models.contains(place));
        if self.inherits {
            (SetBy::Inherit, None)
        } else if self.named.contains(&model.id) {
            (SetBy::Row, None)
        } else if let Some(group) = self.rows.groups.iter().find(holds) {
            (SetBy::Group, Some(*group))
        } else if self.rows.tier(model.tier).is_some() {
            (SetBy::Tier, None)
        } else {
            (SetBy::Nothing, None)
        }
    }
}

/// The state that a viewer meets: for members their own, for whoever manages it the team's.
fn seen(model: &TeamModel, may_manage: bool) -> TeamState {
    match (may_manage, model.refusal) {
        (true, _) => model.team.within(model.organization),
        (false, None) => TeamState::Direct,
        (false, Some(ModelRefusal::RequiresApproval)) => TeamState::Approval,
        (false, Some(_)) => TeamState::Closed,
    }
}

fn counts(models: &[TeamModel]) -> ModelCounts {
    let mut counts = ModelCounts { platform: models.len(), ..ModelCounts::default() };
    for model in models {
        match model.organization {
            ModelState::Open => counts.organization_open += 1,
            ModelState::Approval => counts.organization_approval += 1,
            ModelState::Closed => {}
        }
        match model.team.within(model.organization) {
            TeamState::Direct => counts.direct += 1,
            TeamState::Approval => counts.approval += 1,
            TeamState::Closed => counts.closed += 1,
        }
    }
    counts
}
