//! The self-service policy holds at every door that makes, changes or rotates a key, and under creation at once.

use axum::http::Method;
use serde_json::json;

use super::support::{
    START, TestApp, accounts, invariants,
    limits::set_budget as budget,
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        money::{DOLLAR, NanoUsd},
        roles::Role,
        self_service::SelfServicePolicy,
        teams::TeamView,
        time::DAY_MS,
    },
    service::{
        Caller, ServiceError, Services,
        api_keys::{KeyBounds, KeyPatch},
    },
};

const SLUG: &str = "atlas-search";

const STRICT: SelfServicePolicy = SelfServicePolicy {
    enabled: true,
    max_keys_per_user: Some(2),
    budget_ceiling: Some(NanoUsd(10 * DOLLAR)),
    require_expiry: true,
    max_expiry_days: Some(30),
};

async fn maya_and_noor(services: &Services) -> (Caller, Caller, TeamView) {
    let (maya, noor) = (db_person(services, "Maya", true).await, db_person(services, "Noor", false).await);
    let team = team(services, &maya).await;
    db_join(services, &team, &noor, Role::Member).await;
    (maya, noor, team)
}

fn key(days: Option<i64>) -> NewApiKey {
    NewApiKey { name: "ci".into(), kind: KeyKind::Person, expires_at: days.map(|days| START.plus(days * DAY_MS)) }
}

fn bounds(dollars: i64) -> KeyBounds {
    KeyBounds { allowance: budget(dollars), ..KeyBounds::default() }
}

fn fields<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Vec<String> {
    match result {
        Err(ServiceError::Invalid(fields)) => fields.0.into_iter().map(|(field, _)| field).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_violations_are_named_at_once_and_nothing_is_clamped() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        services.put_self_service(&maya, SLUG, STRICT).await.unwrap();
        for _ in 0..2 {
            services.create_bounded_key(&noor, SLUG, key(Some(30)), bounds(10)).await.unwrap();
        }
        let third = services.create_bounded_key(&noor, SLUG, key(Some(31)), bounds(11)).await;
        assert_eq!(fields(third), ["max_keys_per_user", "budget", "expires_at"]);
        let api = TestApp::new(&services).api(&noor).await;
        let answer = api.post("/api/v1/teams/atlas-search/keys", json!({"name": "k"})).await.expect(422);
        let named: Vec<_> =
            answer["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect();
        assert_eq!(named, ["max_keys_per_user", "budget", "expires_at"]);
        let said = answer["errors"][1]["message"].as_str().unwrap();
        assert_eq!(said, "A key needs a budget of $10.00 or less here. Maya (owner) can change the policy.");
        services.create_key(&maya, SLUG, key(None)).await.expect("owners are not bound");
    })
    .await;
}

