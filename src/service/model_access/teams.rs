//! What teams make of their organization's models: reading, previewing and changing it, for one team or several.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    domain::{
        authorization::{self, TeamState},
        catalog::ModelState,
        ids::ModelId,
        model_access::{AccessDraft, AccessPreview, SetBy, TeamAccess, TeamModel},
        roles::{Action, Standing},
        team_policy::TeamRows,
        teams::{AccessMode, Team, TeamKind},
    },
    service::{
        Caller, ServiceError, Services, Snapshot, Touched,
        access::{decide::Holder, policy::TeamRules, snapshot::TeamEntry},
        audit::Change,
    },
    storage::{self, AnyConnection, model_access::requests, model_access::teams},
};

impl Services {
    /// The team model page: every model that the viewer may know of, and for whoever sets the access all of the catalog.
    pub async fn get_team_access(&self, caller: &Caller, team: &str) -> Result<TeamAccess, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let rows = teams::find_rows(&mut c, team.id).await?;
        let usage = teams::list_usage(&mut c, team.id, self.month_start()).await?;
        let own = requests::RequestFilter {
            team: Some(team.id),
            user: Some(caller.user.id),
            pending: true,
            limit: 100,
            ..Default::default()
        };
        let requested: Vec<ModelId> = requests::list(&mut c, &own).await?.into_iter().map(|request| request.model).collect();
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let may_manage = standing.may(Action::ManageLimits) && team.kind == TeamKind::Team;
        let shows_cost = standing.may(Action::ViewEveryonesUsage);
        let mut models = vec![];
        let now = self.clock.now();
        for (model, facts) in snapshot.all_facts(&Holder::of_member(entry, caller.user.id), now) {
            let refusal = authorization::decide(&facts).err();
            // Whoever only looks on knows of what the team has; whoever sets it, of everything.
            let known = facts.team != TeamState::Closed && facts.organization != ModelState::Closed && facts.reviewed;
            if !may_manage && !known {
                continue;
            }
            let usable = facts.enabled && facts.priced && facts.served && facts.reviewed;
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
                set_by: set_by(&snapshot, &team, &rows, model.place),
                refusal,
                approver: authorization::approver(&facts),
                requested: requested.contains(&model.id),
                calls,
                cost: shows_cost.then_some(cost),
            });
        }
        let opened_since = if may_manage && team.mode == AccessMode::Restrict {
            let opened = teams::list_opened_since_review(&mut c, team.id).await?;
            let closed = |id: &ModelId| {
                let model = snapshot.find_id(*id)?;
                (entry.policy.state(model.place) == TeamState::Closed).then(|| model.name.clone())
            };
            opened.iter().filter_map(closed).collect()
        } else {
            vec![]
        };
        Ok(TeamAccess {
            mode: team.mode,
            rows: named_rows(&snapshot, &rows),
            groups: rows.groups,
            tiers: rows.tiers,
            models,
            opened_since,
            may_manage,
        })
    }

    /// What a change would do to a team, without doing it.
    pub async fn preview_team_access(
        &self,
        caller: &Caller,
        team: &str,
        draft: &AccessDraft,
    ) -> Result<AccessPreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        Ok(self.plan(&mut c, &team, draft).await?.preview)
    }

    /// Sets what a team makes of its organization's models. Costly models that its members gain have to be confirmed.
    pub async fn set_team_access(
        &self,
        caller: &Caller,
        team: &str,
        draft: &AccessDraft,
        confirmed: bool,
    ) -> Result<AccessPreview, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let preview = self.change_access(&mut tx, caller, team, draft, confirmed).await?;
        self.commit(tx, Touched::team(preview.team)).await?;
        Ok(preview)
    }

    /// The same for several teams of an organization, all or none; with `apply` false it only says what it would do. For the
    /// organization's admins and platform admins.
    pub async fn set_access_of_teams(
        &self,
        caller: &Caller,
        org: &str,
        teams: &[String],
        draft: &AccessDraft,
        (apply, confirmed): (bool, bool),
    ) -> Result<Vec<AccessPreview>, ServiceError> {
        if apply {
            caller.check_may_write()?;
        }
        let mut tx = self.store.begin().await?;
        let org = self.organization_for_admin(&mut tx, caller, org).await?;
        storage::organizations::lock(&mut tx, org.id).await?;
        let of_org = storage::model_access::teams::list_of_organization(&mut tx, org.id).await?;
        let mut wanted = vec![];
        for name in teams {
            let found = of_org.iter().find(|(id, slug, _)| slug == name || id.to_string() == *name);
            let unknown = || {
                ServiceError::field(
                    "teams",
                    format!("{} has no team “{}”.", org.name, name.chars().take(100).collect::<String>()),
                )
            };
            wanted.push(found.ok_or_else(unknown)?.0);
        }
        // Locked in one order everywhere.
        wanted.sort();
        wanted.dedup();
        if wanted.is_empty() {
            return Err(ServiceError::field("teams", "Choose at least one team."));
        }
        let mut previews = vec![];
        for team in wanted {
            previews.push(if apply {
                self.change_access(&mut tx, caller, &team.to_string(), draft, confirmed).await?
            } else {
                let (team, _) = self.find_team_for(&mut tx, caller, &team.to_string(), Action::ManageLimits).await?;
                self.plan(&mut tx, &team, draft).await?.preview
            });
        }
        if apply {
            self.commit(tx, Touched::teams(previews.iter().map(|preview| preview.team))).await?;
        }
        Ok(previews)
    }

    async fn change_access(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &str,
        draft: &AccessDraft,
        confirmed: bool,
    ) -> Result<AccessPreview, ServiceError> {
        let (team, _) = self.lock_team_for(c, caller, team, Action::ManageLimits).await?;
        let plan = self.plan(c, &team, draft).await?;
        if !confirmed && !plan.preview.costly.is_empty() {
            let message = format!("{} would get costly models: {}. Confirm that.", team.name, plan.preview.costly.join(", "));
            return Err(ServiceError::Conflict("confirm_costly", message));
        }
        teams::put_policy(c, team.id, draft.mode, &plan.rows, self.clock.now()).await?;
        let snapshot = self.snapshot();
        let facts = |mode: AccessMode, rows: &TeamRows| {
            let tiers: BTreeMap<&str, TeamState> = rows.tiers.iter().map(|(tier, state)| (tier.as_str(), *state)).collect();
            json!({"mode": mode, "models": named_rows(&snapshot, rows), "groups": rows.groups, "tiers": tiers})
        };
        let change = Change {
            action: "team.set_access",
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            before: facts(team.mode, &plan.before),
            after: facts(draft.mode, &plan.rows),
        };
        self.audit(c, caller, change).await?;
        Ok(plan.preview)
    }

    async fn plan(&self, c: &mut AnyConnection, team: &Team, draft: &AccessDraft) -> Result<Plan, ServiceError> {
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?.clone();
        let before = teams::find_rows(c, team.id).await?;
        let rows = self.draft_rows(c, &snapshot, &entry, team, &before, draft).await?;
        let rules = (draft.mode == AccessMode::Restrict).then(|| snapshot.compile_rules(team.organization, &rows));
        let (members, keys) = teams::count_reached(c, team.id, self.clock.now()).await?;
        let usage = teams::list_usage(c, team.id, self.month_start()).await?;
        let mut preview = AccessPreview {
            team: team.id,
            slug: team.slug.clone(),
            name: team.name.clone(),
            lost: vec![],
            to_approval: vec![],
            gained: vec![],
            costly: vec![],
            members,
            keys,
        };
        let after = |place| rules.as_ref().map_or(TeamState::Direct, |rules: &TeamRules| rules.state(place));
        for model in snapshot.models() {
            let given = entry.boundary.state(model.place) != ModelState::Closed && entry.boundary.is_reviewed(model.place);
            if !given || !model.enabled {
                continue;
            }
            let name = || model.name.clone();
            match (entry.policy.state(model.place), after(model.place)) {
                (before, after) if before == after => {}
                (_, TeamState::Closed) => preview.lost.push((name(), usage.get(&model.name).map_or(0, |(calls, _)| *calls))),
                (TeamState::Direct, TeamState::Approval) => preview.to_approval.push(name()),
                (_, after) => {
                    preview.gained.push(name());
                    if model.restricted && after == TeamState::Direct {
                        preview.costly.push(name());
                    }
                }
            }
        }
        Ok(Plan { before, rows, preview })
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
            let present = snapshot.models().iter().filter(|model| entry.boundary.state(model.place) != ModelState::Closed);
            return Ok(TeamRows { models: present.map(|model| (model.id, TeamState::Direct)).collect(), ..TeamRows::default() });
        }
        let mut rows = TeamRows { tiers: draft.tiers.clone().unwrap_or_default(), ..TeamRows::default() };
        rows.tiers.sort_by_key(|(tier, _)| *tier as usize);
        if rows.tiers.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(ServiceError::field("tiers", "A tier stands here twice."));
        }
        for (name, state) in draft.models.iter().flatten() {
            let id = super::find_models(snapshot, "models", [name])?[0];
            let outside = snapshot.find_id(id).is_some_and(|model| entry.boundary.state(model.place) == ModelState::Closed);
            let stood = before.models.iter().any(|(model, _)| *model == id);
            // What stood there stays, so that a policy that was read can be written back.
            if outside && *state != TeamState::Closed && !stood {
                let message = format!("{} does not give “{name}” to its teams.", team.organization_name);
                return Err(ServiceError::field("models", message));
            }
            if rows.models.iter().any(|(model, _)| *model == id) {
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

/// A change that was thought through.
struct Plan {
    before: TeamRows,
    rows: TeamRows,
    preview: AccessPreview,
}

/// Whether a person's word counts as the organization's.
pub(super) fn speaks_for_organization(standing: Standing) -> bool {
    standing.org_admin || standing.platform_admin
}

fn named_rows(snapshot: &Snapshot, rows: &TeamRows) -> BTreeMap<String, TeamState> {
    rows.models.iter().filter_map(|(id, state)| Some((snapshot.find_id(*id)?.name.clone(), *state))).collect()
}

fn set_by(snapshot: &Snapshot, team: &Team, rows: &TeamRows, place: usize) -> SetBy {
    let model = &snapshot.models()[place];
    if team.mode == AccessMode::Inherit {
        SetBy::Inherit
    } else if rows.models.iter().any(|(id, _)| *id == model.id) {
        SetBy::Row
    } else if rows.groups.iter().any(|id| snapshot.group(*id).is_some_and(|group| group.models.contains(place))) {
        SetBy::Group
    } else if rows.tier(model.tier).is_some() {
        SetBy::Tier
    } else {
        SetBy::Nothing
    }
}
