//! Kills the server with SIGKILL at random moments under load and restarts it on the same data. The witness is the upstream's own
//! log: each call that it received is in the database exactly once, completed or interrupted, a stream charged as of its last
//! checkpoint, and each answer whose end a client saw is completed. The team has a spending limit that is reached again and again: after
//! each restart no more is spent than it allows, and what it has left can be spent. On SQLite, and on PostgreSQL where
//! `TALLYGATE_TEST_POSTGRES_URL` names one. `TALLYGATE_SEED` repeats a run, `TALLYGATE_LONG=1` makes it ten times as long, and
//! `TALLYGATE_TEST_SERVER=target/dist/tallygate` takes the server that people run.

#[path = "crash/clients.rs"]
mod clients;
#[path = "crash/platform.rs"]
mod platform;
#[path = "crash/upstream.rs"]
mod upstream;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sqlx::{AnyConnection, Connection};
use tallygate::{
    domain::{
        ids::TeamId,
        limit_scopes::{Allowance, Scope},
        money::{BasisPoints, DOLLAR, Item, NanoUsd, Price, Rounding, charge},
    },
    service::{Random, Services},
    storage::{self, RowExt, limits::LimitRow},
};

use clients::{Load, Seen};
use platform::Platform;
use upstream::{PROMPT_TOKENS, Served, Upstream};

/// Clients with streams, and as many without.
const CLIENTS: usize = 6;
/// A checkpoint is at most one second old, on its way from upstream and counting included.
const CHECKPOINT_AGE: Duration = Duration::from_secs(1);

/// What a server may spend beyond what was spent before it.
const SHARE: i64 = DOLLAR / 20;
/// What a call of the load reserves at most: 180 tokens at $15, and its prompt at $3.
const DEAREST_CALL: i64 = DOLLAR / 200;

