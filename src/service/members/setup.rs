//! What a new team's overview leads through.

use crate::{
    domain::{
        roles::{Action, Role},
        teams::{TeamKind, TeamSetup},
        time::DAY_MS,
    },
    service::{Caller, ServiceError, Services},
    storage,
};

/// How long a team is new.
const NEW_MS: i64 = 30 * DAY_MS;

impl Services {
    /// How far a new team is, for those who manage its members. None where nothing is left to do, and for a team that is older: whoever
    /// left a step undone for that long meant to.
    pub async fn team_setup(&self, caller: &Caller, team: &str) -> Result<Option<TeamSetup>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let now = self.clock.now();
        let concerns = team.kind == TeamKind::Team && standing.may(Action::ManageMembers);
        if !concerns || now.since(team.created_at) >= NEW_MS {
            return Ok(None);
        }
        let seats = self.seats_of(&mut c, &team).await?;
        let members = storage::members::list(&mut c, team.id, "", now, now).await?;
        let setup = TeamSetup {
            invited: seats.members + seats.pending > 1,
            has_key: storage::api_keys::count_active(&mut c, team.id, None, now).await? > 0,
            has_model: self.example_model(team.id, caller.user.id).is_some(),
            second_admin: members.iter().any(|member| member.role == Role::Admin && !member.disabled),
        };
        Ok((!setup.is_done()).then_some(setup))
    }
}
