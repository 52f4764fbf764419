//! The page of an organization's models, and what a change of states would do to its teams.

use std::collections::{HashMap, HashSet};

use sqlx::AnyConnection;

use super::BulkStates;
use crate::{
    domain::{
        asset_sets::{
            ModelChoice, NAMED_MAX, OrganizationModelQuery, OrganizationModelRow, OrganizationModels, StatesPreview, TeamEffect,
            USE_DAYS,
        },
        authorization::TeamState,
        catalog::ModelState,
        ids::{ModelId, OrgId, TeamId},
        model_access::OrganizationModel,
        time::{DAY_MS, UnixMs},
    },
    service::{
        Caller, ServiceError, Services, Snapshot,
        access::{
            policy::Boundary,
            snapshot::{ModelEntry, TeamEntry},
        },
        sorted,
    },
    storage::model_access::{reviews, teams},
};

impl Services {
    /// A page of an organization's models, with what is to be looked at. For its admins and platform admins.
    pub async fn get_organization_models(
        &self,
        caller: &Caller,
        org: &str,
        query: &OrganizationModelQuery,
    ) -> Result<OrganizationModels, ServiceError> {
        let reviews = self.list_reviews(caller, org).await?;
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let (snapshot, now) = (self.snapshot(), self.clock.now());
        let boundary = snapshot.boundary(org.id);
        let in_review: HashSet<ModelId> = reviews.iter().map(|item| item.model).collect();
        let found = self.chosen(&mut c, &snapshot, org.id, &query.choice, &in_review).await?;
        let all = found.len();
        let page = sorted::page_of(found, |model| format!("{}{}", model.tier as usize, model.name), false, &query.page)?;

        let of_org = teams::list_of_organization(&mut c, org.id).await?;
        let entries: Vec<&TeamEntry> = of_org.iter().filter_map(|(id, ..)| snapshot.team(*id).map(|team| &**team)).collect();
        let names: HashMap<TeamId, &str> = of_org.iter().map(|(id, _, name)| (*id, name.as_str())).collect();
        let mut used = self.calls_by_team(&mut c, org.id, now.plus(-USE_DAYS * DAY_MS)).await?;
        let rows = page.items.into_iter().map(|model| {
            let state = effective(&boundary, model.place);
            let has = |team: &&&TeamEntry| state != ModelState::Closed && team.policy.state(model.place) != TeamState::Closed;
            let callers = used.remove(&model.name).unwrap_or_default();
            let mut used_by: Vec<String> =
                callers.iter().filter_map(|(id, _)| names.get(id).map(|&name| name.to_owned())).collect();
            used_by.sort_unstable();
            OrganizationModelRow { model: seen(model, &boundary, now), have: entries.iter().filter(has).count(), used_by }
        });
        let rows = rows.collect();
        let mut counts = [0; 3];
        for model in snapshot.models() {
            counts[boundary.state(model.place) as usize] += 1;
        }
        Ok(OrganizationModels {
            name: org.name,
            open_unrestricted: org.open_unrestricted_models,
            counts,
            teams: of_org.len(),
            found: all,
            rows,
            next: page.next_cursor,
            reviews,
        })
    }

