//! What access groups mean to the teams that name them: who names which, and what a change would do.

use super::GroupInput;
use crate::{
    domain::{
        asset_sets::NAMED_MAX,
        authorization::TeamState,
        catalog::ModelState,
        ids::GroupId,
        model_access::{AccessGroup, GroupEffect},
        model_set::ModelSet,
        teams::AccessMode,
    },
    service::{Caller, ServiceError, Services, Snapshot},
    storage::model_access::{groups, teams},
};

impl Services {
    /// What [`Self::list_groups`] lists, each with the names of the teams that name it: an organization's own teams, or all.
    pub async fn list_groups_in_use(
        &self,
        caller: &Caller,
        org: Option<&str>,
    ) -> Result<Vec<(AccessGroup, Vec<String>)>, ServiceError> {
        let groups = self.list_groups(caller, org).await?;
        let mut c = self.store.reader().await?;
        let org = self.group_owner(&mut c, caller, org).await?;
        let namers = groups::list_namers(&mut c, org).await?;
        let of = |id: GroupId| namers.iter().filter(|(group, _)| *group == id).map(|(_, team)| team.name.clone()).collect();
        Ok(groups.into_iter().map(|group| (group.clone(), of(group.id))).collect())
    }

    /// A group that the caller may change.
    pub async fn get_group(&self, caller: &Caller, org: Option<&str>, id: GroupId) -> Result<AccessGroup, ServiceError> {
        let mut c = self.store.reader().await?;
        Ok(self.own_group(&mut c, caller, org, id).await?.1)
    }

    /// What replacing a group, or without an input removing it, would do to the teams that name it.
    pub async fn preview_group(
        &self,
        caller: &Caller,
        org: Option<&str>,
        id: GroupId,
        input: Option<&GroupInput>,
    ) -> Result<Vec<GroupEffect>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (owner, _) = self.own_group(&mut c, caller, org, id).await?;
        let snapshot = self.snapshot();
        let before = snapshot.group(id).map_or_else(ModelSet::default, |group| group.models.clone());
        let after = match input {
            Some(input) => held(&snapshot, &self.parse_group(id, owner, input)?),
            None => ModelSet::default(),
        };
        let changed = |set: &ModelSet, other: &ModelSet| set.places().filter(|place| !other.contains(*place)).collect::<Vec<_>>();
        let places = [changed(&before, &after), changed(&after, &before)].concat();
        let namers: Vec<_> = groups::list_namers(&mut c, owner).await?.into_iter().filter(|(group, _)| *group == id).collect();
        let mut effects = vec![];
        for (_, team) in namers {
            let Some(entry) = snapshot.team(team.id).filter(|_| team.mode == AccessMode::Restrict) else { continue };
            let rows = teams::find_rows(&mut c, team.id).await?;
            let mut effect = GroupEffect { team: team.name, ..GroupEffect::default() };
            for &place in &places {
                let model = &snapshot.models()[place];
                if entry.boundary.state(place) == ModelState::Closed {
                    continue;
                }
                let row = rows.models.iter().find(|(id, _)| *id == model.id).map(|(_, state)| *state);
                let elsewhere = rows.groups.iter().any(|group| *group != id && has(&snapshot, *group, place));
                let state = |set: &ModelSet| TeamState::of_rules(row, elsewhere || set.contains(place), rows.tier(model.tier));
                let (names, count) = match (state(&before), state(&after)) {
                    (before, after) if before == after => continue,
                    (_, TeamState::Closed) => (&mut effect.cut, &mut effect.lost),
                    (TeamState::Direct, TeamState::Approval) => (&mut effect.cut, &mut effect.to_approval),
                    _ => (&mut effect.gains, &mut effect.gained),
                };
                *count += 1;
                if names.len() < NAMED_MAX {
                    names.push(model.name.clone());
                }
            }
            if effect.lost + effect.to_approval + effect.gained > 0 {
                effects.push(effect);
            }
        }
        Ok(effects)
    }
}

/// What a group would hold.
fn held(snapshot: &Snapshot, group: &AccessGroup) -> ModelSet {
    let mut set = snapshot.set_of(&group.models);
    for model in snapshot.models().iter().filter(|model| group.tiers.contains(&model.tier)) {
        set.insert(model.place);
    }
    set
}

fn has(snapshot: &Snapshot, group: GroupId, place: usize) -> bool {
    snapshot.group(group).is_some_and(|group| group.models.contains(place))
}
