//! Invitations: sending them, listing them, taking them back. Joining with one stands in [`join`], what its link shows in [`open`].
//!
//! The token is never stored ([`tokens`]), opening a link changes nothing, and whoever loses the right to invite takes the invitations
//! that wait with them.

pub mod ask;
pub mod join;
mod limits;
pub mod open;
pub mod own;
pub mod resend;
pub mod tokens;
mod withdraw;

use std::collections::{HashMap, HashSet};

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        email,
        ids::{InvitationId, MailId},
        invitations::{
            INVITATION_LIFE_MS, InvitationState, InviteOutcome, InviteResult, MOST_AT_ONCE, MOST_IN_A_FORM, PendingInvitation,
            check_note,
        },
        mails::{MailDelivery, MailState},
        members::Seats,
        roles::{Action, Role, RoleRefusal},
        teams::Team,
        time::{DAY_MS, UnixMs},
    },
    service::{
        Caller, Door, ServiceError, Services,
        audit::Change,
        mail::{NewMail, Template},
        vault::sha256_hex,
    },
    storage::{
        self,
        invitations::{Invitation, ListedInvitation},
    },
};
use tokens::Channel;

impl Services {
    /// Invites addresses, each in a role and all with the same word (it may be empty), and says of each what became of it; the addresses that can be invited are, whatever the others
    /// are. More than the limits give is refused as a whole ([`ServiceError::Limited`]), and so is a role that the caller may not give.
    pub async fn invite_members(
        &self,
        caller: &Caller,
        team: &str,
        invitees: Vec<(String, Role)>,
        note: &str,
    ) -> Result<Vec<InviteResult>, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_and_organization_for(&mut tx, caller, team, Action::ManageMembers).await?;
        let most = if caller.door == Door::Page { MOST_IN_A_FORM } else { MOST_AT_ONCE };
        match invitees.len() {
            0 => return Err(ServiceError::field("emails", "Enter at least one email address.")),
            n if n > most => return Err(ServiceError::field("emails", format!("Invite at most {most} addresses at once."))),
            _ => {}
        }
        let note = check_note(note).map_err(|message| ServiceError::field("note", message))?;
        for (_, role) in &invitees {
            standing.check_invite(*role).map_err(|refusal| self.denied_role(caller, &team, refusal, None, Some(*role)))?;
        }
        let results = self.sort_invitees(&mut tx, caller, &team, invitees, &note).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(results)
    }

    /// Decides about every address before anything is written, then writes what was decided.
    async fn sort_invitees(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        invitees: Vec<(String, Role)>,
        note: &str,
    ) -> Result<Vec<InviteResult>, ServiceError> {
        let now = self.clock.now();
        let members: HashSet<String> = storage::members::list_addresses(c, team.id).await?.into_iter().collect();
        let open: HashMap<String, Invitation> = storage::invitations::list_open(c, team.id)
            .await?
            .into_iter()
            .map(|listed| (listed.invitation.email_normalized.clone(), listed.invitation))
            .collect();
        let mut seats = self.seats_of(c, team).await?;
        let own = email::normalize(&caller.user.email).unwrap_or_default();
        let mut seen = HashSet::new();
        let mut decided = vec![];
        for (typed, role) in invitees {
            let typed = typed.trim().to_owned();
            let outcome = match email::normalize(&typed) {
                Err(message) => Err(InviteOutcome::Malformed { message }),
                Ok(address) if !seen.insert(address.clone()) => Err(InviteOutcome::Repeated),
                Ok(address) if address == own => Err(InviteOutcome::Yourself),
                Ok(address) if members.contains(&address) => Err(InviteOutcome::AlreadyMember),
                Ok(address) => match open.get(&address) {
                    Some(waiting) if waiting.expires_at > now => Err(InviteOutcome::AlreadyInvited { id: waiting.id }),
                    _ if !seats.has_free() => Err(InviteOutcome::NoSeat),
                    _ => {
                        seats.pending += 1;
                        Ok((address, role))
                    }
                },
            };
            decided.push((typed, outcome));
        }
        let sending = decided.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        let organization = team.organization.ok_or(ServiceError::NotFound)?;
        if sending > 0 {
            self.check_send_limits(c, team, organization, caller.user.id, sending).await?;
        }
        let mut results = vec![];
        for (typed, outcome) in decided {
            let outcome = match outcome {
                Err(refused) => refused,
                Ok((address, role)) => {
                    if let Some(over) = open.get(&address) {
                        storage::invitations::close(c, over.id, InvitationState::Expired, None, now).await?;
                    }
                    self.send_new(c, caller, team, (&typed, address), (role, note)).await?
                }
            };
            results.push(InviteResult { email: shorten(&typed), outcome });
        }
        Ok(results)
    }

    /// Writes an invitation, and queues its mail.
    pub(in crate::service) async fn send_new(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        (typed, normalized): (&str, String),
        (role, note): (Role, &str),
    ) -> Result<InviteOutcome, ServiceError> {
        let at = self.clock.now();
        let id = self.random.id_at(at);
        let mut invitation = Invitation {
            id,
            team: team.id,
            email: typed.to_owned(),
            email_normalized: normalized,
            role,
            note: note.to_owned(),
            inviter: caller.user.id,
            state: InvitationState::Pending,
            generation: 1,
            mail_token_hash: String::new(),
            link_token_hash: String::new(),
            mail: None,
            created_at: at,
            sent_at: at,
            expires_at: at.plus(INVITATION_LIFE_MS),
            accepted_by: None,
            asked_at: None,
        };
        let link = self.queue_invitation(c, caller, team, &mut invitation).await?;
        storage::invitations::insert(c, &invitation).await?;
        let after = json!({"email": invitation.email, "role": role, "expires_at": invitation.expires_at});
        self.audit_invitation(c, caller, team, &invitation, ("invitation.send", json!({}), after)).await?;
        let listed = ListedInvitation { invitation, inviter_name: caller.user.name.clone() };
        Ok(InviteOutcome::Sent { invitation: view(listed, queued(at), true, at), link })
    }

    /// Gives an invitation the tokens of its generation, queues its mail and counts it; gives the link to copy.
    async fn queue_invitation(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        invitation: &mut Invitation,
    ) -> Result<String, ServiceError> {
        let link = self.invitation_token(invitation.id, invitation.generation, Channel::Link);
        invitation.link_token_hash = sha256_hex(&link);
        let mailed = self.invitation_token(invitation.id, invitation.generation, Channel::Mail);
        invitation.mail_token_hash = sha256_hex(&mailed);
        let template = Template::Invitation {
            team: team.name.clone(),
            organization: team.organization_name.clone(),
            inviter: caller.user.name.clone(),
            role: invitation.role,
            note: invitation.note.clone(),
            expires_at: invitation.expires_at,
            invitation: invitation.id,
            generation: invitation.generation,
            token_hash: invitation.mail_token_hash.clone(),
        };
        let mail = NewMail { template, recipient: &invitation.email, name: "", token: None };
        invitation.mail = Some(self.queue_mail(c, mail).await?);
        let organization = team.organization.ok_or(ServiceError::NotFound)?;
        let at = invitation.sent_at;
        let whose = (team.id, organization, caller.user.id);
        storage::invitations::record_send(c, self.random.id_at(at), whose, at, at.plus(-2 * DAY_MS)).await?;
        Ok(self.link_address(&link))
    }

    /// Invitations that wait or are over by time, newest first.
    pub async fn list_invitations(&self, caller: &Caller, team: &str) -> Result<Vec<PendingInvitation>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageMembers).await?;
        let now = self.clock.now();
        let held = self.seats_of(&mut c, &team).await?.held();
        let mut listed = storage::invitations::list_open(&mut c, team.id).await?;
        let mails: Vec<MailId> = listed.iter().filter_map(|row| row.invitation.mail).collect();
        let mut deliveries = storage::mails::list_deliveries(&mut c, &mails).await?;
        // Seats go to the oldest that are not over.
        listed.reverse();
        let mut ahead = 0;
        let mut rows: Vec<PendingInvitation> = listed
            .into_iter()
            .map(|row| {
                let live = row.invitation.expires_at > now;
                let holds_seat = live && ahead < held;
                ahead += i64::from(live);
                let delivery = row.invitation.mail.and_then(|mail| deliveries.remove(&mail));
                // The outbox forgets what was sent long ago.
                let delivery = delivery.unwrap_or(MailDelivery { state: MailState::Sent, ..queued(row.invitation.sent_at) });
                view(row, delivery, holds_seat, now)
            })
            .collect();
        rows.reverse();
        Ok(rows)
    }

    /// Takes an invitation back; its links say so from then on.
    pub async fn revoke_invitation(&self, caller: &Caller, team: &str, id: InvitationId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ManageMembers).await?;
        let invitation = storage::invitations::find(&mut tx, team.id, id).await?.ok_or(ServiceError::NotFound)?;
        if !storage::invitations::close(&mut tx, id, InvitationState::Revoked, None, self.clock.now()).await? {
            return Err(closed(&invitation));
        }
        self.take_back_mail(&mut tx, &invitation).await?;
        let change = ("invitation.revoke", json!({"state": invitation.state}), json!({"state": InvitationState::Revoked}));
        self.audit_invitation(&mut tx, caller, &team, &invitation, change).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Seats of a team now.
    pub(super) async fn seats_of(&self, c: &mut AnyConnection, team: &Team) -> Result<Seats, ServiceError> {
        Ok(Seats {
            total: team.seats,
            members: storage::teams::count_members(c, team.id).await?,
            pending: storage::invitations::count_waiting(c, team.id, None, self.clock.now()).await?,
        })
    }

    async fn take_back_mail(&self, c: &mut AnyConnection, invitation: &Invitation) -> Result<(), ServiceError> {
        if let Some(mail) = invitation.mail {
            storage::mails::withdraw(c, mail).await?;
        }
        Ok(())
    }

    fn link_address(&self, token: &str) -> String {
        format!("{}/invite/{token}", self.settings.public_url)
    }

    async fn audit_invitation(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        invitation: &Invitation,
        (action, before, after): (&str, serde_json::Value, serde_json::Value),
    ) -> Result<(), ServiceError> {
        self.audit(c, caller, change(team, invitation, action, before, after)).await
    }
}

