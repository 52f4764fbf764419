//! Access groups: the platform's, for all organizations, and an organization's own.

use serde_json::json;

use crate::{
    domain::{
        accounts::{NAME_MAX, check_name},
        catalog::Tier,
        ids::{GroupId, OrgId},
        model_access::AccessGroup,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change},
    storage::{self, AnyConnection, model_access::groups},
};

/// Input of a group.
#[derive(Clone, Debug, Default)]
pub struct GroupInput {
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Models, by name.
    pub models: Vec<String>,
    /// Whole tiers.
    pub tiers: Vec<Tier>,
}

impl Services {
    /// The platform's groups and, with an organization, its own. An organization's are for its members and platform admins; the
    /// platform's alone for platform admins.
    pub async fn list_groups(&self, caller: &Caller, org: Option<&str>) -> Result<Vec<AccessGroup>, ServiceError> {
        let mut c = self.store.reader().await?;
        let org = self.group_owner(&mut c, caller, org).await?;
        let all = groups::list(&mut c).await?;
        Ok(all.into_iter().filter(|group| group.organization.is_none() || group.organization == org).collect())
    }

    /// Makes a group.
    pub async fn create_group(&self, caller: &Caller, org: Option<&str>, input: GroupInput) -> Result<AccessGroup, ServiceError> {
        caller.check_may_write()?;
        if org.is_none() {
            self.check_platform_change(caller, "make an access group")?;
        }
        let mut tx = self.store.begin().await?;
        let org = self.group_owner(&mut tx, caller, org).await?;
        let at = self.clock.now();
        let group = self.parse_group(self.random.id_at(at), org, &input)?;
        groups::insert(&mut tx, &group, at).await.map_err(|error| name_taken(error, &group.name))?;
        self.audit_group(&mut tx, caller, "group.create", None, &group).await?;
        self.commit(tx, Touched::organization_or_platform(group.organization)).await?;
        Ok(group)
    }

    /// Replaces a group; teams that name it get what it holds from now on.
    pub async fn update_group(
        &self,
        caller: &Caller,
        org: Option<&str>,
        id: GroupId,
        input: GroupInput,
    ) -> Result<AccessGroup, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (org, before) = self.own_group(&mut tx, caller, org, id).await?;
        let group = AccessGroup { teams: before.teams, ..self.parse_group(id, org, &input)? };
        groups::update(&mut tx, &group).await.map_err(|error| name_taken(error, &group.name))?;
        self.audit_group(&mut tx, caller, "group.update", Some(&before), &group).await?;
        self.commit(tx, Touched::organization_or_platform(group.organization)).await?;
        Ok(group)
    }

    /// Removes a group; teams that named it lose what they had through it.
    pub async fn delete_group(&self, caller: &Caller, org: Option<&str>, id: GroupId) -> Result<(), ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (_, group) = self.own_group(&mut tx, caller, org, id).await?;
        groups::delete(&mut tx, id).await?;
        self.audit_group(&mut tx, caller, "group.delete", Some(&group), &group).await?;
        self.commit(tx, Touched::organization_or_platform(group.organization)).await
    }

    /// A group of the platform or of an organization, by id or name; an organization's own goes before the platform's.
    pub(super) async fn find_group(
        &self,
        c: &mut AnyConnection,
        org: Option<OrgId>,
        id_or_name: &str,
    ) -> Result<AccessGroup, ServiceError> {
        let unknown = || {
            ServiceError::field("groups", format!("There is no group “{}”.", id_or_name.chars().take(100).collect::<String>()))
        };
        let known: Vec<AccessGroup> = groups::list(c).await?;
        let mut known: Vec<AccessGroup> = known
            .into_iter()
            .filter(|group| group.organization.is_none() || group.organization == org)
            .filter(|group| group.name == id_or_name || group.id.to_string() == id_or_name)
            .collect();
        known.sort_by_key(|group| group.organization.is_none());
        known.into_iter().next().ok_or_else(unknown)
    }

    pub(super) async fn group_owner(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: Option<&str>,
    ) -> Result<Option<OrgId>, ServiceError> {
        match org {
            Some(org) => Ok(Some(self.organization_for_admin(c, caller, org).await?.id)),
            None => caller.check_platform_admin().map(|()| None),
        }
    }

    pub(super) async fn own_group(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        org: Option<&str>,
        id: GroupId,
    ) -> Result<(Option<OrgId>, AccessGroup), ServiceError> {
        if org.is_none() {
            self.check_platform_change(caller, "change an access group")?;
        }
        let org = self.group_owner(c, caller, org).await?;
        let known = groups::list(c).await?.into_iter().find(|group| group.id == id);
        let group = known.filter(|group| group.organization == org).ok_or(ServiceError::NotFound)?;
        Ok((org, group))
    }

    pub(super) fn parse_group(
        &self,
        id: GroupId,
        organization: Option<OrgId>,
        input: &GroupInput,
    ) -> Result<AccessGroup, ServiceError> {
        let name = check_name(&input.name, "a name", NAME_MAX).map_err(|message| ServiceError::field("name", message))?;
        let description = super::check_words("description", &input.description, false)?;
        let models = super::find_models(&self.snapshot(), "models", &input.models)?;
        let mut tiers = input.tiers.clone();
        tiers.sort_by_key(|tier| *tier as usize);
        tiers.dedup();
        Ok(AccessGroup { id, organization, name, description, models, tiers, teams: 0 })
    }

    async fn audit_group(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        action: &str,
        before: Option<&AccessGroup>,
        after: &AccessGroup,
    ) -> Result<(), ServiceError> {
        let snapshot = self.snapshot();
        let facts = |group: &AccessGroup| {
            let names = group.models.iter().filter_map(|id| Some(snapshot.find_id(*id)?.name.as_str()));
            json!({"name": group.name, "description": group.description, "models": names.collect::<Vec<_>>(), "tiers": group.tiers})
        };
        let change = Change {
            action,
            target_kind: "group",
            target_id: after.id.to_string(),
            target_name: &after.name,
            organization: after.organization,
            before: before.map_or_else(|| json!({}), facts),
            after: if action == "group.delete" { json!({}) } else { facts(after) },
            ..Change::default()
        };
        self.audit(c, caller, change).await
    }
}

fn name_taken(error: sqlx::Error, name: &str) -> ServiceError {
    if storage::violates_unique(&error, "access_groups_name_key", "access_groups.name") {
        ServiceError::field("name", format!("There is a group “{name}” already."))
    } else {
        error.into()
    }
}