#[tokio::test]
async fn the_rules_hold_on_update_extend_and_rotate() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        let old = services.create_key(&noor, SLUG, key(None)).await.unwrap();
        services.put_self_service(&maya, SLUG, STRICT).await.unwrap();
        assert_eq!(fields(services.rotate_key(&noor, SLUG, old.id).await), ["budget", "expires_at"]);
        let patch = |days: i64, dollars: i64| KeyPatch {
            expires_at: Some(Some(START.plus(days * DAY_MS))),
            allowance: budget(dollars),
            ..KeyPatch::default()
        };
        assert_eq!(fields(services.update_key(&noor, SLUG, old.id, patch(31, 11)).await), ["budget", "expires_at"]);
        let rename = KeyPatch { name: Some("new".into()), ..KeyPatch::default() };
        assert_eq!(fields(services.update_key(&noor, SLUG, old.id, rename).await).len(), 2, "what it would be is what counts");
        services.update_key(&noor, SLUG, old.id, patch(30, 10)).await.unwrap();
        services.rotate_key(&noor, SLUG, old.id).await.unwrap();
        services.create_bounded_key(&noor, SLUG, key(Some(1)), bounds(1)).await.expect("a rotation's overlap counts as one");
        let third = services.create_bounded_key(&noor, SLUG, key(Some(1)), bounds(1)).await;
        assert_eq!(fields(third), ["max_keys_per_user"]);
        let app = NewApiKey { kind: KeyKind::Application, ..key(None) };
        let apps = services.create_key(&maya, SLUG, app).await.unwrap();
        let off = SelfServicePolicy { enabled: false, ..STRICT };
        services.put_self_service(&maya, SLUG, off).await.unwrap();
        let extend = KeyPatch { expires_at: Some(Some(START.plus(2 * DAY_MS))), ..KeyPatch::default() };
        let refused = [
            services.create_bounded_key(&noor, SLUG, key(Some(1)), bounds(1)).await.map(drop),
            services.rotate_key(&noor, SLUG, old.id).await.map(drop),
            services.update_key(&noor, SLUG, old.id, extend).await,
        ];
        for answer in refused {
            assert!(matches!(answer, Err(ServiceError::ForbiddenAs("self_service_off", _))), "{answer:?}");
        }
        services.rotate_key(&maya, SLUG, apps.id).await.unwrap();
        services.revoke_key(&noor, SLUG, old.id).await.expect("one may always stop one's own");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn an_expired_key_that_is_extended_takes_a_place_again() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        let policy = SelfServicePolicy { max_keys_per_user: Some(1), ..SelfServicePolicy::default() };
        services.put_self_service(&maya, SLUG, policy).await.unwrap();
        let short = services.create_key(&noor, SLUG, key(Some(1))).await.unwrap();
        services.clock.advance(2 * DAY_MS);
        services.create_key(&noor, SLUG, key(None)).await.expect("what is over holds no place");
        let extend = KeyPatch { expires_at: Some(None), ..KeyPatch::default() };
        assert_eq!(fields(services.update_key(&noor, SLUG, short.id, extend).await), ["max_keys_per_user"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_made_at_once_are_counted_one_after_the_other() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        services.put_self_service(&maya, SLUG, STRICT).await.unwrap();
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let (services, noor) = (services.clone(), noor.clone());
                tokio::spawn(async move { services.create_bounded_key(&noor, SLUG, key(Some(1)), bounds(1)).await })
            })
            .collect();
        let mut made = 0;
        for task in tries {
            match task.await.unwrap() {
                Ok(_) => made += 1,
                Err(ServiceError::Invalid(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(made, 2);
    })
    .await;
}

#[tokio::test]
async fn pages_and_programs_meet_the_same_rules_and_the_card_is_for_those_who_set_it() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        let app = TestApp::new(&services);
        let (mayas, noors) = (app.api(&maya).await, app.api(&noor).await);
        let path = "/api/v1/teams/atlas-search/self-service";
        for wrong in [
            json!({"enabled": true, "max_keys_per_user": -1}),
            json!({"enabled": true, "budget_ceiling": "5"}),
            json!({"enabled": true, "max_expiry_days": 0}),
        ] {
            mayas.json(Method::PUT, path, wrong).await.expect(422);
        }
        let policy = json!({"enabled": true, "max_keys_per_user": 2, "budget_ceiling": null, "require_expiry": false, "max_expiry_days": 30});
        assert_eq!(mayas.json(Method::PUT, path, policy.clone()).await.expect(200), policy);
        assert_eq!(mayas.get(path).await.expect(200), policy);
        noors.get(path).await.expect(403);
        noors.json(Method::PUT, path, policy).await.expect(403);
        let browser = accounts::browser(&app, &noor).await;
        let reply = browser.form("/fn/create_key", &[("team", SLUG), ("name", "ci"), ("expires", "never")], false).await;
        assert_eq!(reply.status, 422, "{}", reply.text());
        let reply = browser.form("/fn/create_key", &[("team", SLUG), ("name", "ci"), ("expires", "30")], false).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        mayas.json(Method::PUT, path, json!({"enabled": false})).await.expect(200);
        let reply = browser.form("/fn/create_key", &[("team", SLUG), ("name", "ci"), ("expires", "30")], false).await;
        assert_eq!(reply.status, 403, "{}", reply.text());
    })
    .await;
}

