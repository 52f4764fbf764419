//! K07, K11, K13, K15: keys under load, in the wrong hands, guessed at, and with another's money.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::Method;
use serde_json::json;

use super::support::{
    START, TestApp, invariants,
    limits::{budget, db_limit, standing},
    on_each_database,
    people::{self, db_join, db_person, team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        limit_scopes::Scope,
        money::DOLLAR,
        plan_changes::Wanted,
        platform::PersonalModels,
        roles::Role,
    },
    service::{Caller, Services, access::decide::KeyRefusal, catalog::ProviderInput, key_secrets::make_secret},
};

async fn owner_with_model(services: &Services) -> Caller {
    let maya = db_person(services, "Maya", true).await;
    let mut simulated: ProviderInput = people::simulated("simulator");
    (simulated.simulation.first_token_ms, simulated.simulation.per_token_ms) = (0, 0);
    services.create_provider(&maya, simulated).await.unwrap();
    services.create_model(&maya, people::model("sim", "simulator")).await.unwrap();
    team(services, &maya).await;
    maya
}

fn person_key(name: &str) -> NewApiKey {
    NewApiKey { name: name.into(), kind: KeyKind::Person, expires_at: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_that_begins_after_a_revocation_is_let_through() {
    on_each_database(|services| async move {
        let maya = owner_with_model(&services).await;
        let app = TestApp::new(&services);
        let key = services.create_key(&maya, "atlas-search", person_key("loaded")).await.unwrap();
        let revoked = Arc::new(AtomicBool::new(false));
        let callers = (0..8).map(|_| {
            let (client, revoked) = (app.key(&key.key), Arc::clone(&revoked));
            tokio::spawn(async move {
                let (mut good, mut refused) = (0, 0);
                while refused < 10 {
                    let began_after = revoked.load(Ordering::SeqCst);
                    let call = json!({"model": "sim", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]});
                    match client.post("/v1/chat/completions", call).await.status.as_u16() {
                        200 => {
                            assert!(!began_after, "a revoked key was let through");
                            good += 1;
                        }
                        401 => refused += 1,
                        other => panic!("status {other}"),
                    }
                }
                good
            })
        });
        let callers: Vec<_> = callers.collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        services.revoke_key(&maya, "atlas-search", key.id).await.unwrap();
        revoked.store(true, Ordering::SeqCst);
        let mut good = 0;
        for caller in callers {
            good += caller.await.unwrap();
        }
        assert!(good >= 8, "the key worked before: {good} calls");
    })
    .await;
}

#[tokio::test]
async fn members_change_the_name_of_a_key_and_nothing_that_is_not_theirs() {
    on_each_database(|services| async move {
        let maya = owner_with_model(&services).await;
        let atlas = services.get_team(&maya, "atlas-search").await.unwrap();
        let noor = db_person(&services, "Noor", false).await;
        db_join(&services, &atlas, &noor, Role::Member).await;
        let own = services.create_key(&noor, "atlas-search", person_key("noors")).await.unwrap();
        let other = services.create_key(&maya, "atlas-search", person_key("mayas")).await.unwrap();
        let app = TestApp::new(&services);
        let api = app.api(&noor).await;
        let before = rows(&services).await;
        let path = |id: &dyn std::fmt::Display| format!("/api/v1/teams/atlas-search/keys/{id}");
        for change in ["user", "owner", "team", "team_id", "models", "limits", "routes", "kind", "secret_hash", "revoked_at"] {
            let reply = api.json(Method::PATCH, &path(&own.id), json!({ "name": "x", change: 1 })).await;
            assert_eq!(reply.status, 400, "{change}: {}", reply.text());
        }
        api.json(Method::PATCH, &path(&other.id), json!({ "name": "x" })).await.expect(404);
        api.post(&format!("{}/rotate", path(&other.id)), json!({})).await.expect(404);
        api.delete(&path(&other.id)).await.expect(404);
        assert_eq!(rows(&services).await, before);
    })
    .await;
}

/// All keys, as they are stored.
async fn rows(services: &Services) -> Vec<(String, String, Option<i64>)> {
    let mut c = services.store.reader().await.unwrap();
    let sql = "SELECT id, name || kind || team_id || user_id || secret_hash AS facts, revoked_at FROM api_keys ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(&mut *c).await.unwrap();
    rows.iter().map(|row| (sqlx::Row::get(row, 0), sqlx::Row::get(row, 1), sqlx::Row::get(row, 2))).collect()
}

#[tokio::test]
async fn a_guess_takes_as_long_whatever_it_begins_with() {
    on_each_database(|services| async move {
        let maya = owner_with_model(&services).await;
        let key = services.create_key(&maya, "atlas-search", person_key("k")).await.unwrap().key;
        let snapshot = services.snapshot();
        let mut medians = vec![];
        for known_start in [true, false] {
            let mut times: Vec<Duration> = (0..500_u16)
                .map(|n| {
                    let mut bytes = [0; 32];
                    bytes[..2].copy_from_slice(&n.to_be_bytes());
                    let guess = make_secret("tg_", bytes);
                    let guess = if known_start { format!("{}{}", &key[..20], &guess[20..]) } else { guess };
                    let started = Instant::now();
                    assert_eq!(snapshot.authenticate(&guess, START).unwrap_err(), KeyRefusal::Unknown);
                    started.elapsed()
                })
                .collect();
            times.sort();
            medians.push(times[250]);
        }
        assert!(medians[0].abs_diff(medians[1]) < Duration::from_millis(1), "{medians:?}");
    })
    .await;
}

/// K13: a person's own space and a team that they are in are two purses. Neither pays for the other's calls, and neither's end stops them.
#[tokio::test]
async fn a_personal_key_and_a_team_key_each_spend_their_own_money() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        let mut provider = people::simulated("sim");
        (provider.simulation.first_token_ms, provider.simulation.per_token_ms) = (0, 0);
        services.create_provider(&maya, provider).await.unwrap();
        services.create_model(&maya, people::model("labs/chat", "sim")).await.unwrap();
        services.update_platform_settings(&maya, None, Some(PersonalModels::General)).await.unwrap();
        let team = team(&services, &maya).await;
        db_join(&services, &team, &noor, Role::Member).await;
        let app = TestApp::new(&services);
        app.services.change_plan(&maya, "atlas-search", &Wanted::Plan("Starter".into(), Some(2))).await.unwrap();
        let own = noor.user.personal_team;
        db_limit(&services, own, Scope::Team(own), budget(DOLLAR)).await;
        let mut keys = vec![];
        for context in ["atlas-search", "me"] {
            let new = NewApiKey { name: context.into(), kind: KeyKind::Person, expires_at: None };
            keys.push(app.key(&services.create_key(&noor, context, new).await.unwrap().key));
        }
        let call = async |at: usize| {
            let body = json!({"model": "labs/chat", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]});
            let reply = keys[at].post("/v1/chat/completions", body).await;
            app.services.book_ended_calls().await.unwrap();
            let code =
                if reply.status == 429 { reply.value()["error"]["code"].as_str().unwrap().to_owned() } else { String::new() };
            (reply.status.as_u16(), code)
        };
        let balance = async || app.services.get_billing(&maya, "atlas-search").await.unwrap().balance.unwrap();
        let spent = || standing(&app.services, own, Scope::Team(own)).spent.0;
        let full = balance().await;
        assert_eq!(call(0).await, (200, String::new()));
        let left = balance().await;
        assert!(left < full && spent() == 0, "the team pays for its key");
        assert_eq!(call(1).await, (200, String::new()));
        assert!(balance().await == left && spent() > 0, "the person's space for theirs");
        // Without any balance the team's key stops, and the person's goes on.
        app.services.adjust_balance(&maya, "atlas-search", -left, "Empty").await.unwrap();
        assert_eq!(call(0).await, (429, "insufficient_balance".into()));
        assert_eq!(call(1).await, (200, String::new()));
        assert_eq!(balance().await, 0);
        // And the reverse.
        app.services.adjust_balance(&maya, "atlas-search", DOLLAR, "Back").await.unwrap();
        db_limit(&services, own, Scope::Team(own), budget(0)).await;
        let before = spent();
        assert_eq!(call(1).await, (429, "spending_limit_reached".into()));
        assert_eq!(call(0).await, (200, String::new()));
        assert!(spent() == before && balance().await < DOLLAR);
        invariants::check(&services).await;
    })
    .await;
}
