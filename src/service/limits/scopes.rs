//! Scopes by what people call them.

use super::{LimitsOf, Place};
use crate::{
    domain::{limit_scopes::Scope, teams::Team},
    service::{ServiceError, Services},
    storage::{self, AnyConnection, model_access::grants},
};

impl Services {
    /// A scope in a team; what is none does not exist.
    pub(in crate::service) async fn place_in(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        of: LimitsOf<'_>,
    ) -> Result<Place, ServiceError> {
        let scope = match of {
            LimitsOf::Team => Scope::Team(team.id),
            LimitsOf::Member(user) => {
                storage::teams::find_role(c, team.id, user).await?.ok_or(ServiceError::NotFound)?;
                Scope::Member(team.id, user)
            }
            LimitsOf::Model(name) => {
                let model = self.snapshot().find(name).ok_or(ServiceError::NotFound)?.id;
                Scope::TeamModel(team.id, model)
            }
            LimitsOf::Grant(grant) => {
                let live = grants::list_live(c, team.id, self.clock.now()).await?;
                live.iter().find(|live| live.id == grant).ok_or(ServiceError::NotFound)?;
                Scope::Grant(grant)
            }
        };
        let name = self.scope_name(c, scope).await?;
        Ok(Place::of_team(team, scope, name))
    }

    /// What a scope is called; whatever is gone by its kind.
    pub(in crate::service) async fn scope_name(&self, c: &mut AnyConnection, scope: Scope) -> Result<String, ServiceError> {
        let name = match scope {
            Scope::Organization(id) => storage::organizations::find(c, &id.to_string()).await?.map(|org| org.name),
            Scope::Team(id) => storage::teams::find(c, &id.to_string()).await?.map(|team| team.name),
            Scope::Member(_, id) => storage::users::find(c, id).await?.map(|user| user.name),
            Scope::Key(id) => storage::api_keys::find_name(c, id).await?.map(|name| format!("key {name}")),
            Scope::TeamModel(_, id) => self.snapshot().find_id(id).map(|model| model.name.clone()),
            Scope::Grant(id) => grants::find_words(c, id).await?.map(|(model, user)| match user {
                Some(user) => format!("{user}’s {model}"),
                None => format!("the grant of {model}"),
            }),
        };
        Ok(name.unwrap_or_else(|| format!("a {} that is gone", scope.as_str().replace('_', " "))))
    }
}
