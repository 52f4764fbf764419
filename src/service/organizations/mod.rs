//! Organizations: making them, and what they take in of the catalog.

pub mod members;
pub mod overview;

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::{
        accounts::{NAME_MAX, check_name},
        catalog::{ModelState, ModelView},
        platform::{OrganizationRow, OrganizationView},
        roles::OrgRole,
        slug,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change, usage::retention},
    storage,
};

pub use crate::storage::organizations::Organization;

/// Setting: what personal spaces may call. `none` (installed) or `general`, every model of that tier.
pub const PERSONAL_POLICY: &str = "personal_models";

/// A change of an organization's settings; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct OrganizationPatch {
    /// Name.
    pub name: Option<String>,
    /// Members may create teams.
    pub members_create_teams: Option<bool>,
    /// Unrestricted models open by themselves.
    pub open_unrestricted_models: Option<bool>,
    /// Teams without plan and spending limit may call: the platform's to say.
    pub allow_unbilled: Option<bool>,
    /// Days that single calls are kept; 0 for ever.
    pub call_log_days: Option<i64>,
}

const ONLY_PLATFORM: &str = "Only platform admins decide whether teams may call without a plan or a spending limit.";
const ONLY_ADMINS: &str = "Only admins of the organization can do this.";

impl Services {
    /// Creates an organization with the caller as its admin. Platform admins only. It takes in the catalog as it is now:
    /// unrestricted models open, restricted ones with approval.
    pub async fn create_organization(&self, caller: &Caller, name: &str, slug_text: &str) -> Result<Organization, ServiceError> {
        self.check_platform_change(caller, "create an organization")?;
        let mut tx = self.store.begin().await?;
        let org = self.insert_organization(&mut tx, caller, name, slug_text).await?;
        self.commit(tx, Touched::organization(org.id)).await?;
        Ok(org)
    }

    /// The part of [`Self::create_organization`] inside a transaction.
    pub(super) async fn insert_organization(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        name: &str,
        slug_text: &str,
    ) -> Result<Organization, ServiceError> {
        let name = check_name(name, "a name for the organization", NAME_MAX).map_err(|m| ServiceError::field("name", m))?;
        let slug = match slug_text.trim() {
            "" => slug::from_name(&name, "organization"),
            text => slug::check(text).map_err(|m| ServiceError::field("slug", m))?,
        };
        let at = self.clock.now();
        let org = Organization {
            id: self.random.id_at(at),
            slug,
            name,
            open_unrestricted_models: true,
            members_create_teams: false,
            allow_unbilled: true,
            call_log_days: 0,
            created_at: at,
        };
        storage::organizations::insert(c, &org).await.map_err(|error| {
            if storage::violates_unique(&error, "organizations_slug_key", "organizations.slug") {
                ServiceError::field("slug", format!("The address “{}” is taken. Choose another.", org.slug))
            } else {
                error.into()
            }
        })?;
        storage::organizations::put_member(c, org.id, caller.user.id, OrgRole::Admin, at).await?;
        for model in storage::catalog::list_models(c, at).await? {
            storage::organizations::put_model(c, org.id, model.id, taken_in_as(model.restricted), at).await?;
        }
        let change = Change {
            action: "organization.create",
            target_kind: "organization",
            target_id: org.id.to_string(),
            target_name: &org.name,
            organization: Some(org.id),
            after: json!({"name": org.name, "slug": org.slug}),
            ..Change::default()
        };
        self.audit(c, caller, change).await?;
        Ok(org)
    }

    /// The organizations that the caller may see: own ones, all for platform admins.
    pub async fn list_organizations(&self, caller: &Caller) -> Result<Vec<Organization>, ServiceError> {
        let mut c = self.store.reader().await?;
        let all = storage::organizations::list(&mut c).await?;
        if caller.user.platform_admin {
            return Ok(all);
        }
        let own = storage::organizations::list_of(&mut c, caller.user.id).await?;
        Ok(all.into_iter().filter(|org| own.iter().any(|mine| mine.id == org.id)).collect())
    }

    /// The same with figures, by name. For platform admins and for admins of an organization, who see theirs.
    pub async fn list_organization_rows(&self, caller: &Caller) -> Result<Vec<OrganizationRow>, ServiceError> {
        let (year, month, _) = self.clock.now().civil();
        let mut c = self.store.reader().await?;
        let rows = storage::organizations::list_rows(&mut c, UnixMs::from_civil(year, month, 1)).await?;
        if caller.user.platform_admin {
            return Ok(rows);
        }
        let own = storage::organizations::list_of(&mut c, caller.user.id).await?;
        let administrates = |row: &OrganizationRow| own.iter().any(|mine| mine.id == row.id && mine.role == OrgRole::Admin);
        Ok(rows.into_iter().filter(administrates).collect())
    }

