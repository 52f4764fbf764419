//! Sending an invitation anew, and copying its link.

use serde_json::json;

use super::{closed, queued, tokens::Channel, view};
use crate::{
    domain::{
        ids::InvitationId,
        invitations::{INVITATION_LIFE_MS, InvitationState, InviteOutcome, PendingInvitation},
        roles::Action,
    },
    service::{Caller, ServiceError, Services, vault::sha256_hex},
    storage::{self, invitations::ListedInvitation},
};

impl Services {
    /// Sends an invitation anew, with another seven days; its links of before are dead. Gives it and the link to copy. Whoever sends it
    /// answers for it from then on.
    pub async fn resend_invitation(
        &self,
        caller: &Caller,
        team: &str,
        id: InvitationId,
    ) -> Result<(PendingInvitation, String), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_and_organization_for(&mut tx, caller, team, Action::ManageMembers).await?;
        let before = storage::invitations::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        if before.state != InvitationState::Pending {
            return Err(closed(&before));
        }
        let denied = |refusal| self.denied_role(caller, &team, refusal, None, Some(before.role));
        standing.check_invite(before.role).map_err(denied)?;
        let addresses = storage::members::list_addresses(&mut tx, team.id).await?;
        if addresses.contains(&before.email_normalized) {
            return Err(ServiceError::Conflict("already_member", InviteOutcome::AlreadyMember.sentence(&team.name)));
        }
        let now = self.clock.now();
        // One that waits holds its seat; one that was over takes a seat anew.
        if before.expires_at <= now && !self.seats_of(&mut tx, &team).await?.has_free() {
            return Err(ServiceError::Conflict("no_free_seat", InviteOutcome::NoSeat.sentence(&team.name)));
        }
        let organization = team.organization.ok_or(ServiceError::NotFound)?;
        self.check_send_limits(&mut tx, &team, organization, caller.user.id, 1).await?;
        self.take_back_mail(&mut tx, &before).await?;
        let mut after = before.clone();
        after.inviter = caller.user.id;
        after.generation += 1;
        after.sent_at = now;
        after.expires_at = now.plus(INVITATION_LIFE_MS);
        let link = self.queue_invitation(&mut tx, caller, &team, &mut after).await?;
        if !storage::invitations::renew(&mut tx, &after).await? {
            return Err(closed(&before));
        }
        let facts = |expires_at| json!({"expires_at": expires_at});
        let change = ("invitation.resend", facts(before.expires_at), facts(after.expires_at));
        self.audit_invitation(&mut tx, caller, &team, &after, change).await?;
        tx.commit().await?;
        self.mailer.wake();
        let listed = ListedInvitation { invitation: after, inviter_name: caller.user.name.clone() };
        Ok((view(listed, queued(now), true, now), link))
    }

    /// The link of an invitation that waits, to hand it over by other ways than mail. Signing up with it does not confirm the address.
    pub async fn copy_invitation_link(&self, caller: &Caller, team: &str, id: InvitationId) -> Result<String, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::ManageMembers).await?;
        let invitation = storage::invitations::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        let denied = |refusal| self.denied_role(caller, &team, refusal, None, Some(invitation.role));
        standing.check_invite(invitation.role).map_err(denied)?;
        if invitation.state != InvitationState::Pending {
            return Err(closed(&invitation));
        }
        if invitation.expires_at <= self.clock.now() {
            return Err(ServiceError::Conflict(
                "invitation_expired",
                "This invitation has ended. Resend it for a new link.".into(),
            ));
        }
        let (generation, hash) = (invitation.generation, &invitation.link_token_hash);
        let token = match self.remake_invitation_token(id, generation, Channel::Link, hash) {
            Some(token) => token,
            // Made under a key that is gone: a link of today's key takes its place.
            None => {
                let token = self.invitation_token(id, generation, Channel::Link);
                let renewed = storage::invitations::Invitation { link_token_hash: sha256_hex(&token), ..invitation.clone() };
                storage::invitations::renew(&mut tx, &renewed).await?;
                token
            }
        };
        let change = ("invitation.copy_link", json!({}), json!({}));
        self.audit_invitation(&mut tx, caller, &team, &invitation, change).await?;
        tx.commit().await?;
        Ok(self.link_address(&token))
    }
}
