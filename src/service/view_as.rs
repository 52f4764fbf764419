//! Looking at a team as one of its members sees it: owner and admins, for roles not above their own. What is looked with changes nothing
//! and reaches nothing but that team.

use serde_json::json;

use crate::{
    domain::{
        ids::{TeamId, UserId},
        roles::{Action, Role},
        teams::TeamKind,
    },
    service::{Caller, ServiceError, Services, audit::Change},
    storage,
};

/// What a look at a team as somebody else is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewing {
    /// The one team that can be seen.
    pub team: TeamId,
    /// Role of whoever it is looked at as.
    pub role: Role,
}

impl Services {
    /// A caller who sees a team as a member of it does, for an owner or admin; whoever may not look so gets [`ServiceError::NotFound`].
    /// The audit log names who looked as whom, once in a while for the same two.
    pub async fn view_as(&self, caller: &Caller, team: &str, member: UserId) -> Result<Caller, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        let own = standing.role.filter(|_| team.kind == TeamKind::Team).ok_or(ServiceError::NotFound)?;
        let role = storage::teams::find_role(&mut c, team.id, member).await?.ok_or(ServiceError::NotFound)?;
        if !own.may_view_as(role) {
            return Err(ServiceError::NotFound);
        }
        let user = storage::users::find(&mut c, member).await?.ok_or(ServiceError::NotFound)?;
        drop(c);
        let what = format!("member.view_as {} {member}", team.id);
        if self.throttles.is_first_denial(caller.user.id, what, self.clock.now()) {
            let mut tx = self.store.begin().await?;
            let change = Change {
                action: "member.view_as",
                target_kind: "member",
                target_id: member.to_string(),
                target_name: &user.name,
                team: Some(team.id),
                organization: team.organization,
                after: json!({"role": role}),
                ..Change::default()
            };
            self.audit(&mut tx, caller, change).await?;
            tx.commit().await?;
        }
        let mut seen = Caller { user, read_only: true, session: None, ..caller.clone() };
        // What they are elsewhere is not looked at.
        seen.user.platform_admin = false;
        seen.viewing = Some(Viewing { team: team.id, role });
        Ok(seen)
    }
}