/// K09: whatever is wrong with a key, every door that makes, changes or rotates one refuses it, and nothing is changed.
#[tokio::test]
async fn every_door_refuses_every_violation() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        let old = services.create_key(&noor, SLUG, key(None)).await.unwrap().id.to_string();
        let app = TestApp::new(&services);
        let (api, browser) = (app.api(&noor).await, accounts::browser(&app, &noor).await);
        let keys = "/api/v1/teams/atlas-search/keys";
        let open = SelfServicePolicy::default();
        let later = START.plus(90 * DAY_MS).0;
        for (policy, body, form, status) in [
            (SelfServicePolicy { max_keys_per_user: Some(1), ..open }, json!({}), ("expires", "30"), 422),
            (
                SelfServicePolicy { budget_ceiling: Some(NanoUsd(10 * DOLLAR)), ..open },
                json!({"budget": 10 * DOLLAR + 1}),
                ("limits[budget]", "10.01"),
                422,
            ),
            (SelfServicePolicy { require_expiry: true, ..open }, json!({}), ("expires", "never"), 422),
            (SelfServicePolicy { max_expiry_days: Some(30), ..open }, json!({"expires_at": later}), ("expires", "90"), 422),
            (SelfServicePolicy { enabled: false, ..open }, json!({}), ("expires", "30"), 403),
        ] {
            services.put_self_service(&maya, SLUG, policy).await.unwrap();
            let all = async || {
                serde_json::to_string(&services.list_keys(&noor, SLUG, Default::default()).await.unwrap().items).unwrap()
            };
            let allowances = async || services.list_key_allowances(&maya, SLUG).await.unwrap().len();
            let before = (all().await, allowances().await);
            let named = |name: &str| {
                let mut body = body.clone();
                body["name"] = json!(name);
                body
            };
            let create = [("team", SLUG), ("name", "ci"), form];
            let edit = [("team", SLUG), ("id", old.as_str()), ("name", "ci"), form];
            let rotate = [("team", SLUG), ("id", old.as_str())];
            let mut refused = vec![
                ("create", api.post(keys, named("new")).await),
                ("create in the page", browser.form("/fn/create_key", &create, false).await),
            ];
            // One more key than is allowed is none that was there.
            if policy.max_keys_per_user.is_none() {
                let path = format!("{keys}/{old}");
                refused.push(("change", api.json(Method::PATCH, &path, named("changed")).await));
                refused.push(("rotate", api.post(&format!("{path}/rotate"), json!({})).await));
                refused.push(("change in the page", browser.form("/fn/edit_key", &edit, false).await));
                refused.push(("rotate in the page", browser.form("/fn/rotate_key", &rotate, false).await));
            }
            for (door, reply) in refused {
                assert_eq!(reply.status, status, "{door} under {policy:?}: {}", reply.text());
            }
            assert_eq!((all().await, allowances().await), before, "{policy:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_refused_rotation_lists_every_bound_in_its_dialog() {
    on_each_database(|services| async move {
        let (maya, noor, _) = maya_and_noor(&services).await;
        let old = services.create_key(&noor, SLUG, key(None)).await.unwrap().id.to_string();
        services.put_self_service(&maya, SLUG, STRICT).await.unwrap();
        let browser = accounts::browser(&TestApp::new(&services), &noor).await;
        let dialog = format!("/t/atlas-search/keys?dialog=rotate&key={old}");
        let fields = [("team", SLUG), ("id", old.as_str())];
        let back = browser.refused_form(&dialog, "/fn/rotate_key", &fields).await;
        for said in [
            "A key needs a budget of $10.00 or less here. Maya (owner) can change the policy.",
            "A key needs an expiry here. Maya (owner) can change the policy.",
        ] {
            assert!(back.contains(said), "{said}: {back}");
        }
        assert_eq!(back.matches("role=\"alert\"").count(), 2, "{back}");
        assert!(back.contains("Rotate ci?"), "the dialog stays");
    })
    .await;
}
