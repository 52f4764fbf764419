//! Invitations end with the right to invite.

use serde_json::json;
use sqlx::AnyConnection;

use super::change;
use crate::{
    domain::{ids::UserId, invitations::InvitationState, roles::Action, teams::Team},
    service::{Caller, ServiceError, Services},
    storage,
};

impl Services {
    /// Takes back the open invitations of somebody in all teams where they may not invite any more: removed, left, demoted, disabled, or
    /// no admin of the organization now. Call it in the transaction that takes the right, after it is taken; gives how many ended.
    pub async fn withdraw_invitations_without_right(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        inviter: UserId,
    ) -> Result<i64, ServiceError> {
        let mut ended = 0;
        for invitation in storage::invitations::list_open_of_inviter(c, inviter).await? {
            let team = storage::teams::find(c, &invitation.team.to_string()).await?;
            let keeps = match &team {
                Some(team) => self.may_still_invite(c, team, inviter).await?,
                None => false,
            };
            if keeps || !storage::invitations::close(c, invitation.id, InvitationState::Revoked, None, self.clock.now()).await? {
                continue;
            }
            self.take_back_mail(c, &invitation).await?;
            ended += 1;
            if let Some(team) = &team {
                let after = json!({"state": InvitationState::Revoked, "reason": "the inviter may not invite any more"});
                let before = json!({"state": InvitationState::Pending});
                self.audit(c, caller, change(team, &invitation, "invitation.revoke", before, after)).await?;
            }
        }
        Ok(ended)
    }

    /// Whether who sent an invitation may do so now.
    pub(super) async fn may_still_invite(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        inviter: UserId,
    ) -> Result<bool, ServiceError> {
        let Some(user) = storage::users::find(c, inviter).await? else { return Ok(false) };
        let standing = storage::teams::standing(c, team, user.id, user.platform_admin).await?;
        Ok(user.disabled_at.is_none() && standing.may(Action::ManageMembers))
    }
}
