//! Keys: shown once, stored as a hash, stopped at once.

use super::support::{START, TestApp, on_each_database, people};
use crate::{
    domain::{
        api_keys::{KeyKind, KeyStatus, NewApiKey},
        page::PageRequest,
        roles::{Action, Role},
        time::{DAY_MS, HOUR_MS},
    },
    service::{
        Caller, ServiceError, Services,
        access::decide::{Holder, KeyRefusal, ModelRefusal},
        api_keys::{KeyPatch, KeyQuery},
        key_secrets::is_well_formed,
    },
};

fn person_key(name: &str) -> NewApiKey {
    NewApiKey { name: name.into(), kind: KeyKind::Person, expires_at: None }
}

async fn maya_with_team(services: &Services) -> Caller {
    let maya = people::db_person(services, "Maya", true).await;
    services.create_provider(&maya, people::simulated("simulator")).await.unwrap();
    people::team(services, &maya).await;
    services.create_model(&maya, people::model("small", "simulator")).await.unwrap();
    maya
}

#[tokio::test]
async fn a_new_key_works_at_once_and_its_secret_is_stored_nowhere() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        let key = services.create_key(&maya, "atlas-search", person_key("search-api")).await.unwrap();
        assert!(is_well_formed("tg_", &key.key));

        let snapshot = services.snapshot();
        let entry = snapshot.authenticate(&key.key, START).unwrap();
        assert_eq!((entry.id, entry.team.slug.as_str()), (key.id, "atlas-search"));
        assert!(snapshot.authorize(&entry, "small", START).is_ok());
        assert_eq!(snapshot.authorize(&entry, "Small", START).unwrap_err(), ModelRefusal::NotFound, "names are compared exactly");
        assert_eq!(snapshot.callable(&Holder::of_key(&entry), START).len(), 1);

        let mut c = services.store.reader().await.unwrap();
        for table in [
            "SELECT secret_hash || prefix || suffix AS t FROM api_keys",
            "SELECT before_value || after_value AS t FROM audit_log",
        ] {
            for row in sqlx::query(table).fetch_all(&mut *c).await.unwrap() {
                let text: String = sqlx::Row::get(&row, "t");
                assert!(!text.contains(&key.key[10..40]), "{text}");
            }
        }
        let listed = services.list_keys(&maya, "atlas-search", KeyQuery::default()).await.unwrap().items;
        assert!(!serde_json::to_string(&listed).unwrap().contains(&key.key[10..40]));
    })
    .await;
}

#[tokio::test]
async fn revoking_expiry_and_removal_stop_a_key_at_the_next_call() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        let noor = people::db_person(&services, "Noor", false).await;
        let team = services.get_team(&maya, "atlas-search").await.unwrap();
        people::db_join(&services, &team, &noor, Role::Member).await;

        let revoked = services.create_key(&maya, "atlas-search", person_key("a")).await.unwrap();
        services.revoke_key(&maya, "atlas-search", revoked.id).await.unwrap();
        assert_eq!(services.snapshot().authenticate(&revoked.key, START).unwrap_err(), KeyRefusal::Revoked);
        services.revoke_key(&maya, "atlas-search", revoked.id).await.unwrap();

        let end = START.plus(HOUR_MS);
        let short = NewApiKey { expires_at: Some(end), ..person_key("b") };
        let short = services.create_key(&maya, "atlas-search", short).await.unwrap();
        assert!(services.snapshot().authenticate(&short.key, end.plus(-1)).is_ok());
        assert_eq!(services.snapshot().authenticate(&short.key, end).unwrap_err(), KeyRefusal::Expired);

        let own = services.create_key(&noor, "atlas-search", person_key("c")).await.unwrap();
        let app = NewApiKey { kind: KeyKind::Application, ..person_key("d") };
        let app = services.create_key(&maya, "atlas-search", app).await.unwrap();
        people::db_leave(&services, team.id, &noor).await;
        assert_eq!(services.snapshot().authenticate(&own.key, START).unwrap_err(), KeyRefusal::Revoked);
        assert!(services.snapshot().authenticate(&app.key, START).is_ok(), "an application key belongs to the team");
        assert_eq!(services.snapshot().authenticate("tg_nonsense", START).unwrap_err(), KeyRefusal::Unknown);
    })
    .await;
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_for_a_day() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        let old = services.create_key(&maya, "atlas-search", person_key("a")).await.unwrap();
        let new = services.rotate_key(&maya, "atlas-search", old.id).await.unwrap();
        assert_eq!(new.id, old.id);
        let snapshot = services.snapshot();
        assert!(snapshot.authenticate(&new.key, START).is_ok());
        assert!(snapshot.authenticate(&old.key, START.plus(DAY_MS - 1)).is_ok());
        assert_eq!(snapshot.authenticate(&old.key, START.plus(DAY_MS)).unwrap_err(), KeyRefusal::Expired);
        services.revoke_key(&maya, "atlas-search", old.id).await.unwrap();
        assert!(
            services.snapshot().authenticate(&old.key, START).is_err()
                && services.snapshot().authenticate(&new.key, START).is_err()
        );
        let again = services.rotate_key(&maya, "atlas-search", old.id).await.unwrap_err();
        assert!(matches!(again, ServiceError::Conflict("key_revoked", _)));
    })
    .await;
}

