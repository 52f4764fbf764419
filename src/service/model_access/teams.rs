//! What teams make of their organization's models: previewing and changing it, for one team or several.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::plan::Plan;
use crate::{
    domain::{
        authorization::TeamState,
        ids::TeamId,
        limit_forms::AllowanceChange,
        model_access::{AccessDraft, AccessPreview},
        roles::{Action, Standing},
        team_models::{APPLY_MAX, AccessEdit, ApplyTarget},
        team_policy::TeamRows,
        teams::{AccessMode, Team, TeamKind},
    },
    service::{
        Caller, ServiceError, Services, Snapshot, Touched,
        audit::Change,
        limits::{How, LimitsOf},
    },
    storage::{self, AnyConnection, model_access::teams},
};

impl Services {
    /// What a change would do to a team, without doing it.
    pub async fn preview_team_access(
        &self,
        caller: &Caller,
        team: &str,
        draft: &AccessDraft,
    ) -> Result<AccessPreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        Ok(self.plan_draft(&mut c, &team, draft).await?.preview)
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
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?;
        let plan = self.plan_draft(&mut tx, &team, draft).await?;
        let preview = self.replace_access(&mut tx, caller, &team, plan, confirmed).await?;
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
        let of_org = teams::list_of_organization(&mut tx, org.id).await?;
        let wanted = wanted_teams(&of_org, &org.name, teams)?;
        let mut previews = vec![];
        for team in wanted {
            let team = team.to_string();
            previews.push(if apply {
                let (team, _) = self.lock_team_for(&mut tx, caller, &team, Action::ManageLimits).await?;
                let plan = self.plan_draft(&mut tx, &team, draft).await?;
                self.replace_access(&mut tx, caller, &team, plan, confirmed).await?
            } else {
                let (team, _) = self.find_team_for(&mut tx, caller, &team, Action::ManageLimits).await?;
                self.plan_draft(&mut tx, &team, draft).await?.preview
            });
        }
        if apply {
            self.commit(tx, Touched::teams(previews.iter().map(|preview| preview.team))).await?;
        }
        Ok(previews)
    }

    /// What one change would do to a team, without doing it.
    pub async fn preview_access_edit(
        &self,
        caller: &Caller,
        team: &str,
        edit: &AccessEdit,
    ) -> Result<AccessPreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        Ok(self.plan_edit(&mut c, &team, edit).await?.preview)
    }

    /// Makes one change to what a team makes of its organization's models. Costly models that its members gain have to be confirmed.
    pub async fn edit_team_access(
        &self,
        caller: &Caller,
        team: &str,
        edit: &AccessEdit,
        confirmed: bool,
    ) -> Result<AccessPreview, ServiceError> {
        self.edit_team_model(caller, team, edit, confirmed, None).await
    }

    /// The same, and with a change of one model what the team may use of it: both or neither.
    pub async fn edit_team_model(
        &self,
        caller: &Caller,
        team: &str,
        edit: &AccessEdit,
        confirmed: bool,
        limits: Option<(AllowanceChange, How)>,
    ) -> Result<AccessPreview, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = match limits {
            Some(_) => self.lock_team_and_organization_for(&mut tx, caller, team, Action::ManageLimits).await?,
            None => self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?,
        };
        let plan = self.plan_edit(&mut tx, &team, edit).await?;
        check_confirmed(&plan, confirmed)?;
        let at = self.clock.now();
        let last = teams::find_reviewed_at(&mut tx, team.id).await?;
        match edit {
            AccessEdit::Reviewed => teams::mark_reviewed(&mut tx, team.id, at).await?,
            // A look over all of it.
            AccessEdit::Inherit | AccessEdit::Restrict(_) => {
                teams::put_policy(&mut tx, team.id, plan.mode, &plan.rows, at).await?;
            }
            AccessEdit::Model(..) | AccessEdit::Tier(..) | AccessEdit::Group(..) => {
                teams::put_rows(&mut tx, team.id, plan.mode, &plan.rows).await?;
            }
        }
        let (before, after) = match edit {
            AccessEdit::Reviewed => (json!({"reviewed_at": last}), json!({"reviewed_at": at})),
            AccessEdit::Inherit | AccessEdit::Restrict(_) => {
                (mode_facts(team.mode, &plan.before), mode_facts(plan.mode, &plan.rows))
            }
            _ => (edit_facts(&self.snapshot(), edit, &plan.before), edit_facts(&self.snapshot(), edit, &plan.rows)),
        };
        let (action, target_kind, target_id, target_name) = self.edit_target(&mut tx, &team, edit).await?;
        let change = Change {
            action,
            target_kind,
            target_id,
            target_name: &target_name,
            team: Some(team.id),
            organization: team.organization,
            before,
            after,
        };
        self.audit(&mut tx, caller, change).await?;
        let mut touched = Touched::team(team.id);
        if let (AccessEdit::Model(name, _), Some((limits, how))) = (edit, limits) {
            let place = self.place_in(&mut tx, &team, LimitsOf::Model(name)).await?;
            touched = touched.and(self.put_allowance(&mut tx, caller, &place, limits, how).await?);
        }
        self.commit(tx, touched).await?;
        Ok(plan.preview)
    }

    /// The teams that a policy of one team may be applied to: those of its organization whose model access the caller sets.
    pub async fn list_apply_targets(&self, caller: &Caller, from: &str) -> Result<Vec<ApplyTarget>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (from, standing) = self.find_team_for(&mut c, caller, from, Action::ManageLimits).await?;
        self.apply_targets(&mut c, caller, &from, standing).await
    }

    /// Gives other teams the same policy as one has, all or none; with `apply` false it only says what it would do. For those who set the
    /// access of every one of them.
    pub async fn apply_team_access(
        &self,
        caller: &Caller,
        from: &str,
        to: &[String],
        (apply, confirmed): (bool, bool),
    ) -> Result<Vec<AccessPreview>, ServiceError> {
        if apply {
            caller.check_may_write()?;
        }
        let mut tx = self.store.begin().await?;
        let (from, standing) = self.find_team_for(&mut tx, caller, from, Action::ManageLimits).await?;
        let targets = self.apply_targets(&mut tx, caller, &from, standing).await?;
        let known: Vec<_> = targets.into_iter().map(|target| (target.id, target.slug, target.name)).collect();
        let wanted = wanted_teams(&known, &from.organization_name, to)?;
        if wanted.len() > APPLY_MAX {
            return Err(ServiceError::field("teams", format!("Choose at most {APPLY_MAX} teams at once.")));
        }
        let rows = teams::find_rows(&mut tx, from.id).await?;
        let mut previews = vec![];
        for team in wanted {
            let team = team.to_string();
            let (team, _) = if apply {
                self.lock_team_for(&mut tx, caller, &team, Action::ManageLimits).await?
            } else {
                self.find_team_for(&mut tx, caller, &team, Action::ManageLimits).await?
            };
            let before = teams::find_rows(&mut tx, team.id).await?;
            let plan = self.plan_rows(&mut tx, &team, before, (from.mode, rows.clone())).await?;
            previews.push(if apply { self.replace_access(&mut tx, caller, &team, plan, confirmed).await? } else { plan.preview });
        }
        if apply {
            self.commit(tx, Touched::teams(previews.iter().map(|preview| preview.team))).await?;
        }
        Ok(previews)
    }

    async fn apply_targets(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        from: &Team,
        standing: Standing,
    ) -> Result<Vec<ApplyTarget>, ServiceError> {
        let Some(org) = from.organization else { return Ok(vec![]) };
        let mut targets = vec![];
        let own = storage::teams::list_of(c, caller.user.id).await?;
        for (id, slug, name) in teams::list_of_organization(c, org).await? {
            let role = own.iter().find(|team| team.id == id).map(|team| team.role);
            if id != from.id && (Standing { role, ..standing }).may(Action::ManageLimits) {
                targets.push(ApplyTarget { id, slug, name });
            }
        }
        Ok(targets)
    }

    /// Writes a planned policy whole, with what it was and is.
    async fn replace_access(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        plan: Plan,
        confirmed: bool,
    ) -> Result<AccessPreview, ServiceError> {
        check_confirmed(&plan, confirmed)?;
        teams::put_policy(c, team.id, plan.mode, &plan.rows, self.clock.now()).await?;
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
            after: facts(plan.mode, &plan.rows),
        };
        self.audit(c, caller, change).await?;
        Ok(plan.preview)
    }

    /// What an edit is called in the audit log: action, kind, id and name of what it is about.
    async fn edit_target(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        edit: &AccessEdit,
    ) -> Result<(&'static str, &'static str, String, String), ServiceError> {
        let of_team = |action| (action, "team", team.id.to_string(), team.name.clone());
        Ok(match edit {
            AccessEdit::Inherit | AccessEdit::Restrict(_) => of_team("team.set_access"),
            AccessEdit::Reviewed => of_team("team.review_models"),
            AccessEdit::Model(name, _) => {
                let model = self.snapshot().find(name).ok_or(ServiceError::NotFound)?.clone();
                ("team.set_model", "model", model.id.to_string(), model.name.clone())
            }
            AccessEdit::Tier(tier, _) => ("team.set_tier", "tier", tier.as_str().into(), tier.label().into()),
            AccessEdit::Group(name, _) => {
                let group = self.find_group(c, team.organization, name).await?;
                ("team.set_group", "group", group.id.to_string(), group.name)
            }
        })
    }
}

