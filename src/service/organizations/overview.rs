//! What an organization is made of: settings, figures, teams. For its admins and platform admins.

use crate::{
    domain::platform::{OrganizationOverview, OrganizationView},
    service::{Caller, ServiceError, Services, organizations::view},
    storage,
};

impl Services {
    /// Settings, figures and teams of an organization.
    pub async fn get_organization_overview(&self, caller: &Caller, org: &str) -> Result<OrganizationOverview, ServiceError> {
        let organization = self.get_organization_settings(caller, org).await?;
        let month_start = self.month_start();
        let mut c = self.store.reader().await?;
        let rows = storage::organizations::list_rows(&mut c, month_start).await?;
        let row = rows.into_iter().find(|row| row.id == organization.id).ok_or(ServiceError::NotFound)?;
        let teams = storage::organizations::list_teams(&mut c, organization.id, month_start).await?;
        Ok(OrganizationOverview { organization, members: row.members, admins: row.admins, spent: row.spent, teams })
    }

    /// An organization's settings, for those who may change them.
    pub async fn get_organization_settings(&self, caller: &Caller, org: &str) -> Result<OrganizationView, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.organization_for_admin(&mut c, caller, org).await?;
        let role = storage::organizations::find_role(&mut c, org.id, caller.user.id).await?;
        Ok(view(caller, org, role))
    }
}
