//! D02, D03, D05, D06 over real sockets, with the product's own router behind: what is too slow, too large or too deep.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Server, config};
use crate::{
    domain::api_keys::{KeyKind, NewApiKey},
    server::{Edge, config::Config, router},
    service::{Services, Settings, metering::Meter},
    tests::support::{on_each_database, people},
};

/// The product with short time limits, and a key.
async fn product(services: &Services, spool: &std::path::Path) -> (Server, String) {
    let mut services = services.clone().with_meter(Meter::open(spool, services.clock.clone()).unwrap());
    let mut settings = Settings::clone(&services.settings);
    settings.call_body_timeout = Duration::from_millis(400);
    services.settings = std::sync::Arc::new(settings);
    let maya = people::db_person(&services, "Maya", true).await;
    let team = people::team(&services, &maya).await;
    let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
    let key = services.create_key(&maya, &team.slug, new).await.unwrap().key;
    let mut config: Config = config();
    config.http.timeouts.body = Duration::from_millis(400);
    (Server::start(router(&Edge::new(services, config))).await, key)
}

/// The head of a post to a door, without the line that ends it.
fn heads(key: &str) -> [String; 2] {
    let of = |path: &str, more: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nContent-Type: application/json\r\n{more}")
    };
    [of("/api/v1/auth/login", ""), of("/v1/chat/completions", &format!("Authorization: Bearer {key}\r\n"))]
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or_default()
}

#[tokio::test]
async fn a_body_that_trickles_is_408_and_the_connection_closes() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let (server, key) = product(&services, spool.path()).await;
        for head in heads(&key) {
            let mut stream = TcpStream::connect(server.addr).await.unwrap();
            stream.write_all(format!("{head}Content-Length: 100000\r\n\r\n").as_bytes()).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            let trickle = tokio::spawn(async move {
                while writer.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
            let mut answer = String::new();
            let read = tokio::time::timeout(Duration::from_secs(5), reader.read_to_string(&mut answer)).await;
            drop(read.expect("it is closed"));
            trickle.abort();
            assert_eq!(status(&answer), "408", "{head}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn oversized_bodies_are_413_without_being_read() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let (server, key) = product(&services, spool.path()).await;
        for head in heads(&key) {
            let (answer, took) = server.exchange(format!("{head}Content-Length: 9223372036854775808\r\n\r\n{{").as_bytes()).await;
            assert_eq!(status(&answer), "413", "{head}: {answer}");
            assert!(took < Duration::from_secs(4), "{took:?}");
            // Without a length: read up to the limit.
            let mut stream = TcpStream::connect(server.addr).await.unwrap();
            stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            let flood = tokio::spawn(async move {
                let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
                while writer.write_all(&chunk).await.is_ok() {}
            });
            let mut first = [0; 12];
            tokio::time::timeout(Duration::from_secs(10), reader.read_exact(&mut first)).await.expect("in time").unwrap();
            assert_eq!(status(&String::from_utf8_lossy(&first)), "413", "{head}");
            // What still comes is thrown away for a moment, so that the client sees the answer; then there is an end.
            tokio::time::timeout(Duration::from_secs(10), flood).await.expect("it is cut off").unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn deep_wide_and_odd_json_is_400_at_once() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let (server, key) = product(&services, spool.path()).await;
        let [login, chat] = heads(&key);
        let many = format!("{{{}\"model\":1}}", (0..200_000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
        for (head, body) in [
            (&login, "[".repeat(100_000)),
            (&chat, "[".repeat(100_000)),
            (&chat, format!(r#"{{"model":"m","messages":{}"#, "[".repeat(1_000_000))),
            (&chat, format!(r#"{{"model":"m","messages":[{{"content":{}1{}}}]}}"#, "[".repeat(5_000), "]".repeat(5_000))),
            (&chat, many),
            (&chat, r#"{"model":"m","messages":[{}],"max_tokens":1e99999}"#.into()),
            (&chat, r#"{"model":"m","messages":[{}],"temperature":1e99999"#.into()),
            (&chat, format!(r#"{{"model":1,"messages":"{}"}}"#, "x".repeat(10_000_000))),
        ] {
            let request = format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let (answer, took) = server.exchange(request.as_bytes()).await;
            assert!(matches!(status(&answer), "400" | "404"), "{}: {answer}", &body[..60.min(body.len())]);
            // 200 ms on a quiet machine, built for release.
            assert!(took < Duration::from_secs(3), "{}: {took:?}", &body[..60.min(body.len())]);
        }
    })
    .await;
}

#[tokio::test]
async fn oversized_heads_are_431_or_414() {
    on_each_database(|services| async move {
        let spool = tempfile::tempdir().unwrap();
        let (server, _) = product(&services, spool.path()).await;
        let wide: String = (0..200).map(|n| format!("X-{n}: {}\r\n", "a".repeat(8 << 10))).collect();
        let wide = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n{wide}\r\n");
        let long = |length| format!("GET /{} HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n\r\n", "a".repeat(length));
        for (request, expected) in [(wide, ["431", "431"]), (long(9 << 10), ["414", "414"]), (long(64 << 10), ["414", "431"])] {
            let (answer, took) = server.exchange(request.as_bytes()).await;
            assert!(expected.contains(&status(&answer)), "{expected:?}: {answer}");
            assert!(took < Duration::from_secs(4), "{took:?}");
        }
    })
    .await;
}
