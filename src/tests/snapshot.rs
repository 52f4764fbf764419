//! The gateway's snapshot is kept true piece by piece: whatever is changed, by however many at once, it is what storage holds.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::support::{
    START,
    invariants::check_snapshot,
    on_each_database,
    people::{self, db_join, db_leave, db_person},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        authorization::TeamState,
        catalog::{ModelState, Tier},
        ids::{GroupId, KeyId},
        model_access::AccessDraft,
        platform::PersonalModels,
        roles::Role,
        teams::{AccessMode, TeamView},
        time::DAY_MS,
    },
    service::{Caller, ServiceError, Services, Touched, api_keys::KeyPatch, model_access::GroupInput},
};

/// A platform on which changes are made.
struct Place {
    services: Services,
    maya: Caller,
    people: Vec<Caller>,
    teams: Vec<TeamView>,
}

impl Place {
    async fn new(services: Services) -> Self {
        let maya = db_person(&services, "Maya", true).await;
        services.create_provider(&maya, people::simulated("sim")).await.unwrap();
        for name in ["m0", "m2", "m4"] {
            services.create_model(&maya, people::model(name, "sim")).await.unwrap();
        }
        let mut teams = vec![people::team(&services, &maya).await];
        services.create_organization(&maya, "Harbor", "harbor").await.unwrap();
        for (name, org) in [("Second", "northwind-labs"), ("Third", "harbor")] {
            teams.push(services.create_team(&maya, people::new_team(name, org)).await.unwrap());
        }
        let mut people = vec![];
        for name in ["Noor", "Sam", "Ines"] {
            let person = db_person(&services, name, false).await;
            for team in &teams {
                db_join(&services, team, &person, Role::Admin).await;
            }
            people.push(person);
        }
        Self { services, maya, people, teams }
    }

    fn below(&self, bound: usize) -> usize {
        self.services.random.below(u32::try_from(bound).unwrap()) as usize
    }

    fn one<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Names of some models of the catalog.
    fn models(&self) -> Vec<String> {
        let names: Vec<String> = self.services.snapshot().models().iter().map(|model| model.name.clone()).collect();
        names.into_iter().filter(|_| self.below(2) == 0).collect()
    }

    async fn key(&self, team: &TeamView) -> Result<KeyId, ServiceError> {
        let keys = self.services.list_keys(&self.maya, &team.slug, Default::default()).await?.items;
        if keys.is_empty() { Err(ServiceError::NotFound) } else { Ok(self.one(&keys).id) }
    }

    async fn group(&self, org: Option<&str>) -> Result<GroupId, ServiceError> {
        let groups = self.services.list_groups(&self.maya, org).await?;
        let own: Vec<_> = groups.into_iter().filter(|group| group.organization.is_some() == org.is_some()).collect();
        if own.is_empty() { Err(ServiceError::NotFound) } else { Ok(self.one(&own).id) }
    }

