//! What a change to a team's model access would do, thought through before anything is written. A preview and the change itself go the
//! same way, so that nothing happens that was not shown.

use std::collections::HashSet;

use crate::{
    domain::{
        authorization::{Facts, TeamState, decide},
        catalog::ModelState,
        ids::ModelId,
        model_access::{AccessDraft, AccessPreview},
        team_models::{AccessEdit, PREVIEW_DAYS, StartFrom},
        team_policy::TeamRows,
        teams::{AccessMode, Team},
        time::DAY_MS,
    },
    service::{
        ServiceError, Services, Snapshot,
        access::{decide::Holder, policy::TeamRules, snapshot::TeamEntry},
    },
    storage::{AnyConnection, model_access::teams},
};

/// A change that was thought through.
pub(super) struct Plan {
    pub(super) mode: AccessMode,
    pub(super) before: TeamRows,
    pub(super) rows: TeamRows,
    pub(super) preview: AccessPreview,
}

impl Services {
    /// The change that a draft stands for, which replaces all that the team names.
    pub(super) async fn plan_draft(&self, c: &mut AnyConnection, team: &Team, draft: &AccessDraft) -> Result<Plan, ServiceError> {
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let before = teams::find_rows(c, team.id).await?;
        let rows = self.draft_rows(c, &snapshot, entry, team, &before, draft).await?;
        self.plan_rows(c, team, before, (draft.mode, rows)).await
    }

    /// One change, beside which everything stays.
    pub(super) async fn plan_edit(&self, c: &mut AnyConnection, team: &Team, edit: &AccessEdit) -> Result<Plan, ServiceError> {
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let before = teams::find_rows(c, team.id).await?;
        let mut rows = before.clone();
        let mode = match edit {
            AccessEdit::Inherit => AccessMode::Inherit,
            AccessEdit::Restrict(start) => {
                rows = match start {
                    StartFrom::Present => present_rows(&snapshot, entry),
                    StartFrom::Former => rows,
                    StartFrom::Nothing => TeamRows::default(),
                };
                AccessMode::Restrict
            }
            _ => team.mode,
        };
        let names_something = matches!(edit, AccessEdit::Model(..) | AccessEdit::Tier(..) | AccessEdit::Group(..));
        if names_something && team.mode == AccessMode::Inherit {
            let message =
                format!("{} takes what {} gives as it is. Switch it to Restrict first.", team.name, team.organization_name);
            return Err(ServiceError::Conflict("inherits", message));
        }
        match edit {
            AccessEdit::Model(name, state) => {
                let id = super::find_models(&snapshot, "models", [name])?[0];
                let given = snapshot.find_id(id).map_or(ModelState::Closed, |model| entry.boundary.state(model.place));
                check_ceiling(team, name, given, *state)?;
                rows.models.retain(|(model, _)| *model != id);
                rows.models.extend(state.map(|state| (id, state)));
            }
            AccessEdit::Tier(tier, state) => {
                rows.tiers.retain(|(named, _)| named != tier);
                rows.tiers.extend(state.map(|state| (*tier, state)));
                rows.tiers.sort_by_key(|(tier, _)| *tier as usize);
            }
            AccessEdit::Group(name, named) => {
                let id = self.find_group(c, team.organization, name).await?.id;
                rows.groups.retain(|group| *group != id);
                rows.groups.extend(named.then_some(id));
            }
            AccessEdit::Inherit | AccessEdit::Restrict(_) | AccessEdit::Reviewed => {}
        }
        self.plan_rows(c, team, before, (mode, rows)).await
    }