fn change<'a>(
    team: &Team,
    invitation: &'a Invitation,
    action: &'a str,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Change<'a> {
    Change {
        action,
        target_kind: "invitation",
        target_id: invitation.id.to_string(),
        target_name: &invitation.email,
        team: Some(team.id),
        organization: team.organization,
        before,
        after,
    }
}

/// A refusal of the role table in the words of the services.
pub(super) fn refused(refusal: RoleRefusal) -> ServiceError {
    match refusal {
        RoleRefusal::NotAllowed => ServiceError::Denied(Action::ManageMembers),
        RoleRefusal::NeverOwner => {
            ServiceError::Forbidden("A team has one owner. Its owner can transfer it; no role makes somebody owner.".into())
        }
        RoleRefusal::OwnersRole => {
            ServiceError::Forbidden("The owner can not be changed or removed. The owner can transfer the team first.".into())
        }
        RoleRefusal::LastOwner => ServiceError::Conflict(
            "last_owner",
            "You own this team. Transfer it to somebody else first; then you are an admin and can leave.".into(),
        ),
        RoleRefusal::OwnRole => {
            ServiceError::Forbidden("You can not raise your own role. Ask an owner or admin of the team.".into())
        }
    }
}

/// Why nothing can be done with an invitation that is not open any more.
fn closed(invitation: &Invitation) -> ServiceError {
    let sentence = match invitation.state {
        InvitationState::Accepted => "This invitation was accepted meanwhile. Reload the list.",
        InvitationState::Declined => "This invitation was declined. Invite the address again if that was a mistake.",
        _ => "This invitation was withdrawn. Invite the address again.",
    };
    ServiceError::Conflict("invitation_closed", sentence.into())
}

/// The delivery of a mail that was queued just now.
fn queued(at: UnixMs) -> MailDelivery {
    MailDelivery { state: MailState::Queued, attempts: 0, problem: String::new(), next_attempt_at: at, sent_at: None }
}

fn view(row: ListedInvitation, mail: MailDelivery, holds_seat: bool, now: UnixMs) -> PendingInvitation {
    let invitation = row.invitation;
    PendingInvitation {
        id: invitation.id,
        email: invitation.email,
        role: invitation.role,
        state: if invitation.expires_at > now { InvitationState::Pending } else { InvitationState::Expired },
        inviter_name: row.inviter_name,
        sent_at: invitation.sent_at,
        expires_at: invitation.expires_at,
        mail,
        holds_seat,
    }
}

/// What was typed goes back to its form, but not a megabyte of it.
fn shorten(typed: &str) -> String {
    typed.chars().take(254).collect()
}