/// The teams of these names, each once, in the order in which they are locked everywhere.
fn wanted_teams(known: &[(TeamId, String, String)], of: &str, names: &[String]) -> Result<Vec<TeamId>, ServiceError> {
    let mut wanted = vec![];
    for name in names {
        let found = known.iter().find(|(id, slug, _)| slug == name || id.to_string() == *name);
        let unknown =
            || ServiceError::field("teams", format!("{of} has no team “{}”.", name.chars().take(100).collect::<String>()));
        wanted.push(found.ok_or_else(unknown)?.0);
    }
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(ServiceError::field("teams", "Choose at least one team."));
    }
    Ok(wanted)
}

fn check_confirmed(plan: &Plan, confirmed: bool) -> Result<(), ServiceError> {
    let costly = &plan.preview.costly;
    if confirmed || costly.is_empty() {
        return Ok(());
    }
    let mut names = costly.iter().take(5).cloned().collect::<Vec<_>>();
    if costly.len() > names.len() {
        names.push(format!("{} more", costly.len() - names.len()));
    }
    let message = format!("{} would get costly models: {}. Confirm that.", plan.preview.name, names.join(", "));
    Err(ServiceError::Conflict("confirm_costly", message))
}

/// Whether a person's word counts as the organization's.
pub(super) fn speaks_for_organization(standing: Standing) -> bool {
    standing.org_admin || standing.platform_admin
}

