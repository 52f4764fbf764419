//! Organizations: their list, what each is made of, and its settings.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{domain::platform::OrganizationView, error::AppError, wire::PageAnswer};

/// A row of the list of organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationLine {
    pub id: String,
    pub slug: String,
    pub name: String,
    /// `14, 2 admins`.
    pub members: String,
    pub teams: i64,
    pub spent: String,
    pub made: String,
    pub made_title: String,
}

/// The list of organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationsPage {
    pub rows: Vec<OrganizationLine>,
    /// What they are and have spent together, a sentence.
    pub sum: String,
    /// What was typed into the form that failed just now.
    pub typed_name: String,
    pub typed_slug: String,
}

/// The settings of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSettingsPage {
    pub organization: OrganizationView,
    pub made: String,
    /// What was typed into the form that failed just now.
    pub typed_name: String,
}

/// All organizations with figures, for platform admins.
#[server(prefix = "/fn", endpoint = "list_organization_rows", output = PageAnswer)]
pub async fn list_organization_rows() -> Result<OrganizationsPage, AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    // Admins of an organization have its own pages; this one is the platform's.
    caller.check_platform_admin()?;
    let rows = services.list_organization_rows(&caller).await?;
    Ok(OrganizationsPage {
        sum: words::sum(&rows),
        rows: rows.into_iter().map(words::line).collect(),
        typed_name: context::typed("name"),
        typed_slug: context::typed("slug"),
    })
}

/// Creates an organization, and leads to it.
#[server(prefix = "/fn", endpoint = "create_organization", output = PageAnswer)]
pub async fn create_organization(name: String, #[server(default)] slug: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let made = services.create_organization(&caller, &name, &slug).await;
    let org = made.map_err(|error| super::context::keep_typed(error, &[("name", &name), ("slug", &slug)]))?;
    leptos_axum::redirect(&organization_address(&org.slug));
    Ok(())
}

/// The settings of an organization.
#[server(prefix = "/fn", endpoint = "get_organization_settings", output = PageAnswer)]
pub async fn get_organization_settings(org: String) -> Result<OrganizationSettingsPage, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let organization = services.get_organization_settings(&caller, &org).await?;
    Ok(OrganizationSettingsPage {
        made: crate::domain::format::date(organization.created_at),
        organization,
        typed_name: super::context::typed("name"),
    })
}

/// Sets name and rules of an organization, all of them: what is not ticked is off.
#[server(prefix = "/fn", endpoint = "update_organization", output = PageAnswer)]
pub async fn update_organization(
    org: String,
    name: String,
    #[server(default)] members_create_teams: bool,
    #[server(default)] open_unrestricted_models: bool,
    // Whether the form had the field below: what is not ticked is off.
    #[server(default)] sets_unbilled: bool,
    #[server(default)] allow_unbilled: bool,
    // Days; empty for ever.
    #[server(default)] call_log_days: String,
) -> Result<(), AppError> {
    use crate::service::organizations::OrganizationPatch;

    let (services, caller) = super::context::signed_in().await?;
    let days = match call_log_days.trim() {
        "" => 0,
        // What is no number fits no bounds: the service says so.
        text => text.parse().unwrap_or(-1),
    };
    let patch = OrganizationPatch {
        name: Some(name.clone()),
        members_create_teams: Some(members_create_teams),
        open_unrestricted_models: Some(open_unrestricted_models),
        allow_unbilled: sets_unbilled.then_some(allow_unbilled),
        call_log_days: Some(days),
    };
    let done = services.update_organization(&caller, &org, patch).await;
    done.map_err(|error| super::context::keep_typed(error, &[("name", &name)]))?;
    leptos_axum::redirect(&format!("{}/settings?done=saved", organization_address(&org)));
    Ok(())
}

/// The address of the list of organizations.
pub const ORGANIZATIONS: &str = "/admin/orgs";

/// The address of an organization.
pub fn organization_address(org: &str) -> String {
    format!("/o/{org}")
}

#[cfg(feature = "ssr")]
pub(super) mod words {
    use super::OrganizationLine;
    use crate::domain::{format, money::NanoUsd, platform::OrganizationRow};

    pub(in crate::server_fns) fn many(n: i64, one: &str, more: &str) -> String {
        if n == 1 { format!("1 {one}") } else { format!("{} {more}", format::grouped(n.unsigned_abs())) }
    }

    pub(super) fn sum(rows: &[OrganizationRow]) -> String {
        let teams = rows.iter().map(|row| row.teams).sum();
        let spent = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.spent));
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        format!(
            "{} with {}, {} this month.",
            many(count, "organization", "organizations"),
            many(teams, "team", "teams"),
            format::money(NanoUsd(spent)),
        )
    }

    pub(super) fn line(row: OrganizationRow) -> OrganizationLine {
        OrganizationLine {
            id: row.id.to_string(),
            slug: row.slug,
            name: row.name,
            members: format!("{}, {}", format::grouped(row.members.unsigned_abs()), many(row.admins, "admin", "admins")),
            teams: row.teams,
            spent: format::money(NanoUsd(row.spent)),
            made: format::date(row.created_at),
            made_title: format::full(row.created_at),
        }
    }
}
