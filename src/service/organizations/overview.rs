//! What an organization is made of: settings, figures, teams. For its admins and platform admins.

use crate::{
    domain::platform::{OrganizationTeamRow, OrganizationView},
    service::{
        Caller, ServiceError, Services,
        limits::{LimitsView, Place, Used},
        organizations::view,
        overview::BudgetBurn,
    },
    storage,
};

/// What an organization is made of, and how its money goes.
#[derive(Clone, Debug)]
pub struct OrganizationOverview {
    /// Name and settings.
    pub organization: OrganizationView,
    /// Members, admins included.
    pub members: i64,
    /// Admins.
    pub admins: i64,
    /// Live teams, the one that spent most in the billing month first.
    pub teams: Vec<OrganizationTeamRow>,
    /// Its limits.
    pub limits: LimitsView,
    /// What is used of them.
    pub used: Used,
    /// How its money goes in the billing month.
    pub burn: BudgetBurn,
}

impl OrganizationOverview {
    /// Spent by its teams in the billing month, deleted ones included, in nano-dollars.
    pub fn spent(&self) -> i64 {
        self.burn.burn.is.iter().fold(0_i64, |sum, cost| sum.saturating_add(*cost))
    }
}

impl Services {
    /// Settings, figures and teams of an organization.
    pub async fn get_organization_overview(&self, caller: &Caller, org: &str) -> Result<OrganizationOverview, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let place = Place::of_organization(&org);
        let limits = self.view_limits(&mut c, &place).await?;
        let used = self.find_used(&mut c, &place, &limits).await?;
        let burn = self.budget_burn(&mut c, &limits, used.spent).await?;
        let (members, admins) = storage::organizations::count_members(&mut c, org.id).await?;
        let teams = storage::organizations::list_teams(&mut c, org.id, limits.period.start).await?;
        let role = storage::organizations::find_role(&mut c, org.id, caller.user.id).await?;
        Ok(OrganizationOverview { organization: view(caller, org, role), members, admins, teams, limits, used, burn })
    }

    /// An organization's settings, for those who may change them.
    pub async fn get_organization_settings(&self, caller: &Caller, org: &str) -> Result<OrganizationView, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let role = storage::organizations::find_role(&mut c, org.id, caller.user.id).await?;
        Ok(view(caller, org, role))
    }
}
