//! Many callers at once at one limit, some of whom leave: it is used up, and never exceeded; and what a restart leaves of it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{StreamExt, future::join_all, stream};
use serde_json::json;

use super::{World, error, in_a_world, limits::Scopes, request};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        limit_scopes::{Allowance, Scope},
        limits::Limits,
        money::{DOLLAR, Price},
        time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
    },
    service::{metering::Meter, quota::Quota},
    tests::support::{
        limits::{budget, check_counters, db_limit, rpm, standing},
        people,
    },
};

/// At $10 in and $200 out: a call costs $0.013 and reserves at most $0.02.
async fn add_dear_model(world: &World) {
    let mut simulated = people::simulated("dear-simulator");
    (simulated.simulation.first_token_ms, simulated.simulation.per_token_ms) = (0, 0);
    simulated.simulation.output_tokens = 64;
    world.services.create_provider(&world.maya, simulated).await.unwrap();
    let mut model = people::model("dear", "dear-simulator");
    model.prices.input = Some(Price(10 * DOLLAR));
    model.prices.output = Some(Price(200 * DOLLAR));
    model.restricted = Some(false);
    world.add_model(model).await;
}

fn dear(stream: bool) -> String {
    json!({"model": "dear", "max_tokens": 85, "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}).to_string()
}

#[tokio::test]
async fn of_two_hundred_callers_over_five_keys_twenty_pass() {
    in_a_world(async |world| {
        let scopes = Scopes::of(&world, "sim").await;
        let mut keys = vec![world.key.clone()];
        for at in 0..4 {
            let new = NewApiKey { name: format!("key-{at}"), kind: KeyKind::Person, expires_at: None };
            keys.push(world.services.create_key(&world.maya, "atlas-search", new).await.unwrap().key);
        }
        db_limit(&world.services, scopes.team, Scope::Team(scopes.team), rpm(20)).await;
        let calls = (0..200).map(|at| {
            let call = world.request(reqwest::Method::POST, "/v1/chat/completions").bearer_auth(&keys[at % 5]);
            async { call.body(request("sim", false)).send().await.unwrap().status().as_u16() }
        });
        let statuses = join_all(calls).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 180);
        assert_eq!(standing(&world.services, scopes.team, Scope::Team(scopes.team)).windows[0].requests, 20);
        check_counters(&world.services, scopes.team, &scopes.all).await;
        // A minute and a part of it later all have left.
        world.services.clock.advance(MINUTE_MS + SECOND_MS);
        assert_eq!(world.ask("sim", false).await.status(), 200);
        world
    })
    .await;
}

#[tokio::test]
async fn a_spending_limit_is_used_up_and_never_exceeded() {
    in_a_world(async |world| {
        add_dear_model(&world).await;
        let scopes = Scopes::of(&world, "dear").await;
        for (at, scope) in scopes.all.iter().enumerate() {
            db_limit(&world.services, scopes.team, *scope, budget(DOLLAR)).await;
            spend_all(&world, at % 2 == 0).await;
            let spent = standing(&world.services, scopes.team, *scope).spent.0;
            assert!(spent <= DOLLAR && spent > DOLLAR * 98 / 100, "{scope:?}: {spent}");
            let booked: i64 = {
                check_counters(&world.services, scopes.team, &scopes.all).await;
                standing(&world.services, scopes.team, Scope::Team(scopes.team)).spent.0
            };
            assert_eq!(booked, spent, "all are counted everywhere");
            db_limit(&world.services, scopes.team, *scope, Allowance::default()).await;
            world.services.clock.advance(31 * DAY_MS);
        }
        world
    })
    .await;
}

/// Many callers, of whom some leave in the middle, until nobody's call fits any more.
async fn spend_all(world: &World, streamed: bool) {
    let made = AtomicUsize::new(0);
    let caller = async || {
        loop {
            let number = made.fetch_add(1, Ordering::Relaxed);
            let stream = streamed && !number.is_multiple_of(3);
            let call = world.chat(dear(stream)).send();
            if number.is_multiple_of(7) {
                // Leaves before the answer's head.
                tokio::select! {
                    biased;
                    () = tokio::task::yield_now() => continue,
                    _ = call => continue,
                }
            }
            let response = call.await.unwrap();
            if response.status() == 429 {
                return;
            }
            let mut pieces = response.bytes_stream();
            let _first = pieces.next().await;
            if number.is_multiple_of(2) {
                while pieces.next().await.is_some() {}
            }
        }
    };
    stream::iter((0..16).map(|_| caller())).buffer_unordered(16).collect::<Vec<()>>().await;
    // What the last ones held may be free by now.
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let response = world.chat(dear(false)).send().await.unwrap();
        if response.status() == 429 && world.services.calls.is_empty() {
            return;
        }
    }
    panic!("the budget is never used up");
}

#[tokio::test]
async fn counters_survive_a_restart_and_what_was_open_is_counted_once() {
    in_a_world(async |mut world| {
        let scopes = Scopes::of(&world, "sim").await;
        for _ in 0..3 {
            assert_eq!(world.ask("sim", false).await.status(), 200);
        }
        world.services.clock.advance(2 * HOUR_MS);
        assert_eq!(world.ask("sim", true).await.text().await.unwrap().matches("[DONE]").count(), 1);
        check_counters(&world.services, scopes.team, &scopes.all).await;
        let before: Vec<_> = scopes.all.iter().map(|scope| standing(&world.services, scopes.team, *scope)).collect();
        assert_eq!((before[0].windows[1].requests, before[0].windows[2].requests), (1, 4));
        assert!(before[0].spent.0 > 0);

        let folder = world.folder.path().to_owned();
        let clock = world.services.clock.clone();
        world.services = crate::tests::support::database::services_over(world.services.store.clone()).await;
        world.services.clock = clock.clone();
        world.services.quota = Quota::default();
        world.services = world.services.clone().with_meter(Meter::open(&folder, clock).unwrap());
        world.services.recover_calls().await.unwrap();
        world.services.recover_counters().await.unwrap();
        world.services.recover_counters().await.unwrap();
        world.serve_anew().await;
        let after: Vec<_> = scopes.all.iter().map(|scope| standing(&world.services, scopes.team, *scope)).collect();
        assert_eq!(before, after);
        db_limit(
            &world.services,
            scopes.team,
            Scope::Team(scopes.team),
            Allowance { limits: Limits { rpd: Some(5), ..Limits::default() }, ..Allowance::default() },
        )
        .await;
        assert_eq!(world.ask("sim", false).await.status(), 200);
        assert_eq!(error(world.ask("sim", false).await).await, (429, "rate_limit_exceeded".into()));
        world
    })
    .await;
}
