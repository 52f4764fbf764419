//! Who belongs to an organization, and as what.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::roles::OrgRole, error::AppError, wire::PageAnswer};

/// A member of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMemberLine {
    pub user: String,
    pub name: String,
    pub email: String,
    pub role: OrgRole,
    pub teams: i64,
    pub joined: String,
    pub joined_title: String,
    pub suspended: bool,
    pub is_self: bool,
    pub keys: i64,
    pub spent: String,
    /// Part of what all teams spent, `12.4%`.
    pub share: String,
    pub last_active: String,
    pub last_active_title: String,
}

/// The members of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMembersPage {
    pub organization: String,
    pub found: i64,
    pub rows: Vec<OrganizationMemberLine>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// What was typed into the form that failed just now.
    pub typed_email: String,
}

/// What a removal would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRemovalView {
    pub user: String,
    pub name: String,
    /// Why it can not be; then nothing else is told.
    pub refused: String,
    /// Sentences: what ends and what stays.
    pub effects: Vec<String>,
}

/// The members of an organization. `sort` is a column, with a `-` before it for the other way round.
#[server(prefix = "/fn", endpoint = "list_organization_members", output = PageAnswer)]
pub async fn list_organization_members(
    org: String,
    text: String,
    sort: String,
    cursor: String,
) -> Result<OrganizationMembersPage, AppError> {
    use crate::{
        domain::{page::PageRequest, platform::OrganizationMemberSort},
        service::organizations::members::OrganizationMemberQuery,
    };

    let (services, caller) = super::context::signed_in().await?;
    let (descending, word) = match sort.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, sort.as_str()),
    };
    let query = OrganizationMemberQuery {
        text,
        sort: OrganizationMemberSort::parse(word).unwrap_or(OrganizationMemberSort::Role),
        descending,
        page: PageRequest { limit: None, cursor: Some(cursor) },
    };
    let listed = services.list_organization_members(&caller, &org, query).await?;
    let now = services.clock.now();
    Ok(OrganizationMembersPage {
        organization: listed.organization,
        found: listed.found,
        rows: listed.page.items.into_iter().map(|row| words::member(row, now)).collect(),
        next: listed.page.next_cursor,
        typed_email: super::context::typed("email"),
    })
}

/// Makes the account of an address a member.
#[server(prefix = "/fn", endpoint = "add_organization_member", output = PageAnswer)]
pub async fn add_organization_member(org: String, email: String, role: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let added = services.add_organization_member(&caller, &org, &email, &role).await;
    added.map_err(|error| super::context::keep_typed(error, &[("email", &email)]))?;
    leptos_axum::redirect(&members_address(&org));
    Ok(())
}

/// Sets the role of a member. The page stays as it is; with `confirmed` it comes from a dialog, which closes.
#[server(prefix = "/fn", endpoint = "set_organization_role", output = PageAnswer)]
pub async fn set_organization_role(
    org: String,
    user: String,
    role: String,
    #[server(default)] confirmed: bool,
) -> Result<(), AppError> {
    use crate::domain::ids::UserId;

    let (services, caller) = super::context::signed_in().await?;
    let user = UserId::parse(&user).ok_or(AppError::NotFound)?;
    services.set_organization_role(&caller, &org, user, &role).await?;
    if confirmed {
        leptos_axum::redirect(&members_address(&org));
    }
    Ok(())
}

/// What happens when a member is taken out. Nobody for nobody: the dialog is closed.
#[server(prefix = "/fn", endpoint = "preview_organization_removal", output = PageAnswer)]
pub async fn preview_organization_removal(org: String, user: String) -> Result<Option<OrganizationRemovalView>, AppError> {
    use crate::{domain::ids::UserId, service::ServiceError};

    let (services, caller) = super::context::signed_in().await?;
    if user.is_empty() {
        return Ok(None);
    }
    let id = UserId::parse(&user).ok_or(AppError::NotFound)?;
    match services.preview_organization_removal(&caller, &org, id).await {
        Ok(removal) => Ok(Some(words::removal(removal))),
        Err(ServiceError::Conflict(_, refused)) => {
            Ok(Some(OrganizationRemovalView { user, name: String::new(), refused, effects: vec![] }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes somebody out of an organization.
#[server(prefix = "/fn", endpoint = "remove_organization_member", output = PageAnswer)]
pub async fn remove_organization_member(org: String, user: String) -> Result<(), AppError> {
    use crate::domain::ids::UserId;

    let (services, caller) = super::context::signed_in().await?;
    let user = UserId::parse(&user).ok_or(AppError::NotFound)?;
    services.remove_organization_member(&caller, &org, user).await?;
    // Whoever took themselves out has no page here any more.
    let here = caller.user.platform_admin || user != caller.user.id;
    leptos_axum::redirect(&if here { members_address(&org) } else { "/teams".to_owned() });
    Ok(())
}

/// The address of its members.
pub fn members_address(org: &str) -> String {
    format!("/o/{org}/members")
}

#[cfg(feature = "ssr")]
mod words {
    use super::{OrganizationMemberLine, OrganizationRemovalView};
    use crate::domain::{
        format,
        money::NanoUsd,
        platform::{OrganizationMemberRow, OrganizationRemoval},
        roles::OrgRole,
        time::UnixMs,
    };

    pub(super) fn member(row: OrganizationMemberRow, now: UnixMs) -> OrganizationMemberLine {
        OrganizationMemberLine {
            user: row.user.to_string(),
            name: row.name,
            email: row.email,
            role: row.role,
            teams: row.teams,
            joined: format::date(row.joined_at),
            joined_title: format::full(row.joined_at),
            suspended: row.disabled,
            is_self: row.is_self,
            keys: row.active_keys,
            spent: format::money(NanoUsd(row.spent)),
            share: format::percent_bp(row.share_bp),
            last_active: row.last_active_at.map_or_else(|| "Not this month".to_owned(), |at| format::ago(at, now)),
            last_active_title: row.last_active_at.map_or_else(String::new, format::full),
        }
    }

    pub(super) fn removal(removal: OrganizationRemoval) -> OrganizationRemovalView {
        let mut effects = vec![match (removal.is_self, removal.role) {
            (true, _) => "You lose the organization's pages now.".to_owned(),
            (false, OrgRole::Admin) => format!("{} loses the organization and the right to run it now.", removal.name),
            (false, OrgRole::Member) => format!("{} loses the organization now. They are in none of its teams.", removal.name),
        }];
        match removal.invitations {
            0 => {}
            1 => effects.push("1 invitation that waits is withdrawn.".into()),
            n => effects.push(format!("{n} invitations that wait are withdrawn.")),
        }
        effects.push("The account, its other organizations and past usage stay.".into());
        OrganizationRemovalView { user: removal.user.to_string(), name: removal.name, refused: String::new(), effects }
    }
}
