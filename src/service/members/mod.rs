//! Members of a team: listing them, changing roles, removing, leaving, handing over, deleting the team.
//!
//! Everything that changes who is in a team happens under the team's lock, with rights read under it: of several changes at once each
//! sees what the one before did.

mod ending;
pub mod ownership;
pub mod preview;
pub mod seats;
pub mod setup;

use serde_json::json;

use crate::{
    domain::{
        ids::UserId,
        members::{MemberRow, MemberSort, MembersPage},
        page::PageRequest,
        roles::{Action, Role, Standing},
        teams::Team,
        time::UnixMs,
    },
    service::{
        Caller, ServiceError, Services, Touched,
        audit::Change,
        invitations::refused,
        mail::{NewMail, Template},
        sorted::{number, page_of},
    },
    storage::{self, members::ListedMember},
};

/// Which members a list shows, and in which order.
#[derive(Clone, Debug, Default)]
pub struct MemberQuery {
    /// Name or address contain this.
    pub text: String,
    /// Order.
    pub sort: MemberSort,
    /// The other way round.
    pub descending: bool,
    /// Page.
    pub page: PageRequest,
}

impl Services {
    /// Members of a team, for everybody in it. What others spend is told to those who may see everyone's usage.
    pub async fn list_members(&self, caller: &Caller, team: &str, query: MemberQuery) -> Result<MembersPage, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let (now, month_start) = (self.clock.now(), self.month_start());
        let mut members = storage::members::list(&mut c, team.id, &query.text, now, month_start).await?;
        let found = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let total = storage::usage::sum_cost(&mut c, team.id, month_start, UnixMs(i64::MAX)).await?;
        let seats = self.seats_of(&mut c, &team).await?;
        let shows_spending = standing.may(Action::ViewEveryonesUsage);
        if !shows_spending {
            // Else the order would tell what the columns do not.
            for member in members.iter_mut().filter(|member| member.user != caller.user.id) {
                (member.spent, member.last_active_at) = (-1, None);
            }
        }
        let page = page_of(members, |member| sort_key(member, query.sort), query.descending, &query.page)?;
        let page = page.map(|member| row(member, caller.user.id, standing, shows_spending, total));
        Ok(MembersPage { page, found, seats, shows_spending })
    }

    /// Sets a member's role: up to the own one, never the owner's, never the own one upwards. A viewer has no keys: those of somebody who
    /// becomes one are revoked. The member gets a mail.
    pub async fn set_member_role(&self, caller: &Caller, team: &str, user: UserId, role: Role) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::ViewTeam).await?;
        let before = storage::teams::find_role(&mut tx, team.id, user).await?.ok_or(ServiceError::NotFound)?;
        let member = storage::users::find(&mut tx, user).await?.ok_or(ServiceError::NotFound)?;
        let own = user == caller.user.id;
        let denied = |refusal| self.denied_role(caller, &team, refusal, Some(&member), Some(role));
        standing.check_role_change(own, before, role).map_err(denied)?;
        if before == role {
            return Ok(());
        }
        storage::members::update_role(&mut tx, team.id, user, role).await?;
        let keys = if role == Role::Viewer { self.revoke_keys_of(&mut tx, caller, &team, user).await? } else { 0 };
        let invitations = self.withdraw_invitations_without_right(&mut tx, caller, user).await?;
        let change = Change {
            action: "member.set_role",
            target_kind: "member",
            target_id: user.to_string(),
            target_name: &member.name,
            team: Some(team.id),
            organization: team.organization,
            before: json!({"role": before}),
            after: json!({"role": role, "keys_revoked": keys, "invitations_withdrawn": invitations}),
        };
        self.audit(&mut tx, caller, change).await?;
        if !own {
            let template =
                Template::RoleChanged { team: team.name, slug: team.slug, by: caller.user.name.clone(), before, after: role };
            let mail = NewMail { template, recipient: &member.email, name: &member.name, token: None };
            self.queue_mail(&mut tx, mail).await?;
        }
        self.commit(tx, Touched::member(team.id, user)).await?;
        self.mailer.wake();
        Ok(())
    }

    /// Takes a member out of the team: their keys of it stop with the next call, and the invitations that they sent are withdrawn.
    /// Oneself: the same as leaving. Gives how many keys stopped.
    pub async fn remove_member(&self, caller: &Caller, team: &str, user: UserId) -> Result<i64, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::ViewTeam).await?;
        let role = storage::teams::find_role(&mut tx, team.id, user).await?.ok_or(ServiceError::NotFound)?;
        let member = storage::users::find(&mut tx, user).await?.ok_or(ServiceError::NotFound)?;
        let denied = |refusal| self.denied_role(caller, &team, refusal, Some(&member), None);
        standing.check_removal(user == caller.user.id, role).map_err(denied)?;
        let keys = self.take_out(&mut tx, caller, &team, user, role).await?;
        self.commit(tx, Touched::member(team.id, user)).await?;
        self.mailer.wake();
        Ok(keys)
    }

    /// Leaves a team. The owner can not ([`last_owner`](ServiceError::Conflict)): a transfer comes first.
    pub async fn leave_team(&self, caller: &Caller, team: &str) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, standing) = self.lock_team_for(&mut tx, caller, team, Action::ViewTeam).await?;
        let Some(role) = standing.role else {
            return Err(ServiceError::Conflict("not_a_member", format!("You are not a member of {}.", team.name)));
        };
        standing.check_removal(true, role).map_err(refused)?;
        self.take_out(&mut tx, caller, &team, caller.user.id, role).await?;
        self.commit(tx, Touched::member(team.id, caller.user.id)).await?;
        self.mailer.wake();
        Ok(())
    }

    /// The start of the present period.
    pub(in crate::service) fn month_start(&self) -> UnixMs {
        let (year, month, _) = self.clock.now().civil();
        UnixMs::from_civil(year, month, 1)
    }
}

