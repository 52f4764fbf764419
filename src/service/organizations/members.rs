//! Who belongs to an organization, and as what. For its admins and platform admins; one admin always stays.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::User,
        email,
        ids::UserId,
        page::PageRequest,
        platform::{OrganizationMemberRow, OrganizationMemberSort, OrganizationMembers, OrganizationRemoval},
        roles::OrgRole,
    },
    service::{
        Caller, ServiceError, Services,
        accounts::delete::listed,
        audit::Change,
        mail::{NewMail, Template},
        members::share_bp,
        organizations::Organization,
        sorted::{number, page_of},
    },
    storage,
};

/// Which members a list shows, and in which order.
#[derive(Clone, Debug, Default)]
pub struct OrganizationMemberQuery {
    /// Name or address contain this.
    pub text: String,
    /// Order.
    pub sort: OrganizationMemberSort,
    /// The other way round.
    pub descending: bool,
    /// Page.
    pub page: PageRequest,
}

impl Services {
    /// Members of an organization.
    pub async fn list_organization_members(
        &self,
        caller: &Caller,
        org: &str,
        query: OrganizationMemberQuery,
    ) -> Result<OrganizationMembers, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let (now, month_start) = (self.clock.now(), self.month_start());
        let members = storage::organizations::list_members(&mut c, org.id, &query.text, now, month_start).await?;
        let total = storage::organizations::sum_cost(&mut c, org.id, month_start).await?;
        let found = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let page = page_of(members, |member| sort_key(member, query.sort), query.descending, &query.page)?;
        let page = page.map(|row| OrganizationMemberRow {
            is_self: row.user == caller.user.id,
            share_bp: share_bp(row.spent, total),
            ..row
        });
        Ok(OrganizationMembers { organization: org.name, page, found })
    }

    /// What ends when somebody is taken out of an organization. Refuses what the removal itself would refuse.
    pub async fn preview_organization_removal(
        &self,
        caller: &Caller,
        org: &str,
        user: UserId,
    ) -> Result<OrganizationRemoval, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let role = storage::organizations::find_role(&mut c, org.id, user).await?.ok_or(ServiceError::NotFound)?;
        let user = storage::users::find(&mut c, user).await?.ok_or(ServiceError::NotFound)?;
        check_removable(&mut c, &org, &user, role).await?;
        // Whoever is in none of its teams could invite only as admin of the organization.
        let teams = storage::organizations::list_teams(&mut c, org.id, self.month_start()).await?;
        let sent = storage::invitations::list_open_of_inviter(&mut c, user.id).await?;
        let ending = sent.iter().filter(|invitation| teams.iter().any(|team| team.id == invitation.team)).count();
        Ok(OrganizationRemoval {
            user: user.id,
            is_self: user.id == caller.user.id,
            name: user.name,
            role,
            invitations: i64::try_from(ending).unwrap_or(i64::MAX),
        })
    }

    /// Makes the account of an address a member. Whoever has no account yet is invited to one of the organization's teams instead.
    pub async fn add_organization_member(
        &self,
        caller: &Caller,
        org: &str,
        typed_email: &str,
        role: &str,
    ) -> Result<UserId, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_to_change(&mut tx, caller, org).await?;
        let normalized = email::normalize(typed_email).map_err(|message| ServiceError::field("email", message))?;
        let role = parse_role(role)?;
        storage::organizations::lock(&mut tx, org.id).await?;
        let nobody =
            || ServiceError::field("email", "No account has this address. Invite it to one of the organization's teams.");
        let user = storage::users::find_credentials(&mut tx, &normalized).await?.ok_or_else(nobody)?.user;
        if storage::organizations::find_role(&mut tx, org.id, user.id).await?.is_some() {
            let message = format!("{} belongs to {} already.", user.name, org.name);
            return Err(ServiceError::Conflict("member_already", message));
        }
        storage::organizations::put_member(&mut tx, org.id, user.id, role, self.clock.now()).await?;
        let before = json!({});
        self.report_role(&mut tx, caller, &org, &user, Some(role), ("organization.add_member", before)).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(user.id)
    }

    /// Changes a member's role.
    pub async fn set_organization_role(&self, caller: &Caller, org: &str, user: UserId, role: &str) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (org, user, before) = self.organization_member(&mut tx, caller, org, user).await?;
        let role = parse_role(role)?;
        if role == before {
            return Ok(());
        }
        if before == OrgRole::Admin {
            check_other_admin(&mut tx, &org, &user).await?;
        }
        storage::organizations::put_member(&mut tx, org.id, user.id, role, self.clock.now()).await?;
        self.withdraw_invitations_without_right(&mut tx, caller, user.id).await?;
        let change = ("organization.set_role", json!({"role": before}));
        self.report_role(&mut tx, caller, &org, &user, Some(role), change).await?;
        tx.commit().await?;
        self.mailer.wake();
        Ok(())
    }

    /// Takes somebody out of an organization. Whoever is in one of its teams leaves those first.
    pub async fn remove_organization_member(&self, caller: &Caller, org: &str, user: UserId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (org, user, before) = self.organization_member(&mut tx, caller, org, user).await?;
        check_removable(&mut tx, &org, &user, before).await?;
        storage::organizations::delete_member(&mut tx, org.id, user.id).await?;
        self.withdraw_invitations_without_right(&mut tx, caller, user.id).await?;
        let change = ("organization.remove_member", json!({"role": before}));
        self.report_role(&mut tx, caller, &org, &user, None, change).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn organization_member(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &str,
        user: UserId,
    ) -> Result<(Organization, User, OrgRole), ServiceError> {
        let org = self.organization_to_change(c, caller, org).await?;
        storage::organizations::lock(c, org.id).await?;
        // Once more behind the lock: the caller's own role may just have been taken.
        let org = self.organization_to_change(c, caller, &org.id.to_string()).await?;
        let role = storage::organizations::find_role(c, org.id, user).await?.ok_or(ServiceError::NotFound)?;
        let user = storage::users::find(c, user).await?.ok_or(ServiceError::NotFound)?;
        Ok((org, user, role))
    }

    /// The audit entry and, where there is a role to tell of, the mail.
    async fn report_role(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &Organization,
        user: &User,
        role: Option<OrgRole>,
        (action, before): (&str, serde_json::Value),
    ) -> Result<(), ServiceError> {
        if let Some(role) = role.filter(|_| user.id != caller.user.id) {
            let template = Template::OrganizationRole {
                organization: org.name.clone(),
                by: caller.user.name.clone(),
                admin: role == OrgRole::Admin,
            };
            self.queue_mail(c, NewMail { template, recipient: &user.email, name: &user.name, token: None }).await?;
        }
        let change = Change {
            action,
            target_kind: "member",
            target_id: user.id.to_string(),
            target_name: &user.name,
            organization: Some(org.id),
            before,
            after: role.map_or_else(|| json!({}), |role| json!({"role": role})),
            ..Change::default()
        };
        self.audit(c, caller, change).await
    }
}

