//! Joining a team with an invitation, or declining. An invitation is used at most once, by the account of its address alone.

use serde_json::json;
use sqlx::AnyConnection;

use super::{
    change,
    open::{Named, find_named, is_for},
};
use crate::{
    domain::{
        audit::AuditOutcome,
        format,
        invitations::{InvitationState, Joined},
        roles::OrgRole,
        teams::Team,
    },
    service::{Caller, Door, RequestFacts, ServiceError, Services, Touched, audit::Change, vault::sha256_hex},
    storage::{self, audit::NewAuditEntry, invitations::Invitation},
};

impl Services {
    /// Joins the team of an invitation. The account must be the one of the invited address, and that address confirmed; whatever is in
    /// the way, nothing is used up.
    pub async fn accept_invitation(&self, caller: &Caller, request: &RequestFacts, token: &str) -> Result<Joined, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        self.look_up_invitation(&mut tx, request, token).await?;
        let joined = self.join(&mut tx, caller, Named::Token(token)).await?;
        self.commit(tx, Touched::member(joined.team, caller.user.id)).await?;
        Ok(joined)
    }

    /// The part of [`Self::accept_invitation`] inside a transaction.
    pub(in crate::service) async fn join(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        named: Named<'_>,
    ) -> Result<Joined, ServiceError> {
        let found = find_named(c, named).await?;
        let team = storage::teams::find(c, &found.team.to_string()).await?.ok_or_else(withdrawn)?;
        let organization = team.organization.ok_or(ServiceError::NotFound)?;
        storage::organizations::lock(c, organization).await?;
        if !storage::teams::lock(c, team.id).await? {
            return Err(withdrawn());
        }
        // Under the lock everything is read again: it may have been revoked, sent anew or used meanwhile.
        let team = storage::teams::find(c, &team.id.to_string()).await?.ok_or_else(withdrawn)?;
        let invitation = find_named(c, named).await?;
        let now = self.clock.now();
        check_open(&invitation, now)?;
        if !is_for(&invitation, caller) {
            return Err(mismatch(&invitation));
        }
        if caller.user.email_confirmed_at.is_none() {
            return Err(ServiceError::ForbiddenAs(
                "email_not_confirmed",
                "Confirm your email address first: the link is in the mail that you got when you signed up. The invitation waits."
                    .into(),
            ));
        }
        if storage::teams::find_role(c, team.id, caller.user.id).await?.is_some() {
            return Err(ServiceError::Conflict("already_member", format!("You are a member of {} already.", team.name)));
        }
        if !self.may_still_invite(c, &team, invitation.inviter).await? {
            return Err(withdrawn());
        }
        if !self.has_seat_for(c, &team, &invitation).await? {
            return Err(ServiceError::Conflict(
                "no_free_seat",
                format!(
                    "{} has no free seat. The owner can add one; this link stays valid until {}.",
                    team.name,
                    format::full(invitation.expires_at)
                ),
            ));
        }
        if !storage::invitations::close(c, invitation.id, InvitationState::Accepted, Some(caller.user.id), now).await? {
            return Err(used());
        }
        if storage::organizations::find_role(c, organization, caller.user.id).await?.is_none() {
            storage::organizations::put_member(c, organization, caller.user.id, OrgRole::Member, now).await?;
        }
        storage::teams::insert_member(c, team.id, caller.user.id, invitation.role, now).await?;
        let before = json!({"state": InvitationState::Pending});
        let after = json!({"state": InvitationState::Accepted, "member": caller.user.id, "role": invitation.role});
        self.audit(c, caller, change(&team, &invitation, "invitation.accept", before, after)).await?;
        Ok(Joined { team: team.id, slug: team.slug, name: team.name, role: invitation.role })
    }

    /// Declines an invitation: the link is over, and the seat that was kept for it is free. Somebody else's account can not.
    pub async fn decline_invitation(
        &self,
        request: &RequestFacts,
        door: Door,
        caller: Option<&Caller>,
        token: &str,
    ) -> Result<(), ServiceError> {
        if let Some(caller) = caller {
            caller.check_may_write()?;
        }
        let mut tx = self.store.begin().await?;
        self.look_up_invitation(&mut tx, request, token).await?;
        let (team, invitation) = self.decline(&mut tx, caller, Named::Token(token)).await?;
        match caller {
            Some(caller) => self.audit(&mut tx, caller, declined(&team, &invitation)).await?,
            None => self.audit_invited(&mut tx, request, door, &invitation, declined(&team, &invitation)).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// The part of declining that does not depend on how the invitation was named; the audit entry is left to do.
    pub(super) async fn decline(
        &self,
        c: &mut AnyConnection,
        caller: Option<&Caller>,
        named: Named<'_>,
    ) -> Result<(Team, Invitation), ServiceError> {
        let found = find_named(c, named).await?;
        if !storage::teams::lock(c, found.team).await? {
            return Err(withdrawn());
        }
        let invitation = find_named(c, named).await?;
        let now = self.clock.now();
        check_open(&invitation, now)?;
        if caller.is_some_and(|caller| !is_for(&invitation, caller)) {
            return Err(mismatch(&invitation));
        }
        if !storage::invitations::close(c, invitation.id, InvitationState::Declined, None, now).await? {
            return Err(used());
        }
        self.take_back_mail(c, &invitation).await?;
        let team = storage::teams::find(c, &invitation.team.to_string()).await?.ok_or_else(withdrawn)?;
        Ok((team, invitation))
    }

    /// An audit entry of somebody who holds the link and is not signed in; named by the invited address.
    pub(super) async fn audit_invited(
        &self,
        c: &mut AnyConnection,
        request: &RequestFacts,
        door: Door,
        invitation: &Invitation,
        change: Change<'_>,
    ) -> Result<(), ServiceError> {
        let at = self.clock.now();
        let entry = NewAuditEntry {
            id: self.random.id_at(at),
            at,
            actor: None,
            actor_name: &invitation.email,
            action: change.action,
            outcome: AuditOutcome::Done,
            target_kind: change.target_kind,
            target_id: change.target_id,
            target_name: change.target_name,
            team: change.team,
            organization: change.organization,
            before: change.before.to_string(),
            after: change.after.to_string(),
            source: door.as_str(),
            address: request.address.clone(),
            request_id: request.request_id.clone(),
        };
        storage::audit::insert(c, &entry).await?;
        Ok(())
    }
}

/// The audit entry of an invitation that its person said no to.
pub(super) fn declined<'a>(team: &Team, invitation: &'a Invitation) -> Change<'a> {
    let before = json!({"state": InvitationState::Pending});
    let after = json!({"state": InvitationState::Declined});
    change(team, invitation, "invitation.decline", before, after)
}