    /// What a mode with these rows would do to a team.
    pub(super) async fn plan_rows(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        before: TeamRows,
        (mode, rows): (AccessMode, TeamRows),
    ) -> Result<Plan, ServiceError> {
        let snapshot = self.snapshot();
        let now = self.clock.now();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let rules = (mode == AccessMode::Restrict).then(|| snapshot.compile_rules(team.organization, &rows));
        let after = |place| rules.as_ref().map_or(TeamState::Direct, |rules: &TeamRules| rules.state(place));
        let usage = teams::list_usage(c, team.id, None, now.plus(-PREVIEW_DAYS * DAY_MS)).await?;
        let mut preview = AccessPreview {
            team: team.id,
            slug: team.slug.clone(),
            name: team.name.clone(),
            lost: vec![],
            to_approval: vec![],
            gained: vec![],
            costly: vec![],
            members: 0,
            keys: 0,
        };
        let mut changed = vec![];
        let nobody = Holder::of_team(entry);
        for (model, facts) in snapshot.all_facts(&nobody, now) {
            let usable = facts.enabled && facts.priced && facts.served && facts.reviewed;
            let then = after(model.place);
            if !usable || facts.organization == ModelState::Closed || facts.team == then {
                continue;
            }
            changed.push((model.name.clone(), then));
            let calls = usage.get(&model.name).map_or(0, |(calls, _)| *calls);
            match (facts.team.within(facts.organization), then.within(facts.organization)) {
                (before, after) if before == after => {}
                (_, TeamState::Closed) => preview.lost.push((model.name.clone(), calls)),
                (TeamState::Direct, _) => preview.to_approval.push((model.name.clone(), calls)),
                (_, after) => {
                    preview.gained.push(model.name.clone());
                    if model.restricted && after == TeamState::Direct {
                        preview.costly.push(model.name.clone());
                    }
                }
            }
        }
        let reaches = |holder: &Holder<'_>| {
            changed.iter().any(|(name, then)| {
                let Some((_, facts)) = snapshot.facts(holder, name, now) else { return false };
                decide(&facts).is_ok() != decide(&Facts { team: *then, ..facts }).is_ok()
            })
        };
        let members = teams::list_members(c, team.id).await?;
        preview.members = members.iter().filter(|user| reaches(&Holder::of_member(entry, **user))).count();
        preview.keys = snapshot.keys_of(team.id, now).iter().filter(|key| reaches(&Holder::of_key(key))).count();
        Ok(Plan { mode, before, rows, preview })
    }

    /// The rows that a draft stands for.
    async fn draft_rows(
        &self,
        c: &mut AnyConnection,
        snapshot: &Snapshot,
        entry: &TeamEntry,
        team: &Team,
        before: &TeamRows,
        draft: &AccessDraft,
    ) -> Result<TeamRows, ServiceError> {
        let nothing_said = draft.models.is_none() && draft.groups.is_none() && draft.tiers.is_none();
        if nothing_said && (draft.mode == AccessMode::Inherit || team.mode == AccessMode::Restrict) {
            return Ok(before.clone());
        }
        if nothing_said {
            return Ok(present_rows(snapshot, entry));
        }
        let mut rows = TeamRows { tiers: draft.tiers.clone().unwrap_or_default(), ..TeamRows::default() };
        rows.tiers.sort_by_key(|(tier, _)| *tier as usize);
        if rows.tiers.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(ServiceError::field("tiers", "A tier stands here twice."));
        }
        let stood: HashSet<ModelId> = before.models.iter().map(|(model, _)| *model).collect();
        let mut named = HashSet::new();
        for (name, state) in draft.models.iter().flatten() {
            let id = super::find_models(snapshot, "models", [name])?[0];
            let outside = snapshot.find_id(id).is_some_and(|model| entry.boundary.state(model.place) == ModelState::Closed);
            // What stood there stays, so that a policy that was read can be written back.
            if outside && *state != TeamState::Closed && !stood.contains(&id) {
                return Err(outside_boundary(team, name));
            }
            if !named.insert(id) {
                return Err(ServiceError::field("models", format!("“{name}” stands here twice.")));
            }
            rows.models.push((id, *state));
        }
        for name in draft.groups.iter().flatten() {
            let group = self.find_group(c, team.organization, name).await?.id;
            if !rows.groups.contains(&group) {
                rows.groups.push(group);
            }
        }
        Ok(rows)
    }
}

/// What a team has today, named one by one: everything that its organization gives and has reviewed.
fn present_rows(snapshot: &Snapshot, entry: &TeamEntry) -> TeamRows {
    let given = |place| entry.boundary.state(place) != ModelState::Closed && entry.boundary.is_reviewed(place);
    let state = |place| (entry.policy.state(place) != TeamState::Closed).then(|| entry.policy.state(place));
    let present = snapshot.models().iter().filter(|model| given(model.place));
    TeamRows { models: present.filter_map(|model| Some((model.id, state(model.place)?))).collect(), ..TeamRows::default() }
}

/// A team's own row can not promise more than its organization gives.
fn check_ceiling(team: &Team, name: &str, given: ModelState, state: Option<TeamState>) -> Result<(), ServiceError> {
    match (given, state) {
        (ModelState::Closed, Some(TeamState::Direct | TeamState::Approval)) => Err(outside_boundary(team, name)),
        (ModelState::Approval, Some(TeamState::Direct)) => {
            let message = format!("{} gives “{name}” only with its approval.", team.organization_name);
            Err(ServiceError::field("models", message))
        }
        _ => Ok(()),
    }
}

fn outside_boundary(team: &Team, name: &str) -> ServiceError {
    ServiceError::field("models", format!("{} does not give “{name}” to its teams.", team.organization_name))
}