fn parse_role(text: &str) -> Result<OrgRole, ServiceError> {
    OrgRole::parse(text).ok_or_else(|| ServiceError::field("role", "Choose admin or member."))
}

/// Whether somebody may be taken out: who is in one of its teams leaves those first, and one admin stays.
async fn check_removable(c: &mut AnyConnection, org: &Organization, user: &User, role: OrgRole) -> Result<(), ServiceError> {
    let teams = storage::teams::list_of(c, user.id).await?;
    let teams: Vec<String> = teams.into_iter().filter(|team| team.organization_slug == org.slug).map(|team| team.name).collect();
    if !teams.is_empty() {
        let message = format!("{} is in {}. Remove them there first: that stops their keys.", user.name, listed(&teams));
        return Err(ServiceError::Conflict("in_teams", message));
    }
    if role == OrgRole::Admin {
        check_other_admin(c, org, user).await?;
    }
    Ok(())
}

/// A text that sorts as asked and is different for each member.
fn sort_key(member: &OrganizationMemberRow, sort: OrganizationMemberSort) -> String {
    let first = match sort {
        OrganizationMemberSort::Name => member.name.to_lowercase(),
        OrganizationMemberSort::Role => member.role.as_str().to_owned(),
        OrganizationMemberSort::Joined => number(member.joined_at.0),
        OrganizationMemberSort::Teams => number(member.teams),
        OrganizationMemberSort::Keys => number(member.active_keys),
        OrganizationMemberSort::Spent => number(member.spent),
        OrganizationMemberSort::LastActive => number(member.last_active_at.map_or(0, |at| at.0)),
    };
    format!("{first}\0{}", member.user)
}

async fn check_other_admin(c: &mut AnyConnection, org: &Organization, user: &User) -> Result<(), ServiceError> {
    if storage::organizations::count_other_admins(c, org.id, user.id).await? > 0 {
        return Ok(());
    }
    let message = format!("{} is the only admin of {}. Make somebody else one first.", user.name, org.name);
    Err(ServiceError::Conflict("last_organization_admin", message))
}
