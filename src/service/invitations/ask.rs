//! What somebody with a link that does not help can do: ask for a mail to who can.

use serde_json::json;

use super::{change, open::ASK_EVERY_MS};
use crate::{
    domain::{
        invitations::{InvitationState, LinkState},
        time::SECOND_MS,
    },
    service::{
        Caller, Door, RequestFacts, ServiceError, Services,
        mail::{NewMail, Template},
    },
    storage,
};

impl Services {
    /// Mails who invited that a new link is wanted, for one that is over; or the owner that a seat is, where none is free. Once a day.
    /// Gives the name of who got the mail.
    pub async fn ask_about_invitation(
        &self,
        request: &RequestFacts,
        door: Door,
        viewer: Option<&Caller>,
        token: &str,
    ) -> Result<String, ServiceError> {
        let view = self.invitation_by_token(request, viewer, token).await?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let (invitation, _) = self.look_up_invitation(&mut tx, request, token).await?;
        let team = storage::teams::find(&mut tx, &invitation.team.to_string()).await?.ok_or(ServiceError::NotFound)?;
        let (slug, email) = (team.slug.clone(), invitation.email.clone());
        let (to, template) = match view.state {
            // Where the inviter may not invite any more, the owner can.
            LinkState::Expired if self.may_still_invite(&mut tx, &team, invitation.inviter).await? => {
                (invitation.inviter, Template::LinkWanted { team: team.name.clone(), slug, email })
            }
            LinkState::Expired => (team.owner, Template::LinkWanted { team: team.name.clone(), slug, email }),
            LinkState::NoSeat => {
                let seats = team.seats.unwrap_or_default();
                (team.owner, Template::SeatWanted { team: team.name.clone(), slug, email, seats })
            }
            _ => {
                return Err(ServiceError::Conflict(
                    "nothing_to_ask",
                    "This invitation needs no new link. Reload the page.".into(),
                ));
            }
        };
        if invitation.state != InvitationState::Pending {
            return Err(ServiceError::Gone("There is a newer invitation for this address. Open the newest mail.".into()));
        }
        if !storage::invitations::mark_asked(&mut tx, invitation.id, now, now.plus(-ASK_EVERY_MS)).await? {
            let wait = invitation.asked_at.map_or(ASK_EVERY_MS, |at| at.plus(ASK_EVERY_MS).since(now));
            let sentence = "A mail was asked for within the last 24 hours. Ask again tomorrow.";
            return Err(ServiceError::Limited(sentence.into(), (wait + SECOND_MS - 1) / SECOND_MS));
        }
        let recipient = storage::users::find(&mut tx, to).await?.ok_or(ServiceError::NotFound)?;
        let mail = NewMail { template, recipient: &recipient.email, name: &recipient.name, token: None };
        self.queue_mail(&mut tx, mail).await?;
        let change = change(&team, &invitation, "invitation.ask", json!({}), json!({"asked": recipient.id}));
        match viewer {
            Some(viewer) => self.audit(&mut tx, viewer, change).await?,
            None => self.audit_invited(&mut tx, request, door, &invitation, change).await?,
        }
        tx.commit().await?;
        self.mailer.wake();
        Ok(recipient.name)
    }
}