#[tokio::test]
async fn members_have_their_own_keys_and_viewers_none() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        let team = services.get_team(&maya, "atlas-search").await.unwrap();
        let noor = people::db_person(&services, "Noor", false).await;
        let vera = people::db_person(&services, "Vera", false).await;
        people::db_join(&services, &team, &noor, Role::Member).await;
        people::db_join(&services, &team, &vera, Role::Viewer).await;

        let mayas = services.create_key(&maya, "atlas-search", person_key("mayas")).await.unwrap();
        let noors = services.create_key(&noor, "atlas-search", person_key("noors")).await.unwrap();
        let seen = services.list_keys(&noor, "atlas-search", KeyQuery::default()).await.unwrap().items;
        assert_eq!(seen.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["noors"]);
        assert!(matches!(services.revoke_key(&noor, "atlas-search", mayas.id).await, Err(ServiceError::NotFound)));
        let app = NewApiKey { kind: KeyKind::Application, ..person_key("x") };
        assert!(matches!(services.create_key(&noor, "atlas-search", app).await, Err(ServiceError::Denied(Action::ManageAnyKey))));

        assert!(matches!(
            services.create_key(&vera, "atlas-search", person_key("x")).await,
            Err(ServiceError::Denied(Action::OwnKeys))
        ));
        assert!(matches!(services.list_keys(&vera, "atlas-search", KeyQuery::default()).await, Err(ServiceError::Denied(_))));

        let patch = KeyPatch {
            name: Some("renamed".into()),
            expires_at: Some(Some(START.plus(DAY_MS))),
            models: None,
            ..KeyPatch::default()
        };
        services.update_key(&maya, "atlas-search", noors.id, patch).await.unwrap();
        let all = services
            .list_keys(&maya, "atlas-search", KeyQuery { text: "RENAM".into(), ..KeyQuery::default() })
            .await
            .unwrap()
            .items;
        assert_eq!((all.len(), all[0].name.as_str(), all[0].expires_at), (1, "renamed", Some(START.plus(DAY_MS))));
        let wild =
            services.list_keys(&maya, "atlas-search", KeyQuery { text: "%".into(), ..KeyQuery::default() }).await.unwrap().items;
        assert!(wild.is_empty(), "a percent sign is a percent sign");
    })
    .await;
}

#[tokio::test]
async fn the_list_is_narrowed_to_a_status_and_paged() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        let make = async |name: &str, expires_at| {
            let key = NewApiKey { expires_at, ..person_key(name) };
            services.clock.advance(1);
            services.create_key(&maya, "atlas-search", key).await.unwrap().id
        };
        make("plain", None).await;
        make("soon over", Some(START.plus(2 * DAY_MS))).await;
        make("over", Some(START.plus(HOUR_MS))).await;
        let rotated = make("rotated", None).await;
        let rotated_and_over = make("rotated and over", Some(START.plus(HOUR_MS))).await;
        let revoked = make("revoked", Some(START.plus(HOUR_MS))).await;
        services.rotate_key(&maya, "atlas-search", rotated).await.unwrap();
        services.rotate_key(&maya, "atlas-search", rotated_and_over).await.unwrap();
        services.revoke_key(&maya, "atlas-search", revoked).await.unwrap();
        let names = async |status: Option<KeyStatus>, limit: u32| {
            let (mut names, mut cursor) = (vec![], None);
            loop {
                let page = PageRequest { limit: Some(limit), cursor };
                let query = KeyQuery { status, page, ..KeyQuery::default() };
                let page = services.list_keys(&maya, "atlas-search", query).await.unwrap();
                assert!(page.items.len() <= limit as usize);
                names.extend(page.items.into_iter().map(|key| key.name));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    return names;
                }
            }
        };
        services.clock.advance(HOUR_MS);
        for limit in [1, 2, 25] {
            assert_eq!(names(Some(KeyStatus::Active), limit).await, ["rotated", "soon over", "plain"]);
            assert_eq!(names(Some(KeyStatus::Rotated), limit).await, ["rotated"]);
            assert_eq!(names(Some(KeyStatus::Expired), limit).await, ["rotated and over", "over"]);
            assert_eq!(names(Some(KeyStatus::Revoked), limit).await, ["revoked"]);
            assert_eq!(names(None, limit).await.len(), 6);
        }
        services.clock.advance(DAY_MS);
        assert!(names(Some(KeyStatus::Rotated), 25).await.is_empty(), "the former secret's day is over");

        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let list = api.get("/api/v1/teams/atlas-search/keys?status=revoked").await.expect(200);
        assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["name"]), (1, &serde_json::json!("revoked")));
        api.get("/api/v1/teams/atlas-search/keys?status=lost").await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn a_key_of_another_team_does_not_exist_here() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        services.create_team(&maya, people::new_team("Other", "northwind-labs")).await.unwrap();
        let key = services.create_key(&maya, "other", person_key("x")).await.unwrap();
        assert!(matches!(services.revoke_key(&maya, "atlas-search", key.id).await, Err(ServiceError::NotFound)));
        assert!(services.snapshot().authenticate(&key.key, START).is_ok(), "it was not touched");
    })
    .await;
}

#[tokio::test]
async fn a_personal_space_opens_nothing_until_the_platform_says_so() {
    on_each_database(|services| async move {
        let maya = maya_with_team(&services).await;
        let key = services.create_key(&maya, "me", person_key("x")).await.unwrap();
        let entry = services.snapshot().authenticate(&key.key, START).unwrap();
        assert_eq!(services.snapshot().authorize(&entry, "small", START).unwrap_err(), ModelRefusal::NotFound);
    })
    .await;
}
