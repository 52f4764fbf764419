//! Running streams of those who lose their right to them: each ends with an error event at its next chunk, and what it sent is paid.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::support::{
    TestApp,
    accounts::{PASSWORD, first_admin},
    app::{Client, Reply},
    invariants, on_each_database,
    people::{self, db_join, db_person},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::Simulation,
        roles::Role,
        teams::TeamView,
        time::HOUR_MS,
    },
    service::{Caller, Services, catalog::ProviderInput},
    storage::RowExt,
};

/// A team with a model whose streams take twenty seconds.
async fn slow_team(services: &Services, owner: &Caller) -> TeamView {
    let simulation = Simulation { first_token_ms: 0, per_token_ms: 20, output_tokens: 1_000, ..Simulation::default() };
    services.create_provider(owner, ProviderInput { simulation, ..people::simulated("slow") }).await.unwrap();
    services.create_model(owner, people::model("slow", "slow")).await.unwrap();
    people::team(services, owner).await
}

async fn create_key(app: &TestApp, caller: &Caller, team: &TeamView) -> String {
    let expires_at = Some(app.services.clock.now().plus(HOUR_MS));
    let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at };
    app.services.create_key(caller, &team.slug, new).await.unwrap().key
}

fn call(stream: bool) -> serde_json::Value {
    json!({"model": "slow", "stream": stream, "messages": [{"role": "user", "content": "Hello"}]})
}

/// A stream of which something was forwarded already.
async fn running(app: &TestApp, client: Client) -> tokio::task::JoinHandle<(Client, Reply)> {
    let before = app.services.calls.len();
    let stream = tokio::spawn(async move {
        let reply = client.post("/v1/chat/completions", call(true)).await;
        (client, reply)
    });
    while app.services.calls.len() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream
}

/// The stream has ended with this code, the next call is refused with it, and what was sent is paid.
async fn has_ended(app: &TestApp, stream: tokio::task::JoinHandle<(Client, Reply)>, code: &str) {
    let (client, reply) = tokio::time::timeout(Duration::from_secs(5), stream).await.expect("within five seconds").unwrap();
    let text = reply.text();
    assert_eq!(reply.status, 200);
    assert!(text.starts_with("data: {\"id\"") && !text.contains("[DONE]"), "{text}");
    let last: serde_json::Value = serde_json::from_str(text.trim_end().rsplit("data: ").next().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], code);
    assert_eq!(client.post("/v1/chat/completions", call(false)).await.expect(401)["error"]["code"], code);

    while app.services.book_ended_calls().await.unwrap() > 0 {}
    let mut c = app.services.store.reader().await.unwrap();
    let newest = "SELECT outcome, status, cost, completion_tokens, estimated FROM usage_events WHERE code = $1 ORDER BY at DESC";
    let row = sqlx::query(newest).bind(code).fetch_one(&mut *c).await.unwrap();
    assert_eq!(row.text("outcome").unwrap(), "cancelled");
    assert_eq!((row.int("status").unwrap(), row.flag("estimated").unwrap()), (200, true));
    let tokens = row.int("completion_tokens").unwrap();
    assert!((2..500).contains(&tokens) && row.int("cost").unwrap() > tokens * 2_000, "{tokens} tokens");
    drop(c);
    invariants::check(&app.services).await;
}

async fn db_run(services: &Services, sql: &'static str) {
    let mut tx = services.store.begin().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    services.refresh_snapshot().await.unwrap();
}

/// A20: disabling an account ends its sessions, its tokens, its keys and what runs with them.
#[tokio::test]
async fn a_disabled_account_loses_sessions_keys_and_its_running_stream() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = Caller::system(first_admin(&services).await);
        let team = slow_team(&app.services, &maya).await;
        let key = create_key(&app, &maya, &team).await;
        let browser = app.browser();
        browser.post("/api/v1/auth/login", json!({"email": maya.user.email, "password": PASSWORD})).await.expect(200);
        let token = app.api(&maya).await;
        for client in [&browser, &token] {
            client.get("/api/v1/me").await.expect(200);
        }
        let stream = running(&app, app.key(&key)).await;
        db_run(&app.services, "UPDATE users SET disabled_at = 1").await;
        for client in [&browser, &token] {
            client.get("/api/v1/me").await.expect(401);
        }
        has_ended(&app, stream, "api_key_revoked").await;
    })
    .await;
}

#[tokio::test]
async fn a_key_that_falls_ends_its_running_stream_and_no_other() {
    on_each_database(|services| async move {
        let app = Arc::new(TestApp::new(&services));
        let maya = db_person(&services, "Maya", true).await;
        let team = slow_team(&app.services, &maya).await;
        let noor = db_person(&services, "Noor", false).await;
        db_join(&app.services, &team, &noor, Role::Member).await;
        let new = NewApiKey { name: "others".into(), kind: KeyKind::Application, expires_at: None };
        let other = app.services.create_key(&maya, &team.slug, new).await.unwrap();
        let undisturbed = running(&app, app.key(&other.key)).await;

        let stream = running(&app, app.key(&create_key(&app, &noor, &team).await)).await;
        let keys = app.services.list_keys(&maya, &team.slug, Default::default()).await.unwrap().items;
        let key = keys.iter().find(|key| key.user == noor.user.id).unwrap().id;
        // A rotation cuts nothing, revoking another key neither.
        app.services.rotate_key(&maya, &team.slug, other.id).await.unwrap();
        app.services.revoke_key(&noor, &team.slug, key).await.unwrap();
        has_ended(&app, stream, "api_key_revoked").await;

        let stream = running(&app, app.key(&create_key(&app, &noor, &team).await)).await;
        app.services.clock.advance(HOUR_MS);
        has_ended(&app, stream, "api_key_expired").await;

        let stream = running(&app, app.key(&create_key(&app, &noor, &team).await)).await;
        app.services.remove_member(&maya, &team.slug, noor.user.id).await.unwrap();
        has_ended(&app, stream, "api_key_revoked").await;

        assert!(!undisturbed.is_finished());
        undisturbed.abort();
    })
    .await;
}

#[tokio::test]
async fn a_deleted_team_ends_its_running_streams() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let maya = db_person(&services, "Maya", true).await;
        let team = slow_team(&app.services, &maya).await;
        let stream = running(&app, app.key(&create_key(&app, &maya, &team).await)).await;
        db_run(
            &app.services,
            "UPDATE api_keys SET revoked_at = 1 WHERE team_id IN (SELECT id FROM teams WHERE kind = 'team');
             UPDATE teams SET deleted_at = 1 WHERE kind = 'team'",
        )
        .await;
        let (_, reply) = tokio::time::timeout(Duration::from_secs(5), stream).await.expect("within five seconds").unwrap();
        assert!(reply.text().contains("api_key_revoked"), "{}", reply.text());
    })
    .await;
}