    /// An organization's settings, for those who belong to it and platform admins.
    pub async fn get_organization(&self, caller: &Caller, org: &str) -> Result<OrganizationView, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = storage::organizations::find(&mut c, org).await?.ok_or(ServiceError::NotFound)?;
        let role = storage::organizations::find_role(&mut c, org.id, caller.user.id).await?;
        if role.is_none() && !caller.user.platform_admin {
            return Err(ServiceError::NotFound);
        }
        Ok(view(caller, org, role))
    }

    /// Changes an organization's settings; what is none stays. For its admins and platform admins.
    pub async fn update_organization(
        &self,
        caller: &Caller,
        org: &str,
        patch: OrganizationPatch,
    ) -> Result<OrganizationView, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let before = self.organization_to_change(&mut tx, caller, org).await?;
        let mut after = before.clone();
        if let Some(name) = patch.name {
            after.name =
                check_name(&name, "a name for the organization", NAME_MAX).map_err(|m| ServiceError::field("name", m))?;
        }
        after.members_create_teams = patch.members_create_teams.unwrap_or(before.members_create_teams);
        after.open_unrestricted_models = patch.open_unrestricted_models.unwrap_or(before.open_unrestricted_models);
        if let Some(days) = patch.call_log_days {
            after.call_log_days = retention::check_days(days).map_err(|why| ServiceError::field("call_log_days", why))?;
        }
        if let Some(allow) = patch.allow_unbilled.filter(|allow| *allow != before.allow_unbilled) {
            if !caller.user.platform_admin {
                return Err(self.denied_in_organization(caller, &before, "organization.manage", ONLY_PLATFORM.into()));
            }
            after.allow_unbilled = allow;
        }
        storage::organizations::update(&mut tx, &after).await?;
        let mut touched = Touched::organization(after.id);
        if after.allow_unbilled != before.allow_unbilled {
            touched = touched.and(Touched::teams(storage::organizations::list_team_ids(&mut tx, after.id).await?));
        }
        let facts = |org: &Organization| {
            json!({
                "name": org.name,
                "members_create_teams": org.members_create_teams,
                "open_unrestricted_models": org.open_unrestricted_models,
                "allow_unbilled": org.allow_unbilled,
                "call_log_days": org.call_log_days,
            })
        };
        let change = Change {
            action: "organization.update",
            target_kind: "organization",
            target_id: after.id.to_string(),
            target_name: &after.name,
            organization: Some(after.id),
            before: facts(&before),
            after: facts(&after),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        let role = storage::organizations::find_role(&mut tx, after.id, caller.user.id).await?;
        self.commit(tx, touched).await?;
        Ok(view(caller, after, role))
    }

    /// Sets what an organization lets its teams do with a model. For its admins and platform admins.
    pub async fn set_model_state(
        &self,
        caller: &Caller,
        org: &str,
        model: &str,
        state: &str,
    ) -> Result<ModelState, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let org = self.organization_to_change(&mut tx, caller, org).await?;
        let state = ModelState::parse(state).ok_or_else(|| ServiceError::field("state", "Choose open, approval or closed."))?;
        let model = find_model(&mut tx, model, self.clock.now()).await?;
        storage::organizations::lock(&mut tx, org.id).await?;
        self.put_model_state(&mut tx, caller, &org, (model.id, &model.name), state).await?;
        self.commit(tx, Touched::organization(org.id)).await?;
        Ok(state)
    }

    /// The organization, if the caller administrates it; for everybody else it does not exist or is not theirs to change.
    pub(super) async fn organization_for_admin(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &str,
    ) -> Result<Organization, ServiceError> {
        match self.organization_and_right(c, caller, org).await? {
            (org, true) => Ok(org),
            (_, false) => Err(ServiceError::Forbidden(ONLY_ADMINS.into())),
        }
    }

    /// The same for whoever wants to change something: a refusal is noted.
    pub(super) async fn organization_to_change(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &str,
    ) -> Result<Organization, ServiceError> {
        match self.organization_and_right(c, caller, org).await? {
            (org, true) => Ok(org),
            (org, false) => Err(self.denied_in_organization(caller, &org, "organization.manage", ONLY_ADMINS.into())),
        }
    }

    /// The organization, and whether the caller administrates it. For strangers it does not exist.
    async fn organization_and_right(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: &str,
    ) -> Result<(Organization, bool), ServiceError> {
        let org = storage::organizations::find(c, org).await?.ok_or(ServiceError::NotFound)?;
        let role = storage::organizations::find_role(c, org.id, caller.user.id).await?;
        match role {
            Some(OrgRole::Admin) => Ok((org, true)),
            _ if caller.user.platform_admin => Ok((org, true)),
            Some(OrgRole::Member) => Ok((org, false)),
            None => Err(ServiceError::NotFound),
        }
    }
}

fn view(caller: &Caller, org: Organization, role: Option<OrgRole>) -> OrganizationView {
    OrganizationView {
        id: org.id,
        slug: org.slug,
        name: org.name,
        members_create_teams: org.members_create_teams,
        open_unrestricted_models: org.open_unrestricted_models,
        allow_unbilled: org.allow_unbilled,
        may_set_unbilled: caller.user.platform_admin,
        call_log_days: org.call_log_days,
        role,
        may_manage: role == Some(OrgRole::Admin) || caller.user.platform_admin,
        created_at: org.created_at,
    }
}

fn taken_in_as(restricted: bool) -> ModelState {
    if restricted { ModelState::Approval } else { ModelState::Open }
}

/// The model of a public name or an id, with the prices of a time.
pub(super) async fn find_model(c: &mut AnyConnection, name_or_id: &str, at: UnixMs) -> Result<ModelView, ServiceError> {
    storage::catalog::find_model(c, name_or_id, at).await?.ok_or(ServiceError::NotFound)
}
