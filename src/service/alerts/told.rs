//! What is watched, by the names that people know it by, and who is told of it.

use std::collections::HashSet;

use sqlx::AnyConnection;

use crate::{
    domain::{
        authorization::GrantLevel,
        email,
        ids::{TeamId, UserId},
        limit_scopes::Scope,
        limit_words::LimitedName,
        teams::{Team, TeamKind},
    },
    service::{ServiceError, Services},
    storage::{
        self,
        model_access::{grants, requests::list_approvers},
    },
};

/// Something whose use people are warned of.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    scope: Scope,
    pub(super) name: LimitedName,
    /// Where it is shown.
    pub(super) path: String,
    /// Where the team's balance is shown.
    pub(super) billing: String,
    /// The team that it belongs to; none for an organization.
    team: Option<Team>,
    /// Whose own it is.
    person: Option<UserId>,
}

/// Who gets a mail.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) email: String,
    /// None for an address that a team has added, which need not be a person's.
    pub(super) name: Option<String>,
}

impl Services {
    /// Something that is still there, and still somebody's.
    pub(super) async fn find_watched(
        &self,
        c: &mut AnyConnection,
        scope: Scope,
        team: Option<TeamId>,
    ) -> Result<Option<Watched>, ServiceError> {
        if let Scope::Organization(id) = scope {
            let organization = storage::organizations::find(c, &id.to_string()).await?;
            return Ok(organization.map(|org| Watched {
                scope,
                path: format!("/o/{}/limits", org.slug),
                billing: String::new(),
                name: LimitedName { scope: scope.as_str(), name: org.name, team: String::new(), personal: false },
                team: None,
                person: None,
            }));
        }
        let Some(team) = team else { return Ok(None) };
        let Some(team) = storage::teams::find(c, &team.to_string()).await? else { return Ok(None) };
        let Some((name, person)) = self.watched_in(c, &team, scope).await? else { return Ok(None) };
        let personal = team.kind == TeamKind::Personal;
        let base = if personal { "/me".to_owned() } else { format!("/t/{}", team.slug) };
        let page = if matches!(scope, Scope::Key(_)) { "keys" } else { "quotas" };
        Ok(Some(Watched {
            scope,
            name: LimitedName { scope: scope.as_str(), name, team: team.name.clone(), personal },
            path: format!("{base}/{page}"),
            billing: format!("{base}/billing"),
            team: Some(team),
            person,
        }))
    }

    /// What something in a team is called, and whose it is. None for what is over: a revoked key, a member who left.
    async fn watched_in(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        scope: Scope,
    ) -> Result<Option<(String, Option<UserId>)>, ServiceError> {
        let now = self.clock.now();
        Ok(match scope {
            Scope::Organization(_) => None,
            Scope::Team(_) => Some((team.name.clone(), None)),
            Scope::TeamModel(_, id) => self.snapshot().find_id(id).map(|model| (model.name.clone(), None)),
            Scope::Member(_, user) => match storage::teams::find_role(c, team.id, user).await? {
                Some(_) => storage::users::find(c, user).await?.map(|user| (user.name, Some(user.id))),
                None => None,
            },
            Scope::Key(id) => {
                let key = storage::api_keys::find(c, team.id, id).await?;
                let key = key.filter(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now));
                key.map(|key| (key.name.clone(), (!key.is_the_teams()).then_some(key.user)))
            }
            Scope::Grant(id) => {
                let live = grants::list_live(c, team.id, now).await?;
                live.into_iter().find(|grant| grant.id == id).map(|grant| (grant.model_name, grant.user))
            }
        })
    }

    /// Owner and admins of the team, whoever it concerns, and the addresses that the team has added; or the organization's admins. Each
    /// address once.
    pub(super) async fn list_alert_readers(&self, c: &mut AnyConnection, watched: &Watched) -> Result<Vec<Reader>, ServiceError> {
        let people = match (watched.scope, &watched.team) {
            (Scope::Organization(id), _) => storage::organizations::list_admins(c, id).await?,
            (_, Some(team)) => list_approvers(c, team.id, GrantLevel::Team).await?,
            (_, None) => vec![],
        };
        let mut readers: Vec<Reader> = people.into_iter().map(|(_, email, name)| Reader { email, name: Some(name) }).collect();
        if let Some(person) = watched.person {
            let person = storage::users::find(c, person).await?.filter(|user| user.disabled_at.is_none());
            readers.extend(person.map(|user| Reader { email: user.email, name: Some(user.name) }));
        }
        let added = watched.team.iter().flat_map(|team| team.alert_emails.iter());
        readers.extend(added.map(|email| Reader { email: email.clone(), name: None }));
        let mut seen = HashSet::new();
        readers.retain(|reader| seen.insert(email::normalize(&reader.email).unwrap_or_else(|_| reader.email.clone())));
        Ok(readers)
    }
}
