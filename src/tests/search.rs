//! Search over everything: it finds what somebody may see anyway, and nothing else.

use std::collections::BTreeSet;

use super::support::{
    TestApp,
    accounts::browser,
    on_each_database,
    people::{Place, db_join, db_person, new_team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        ids::TeamId,
        roles::{OrgRole, Role},
        usage::UsageEvent,
    },
    server_fns::search::{Hit, Hits},
    service::{
        Caller, ServiceError, Services, Touched,
        metering::{book, testing::event},
        search::MOST,
    },
    storage, wire,
};

/// Atlas Search of Maya, who runs the platform, with Ada as admin, Noor as member and Vera as viewer; Beacon of Ada in the same
/// organization, whose admin is Omar; Sten is in none. Everybody who may has a key, in their teams and in their own space.
struct World {
    place: Place,
    people: Vec<Caller>,
    teams: Vec<String>,
    secret: String,
}

async fn world(services: &Services) -> World {
    let place = Place::new(services).await;
    let beacon = services.create_team(&place.maya, new_team("Beacon", "northwind-labs")).await.unwrap();
    let (vera, omar, sten) = (
        db_person(services, "Vera", false).await,
        db_person(services, "Omar", false).await,
        db_person(services, "Sten", false).await,
    );
    db_join(services, &place.team, &vera, Role::Viewer).await;
    db_join(services, &beacon, &place.ada, Role::Admin).await;
    let mut tx = services.store.begin().await.unwrap();
    let org = storage::organizations::find(&mut tx, "northwind-labs").await.unwrap().unwrap();
    storage::organizations::put_member(&mut tx, org.id, omar.user.id, OrgRole::Admin, services.clock.now()).await.unwrap();
    services.commit(tx, Touched::organization(org.id)).await.unwrap();

    let people = vec![place.maya.clone(), place.ada.clone(), place.noor.clone(), vera, omar, sten];
    let teams: Vec<String> = [place.team.slug.clone(), beacon.slug, "me".to_owned()].into();
    let mut secret = String::new();
    for person in &people {
        for team in &teams {
            let name = format!("nightly-{}-{team}", person.user.name.to_lowercase());
            match services.create_key(person, team, NewApiKey { name, kind: KeyKind::Person, expires_at: None }).await {
                Ok(created) if person.user.name == "Noor" && team == "atlas-search" => secret = created.key,
                Ok(_) | Err(ServiceError::NotFound | ServiceError::Denied(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    World { place, people, teams, secret }
}

#[tokio::test]
async fn keys_and_people_that_are_found_are_those_of_the_lists() {
    on_each_database(|services| async move {
        let World { people, teams, .. } = world(&services).await;
        let mut most = 0;
        for person in &people {
            let (mut keys, mut names) = (BTreeSet::new(), BTreeSet::new());
            for team in &teams {
                if let Ok(page) = services.list_keys(person, team, Default::default()).await {
                    keys.extend(page.items.into_iter().map(|key| key.name));
                }
                if team != "me"
                    && let Ok(list) = services.list_members(person, team, Default::default()).await
                {
                    names.extend(list.page.items.into_iter().map(|member| member.name));
                }
            }
            if person.user.platform_admin {
                names.extend(people.iter().map(|one| one.user.name.clone()));
            } else if let Ok(list) = services.list_organization_members(person, "northwind-labs", Default::default()).await {
                names.extend(list.page.items.into_iter().map(|member| member.name));
            }
            // Person by person, so that nothing is cut off.
            let (mut found_keys, mut found_names) = (BTreeSet::new(), BTreeSet::new());
            for one in &people {
                let name = one.user.name.to_uppercase();
                let found = services.search(person, &format!("NIGHTLY-{name}")).await.unwrap();
                assert!(!found.keys.more && found.teams.items.is_empty() && found.people.items.is_empty());
                found_keys.extend(found.keys.items.into_iter().map(|key| key.name));
                let found = services.search(person, &format!("{name}@north")).await.unwrap();
                found_names.extend(found.people.items.into_iter().map(|person| person.name));
            }
            let name = &person.user.name;
            assert_eq!(found_keys, keys, "keys that {name} finds");
            assert_eq!(found_names, names, "people that {name} finds");
            most = most.max(keys.len());

            let listed: BTreeSet<_> = services.list_teams(person).await.unwrap().into_iter().map(|team| team.slug).collect();
            let found = services.search(person, "").await.unwrap();
            assert_eq!(
                found.teams.items.iter().map(|team| team.slug.clone()).collect::<BTreeSet<_>>(),
                listed,
                "teams of {name}"
            );
            assert!(found.keys.items.is_empty() && found.people.items.is_empty(), "an empty search names nobody");
        }
        assert!(most > 3, "the scene has keys to find");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_found_by_what_lists_show_of_its_secret() {
    on_each_database(|services| async move {
        let World { place, secret, people, .. } = world(&services).await;
        let masked = format!("{}…{}", &secret[..7], &secret[secret.len() - 4..]);
        let of = async |person: &Caller, text: &str| -> Vec<String> {
            let found = services.search(person, text).await.unwrap();
            found.keys.items.into_iter().map(|key| key.name).collect()
        };
        for text in [secret.as_str(), &secret[..7], &masked, &format!("  {secret} "), &secret[..7].to_lowercase()] {
            assert_eq!(of(&place.noor, text).await, ["nightly-noor-atlas-search"], "{text}");
            assert_eq!(of(&place.ada, text).await, ["nightly-noor-atlas-search"], "{text}");
            assert!(of(&people[5], text).await.is_empty(), "a stranger with the secret is a stranger");
        }
        assert!(of(&place.maya, "tg_").await.is_empty(), "what all secrets begin with finds none");
        assert!(of(&place.maya, &secret[3..7]).await.is_empty(), "it is looked for from its beginning");
        let listed = services.list_keys(&place.noor, "atlas-search", Default::default()).await.unwrap().items;
        services.revoke_key(&place.noor, "atlas-search", listed[0].id).await.unwrap();
        let found = services.search(&place.noor, &secret).await.unwrap().keys.items;
        assert!(found[0].revoked, "it is told that it was revoked");
    })
    .await;
}

#[tokio::test]
async fn a_call_is_found_by_who_may_see_it_in_the_log() {
    on_each_database(|services| async move {
        let World { place, people, .. } = world(&services).await;
        let call = |n: u64, team: TeamId, person: &Caller| -> UsageEvent {
            let mut event = event(n);
            (event.call.team, event.call.user, event.call.at) = (team, person.user.id, services.clock.now());
            event
        };
        let (in_team, own) = (call(1, place.team.id, &place.noor), call(2, place.noor.user.personal_team, &place.noor));
        book(&services.store, &[in_team.clone(), own.clone()]).await.unwrap();
        let finds = async |person: &Caller, event: &UsageEvent| {
            let found = services.search(person, &event.call.id.to_string().to_uppercase()).await.unwrap();
            found.call.map(|call| call.team)
        };
        // Maya, Ada, Noor, Vera, Omar, Sten.
        for (person, sees) in people.iter().zip([true, true, true, false, true, false]) {
            let name = &person.user.name;
            assert_eq!(finds(person, &in_team).await, sees.then(|| "atlas-search".to_owned()), "{name}");
            assert_eq!(finds(person, &own).await, (name == "Noor").then(|| "me".to_owned()), "{name}");
        }
        assert!(
            services
                .search(&place.maya, &services.random.id_at::<crate::domain::ids::CallId>(services.clock.now()).to_string())
                .await
                .unwrap()
                .call
                .is_none()
        );
    })
    .await;
}

#[tokio::test]
async fn search_takes_wildcards_and_length_as_text() {
    on_each_database(|services| async move {
        let World { place, .. } = world(&services).await;
        for text in ["%", "_", "\\", "' OR '1'='1", "a\0", "%_%"] {
            let found = services.search(&place.maya, text).await.unwrap();
            assert!(found.keys.items.is_empty() && found.people.items.is_empty() && found.teams.items.is_empty(), "{text:?}");
        }
        let started = std::time::Instant::now();
        services.search(&place.maya, &"%a_".repeat(10_000)).await.unwrap();
        assert!(started.elapsed() < std::time::Duration::from_secs(3));
        for n in 0..MOST {
            let new = NewApiKey { name: format!("many-{n}"), kind: KeyKind::Person, expires_at: None };
            services.create_key(&place.maya, "atlas-search", new).await.unwrap();
        }
        let many = async || services.search(&place.maya, "many-").await.unwrap().keys;
        assert_eq!((many().await.items.len(), many().await.more), (8, false));
        let new = NewApiKey { name: "many-more".into(), kind: KeyKind::Person, expires_at: None };
        services.create_key(&place.maya, "atlas-search", new).await.unwrap();
        assert_eq!((many().await.items.len(), many().await.more), (8, true), "that there are more is told");
    })
    .await;
}

#[tokio::test]
async fn the_page_lists_hits_as_links_without_a_script() {
    on_each_database(|services| async move {
        let World { place, .. } = world(&services).await;
        let app = TestApp::new(&services);
        let ada = browser(&app, &place.ada).await;
        let page = ada.page("/search?q=noor").await.text();
        assert!(page.contains("href=\"/t/atlas-search/members?q=noor%40northwind.example\""), "{page}");
        assert!(page.contains("nightly-noor-atlas-search") && !page.contains("nightly-noor-me"));
        let page = ada.page("/search?q=%3Cscript%3Ealert(1)").await.text();
        assert!(page.contains("No match") && !page.contains("<script>alert(1)"));
        // The pages of where one came from are there before anything is typed.
        let page = ada.page("/search?at=/t/atlas-search/keys").await.text();
        assert!(page.contains("href=\"/t/atlas-search/quotas\""));
        let stranger = app.browser().page("/search?q=noor").await;
        assert_eq!((stranger.status.as_u16(), stranger.header("location")), (302, "/login?next=/search%3Fq%3Dnoor"));

        let asked = ada.form("/fn/search", &[("text", "beacon members"), ("at", "/me")], false).await;
        let hits: Hits = wire::read(&asked.text()).unwrap();
        let all: Vec<&Hit> = hits.groups.iter().flat_map(|group| &group.hits).collect();
        assert_eq!(all[0].href, "/t/beacon/members");
        // Where a team is seen as somebody else, it is they who would be asked about.
        let noor = place.noor.user.id.to_string();
        let request = ada.request(axum::http::Method::POST, "/fn/search").header("x-view-as", noor);
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("accept", "text/plain");
        assert_eq!(ada.send(request.body("text=a".into()).unwrap()).await.status, 403);
    })
    .await;
}