/// A booked call.
#[derive(Debug)]
struct Booked {
    outcome: String,
    stream: bool,
    prompt: i64,
    completion: i64,
    cost: i64,
    loss: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_servers_lose_no_call_and_count_none_twice_on_sqlite() {
    kill_and_count(Platform::new(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_servers_lose_no_call_and_count_none_twice_on_postgres() {
    let Ok(server) = std::env::var("TALLYGATE_TEST_POSTGRES_URL") else { return };
    sqlx::any::install_default_drivers();
    let name = format!("crash_{}", std::process::id());
    run(&server, format!("CREATE DATABASE {name}")).await;
    let mut url = url::Url::parse(&server).expect("TALLYGATE_TEST_POSTGRES_URL is an address");
    url.set_path(&name);
    kill_and_count(Platform::new(Some(url.into()))).await;
    run(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn run(server: &str, sql: String) {
    let mut connection = AnyConnection::connect(server).await.expect("PostgreSQL answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("it does as it is told");
}

async fn kill_and_count(platform: Platform) {
    let seed = std::env::var("TALLYGATE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let rounds = if std::env::var_os("TALLYGATE_LONG").is_some() { 200 } else { 20 };
    let chance = Random::seeded(seed);
    let (upstream, address) = Upstream::start().await;
    let key = platform.set_up(&address).await;
    let services = platform.services().await;
    let seen = Seen::default();
    let mut kills: HashMap<String, Instant> = HashMap::new();
    let mut limit = 0;
    for round in 0..rounds {
        limit = limit.max(spent(&services).await + SHARE);
        set_spending_limit(&services, limit).await;
        let server = platform.start().await;
        // Everything that the server before left behind is booked before this one is ready.
        check(&services, &upstream.log(), &seen.all(), &kills).await;
        assert!(spent(&services).await <= limit, "more is spent than the limit allows");
        let load = Load::start(&server.url, &key, seed + round, CLIENTS, &seen);
        // Some servers die young, with hardly a call; some when streams have been running for a while.
        tokio::time::sleep(Duration::from_millis(u64::from(80 + chance.below(1_700)))).await;
        // What this says was sent more than a second before, was sent more than a second before the end.
        let killed = Instant::now();
        server.kill();
        load.stop().await;
        for id in upstream.log().into_keys() {
            kills.entry(id).or_insert(killed);
        }
    }
    // Whatever was killed holds nothing any more: all that the limit has left can be spent.
    limit = limit.max(spent(&services).await + SHARE);
    set_spending_limit(&services, limit).await;
    let server = platform.start().await;
    check(&services, &upstream.log(), &seen.all(), &kills).await;
    let load = Load::start(&server.url, &key, seed, CLIENTS, &seen);
    let begun = Instant::now();
    while spent(&services).await <= limit - DEAREST_CALL {
        assert!(begun.elapsed() < Duration::from_secs(60), "what the limit has left can not be spent");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (stopped, ()) = tokio::join!(server.stop(), load.stop());
    assert!(stopped, "SIGTERM ends the server well");
    check(&services, &upstream.log(), &seen.all(), &kills).await;
    assert!(spent(&services).await <= limit, "more is spent than the limit allows");

    let log = upstream.log();
    let booked = booked(&services).await;
    let count = |stream, outcome: &str| booked.values().filter(|call| call.stream == stream && call.outcome == outcome).count();
    println!(
        "seed {seed}: {rounds} kills, {} calls upstream, {} ends seen; streams: {} completed, {} interrupted; others: {}, {}",
        log.len(),
        seen.all().len(),
        count(true, "completed"),
        count(true, "interrupted"),
        count(false, "completed"),
        count(false, "interrupted")
    );
    assert!(
        count(true, "interrupted") > 20 && count(true, "completed") > 10 && count(false, "completed") > 20,
        "too little was tried"
    );
    assert!(booked.values().any(|call| call.outcome == "interrupted" && call.completion > 0), "no checkpoint was tried");
    let left = std::fs::read_dir(platform.data_dir().join("spool")).expect("a spool").count();
    assert!(left <= 1, "booked segments are removed: {left} are left");
    services.store.close().await;
}

async fn check(services: &Services, log: &HashMap<String, Served>, seen: &[String], kills: &HashMap<String, Instant>) {
    let booked = booked(services).await;
    for (id, served) in log {
        // The id is the table's key: a call that is there is there once.
        let call = booked.get(id).unwrap_or_else(|| panic!("{id} was sent upstream and is not booked: {served:?}"));
        assert_eq!(call.stream, served.stream);
        match call.outcome.as_str() {
            "completed" => assert_eq!((call.prompt, call.completion), (PROMPT_TOKENS, served.planned), "{id}"),
            "interrupted" if served.stream => {
                let killed = kills.get(id).copied().unwrap_or_else(Instant::now);
                let surely = served.sent.iter().filter(|at| killed.saturating_duration_since(**at) > CHECKPOINT_AGE).count();
                let within = surely as i64..=served.sent.len() as i64;
                assert!(within.contains(&call.completion), "{id}: {} tokens are charged, not {within:?}", call.completion);
            }
            "interrupted" => assert_eq!(call.cost, 0, "{id}: the platform bears a plain call that was interrupted"),
            other => panic!("{id} is booked as {other}"),
        }
        // Somebody pays for what was used: the team, or, where its client saw nothing, the platform.
        let items = [(call.prompt, 3), (call.completion, 15)]
            .map(|(n, dollars)| Item { units: n as u64, price: Price(dollars * DOLLAR) });
        let used = charge(&items, BasisPoints(0), Rounding::HalfUp).map(|cost| cost.0);
        assert!(call.prompt > 0 && Some(call.cost + call.loss) == used && (call.cost == 0 || call.loss == 0), "{id}: {call:?}");
        let is_borne = call.outcome == "interrupted" && (!call.stream || call.completion == 0);
        assert!(call.loss == 0 || is_borne, "{id}: {call:?}");
    }
    for (id, call) in &booked {
        assert!(log.contains_key(id) || call.outcome == "interrupted", "{id} was never sent and is booked as {}", call.outcome);
    }
    for id in seen {
        assert_eq!(booked[id].outcome, "completed", "a client saw the end of {id}");
    }
    assert_eq!(services.find_broken_invariants().await.expect("the database answers"), Vec::<String>::new());
}

async fn spent(services: &Services) -> i64 {
    let mut c = services.store.reader().await.expect("the database answers");
    let sum = sqlx::query("SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) AS spent FROM usage_events").fetch_one(&mut *c).await;
    sum.expect("the events are there").int("spent").expect("a sum")
}

/// As the limit of a team, which the next server reads.
async fn set_spending_limit(services: &Services, limit: i64) {
    let mut tx = services.store.begin().await.expect("a transaction");
    let team = storage::teams::find(&mut tx, "atlas").await.expect("the database answers").expect("the team");
    let team_id: TeamId = team.id;
    let organization = Scope::Organization(team.organization.expect("an organization"));
    let row = LimitRow {
        scope: Scope::Team(team_id),
        parent: Some(organization),
        root: organization,
        team: Some(team_id),
        allowance: Allowance { budget: Some(NanoUsd(limit)), ..Allowance::default() },
        version: 0,
    };
    storage::limits::put(&mut tx, &row, services.clock.now()).await.expect("it lies within the organization's");
    tx.commit().await.expect("it commits");
}

async fn booked(services: &Services) -> HashMap<String, Booked> {
    let mut c = services.store.reader().await.expect("the database answers");
    let sql =
        "SELECT id, outcome, stream, prompt_tokens, completion_tokens, cost, loss FROM usage_events WHERE outcome <> 'refused'";
    let rows = sqlx::query(sql).fetch_all(&mut *c).await.expect("the events are there");
    let read = |row: &sqlx::any::AnyRow| -> Result<(String, Booked), sqlx::Error> {
        let booked = Booked {
            outcome: row.text("outcome")?,
            stream: row.flag("stream")?,
            prompt: row.int("prompt_tokens")?,
            completion: row.int("completion_tokens")?,
            cost: row.int("cost")?,
            loss: row.int("loss")?,
        };
        Ok((row.text("id")?, booked))
    };
    rows.iter().map(|row| read(row).expect("a readable row")).collect()
}