/// Whether somebody sets what a context makes of its models.
pub(super) fn manages_models(team: &Team, standing: Standing) -> bool {
    standing.may(Action::ManageLimits) && team.kind == TeamKind::Team
}

pub(super) fn named_rows(snapshot: &Snapshot, rows: &TeamRows) -> BTreeMap<String, TeamState> {
    rows.models.iter().filter_map(|(id, state)| Some((snapshot.find_id(*id)?.name.clone(), *state))).collect()
}

/// A mode, and how much the team names; by name it would be the whole catalog.
fn mode_facts(mode: AccessMode, rows: &TeamRows) -> Value {
    json!({"mode": mode, "models_named": rows.models.len(), "groups_named": rows.groups.len(), "tiers_named": rows.tiers.len()})
}

/// What rows say to what an edit is about.
fn edit_facts(snapshot: &Snapshot, edit: &AccessEdit, rows: &TeamRows) -> Value {
    let state = |state: Option<TeamState>| json!({"state": state.map_or("none", TeamState::as_str)});
    match edit {
        AccessEdit::Model(name, _) => {
            let id = snapshot.find(name).map(|model| model.id);
            state(rows.models.iter().find(|(model, _)| Some(*model) == id).map(|(_, state)| *state))
        }
        AccessEdit::Tier(tier, _) => state(rows.tier(*tier)),
        AccessEdit::Group(..) => json!({"groups_named": rows.groups.len()}),
        AccessEdit::Inherit | AccessEdit::Restrict(_) | AccessEdit::Reviewed => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_are_named_once_and_must_be_known() {
        let id: TeamId = crate::service::Random::seeded(1).id_at(crate::domain::time::UnixMs(0));
        let known = [(id, "atlas".to_owned(), "Atlas".to_owned())];
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(wanted_teams(&known, "Labs", &names(&["atlas", &id.to_string()])).unwrap(), [id]);
        assert!(wanted_teams(&known, "Labs", &names(&["helios"])).is_err());
        assert!(wanted_teams(&known, "Labs", &[]).is_err());
    }
}