/// Refuses what is used up or over. Whoever else joined with it is not named.
pub(in crate::service) fn check_open(invitation: &Invitation, now: crate::domain::time::UnixMs) -> Result<(), ServiceError> {
    match invitation.state {
        InvitationState::Accepted => Err(used()),
        InvitationState::Revoked => Err(withdrawn()),
        InvitationState::Declined => Err(ServiceError::Gone("This invitation was declined. Ask for a new one.".into())),
        InvitationState::Pending if invitation.expires_at > now => Ok(()),
        InvitationState::Pending | InvitationState::Expired => Err(ServiceError::Gone(format!(
            "This invitation ended on {}. Ask the person who sent it for a new link.",
            format::full(invitation.expires_at)
        ))),
    }
}

pub(in crate::service) fn mismatch(invitation: &Invitation) -> ServiceError {
    ServiceError::ForbiddenAs(
        "invite_email_mismatch",
        format!("This invitation is for {}. Sign in with the account of that address.", invitation.email),
    )
}

fn used() -> ServiceError {
    ServiceError::Gone("This invitation was used already; it works once.".into())
}

fn withdrawn() -> ServiceError {
    ServiceError::Gone("This invitation was withdrawn. Ask the person who sent it.".into())
}

/// Whether a hash is that of the token that came by mail.
pub(in crate::service) fn came_by_mail(invitation: &Invitation, token: &str) -> bool {
    invitation.mail_token_hash == sha256_hex(token)
}
