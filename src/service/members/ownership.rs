//! Handing a team over, and deleting it. Both are the owner's alone and ask for the team's name.

use serde_json::json;
use sqlx::AnyConnection;

use super::team_change;
use crate::{
    domain::{
        accounts::User,
        ids::UserId,
        invitations::InvitationState,
        members::TransferCandidate,
        roles::{Action, Role},
        teams::Team,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        mail::{NewMail, Template},
        teams::check_shared,
        vault::Secret,
    },
    storage,
};

/// A filled-in form "transfer ownership".
#[derive(Clone, Debug)]
pub struct Transfer {
    /// New owner: an admin or member of the team.
    pub to: UserId,
    /// The team's name, typed.
    pub confirm_name: String,
    /// The owner's password; not needed within ten minutes of entering it.
    pub password: Option<Secret>,
}

impl Services {
    /// Members that the team can be transferred to, admins first. For the owner.
    pub async fn list_transfer_candidates(&self, caller: &Caller, team: &str) -> Result<Vec<TransferCandidate>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::OwnTeam).await?;
        let members = storage::members::list(&mut c, team.id, "", self.clock.now(), self.month_start()).await?;
        let mut candidates: Vec<TransferCandidate> = members
            .into_iter()
            .filter(|member| matches!(member.role, Role::Admin | Role::Member) && !member.disabled)
            .map(|member| TransferCandidate {
                user: member.user,
                name: member.name,
                email: member.email,
                role: member.role,
                last_active_at: member.last_active_at,
            })
            .collect();
        candidates.sort_by_key(|candidate| (candidate.role != Role::Admin, candidate.name.to_lowercase(), candidate.user));
        Ok(candidates)
    }

    /// Makes another member the owner; the caller, who was it, becomes admin. Both get a mail.
    pub async fn transfer_ownership(&self, caller: &Caller, team: &str, transfer: Transfer) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut c = self.store.reader().await?;
        // Everything is checked before the password, which takes time, and once more under the lock.
        let (found, _) = self.find_team_for(&mut c, caller, team, Action::OwnTeam).await?;
        check_shared(&found)?;
        check_name_typed(&found, &transfer.confirm_name)?;
        check_new_owner(&mut c, caller, &found, transfer.to).await?;
        drop(c);
        self.step_up(caller, transfer.password).await?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::OwnTeam).await?;
        check_name_typed(&team, &transfer.confirm_name)?;
        let to = check_new_owner(&mut tx, caller, &team, transfer.to).await?;
        if !storage::members::transfer(&mut tx, team.id, caller.user.id, to.id).await? {
            return Err(self.denied(caller, &team, Action::OwnTeam));
        }
        let owner = |user: &User| json!({"owner": user.id, "owner_name": user.name});
        self.audit(&mut tx, caller, team_change(&team, "team.transfer", owner(&caller.user), owner(&to))).await?;
        for user in [&caller.user, &to] {
            let template = Template::OwnershipTransferred {
                team: team.name.clone(),
                slug: team.slug.clone(),
                from: caller.user.name.clone(),
                to: to.name.clone(),
                to_new_owner: user.id == to.id,
            };
            self.queue_mail(&mut tx, NewMail { template, recipient: &user.email, name: &user.name, token: None }).await?;
        }
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// Deletes a team: its keys stop, its invitations are withdrawn, its short name is free again. Usage and its record stay.
    pub async fn delete_team(&self, caller: &Caller, team: &str, confirm_name: &str) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::OwnTeam).await?;
        check_name_typed(&team, confirm_name)?;
        let now = self.clock.now();
        let keys = self.revoke_keys_of_team(&mut tx, caller, &team).await?;
        for listed in storage::invitations::list_open(&mut tx, team.id).await? {
            storage::invitations::close(&mut tx, listed.invitation.id, InvitationState::Revoked, None, now).await?;
            if let Some(mail) = listed.invitation.mail {
                storage::mails::withdraw(&mut tx, mail).await?;
            }
        }
        let members = storage::members::list(&mut tx, team.id, "", now, now).await?;
        for member in members.iter().filter(|member| member.user != caller.user.id) {
            let template = Template::TeamDeleted { team: team.name.clone(), by: caller.user.name.clone() };
            self.queue_mail(&mut tx, NewMail { template, recipient: &member.email, name: &member.name, token: None }).await?;
        }
        if !storage::teams::close(&mut tx, team.id, now).await? {
            return Err(ServiceError::NotFound);
        }
        let before = json!({"name": team.name, "slug": team.slug, "members": members.len()});
        let after = json!({"deleted_at": now, "keys_revoked": keys});
        self.audit(&mut tx, caller, team_change(&team, "team.delete", before, after)).await?;
        self.commit(tx, Touched::team(team.id)).await?;
        self.mailer.wake();
        Ok(())
    }
}

fn check_name_typed(team: &Team, typed: &str) -> Result<(), ServiceError> {
    if typed.trim() == team.name {
        return Ok(());
    }
    Err(ServiceError::field("confirm_name", format!("Type the name of the team, {}, to confirm.", team.name)))
}

/// Only an enabled admin or member who is in the team now can become its owner.
async fn check_new_owner(c: &mut AnyConnection, caller: &Caller, team: &Team, to: UserId) -> Result<User, ServiceError> {
    let wrong = |message: &str| Err(ServiceError::field("to", message));
    if to == caller.user.id {
        return wrong("You own this team already. Choose another member.");
    }
    match storage::teams::find_role(c, team.id, to).await? {
        Some(Role::Admin | Role::Member) => {}
        Some(_) => return wrong("A viewer can not own a team. Make them admin or member first."),
        None => return wrong("Choose somebody who is a member of the team now; an invitation has to be accepted first."),
    }
    let user = storage::users::find(c, to).await?.ok_or(ServiceError::NotFound)?;
    if user.disabled_at.is_some() {
        return wrong("This account is disabled. Choose another member.");
    }
    Ok(user)
}
