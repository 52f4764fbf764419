//! Stops and faults with calls in flight: none is lost from the books.

use std::time::Duration;

use axum::{Router, middleware::from_fn_with_state, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, config};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::{NewModel, Simulation},
        usage::{CallRow, Outcome},
    },
    server::{Edge, layers::identify::identify, router, start::end_calls},
    service::{Caller, Services, catalog::ProviderInput, metering::Meter, usage::CallQuery},
    storage::RowExt,
    tests::support::{invariants, on_each_database, people},
};

/// S09, F03: at a stop with calls under way, short ones end and long ones are cut, and each is booked once: a cut stream is charged for
/// what it sent, a cut plain call is the platform's loss, whether its client waits or has left.
#[tokio::test]
async fn a_stop_books_every_call() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let services = services.clone().with_meter(Meter::open(spool.path(), services.clock.clone()).unwrap());
        let maya = people::db_person(&services, "Maya", true).await;
        for (name, output_tokens) in [("short", 40), ("long", 100_000)] {
            let simulation = Simulation { first_token_ms: 0, per_token_ms: 10, output_tokens, ..Simulation::default() };
            services.create_provider(&maya, ProviderInput { simulation, ..people::simulated(name) }).await.unwrap();
            let model = NewModel { max_output: 100_000, default_output: None, ..people::model(name, name) };
            services.create_model(&maya, model).await.unwrap();
        }
        let team = people::team(&services, &maya).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&maya, &team.slug, new).await.unwrap().key;

        let server = Server::telling(router(&Edge::new(services.clone(), config())), services.cut.clone()).await;
        let ask = async |model: &str, stream: bool| {
            let body = format!(r#"{{"model":"{model}","stream":{stream},"messages":[{{"role":"user","content":"hi"}}]}}"#);
            let head = format!(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
            );
            let mut client = TcpStream::connect(server.addr).await.unwrap();
            client.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
            client
        };
        let mut streams = vec![];
        for n in 0..20 {
            let mut stream = ask(["short", "long"][n % 2], true).await;
            let mut first = [0; 15];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"HTTP/1.1 200 OK");
            streams.push(stream);
        }
        let mut waiting = vec![];
        for _ in 0..5 {
            waiting.push(ask("long", false).await);
        }
        while services.calls.len() < 25 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.acceptor.shut_down().await;
        end_calls(&services, Duration::from_millis(400)).await;
        services.book_ended_calls().await.unwrap();

        let mut ended_well = 0;
        for mut stream in streams {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap_or_default();
            ended_well += usize::from(String::from_utf8_lossy(&rest).contains("[DONE]"));
        }
        assert_eq!(ended_well, 10);
        let calls = booked(&services, &maya, &team.slug).await;
        let of = |stream, outcome| calls.iter().filter(move |call| call.stream == stream && call.outcome == outcome);
        assert_eq!(calls.len(), 25);
        assert_eq!((of(true, Outcome::Completed).count(), of(true, Outcome::Interrupted).count()), (10, 10));
        assert_eq!(of(false, Outcome::Interrupted).count(), 5);
        assert!(calls.iter().filter(|call| call.stream).all(|call| call.completion_tokens > 0 && call.cost > 0));
        assert!(of(false, Outcome::Interrupted).all(|call| call.cost == 0 && call.prompt_tokens > 0 && call.estimated));
        assert_eq!(losses(&services).await, 5, "each names what the platform bears");
        invariants::check(&services).await;
    })
    .await;
}

/// A plain call outlives its client; at the end of the drain it is cut, and booked by this process, not by the next one.
#[tokio::test]
async fn calls_whose_clients_left_are_interrupted_when_the_drain_gives_up() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let services = services.clone().with_meter(Meter::open(spool.path(), services.clock.clone()).unwrap());
        let maya = people::db_person(&services, "Maya", true).await;
        let simulation = Simulation { first_token_ms: 120_000, ..Simulation::default() };
        services.create_provider(&maya, ProviderInput { simulation, ..people::simulated("slow") }).await.unwrap();
        services.create_model(&maya, people::model("slow", "slow")).await.unwrap();
        let team = people::team(&services, &maya).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&maya, &team.slug, new).await.unwrap().key;
        let app = router(&Edge::new(services.clone(), config()));
        let call = axum::http::Request::post("/v1/chat/completions")
            .header("host", "a")
            .header("x-api-key", key)
            .body(axum::body::Body::from(r#"{"model":"slow","messages":[{"role":"user","content":"hi"}]}"#));
        let client = tokio::spawn(tower::ServiceExt::oneshot(app, call.unwrap()));
        while services.calls.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        client.abort();
        end_calls(&services, Duration::from_millis(50)).await;
        assert!(services.calls.is_empty());
        assert_eq!(services.book_ended_calls().await.unwrap(), 1);
        let calls = booked(&services, &maya, &team.slug).await;
        assert_eq!((calls[0].outcome, calls[0].cost), (Outcome::Interrupted, 0));
        assert_eq!(losses(&services).await, 1);
        invariants::check(&services).await;
    })
    .await;
}

async fn booked(services: &Services, caller: &Caller, team: &str) -> Vec<CallRow> {
    services.list_calls(caller, team, CallQuery::default()).await.unwrap().items
}

/// How many calls are a loss of the platform.
async fn losses(services: &Services) -> i64 {
    let mut c = services.store.reader().await.unwrap();
    let row = sqlx::query("SELECT COUNT(*) AS n FROM usage_events WHERE loss > 0 AND cost = 0").fetch_one(&mut *c).await.unwrap();
    row.int("n").unwrap()
}

/// F13: a panic is a 500 with the request's id, and the next request is served.
#[tokio::test]
async fn a_panic_is_one_answer_and_no_more() {
    on_each_database(|services| async move {
        let edge = Edge::new(services, config());
        let fault = || async {
            if std::hint::black_box(true) {
                panic!("a fault, as a test of the net under it")
            }
        };
        let router = Router::new()
            .route("/panic", get(fault))
            .route("/ok", get(|| async { "ok" }))
            .layer(from_fn_with_state(edge, identify));
        let server = Server::start(router).await;
        let ask = async |path: &str| {
            server.exchange(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await.0
        };
        let answer = ask("/panic").await;
        assert!(answer.starts_with("HTTP/1.1 500") && !answer.contains("a fault"), "{answer}");
        let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().to_owned();
        assert!(answer.contains(&format!("Reference: {id}")), "{answer}");
        assert!(ask("/ok").await.ends_with("ok"));
    })
    .await;
}
