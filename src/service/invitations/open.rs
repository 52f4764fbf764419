//! What the link of an invitation shows. Looking changes nothing.

use sqlx::AnyConnection;

use super::tokens::Channel;
use crate::{
    domain::{
        email,
        ids::InvitationId,
        invitations::{InvitationState, InvitationView, LinkState},
        roles::Role,
        teams::Team,
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, RequestFacts, ServiceError, Services, vault::sha256_hex},
    storage::{self, invitations::Invitation},
};

/// How often a mail may be asked for.
pub(super) const ASK_EVERY_MS: i64 = DAY_MS;

impl Services {
    /// The invitation of a link, as whoever opens it may see it. [`ServiceError::NotFound`] for whatever is no token of an invitation, the
    /// same for all; guessing is slowed down by address.
    pub async fn invitation_by_token(
        &self,
        request: &RequestFacts,
        viewer: Option<&Caller>,
        token: &str,
    ) -> Result<InvitationView, ServiceError> {
        let mut c = self.store.reader().await?;
        let (invitation, _) = self.look_up_invitation(&mut c, request, token).await?;
        let now = self.clock.now();
        let team = storage::teams::find(&mut c, &invitation.team.to_string()).await?;
        let (Some(team), false) = (team, invitation.state == InvitationState::Revoked) else {
            return Ok(withdrawn(&invitation, viewer));
        };
        if invitation.state == InvitationState::Pending && !self.may_still_invite(&mut c, &team, invitation.inviter).await? {
            return Ok(withdrawn(&invitation, viewer));
        }
        let membership = match viewer {
            Some(viewer) => storage::teams::find_role(&mut c, team.id, viewer.user.id).await?,
            None => None,
        };
        let state = match (invitation.state, membership) {
            // A role is told to the person that has it, and to nobody else's account.
            (_, Some(_)) => LinkState::AlreadyMember,
            (InvitationState::Accepted, None) => LinkState::Used,
            (InvitationState::Declined, None) => LinkState::Declined,
            (InvitationState::Revoked, None) => LinkState::Revoked,
            (InvitationState::Pending | InvitationState::Expired, None) => {
                self.state_of_open(&mut c, &invitation, &team, viewer, now).await?
            }
        };
        let owner = storage::users::find(&mut c, team.owner).await?;
        let inviter = storage::users::find(&mut c, invitation.inviter).await?;
        let asked_lately = invitation.asked_at.is_some_and(|at| now.since(at) < ASK_EVERY_MS);
        Ok(InvitationView {
            state,
            may_ask: matches!(state, LinkState::Expired | LinkState::NoSeat) && !asked_lately,
            team: team.name,
            team_slug: team.slug,
            organization: team.organization_name,
            inviter: inviter.map_or_else(String::new, |user| user.name),
            role: membership.unwrap_or(invitation.role),
            email: invitation.email,
            viewer_email: viewer.map_or_else(String::new, |viewer| viewer.user.email.clone()),
            expires_at: invitation.expires_at,
            owner: owner.map_or_else(String::new, |user| user.name),
            seats: team.seats,
        })
    }

    async fn state_of_open(
        &self,
        c: &mut AnyConnection,
        invitation: &Invitation,
        team: &Team,
        viewer: Option<&Caller>,
        now: UnixMs,
    ) -> Result<LinkState, ServiceError> {
        if invitation.state == InvitationState::Expired || invitation.expires_at <= now {
            return Ok(LinkState::Expired);
        }
        if viewer.is_some_and(|viewer| !is_for(invitation, viewer)) {
            return Ok(LinkState::OtherAccount);
        }
        if !self.has_seat_for(c, team, invitation).await? {
            return Ok(LinkState::NoSeat);
        }
        Ok(match viewer {
            Some(viewer) if viewer.user.email_confirmed_at.is_some() => LinkState::Ready,
            Some(_) => LinkState::ConfirmFirst,
            None if storage::users::find_credentials(c, &invitation.email_normalized).await?.is_some() => LinkState::SignIn,
            None => LinkState::SignUp,
        })
    }

    /// Finds the invitation of a token, and how that token travelled.
    pub(in crate::service) async fn look_up_invitation(
        &self,
        c: &mut AnyConnection,
        request: &RequestFacts,
        token: &str,
    ) -> Result<(Invitation, Channel), ServiceError> {
        let now = self.clock.now();
        self.throttles.count_lookup(request.ip(), now)?;
        let (invitation, channel) = find_by_token(c, token).await?.ok_or(ServiceError::NotFound)?;
        self.throttles.take_back_lookup(request.ip(), now);
        Ok((invitation, channel))
    }

    /// Whether the team has a seat for this invitation: members come first, then the invitations that were sent before.
    pub(super) async fn has_seat_for(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        invitation: &Invitation,
    ) -> Result<bool, ServiceError> {
        let Some(seats) = team.seats else { return Ok(true) };
        let members = storage::teams::count_members(c, team.id).await?;
        let ahead = storage::invitations::count_waiting(c, team.id, Some(invitation.id), self.clock.now()).await?;
        Ok(members + ahead < seats)
    }
}

/// The invitation of a token. What can not be one is not even hashed.
pub(super) async fn find_by_token(c: &mut AnyConnection, token: &str) -> Result<Option<(Invitation, Channel)>, ServiceError> {
    if token.len() != 43 {
        return Ok(None);
    }
    let hash = sha256_hex(token);
    let found = storage::invitations::find_by_token(c, &hash).await?;
    Ok(found.map(|invitation| {
        let channel = if invitation.mail_token_hash == hash { Channel::Mail } else { Channel::Link };
        (invitation, channel)
    }))
}

/// What names an invitation that is to be answered.
#[derive(Clone, Copy)]
pub(in crate::service) enum Named<'a> {
    /// A token, whoever has it.
    Token(&'a str),
    /// Its identifier, for the account of its address alone, and once that address is confirmed.
    Own(InvitationId, &'a Caller),
}

/// The invitation that is named; [`ServiceError::NotFound`] without one.
pub(super) async fn find_named(c: &mut AnyConnection, named: Named<'_>) -> Result<Invitation, ServiceError> {
    let found = match named {
        Named::Token(token) => find_by_token(c, token).await?.map(|(invitation, _)| invitation),
        Named::Own(id, caller) => match confirmed_address(caller) {
            Some(address) => storage::invitations::find_for(c, id, &address).await?,
            None => None,
        },
    };
    found.ok_or(ServiceError::NotFound)
}

/// The normalized address of an account, once it is confirmed.
pub(super) fn confirmed_address(caller: &Caller) -> Option<String> {
    caller.user.email_confirmed_at?;
    email::normalize(&caller.user.email).ok()
}

/// Whether an invitation is for this account, by normalized address.
pub(super) fn is_for(invitation: &Invitation, caller: &Caller) -> bool {
    email::normalize(&caller.user.email).is_ok_and(|address| address == invitation.email_normalized)
}

/// Says that it was taken back, and nothing of the team.
fn withdrawn(invitation: &Invitation, viewer: Option<&Caller>) -> InvitationView {
    InvitationView {
        state: LinkState::Revoked,
        team: String::new(),
        team_slug: String::new(),
        organization: String::new(),
        inviter: String::new(),
        role: Role::Viewer,
        email: String::new(),
        viewer_email: viewer.map_or_else(String::new, |viewer| viewer.user.email.clone()),
        expires_at: invitation.expires_at,
        owner: String::new(),
        seats: None,
        may_ask: false,
    }
}
