//! What somebody, or a key, has used of each limit that applies to it: those that its next call would meet.

use crate::{
    domain::{
        api_keys::KeyKind,
        ids::{KeyId, TeamId},
        limit_uses::OwnLimit,
        roles::Action,
    },
    service::{
        Caller, ServiceError, Services,
        access::snapshot::TeamEntry,
        quota::{Bound, Names, Payer},
    },
    storage::{self, AnyConnection},
};

impl Services {
    /// Every limit that applies to the caller in a team: their own, those of each of their keys, the team's, its balance, the
    /// organization's. What an organization's teams use together is for those who run it.
    pub async fn own_limits(&self, caller: &Caller, team: &str) -> Result<Vec<OwnLimit>, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, standing) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        if !standing.may(Action::OwnKeys) && !standing.may(Action::ViewEveryonesUsage) {
            return Err(ServiceError::Denied(Action::OwnKeys));
        }
        let snapshot = self.snapshot();
        let entry = snapshot.team(team.id).ok_or(ServiceError::NotFound)?;
        let (now, user) = (self.clock.now(), caller.user.id);
        let sees_organization = standing.org_admin || standing.platform_admin;
        let member = standing.role.map(|_| user);
        let payer = |key| Payer { team: entry, key, member, grants: [None, None], model: None };
        let name = storage::users::find(&mut c, user).await?.map_or_else(String::new, |user| user.name);
        let mut limits = vec![];
        for key in snapshot.keys_of(team.id, now).iter().filter(|key| key.user == user && key.kind != KeyKind::Application) {
            let names = Names { key: &key.name, user: &name, model: "" };
            let payer = payer(Some(key.id));
            // The key's own come first; the others are the same for all keys.
            let bounds = payer.bounds(now);
            self.add_limits(&mut c, &mut limits, (&payer, names), bounds.iter().take(1), sees_organization).await?;
        }
        let payer = payer(None);
        let names = Names { key: "", user: &name, model: "" };
        self.add_limits(&mut c, &mut limits, (&payer, names), payer.bounds(now).iter(), sees_organization).await?;
        Ok(limits)
    }

    /// Every limit that applies to a key, for whoever holds it. Other teams than the key's do not exist for it; `me` is its own.
    pub async fn own_limits_of_key(&self, key: KeyId, team: &str) -> Result<Vec<OwnLimit>, ServiceError> {
        let entry = self.snapshot().key(key).ok_or(ServiceError::SignedOut)?;
        let mut c = self.store.reader().await?;
        self.check_own_team(&mut c, team, entry.team_id).await?;
        let member = (entry.kind != KeyKind::Application).then_some(entry.user);
        let payer = Payer { team: &entry.team, key: Some(key), member, grants: [None, None], model: None };
        let names = Names { key: &entry.name, user: &entry.user_name, model: "" };
        let mut limits = vec![];
        self.add_limits(&mut c, &mut limits, (&payer, names), payer.bounds(self.clock.now()).iter(), false).await?;
        Ok(limits)
    }

    /// Other teams than a key's do not exist for it.
    pub(super) async fn check_own_team(&self, c: &mut AnyConnection, team: &str, own: TeamId) -> Result<(), ServiceError> {
        if team != "me" && storage::teams::find(c, team).await?.is_none_or(|team| team.id != own) {
            return Err(ServiceError::NotFound);
        }
        Ok(())
    }

    async fn add_limits(
        &self,
        c: &mut AnyConnection,
        limits: &mut Vec<OwnLimit>,
        (payer, names): (&Payer<'_>, Names<'_>),
        bounds: impl Iterator<Item = &Bound> + Send,
        sees_organization: bool,
    ) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let team: &TeamEntry = payer.team;
        for bound in bounds {
            let uses = self.bound_uses((payer, names), bound, now, sees_organization);
            if !uses.is_empty() {
                limits.extend(self.with_forecasts(c, (bound.scope, team.id), bound.period, uses).await?);
            }
        }
        Ok(())
    }
}