    /// What setting states would do, without doing it. For the organization's admins and platform admins.
    pub async fn preview_model_states(
        &self,
        caller: &Caller,
        org: &str,
        bulk: &BulkStates,
    ) -> Result<StatesPreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let (snapshot, now) = (self.snapshot(), self.clock.now());
        let in_review: HashSet<ModelId> = reviews::list_open(&mut c, org.id).await?.iter().map(|item| item.model).collect();
        let chosen = self.chosen(&mut c, &snapshot, org.id, &bulk.choice, &in_review).await?;
        let boundary = snapshot.boundary(org.id);
        let mut preview = StatesPreview::default();
        let mut steps: Vec<(&ModelEntry, ModelState, ModelState)> = vec![];
        for model in chosen {
            let (before, after) = (boundary.state(model.place), bulk.state_of(model.restricted));
            preview.reviews += usize::from(in_review.contains(&model.id));
            if before != after {
                preview.changes.push((model.name.clone(), before, after));
            }
            // Whoever looked at it releases it.
            let held = effective(&boundary, model.place);
            if held != after && model.enabled {
                steps.push((model, held, after));
            }
        }
        let calls = self.calls_by_team(&mut c, org.id, now.plus(-7 * DAY_MS)).await?;
        let reached: HashMap<TeamId, (i64, i64)> = teams::count_reached_of_organization(&mut c, org.id, now).await?;
        for (id, slug, name) in teams::list_of_organization(&mut c, org.id).await? {
            let Some(team) = snapshot.team(id) else { continue };
            let (members, keys) = reached.get(&id).copied().unwrap_or_default();
            let mut effect =
                TeamEffect { team: id, slug, name, lost: 0, to_approval: 0, cut: vec![], calls: 0, gained: 0, members, keys };
            let mut cut: Vec<(i64, &str)> = vec![];
            for (model, before, after) in &steps {
                match step(team, model.place, (*before, *after), now) {
                    Some(Step::Gained) => {
                        effect.gained += 1;
                        continue;
                    }
                    Some(Step::Lost) => effect.lost += 1,
                    Some(Step::ToApproval) => effect.to_approval += 1,
                    None => continue,
                }
                let calls = calls.get(&model.name).and_then(|teams| teams.iter().find(|(team, _)| *team == id));
                let calls = calls.map_or(0, |(_, count)| *count);
                if calls > 0 || cut.len() < NAMED_MAX {
                    cut.push((-calls, model.name.as_str()));
                }
            }
            cut.sort_unstable();
            effect.calls = cut.iter().map(|(calls, _)| -calls).sum();
            effect.cut = cut.into_iter().take(NAMED_MAX).map(|(_, name)| name.to_owned()).collect();
            if effect.cuts() || effect.gained > 0 {
                preview.teams.push(effect);
            }
        }
        Ok(preview)
    }

    /// The models that a choice means.
    pub(super) async fn chosen<'a>(
        &self,
        c: &mut AnyConnection,
        snapshot: &'a Snapshot,
        org: OrgId,
        choice: &ModelChoice,
        in_review: &HashSet<ModelId>,
    ) -> Result<Vec<&'a ModelEntry>, ServiceError> {
        let named = choice.models.as_ref().map(|names| super::find_models(snapshot, "models", names)).transpose()?;
        let named: Option<HashSet<ModelId>> = named.map(|ids| ids.into_iter().collect());
        let group = match &choice.group {
            Some(name) => Some(self.find_group(c, Some(org), name).await?.id),
            None => None,
        };
        let boundary = snapshot.boundary(org);
        let text = choice.text.trim().to_lowercase();
        let meant = |model: &&ModelEntry| {
            named.as_ref().is_none_or(|ids| ids.contains(&model.id))
                && choice.tier.is_none_or(|tier| model.tier == tier)
                && choice.modality.is_none_or(|modality| model.modality == modality)
                && group.is_none_or(|id| snapshot.group(id).is_some_and(|group| group.models.contains(model.place)))
                && choice.now.is_none_or(|state| boundary.state(model.place) == state)
                && (!choice.in_review || in_review.contains(&model.id))
                && (text.is_empty() || model.name.to_lowercase().contains(&text))
        };
        Ok(snapshot.models().iter().map(|model| &**model).filter(meant).collect())
    }

    /// Calls by model and team of an organization since a moment.
    async fn calls_by_team(
        &self,
        c: &mut AnyConnection,
        org: OrgId,
        since: UnixMs,
    ) -> Result<HashMap<String, Vec<(TeamId, i64)>>, ServiceError> {
        let mut calls: HashMap<String, Vec<(TeamId, i64)>> = HashMap::new();
        for (team, model, count) in teams::list_calls_of_organization(c, org, since).await? {
            calls.entry(model).or_default().push((team, count));
        }
        Ok(calls)
    }
}

/// What an organization makes of a model.
pub(super) fn seen(model: &ModelEntry, boundary: &Boundary, now: UnixMs) -> OrganizationModel {
    OrganizationModel {
        id: model.id,
        name: model.name.clone(),
        tier: model.tier,
        modality: model.modality,
        prices: model.prices.at(now),
        restricted: model.restricted,
        enabled: model.enabled,
        state: boundary.state(model.place),
        blocked: !boundary.is_reviewed(model.place),
    }
}

/// What counts for the teams: what waits for its review is closed to them.
fn effective(boundary: &Boundary, place: usize) -> ModelState {
    if boundary.is_reviewed(place) { boundary.state(place) } else { ModelState::Closed }
}

enum Step {
    Lost,
    ToApproval,
    Gained,
}

/// What another state of its organization means to a team.
fn step(team: &TeamEntry, place: usize, (before, after): (ModelState, ModelState), now: UnixMs) -> Option<Step> {
    if team.policy.state(place) == TeamState::Closed {
        return None;
    }
    match (before, after) {
        // The whole team was granted it: that goes on.
        (ModelState::Open, ModelState::Approval) if team.policy.grants(place, None, now).organization => None,
        (ModelState::Open, ModelState::Approval) => Some(Step::ToApproval),
        (ModelState::Open, _) => Some(Step::Lost),
        // Those who were granted it lose it; the others had to ask.
        (ModelState::Approval, ModelState::Closed) if !team.policy.is_granted(place, now) => None,
        (ModelState::Approval, ModelState::Closed) => Some(Step::Lost),
        (ModelState::Approval, ModelState::Open) | (ModelState::Closed, _) => Some(Step::Gained),
        (ModelState::Approval, ModelState::Approval) => None,
    }
}
