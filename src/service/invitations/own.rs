//! The invitations that wait for a signed-in person. What their links say holds here, too: [`super::open`] and [`super::join`] decide.

use super::{
    join::declined,
    open::{Named, confirmed_address},
};
use crate::{
    domain::{
        ids::InvitationId,
        invitations::{Joined, OwnInvitation},
    },
    service::{Caller, ServiceError, Services, Touched},
    storage,
};

impl Services {
    /// Invitations for the caller's address that wait, newest first. None before the address is confirmed: until then anybody may have
    /// typed it.
    pub async fn list_own_invitations(&self, caller: &Caller) -> Result<Vec<OwnInvitation>, ServiceError> {
        let Some(address) = confirmed_address(caller) else { return Ok(vec![]) };
        let mut c = self.store.reader().await?;
        let mut own = vec![];
        for listed in storage::invitations::list_waiting_for(&mut c, &address, self.clock.now()).await? {
            let invitation = listed.invitation;
            let Some(team) = storage::teams::find(&mut c, &invitation.team.to_string()).await? else { continue };
            let member = storage::teams::find_role(&mut c, team.id, caller.user.id).await?.is_some();
            if member || !self.may_still_invite(&mut c, &team, invitation.inviter).await? {
                continue;
            }
            let owner = storage::users::find(&mut c, team.owner).await?;
            own.push(OwnInvitation {
                has_seat: self.has_seat_for(&mut c, &team, &invitation).await?,
                id: invitation.id,
                team: team.name,
                team_id: team.id,
                organization: team.organization_name,
                inviter: listed.inviter_name,
                role: invitation.role,
                expires_at: invitation.expires_at,
                owner: owner.map_or_else(String::new, |user| user.name),
            });
        }
        Ok(own)
    }

    /// Joins the team of one of them.
    pub async fn accept_own_invitation(&self, caller: &Caller, id: InvitationId) -> Result<Joined, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let joined = self.join(&mut tx, caller, Named::Own(id, caller)).await?;
        self.commit(tx, Touched::member(joined.team, caller.user.id)).await?;
        Ok(joined)
    }

    /// Declines one of them.
    pub async fn decline_own_invitation(&self, caller: &Caller, id: InvitationId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, invitation) = self.decline(&mut tx, Some(caller), Named::Own(id, caller)).await?;
        self.audit(&mut tx, caller, declined(&team, &invitation)).await?;
        tx.commit().await?;
        Ok(())
    }
}