/// A text that sorts as asked and is different for each member.
fn sort_key(member: &ListedMember, sort: MemberSort) -> String {
    let first = match sort {
        MemberSort::Name => member.name.to_lowercase(),
        MemberSort::Role => number(Role::ALL.iter().position(|role| *role == member.role).unwrap_or_default() as i64),
        MemberSort::Joined => number(member.joined_at.0),
        MemberSort::Keys => number(member.active_keys),
        MemberSort::Spent => number(member.spent),
        MemberSort::LastActive => number(member.last_active_at.map_or(-1, |at| at.0)),
    };
    format!("{first}\0{}", member.user)
}

fn row(member: ListedMember, viewer: UserId, standing: Standing, shows_spending: bool, total: i64) -> MemberRow {
    let is_self = member.user == viewer;
    let shown = shows_spending || is_self;
    let settable = |role: &Role| standing.check_role_change(is_self, member.role, *role).is_ok();
    let roles: Vec<Role> = Role::ALL.into_iter().filter(settable).collect();
    MemberRow {
        is_self,
        spent: shown.then_some(member.spent),
        share_bp: shown.then(|| share_bp(member.spent, total)),
        last_active_at: member.last_active_at,
        // Nothing to choose where only the present role is left.
        roles: if roles.len() > 1 { roles } else { vec![] },
        may_remove: !is_self && standing.check_removal(false, member.role).is_ok(),
        user: member.user,
        name: member.name,
        email: member.email,
        role: member.role,
        joined_at: member.joined_at,
        disabled: member.disabled,
        active_keys: member.active_keys,
    }
}

/// A part of a sum in hundredths of a percent.
pub(super) fn share_bp(spent: i64, total: i64) -> i64 {
    if total <= 0 { 0 } else { i64::try_from(i128::from(spent) * 10_000 / i128::from(total)).unwrap_or(10_000) }
}

/// Facts of a team for the audit log.
fn team_change<'a>(team: &'a Team, action: &'a str, before: serde_json::Value, after: serde_json::Value) -> Change<'a> {
    Change {
        action,
        target_kind: "team",
        target_id: team.id.to_string(),
        target_name: &team.name,
        team: Some(team.id),
        organization: team.organization,
        before,
        after,
    }
}
