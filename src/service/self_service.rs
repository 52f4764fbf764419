//! The self-service policy of a team: what members may do when they make, change or rotate keys without an admin. Every door comes
//! through [`Services::check_self_service`], under the team's lock, so that keys made at once are counted one after the other.

use serde_json::json;

use crate::{
    domain::{
        api_keys::KeyKind,
        ids::{KeyId, UserId},
        limit_scopes::Allowance,
        roles::{Action, Role, Standing},
        self_service::{KeyHints, PlannedKey, SelfServicePolicy},
        teams::Team,
        time::UnixMs,
    },
    service::{Caller, ServiceError, Services, Touched, audit::Change},
    storage::{self, AnyConnection},
};

/// A key as it is to be.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Planned {
    /// Which; none while it is not made yet.
    pub id: Option<KeyId>,
    /// Whose it is.
    pub user: UserId,
    /// Kind.
    pub kind: KeyKind,
    /// When it would end.
    pub expires_at: Option<UnixMs>,
    /// What would be set on it.
    pub allowance: Allowance,
    /// It works already, and takes no further place.
    pub works: bool,
}

impl Services {
    /// The policy of a team, for those who set it.
    pub async fn get_self_service(&self, caller: &Caller, team: &str) -> Result<SelfServicePolicy, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageLimits).await?;
        super::teams::check_shared(&team)?;
        Ok(storage::self_service::find(&mut c, team.id).await?)
    }

    /// The policy's bounds in words, for who makes a key; nothing for those whom it does not bind.
    pub async fn get_key_hints(&self, caller: &Caller, team: &str) -> Result<KeyHints, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        if !is_bound(standing) {
            return Ok(KeyHints::default());
        }
        Ok(storage::self_service::find(&mut c, team.id).await?.hints())
    }

    /// Sets the policy. Keys that are there stay as they are, until they are changed.
    pub async fn put_self_service(
        &self,
        caller: &Caller,
        team: &str,
        policy: SelfServicePolicy,
    ) -> Result<SelfServicePolicy, ServiceError> {
        caller.check_may_write()?;
        let mut tx = self.store.begin().await?;
        let (team, _) = self.lock_team_for(&mut tx, caller, team, Action::ManageLimits).await?;
        self.write_self_service(&mut tx, caller, &team, policy).await?;
        self.commit(tx, Touched::default()).await?;
        Ok(policy)
    }

    pub(in crate::service) async fn write_self_service(
        &self,
        c: &mut AnyConnection,
        caller: &Caller,
        team: &Team,
        policy: SelfServicePolicy,
    ) -> Result<(), ServiceError> {
        policy.check()?;
        let before = storage::self_service::find(c, team.id).await?;
        if before == policy {
            return Ok(());
        }
        storage::self_service::put(c, team.id, &policy).await?;
        let facts = |policy: &SelfServicePolicy| {
            json!({
                "self_service": policy.enabled,
                "max_keys_per_user": policy.max_keys_per_user,
                "budget_ceiling": policy.budget_ceiling,
                "require_expiry": policy.require_expiry,
                "max_expiry_days": policy.max_expiry_days,
            })
        };
        let change = Change {
            action: "team.set_self_service",
            target_kind: "team",
            target_id: team.id.to_string(),
            target_name: &team.name,
            team: Some(team.id),
            organization: team.organization,
            before: facts(&before),
            after: facts(&policy),
        };
        self.audit(c, caller, change).await
    }

    /// Refuses a key that the policy does not let its person have: all that is wrong with it at once.
    pub(in crate::service) async fn check_self_service(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        standing: Standing,
        planned: Planned,
    ) -> Result<(), ServiceError> {
        if !is_bound(standing) {
            return Ok(());
        }
        let policy = storage::self_service::find(c, team.id).await?;
        let owner = storage::users::find(c, team.owner).await?.map_or_else(|| "An owner".to_owned(), |owner| owner.name);
        if !policy.enabled {
            return Err(ServiceError::ForbiddenAs(
                "self_service_off",
                format!(
                    "{} does not let members make or change keys. {owner} (owner) or an admin can do it, or change the self-service policy.",
                    team.name
                ),
            ));
        }
        let now = self.clock.now();
        let beside = if planned.works {
            None
        } else {
            Some(storage::self_service::count_keys(c, team.id, planned.user, planned.id, now).await?)
        };
        let key = PlannedKey {
            kind: planned.kind,
            beside,
            budget: planned.allowance.budget,
            per: planned.allowance.per,
            expires_at: planned.expires_at,
        };
        Ok(policy.violations(&key, now, &format!("{owner} (owner)")).into_result()?)
    }
}

/// Owners and admins are not bound.
fn is_bound(standing: Standing) -> bool {
    standing.role == Some(Role::Member)
}
