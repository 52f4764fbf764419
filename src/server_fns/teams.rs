//! Teams: list and creation.

use leptos::server;
use serde::{Deserialize, Serialize};

use super::own_invitations::OwnInvitationRow;
use crate::{domain::charts::BudgetView, error::AppError, wire::PageAnswer};

/// A row of the team list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamRow {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub organization: String,
    /// `owner`, …; empty for somebody who only administrates.
    pub role: String,
    pub members: String,
    pub spent: String,
    pub budget: BudgetView,
    pub last_call: String,
    pub last_call_title: String,
}

/// The team list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamsPage {
    pub rows: Vec<TeamRow>,
    /// Invitations that wait for the viewer.
    pub invitations: Vec<OwnInvitationRow>,
    pub may_create: bool,
}

/// What the form for a new team offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTeamPage {
    /// Slug and name of the organizations that one may create teams in.
    pub organizations: Vec<(String, String)>,
    /// May make an organization along with the team.
    pub may_create_organization: bool,
    /// What was typed, after a plain form failed.
    pub typed: TeamForm,
}

#[cfg(feature = "ssr")]
impl NewTeamPage {
    fn may_create(&self) -> bool {
        self.may_create_organization || !self.organizations.is_empty()
    }
}

/// The teams that the caller may see, those called last first.
#[server(prefix = "/fn", endpoint = "list_teams", output = PageAnswer)]
pub async fn list_teams() -> Result<TeamsPage, AppError> {
    use crate::{
        domain::{format, money::NanoUsd},
        server_fns::overview::meters,
    };

    let (services, caller) = super::context::signed_in().await?;
    let now = services.clock.now();
    let mut teams = services.list_teams(&caller).await?;
    // They come by name, and so stay where nothing was called.
    teams.sort_by_key(|team| std::cmp::Reverse(team.last_call_at));
    let options = new_team_options(&services, &caller).await?;
    let rows = teams
        .into_iter()
        .map(|team| TeamRow {
            id: team.id.to_string(),
            slug: team.slug,
            name: team.name,
            organization: team.organization,
            role: team.role.map_or_else(String::new, |role| role.as_str().to_owned()),
            members: format::grouped(team.members.unsigned_abs()),
            spent: format::money(NanoUsd(team.spent)),
            budget: meters::team_budget(&services, team.id),
            last_call: team.last_call_at.map_or_else(|| "–".to_owned(), |at| format::ago(at, now)),
            last_call_title: team.last_call_at.map_or_else(|| "No calls yet".to_owned(), format::full),
        })
        .collect();
    let invitations = super::own_invitations::rows(&services, &caller).await?;
    Ok(TeamsPage { rows, invitations, may_create: options.may_create() })
}

/// What the form for a new team offers this person.
#[server(prefix = "/fn", endpoint = "get_new_team", output = PageAnswer)]
pub async fn get_new_team() -> Result<NewTeamPage, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    new_team_options(&services, &caller).await
}

#[cfg(feature = "ssr")]
async fn new_team_options(services: &crate::service::Services, caller: &crate::service::Caller) -> Result<NewTeamPage, AppError> {
    let may_create_organization = caller.user.platform_admin;
    let organizations = if may_create_organization {
        services.list_organizations(caller).await?.into_iter().map(|org| (org.slug, org.name)).collect()
    } else {
        let mine = services.me(caller).await?.organizations;
        mine.into_iter().filter(|org| org.may_create_teams).map(|org| (org.slug, org.name)).collect()
    };
    Ok(NewTeamPage { organizations, may_create_organization, typed: TeamForm::typed() })
}

/// Input of "create team", as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TeamForm {
    pub name: String,
    pub slug: String,
    /// Slug of an organization; empty for a new one.
    pub organization: String,
    pub organization_name: String,
    pub mode: String,
    pub self_service: bool,
}

#[cfg(feature = "ssr")]
impl TeamForm {
    const FIELDS: [&str; 5] = ["name", "slug", "organization", "organization_name", "mode"];

    /// What was typed into a plain form that failed just now.
    fn typed() -> Self {
        let [name, slug, organization, organization_name, mode] = Self::FIELDS.map(super::context::typed);
        Self { name, slug, organization, organization_name, mode, self_service: true }
    }

    fn keep(&self, error: crate::service::ServiceError) -> AppError {
        let values = [&self.name, &self.slug, &self.organization, &self.organization_name, &self.mode];
        let typed: Vec<(&str, &str)> = Self::FIELDS.into_iter().zip(values.map(String::as_str)).collect();
        super::context::keep_typed(error, &typed)
    }
}

/// Creates a team and leads to its overview.
#[server(prefix = "/fn", endpoint = "create_team", output = PageAnswer)]
pub async fn create_team(#[server(default)] form: TeamForm) -> Result<(), AppError> {
    use crate::domain::teams::NewTeam;

    let (services, caller) = super::context::signed_in().await?;
    let new_organization = form.organization.is_empty() && caller.user.platform_admin;
    let organization = if new_organization { "new" } else { form.organization.as_str() };
    let parsed = NewTeam::parse(&form.name, &form.slug, organization, &form.mode, form.self_service);
    let mut errors = parsed.as_ref().err().cloned().unwrap_or_default();
    if new_organization && form.organization_name.trim().is_empty() {
        errors.add("organization_name", "Enter a name for the organization.");
    }
    let created = match parsed {
        Ok(new) if errors.0.is_empty() && new_organization => {
            services.create_team_with_organization(&caller, &form.organization_name, new).await
        }
        Ok(new) if errors.0.is_empty() => services.create_team(&caller, new).await,
        _ => Err(errors.into()),
    };
    let team = created.map_err(|error| form.keep(error))?;
    leptos_axum::redirect(&format!("/t/{}", team.slug));
    Ok(())
}