    /// One change of many kinds. Some are refused, as it happens.
    async fn change(&self, kind: usize) -> Result<(), ServiceError> {
        let (services, maya) = (&self.services, &self.maya);
        let (team, person) = (self.one(&self.teams), self.one(&self.people));
        let org = self.one(&["northwind-labs", "harbor"]);
        let of = self.one(&[None, Some("northwind-labs"), Some("harbor")]).to_owned();
        let number = self.below(10);
        let group = || GroupInput {
            name: format!("g{number}"),
            models: self.models(),
            tiers: vec![*self.one(&Tier::ALL)],
            ..Default::default()
        };
        match kind {
            0 => {
                let new = NewApiKey { name: "k".into(), kind: *self.one(&KeyKind::ALL), expires_at: None };
                let context = if number < 3 { "me" } else { &team.slug };
                let models = (number.is_multiple_of(2) && context != "me").then(|| self.models());
                services.create_narrowed_key(person, context, new, models).await.map(drop)
            }
            1 => {
                let models = Some((!number.is_multiple_of(3)).then(|| self.models()));
                let patch = KeyPatch {
                    name: Some(format!("k{number}")),
                    models,
                    expires_at: Some(Some(START.plus(DAY_MS))),
                    ..KeyPatch::default()
                };
                services.update_key(maya, &team.slug, self.key(team).await?, patch).await
            }
            2 => services.rotate_key(maya, &team.slug, self.key(team).await?).await.map(drop),
            3 if number < 4 => services.revoke_key(maya, &team.slug, self.key(team).await?).await,
            4 => {
                let state = self.one(&["open", "approval", "closed"]);
                let model = self.models().pop().ok_or(ServiceError::NotFound)?;
                services.set_model_state(maya, org, &model, state).await.map(drop)
            }
            5 | 6 => {
                let states: BTreeMap<String, TeamState> =
                    self.models().into_iter().map(|name| (name, *self.one(&TeamState::ALL))).collect();
                let groups = services.list_groups(maya, Some(&team.organization_slug)).await?;
                let draft = AccessDraft {
                    mode: if number < 3 { AccessMode::Inherit } else { AccessMode::Restrict },
                    models: Some(states),
                    groups: Some(groups.iter().filter(|_| self.below(2) == 0).map(|group| group.id.to_string()).collect()),
                    tiers: Some(vec![(*self.one(&Tier::ALL), *self.one(&TeamState::ALL))]),
                };
                services.set_team_access(maya, &team.slug, &draft, true).await.map(drop)
            }
            7 => services.create_group(maya, of, group()).await.map(drop),
            8 => services.update_group(maya, of, self.group(of).await?, group()).await.map(drop),
            9 if number < 4 => services.delete_group(maya, of, self.group(of).await?).await,
            10 => {
                let model = self.models().pop().ok_or(ServiceError::NotFound)?;
                let user = (number > 2).then_some(person.user.id);
                services.create_grant(maya, &team.slug, &model, user, (number > 5).then(|| START.plus(DAY_MS))).await.map(drop)
            }
            11 => {
                let grants = services.list_grants(maya, &team.slug).await?;
                let grant = grants.first().ok_or(ServiceError::NotFound)?;
                services.end_grant(maya, &team.slug, grant.id).await
            }
            12 => services.create_model(maya, people::model(&format!("m{number}"), "sim")).await.map(drop),
            13 => {
                let name = self.models().pop().ok_or(ServiceError::NotFound)?;
                let mut model = people::model(&format!("m{number}"), "sim");
                (model.tier, model.enabled, model.aliases) = (*self.one(&Tier::ALL), number > 2, vec![format!("alias-{name}")]);
                services.update_model(maya, &name, model).await.map(drop)
            }
            14 if number < 3 => {
                let name = self.models().pop().ok_or(ServiceError::NotFound)?;
                services.delete_model(maya, &name).await
            }
            15 => services.suspend_user(maya, person.user.id, "For now.").await,
            16 => services.unsuspend_user(maya, person.user.id, "").await,
            17 => services.remove_member(maya, &team.slug, person.user.id).await.map(drop),
            18 => {
                let back = services.get_team(person, &team.slug).await.is_err();
                if back {
                    db_join(services, team, person, Role::Admin).await;
                } else {
                    db_leave(services, team.id, person).await;
                }
                Ok(())
            }
            19 => services.set_member_models(maya, &team.slug, person.user.id, (number > 2).then(|| self.models())).await,
            20 => {
                let personal = if number < 5 { PersonalModels::General } else { PersonalModels::None };
                services.update_platform_settings(maya, None, Some(personal)).await.map(drop)
            }
            21 => {
                let reviews = services.list_reviews(maya, org).await?;
                let item = reviews.first().ok_or(ServiceError::NotFound)?;
                services.close_review(maya, org, item.id, *self.one(&[ModelState::Open, ModelState::Approval])).await
            }
            22 => services.change_name(person, &format!("Name {number}")).await,
            23 => services.create_team(maya, people::new_team(&format!("Team {number}"), org)).await.map(drop),
            24 => {
                let team = services.get_team(maya, &format!("team-{number}")).await?;
                services.delete_team(maya, &team.slug, &team.name).await
            }
            _ => Err(ServiceError::NotFound),
        }
    }
}

const KINDS: usize = 25;

fn long() -> bool {
    std::env::var("TALLYGATE_TEST_LONG").is_ok()
}

#[tokio::test]
async fn after_random_changes_it_is_what_is_built_from_nothing() {
    on_each_database(|services| async move {
        let place = Place::new(services).await;
        check_snapshot(&place.services).await;
        let mut made = [0; KINDS];
        for step in 0..if long() { 5_000 } else { 150 } {
            // Each kind once before it is left to chance.
            let kind = if step < KINDS { step } else { place.below(KINDS) };
            match place.change(kind).await {
                Ok(()) => made[kind] += 1,
                Err(ServiceError::Internal(error)) => panic!("{kind}: {error}"),
                Err(_) => {}
            }
            assert_eq!(place.services.find_stale().await, None, "after a change of kind {kind}");
        }
        assert!(made.iter().filter(|made| **made > 0).count() > KINDS - 4, "most kinds come through: {made:?}");
    })
    .await;
}

#[tokio::test]
async fn of_several_changes_at_once_none_is_lost() {
    on_each_database(|services| async move {
        let place = Place::new(services).await;
        for _ in 0..if long() { 300 } else { 8 } {
            let kinds: Vec<usize> = (0..6).map(|_| place.below(KINDS)).collect();
            // Whoever waits for another's lock waits, and nobody is told of a deadlock (F07).
            for done in join_all(kinds.iter().map(|kind| place.change(*kind))).await {
                assert!(!matches!(done, Err(ServiceError::Internal(_) | ServiceError::Busy)), "{done:?} of {kinds:?}");
            }
            check_snapshot(&place.services).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_whose_request_ends_half_way_comes_into_force() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let team = people::team(&services, &maya).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&maya, &team.slug, new).await.unwrap();
        let mut tx = services.store.begin().await.unwrap();
        crate::storage::api_keys::revoke(&mut tx, key.id, START).await.unwrap();
        // Asked for, and given up at once.
        let commit = services.commit(tx, Touched::key(key.id));
        assert!(futures::poll!(Box::pin(commit)).is_pending());
        let fallen = async {
            while services.snapshot().authenticate(&key.key, START).is_ok() {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), fallen).await.expect("the key is revoked");
        check_snapshot(&services).await;
    })
    .await;
}
