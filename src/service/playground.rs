//! Calls without a key, made by a signed-in person in the playground: who may make them, and for how long. Which models they may call is
//! decided where it is for keys, by the snapshot.

use std::sync::Arc;

use crate::{
    domain::{
        ids::{CallId, UserId},
        roles::{Action, Standing},
        usage::CallRow,
    },
    service::{
        Caller, ServiceError, Services,
        access::{
            decide::Holder,
            snapshot::{ModelEntry, TeamEntry},
        },
    },
    storage,
};

/// A signed-in person who may call in a context. Only [`Services::find_player`] makes one.
#[derive(Clone, Debug)]
pub struct Player {
    user: UserId,
    user_name: String,
    /// Signing in anew is asked of everybody whose epoch is older.
    auth_epoch: i64,
    team: Arc<TeamEntry>,
}

impl Player {
    /// Person.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Name of the person.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// Context that pays.
    pub fn team(&self) -> &Arc<TeamEntry> {
        &self.team
    }

    /// Whose decision it is: the member's, narrowed by no key.
    pub fn holder(&self) -> Holder<'_> {
        Holder::of_member(&self.team, self.user)
    }
}

/// Why somebody makes no calls without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlayerRefusal {
    /// Nobody is signed in, or the account is suspended.
    #[error("signed out")]
    SignedOut,
    /// Does not belong to the context.
    #[error("no such context")]
    Stranger,
    /// Belongs to it, in a role that makes no calls.
    #[error("the role makes no calls")]
    RoleMakesNone,
}

impl Services {
    /// The caller as somebody who makes calls in a context: its members, viewers excepted.
    pub async fn find_player(&self, caller: &Caller, team: &str) -> Result<Player, ServiceError> {
        caller.check_may_write()?;
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::OwnKeys).await?;
        let team = self.snapshot().team(team.id).ok_or(ServiceError::NotFound)?.clone();
        let Caller { user, .. } = caller;
        Ok(Player { user: user.id, user_name: user.name.clone(), auth_epoch: user.auth_epoch, team })
    }

    /// Whether somebody who was let through still would be.
    pub async fn check_player(&self, player: &Player) -> Result<Result<(), PlayerRefusal>, ServiceError> {
        let mut c = self.store.reader().await?;
        let user = storage::users::find(&mut c, player.user).await?;
        if user.is_none_or(|user| user.disabled_at.is_some() || user.auth_epoch != player.auth_epoch) {
            return Ok(Err(PlayerRefusal::SignedOut));
        }
        Ok(match storage::teams::find_role(&mut c, player.team.id, player.user).await? {
            None => Err(PlayerRefusal::Stranger),
            Some(role) if !Standing { role: Some(role), ..Standing::default() }.may(Action::OwnKeys) => {
                Err(PlayerRefusal::RoleMakesNone)
            }
            Some(_) => Ok(()),
        })
    }

    /// What a call of the caller came to, once it is booked: of one that was stopped nobody else is told.
    pub async fn find_own_call(&self, caller: &Caller, team: &str, call: CallId) -> Result<Option<CallRow>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::OwnKeys).await?;
        Ok(storage::usage::find_call(&mut c, team.id, caller.user.id, call).await?)
    }

    /// The models that the caller may call in a context, by name: what `/v1/models` says to a key of theirs that is not narrowed.
    pub async fn list_callable(&self, caller: &Caller, team: &str) -> Result<Vec<Arc<ModelEntry>>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::OwnKeys).await?;
        let snapshot = self.snapshot();
        let team = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        Ok(snapshot.callable(&Holder::of_member(team, caller.user.id), self.clock.now()))
    }
}
