//! F05: what happens while the database is locked or gone. Calls go on, because they are decided in memory and written to the spool;
//! everything else says that it can not work now. Nothing is unmetered, and nothing panics.

use std::time::Duration;

use serde_json::json;

use super::support::{
    TestApp,
    database::{on_each_address, services_over},
    invariants,
    people::{self, db_person},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        usage::{Outcome, TestCalls},
    },
    service::{Caller, catalog::ProviderInput, metering::Meter, usage::CallQuery},
    storage::{Engine, Store},
};

/// A running product, its owner, and a key for the model `sim`.
async fn product(url: &str) -> (TestApp, Caller, String) {
    let services = services_over(Store::connect(url).await.unwrap()).await;
    let maya = db_person(&services, "Maya", true).await;
    let mut simulated: ProviderInput = people::simulated("simulator");
    (simulated.simulation.first_token_ms, simulated.simulation.per_token_ms) = (0, 0);
    services.create_provider(&maya, simulated).await.unwrap();
    services.create_model(&maya, people::model("sim", "simulator")).await.unwrap();
    let team = people::team(&services, &maya).await;
    let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
    let key = services.create_key(&maya, &team.slug, new).await.unwrap().key;
    (TestApp::new(&services), maya, key)
}

fn call(stream: bool) -> serde_json::Value {
    json!({"model": "sim", "stream": stream, "messages": [{"role": "user", "content": "Hello"}]})
}

#[tokio::test]
async fn a_locked_database_holds_up_booking_and_no_call() {
    on_each_address(async |url| {
        let (app, maya, key) = product(&url).await;
        let other = Store::connect(&url).await.unwrap();
        let mut lock = other.begin().await.unwrap();
        if other.engine() == Engine::Postgres {
            sqlx::raw_sql("LOCK TABLE usage_events IN EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
        }
        let client = app.key(&key);
        for stream in [false, true] {
            assert_eq!(client.post("/v1/chat/completions", call(stream)).await.status, 200);
        }
        let booking = tokio::spawn({
            let services = app.services.clone();
            async move { services.book_ended_calls().await }
        });
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(!booking.is_finished(), "it waits for the lock");
        assert_eq!(client.post("/v1/chat/completions", call(false)).await.status, 200);
        lock.rollback().await.unwrap();
        booking.await.unwrap().unwrap();
        while app.services.book_ended_calls().await.unwrap() > 0 {}
        let calls = app.services.list_calls(&maya, "atlas-search", CallQuery::default()).await.unwrap().items;
        assert_eq!(calls.len(), 3);
        invariants::check(&app.services).await;
        other.close().await;
        app.services.store.close().await;
    })
    .await;
}

#[tokio::test]
async fn calls_go_on_without_the_database_and_are_booked_when_it_is_back() {
    on_each_address(async |url| {
        let (app, maya, key) = product(&url).await;
        let token = app.api(&maya).await;
        token.get("/api/v1/me").await.expect(200);
        app.services.store.close().await;

        let client = app.key(&key);
        for stream in [false, true] {
            let reply = client.post("/v1/chat/completions", call(stream)).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
        }
        let mut refused = call(false);
        refused["model"] = json!("nope");
        client.post("/v1/chat/completions", refused).await.expect(404);
        assert!(app.services.book_ended_calls().await.is_err());
        for (client, path) in [(&token, "/api/v1/me"), (&token, "/api/v1/teams"), (&client, "/readyz")] {
            assert_eq!(client.get(path).await.status, 503, "{path}");
        }
        assert_eq!(client.get("/healthz").await.status, 200);
        let sign_in = json!({"email": "maya@northwind.example", "password": "correct horse battery"});
        assert_eq!(app.program().post("/api/v1/auth/login", sign_in).await.status, 503);

        let store = Store::connect(&url).await.unwrap();
        let meter = Meter::open(app.folder.path(), app.services.clock.clone()).unwrap();
        let services = services_over(store).await.with_meter(meter);
        let found = services.recover_calls().await.unwrap();
        assert_eq!((found.ended, found.interrupted), (3, 0));
        let query = CallQuery { test: TestCalls::Include, ..CallQuery::default() };
        let calls = services.list_calls(&maya, "atlas-search", query).await.unwrap().items;
        let completed = calls.iter().filter(|call| call.outcome == Outcome::Completed && call.cost > 0).count();
        assert_eq!((calls.len(), completed), (3, 2));
        invariants::check(&services).await;
        services.store.close().await;
    })
    .await;
}
