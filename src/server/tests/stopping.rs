//! Stops and faults with calls in flight: none is lost from the books.

use axum::{Router, middleware::from_fn_with_state, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, config};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::Simulation,
        usage::Outcome,
    },
    server::{Edge, layers::identify::identify, router},
    service::{catalog::ProviderInput, metering::Meter, usage::CallQuery},
    tests::support::{invariants, on_each_database, people},
};

/// S09, F03: at a stop with streams under way, short ones end, long ones are cut, and each is booked once.
#[tokio::test]
async fn a_stop_books_every_stream() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let services = services.clone().with_meter(Meter::open(spool.path(), services.clock.clone()).unwrap());
        let maya = people::db_person(&services, "Maya", true).await;
        for (name, output_tokens) in [("short", 40), ("long", 100_000)] {
            let simulation = Simulation { first_token_ms: 0, per_token_ms: 10, output_tokens, ..Simulation::default() };
            services.create_provider(&maya, ProviderInput { simulation, ..people::simulated(name) }).await.unwrap();
            let model = people::model(name, name);
            services.create_model(&maya, crate::domain::catalog::NewModel { max_output: 100_000, default_output: None, ..model }).await.unwrap();
        }
        let team = people::team(&services, &maya).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&maya, &team.slug, new).await.unwrap().key;

        let server = Server::start(router(&Edge::new(services.clone(), config()))).await;
        let mut streams = vec![];
        for n in 0..20 {
            let body = format!(r#"{{"model":"{}","stream":true,"messages":[{{"role":"user","content":"hi"}}]}}"#, ["short", "long"][n % 2]);
            let head = format!("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n");
            let mut stream = TcpStream::connect(server.addr).await.unwrap();
            stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
            let mut first = [0; 15];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"HTTP/1.1 200 OK");
            streams.push(stream);
        }
        server.acceptor.shut_down().await;
        services.calls.close();
        services.calls.wait().await;
        services.book_ended_calls().await.unwrap();

        let mut ended_well = 0;
        for mut stream in streams {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap_or_default();
            ended_well += usize::from(String::from_utf8_lossy(&rest).contains("[DONE]"));
        }
        let calls = services.list_calls(&maya, &team.slug, CallQuery::default()).await.unwrap().items;
        let count = |outcome| calls.iter().filter(|call| call.outcome == outcome).count();
        assert_eq!((calls.len(), count(Outcome::Completed), count(Outcome::Cancelled)), (20, 10, 10));
        assert_eq!(ended_well, 10);
        assert!(calls.iter().all(|call| call.completion_tokens > 0 && call.cost > 0));
        invariants::check(&services).await;
    })
    .await;
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
