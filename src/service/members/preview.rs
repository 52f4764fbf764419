//! What a removal, or leaving, would do; shown before it happens.

use crate::{
    domain::{
        api_keys::KeyState,
        ids::UserId,
        members::{RemovalPreview, StoppingKey},
        roles::Action,
    },
    service::{Caller, ServiceError, Services, invitations::refused, teams::check_shared},
    storage::{self, api_keys::KeyFilter},
};

impl Services {
    /// What stops and what goes on when this member is removed, or the caller leaves. Refuses what the removal itself would refuse.
    pub async fn preview_removal(&self, caller: &Caller, team: &str, user: UserId) -> Result<RemovalPreview, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        check_shared(&team)?;
        let role = storage::teams::find_role(&mut c, team.id, user).await?.ok_or(ServiceError::NotFound)?;
        let is_self = user == caller.user.id;
        standing.check_removal(is_self, role).map_err(refused)?;
        let member = storage::users::find(&mut c, user).await?.ok_or(ServiceError::NotFound)?;
        let now = self.clock.now();
        let month_start = self.month_start();
        let filter = KeyFilter { user: Some(user), text: "", status: None, before: None, limit: i64::MAX, month_start };
        let mut listed = storage::api_keys::list(&mut c, team.id, &filter).await?;
        listed.retain(|row| {
            matches!(KeyState::at(now, row.key.expires_at, row.key.revoked_at), KeyState::Active | KeyState::ExpiresSoon)
        });
        listed.sort_by_key(|row| (std::cmp::Reverse(row.key.last_used_at), row.key.id));
        let (application, own): (Vec<_>, Vec<_>) = listed.into_iter().map(|row| row.key).partition(|key| key.is_the_teams());
        let shown = |keys: Vec<crate::domain::api_keys::ApiKey>| {
            keys.into_iter()
                .map(|key| StoppingKey {
                    id: key.id,
                    name: key.name,
                    masked: format!("{}…{}", key.prefix, key.suffix),
                    kind: key.kind,
                    last_used_at: key.last_used_at,
                })
                .collect()
        };
        let sent = storage::invitations::list_open_of_inviter(&mut c, user).await?;
        let sent_here = sent.iter().filter(|invitation| invitation.team == team.id && invitation.expires_at > now).count();
        // An admin of the organization keeps the right to invite without being a member.
        let goes_on = storage::teams::standing(&mut c, &team, user, false).await?.org_admin;
        let members = storage::members::list(&mut c, team.id, "", now, month_start).await?;
        let spent = members.iter().find(|row| row.user == user).map_or(0, |row| row.spent);
        Ok(RemovalPreview {
            user,
            name: member.name,
            email: member.email,
            role,
            is_self,
            keys: shown(own),
            application_keys: shown(application),
            invitations: if goes_on { 0 } else { i64::try_from(sent_here).unwrap_or(i64::MAX) },
            spent: (is_self || standing.may(Action::ViewEveryonesUsage)).then_some(spent),
            frees_seat: team.seats.is_some(),
        })
    }
}
