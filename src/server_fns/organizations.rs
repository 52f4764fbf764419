//! Organizations: their list, what each is made of, and its settings.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        charts::{BudgetView, KpiView},
        platform::OrganizationView,
    },
    error::AppError,
    wire::PageAnswer,
};

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

/// A team of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationTeamLine {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub owner_name: String,
    pub owner_lost: bool,
    /// Where the ownership can be recovered; empty for whoever may not.
    pub recover: String,
    pub members: i64,
    pub requests: String,
    pub spent: String,
    /// Part of what the organization spent, `12.4%`.
    pub share: String,
    pub budget: BudgetView,
    pub last_call: String,
    pub last_call_title: String,
}

/// The overview of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationOverviewPage {
    pub name: String,
    pub figures: Vec<KpiView>,
    pub teams: Vec<OrganizationTeamLine>,
    pub slug: String,
    /// Requests for models that wait in its teams, `3`, `100+`; empty for none.
    pub waiting: String,
    /// Models to look at; empty for none.
    pub reviews: String,
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

/// Figures and teams of an organization.
#[server(prefix = "/fn", endpoint = "get_organization_overview", output = PageAnswer)]
pub async fn get_organization_overview(org: String) -> Result<OrganizationOverviewPage, AppError> {
    use crate::domain::page::PageRequest;

    let (services, caller) = super::context::signed_in().await?;
    let overview = services.get_organization_overview(&caller, &org).await?;
    let page = PageRequest { limit: Some(100), cursor: None };
    let waiting = services.list_organization_requests(&caller, &org, true, &page).await?;
    let some = |count: usize, more: bool| match count {
        0 => String::new(),
        n => format!("{n}{}", if more { "+" } else { "" }),
    };
    let waiting = some(waiting.items.len(), waiting.next_cursor.is_some());
    let reviews = some(services.list_reviews(&caller, &org).await?.len(), false);
    let page = words::overview(&services, overview, caller.user.platform_admin);
    Ok(OrganizationOverviewPage { waiting, reviews, ..page })
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
mod words {
    use super::{OrganizationLine, OrganizationOverviewPage, OrganizationTeamLine};
    use crate::{
        domain::{
            charts::KpiView,
            format,
            money::NanoUsd,
            platform::{OrganizationOverview, OrganizationRow, OrganizationTeamRow},
        },
        server_fns::overview::meters,
        service::Services,
    };

    fn many(n: i64, one: &str, more: &str) -> String {
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

    pub(super) fn overview(
        services: &Services,
        overview: OrganizationOverview,
        platform_admin: bool,
    ) -> OrganizationOverviewPage {
        let OrganizationOverview { organization, members, admins, spent, teams } = overview;
        let requests = teams.iter().fold(0_i64, |sum, team| sum.saturating_add(team.requests));
        let figure =
            |label: &str, value: String, title: String| KpiView { label: label.into(), value, title, ..KpiView::default() };
        let count = i64::try_from(teams.len()).unwrap_or(i64::MAX);
        OrganizationOverviewPage {
            name: organization.name,
            slug: organization.slug,
            waiting: String::new(),
            reviews: String::new(),
            figures: vec![
                figure("Spend this month", format::money(NanoUsd(spent)), String::new()),
                figure("Requests this month", format::count(requests), format::grouped(requests.unsigned_abs())),
                figure("Teams", format::grouped(count.unsigned_abs()), String::new()),
                figure("Members", format::grouped(members.unsigned_abs()), many(admins, "admin", "admins")),
            ],
            teams: teams.into_iter().map(|row| team(services, row, spent, platform_admin)).collect(),
        }
    }

    fn team(services: &Services, row: OrganizationTeamRow, total: i64, platform_admin: bool) -> OrganizationTeamLine {
        let now = services.clock.now();
        let share = match total {
            0 => String::new(),
            total => format::percent_bp(i64::try_from(i128::from(row.spent) * 10_000 / i128::from(total)).unwrap_or(0)),
        };
        let recover =
            format!("{}?dialog=recover&team={}", crate::server_fns::users::user_address(&row.owner.to_string()), row.slug);
        OrganizationTeamLine {
            id: row.id.to_string(),
            slug: row.slug,
            name: row.name,
            owner_name: row.owner_name,
            owner_lost: row.owner_lost,
            recover: if platform_admin { recover } else { String::new() },
            members: row.members,
            requests: format::count(row.requests),
            spent: format::money(NanoUsd(row.spent)),
            share,
            budget: meters::team_budget(services, row.id),
            last_call: row.last_call_at.map_or_else(|| "None this month".to_owned(), |at| format::ago(at, now)),
            last_call_title: row.last_call_at.map_or_else(String::new, format::full),
        }
    }
}
