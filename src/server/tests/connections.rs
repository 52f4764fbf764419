//! The accept loop against real sockets, with short time limits.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use super::Server;

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }).post(|body: String| async move { body }))
}

#[tokio::test]
async fn half_a_head_and_silence_are_closed() {
    let server = Server::start(hello()).await;
    for start in ["", "P", "PRI * HT", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let (_, took) = server.exchange(start.as_bytes()).await;
        assert!(took < Duration::from_secs(2), "{start:?} was held for {took:?}");
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_closed() {
    let server = Server::start(hello()).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let started = Instant::now();
    for byte in b"GET / HTTP/1.1\r\nHost: tallygate.example\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
        if stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_idle_connection_lives_longer_than_a_head_may_take() {
    let server = Server::start(hello()).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let mut buffer = [0; 512];
    for _ in 0..2 {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        tokio::time::sleep(Duration::from_millis(450)).await;
    }
    let closed = tokio::time::timeout(Duration::from_secs(3), stream.read(&mut buffer)).await;
    assert_eq!(closed.expect("it is closed after a while").unwrap_or(0), 0);
}

/// X17: what a proxy in front might read another way is refused, at once and whole.
#[tokio::test]
async fn a_message_with_two_possible_ends_is_400_and_the_connection_closes() {
    let server = Server::start(hello()).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for message in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost : a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808000\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
        "PROPFIND / HTTP/1.1\nHost: a\n\n",
    ] {
        // At once, behind a good request, and byte by byte.
        let (answer, took) = server.exchange(format!("{message}{smuggled}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.matches("HTTP/1.1").count() == 1, "{message:?}: {answer}");
        assert!(took < Duration::from_secs(3), "{message:?} was held for {took:?}");
        let before = "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
        let (answer, _) = server.exchange(format!("{before}{message}{smuggled}").as_bytes()).await;
        let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, ["200", "200", "400"], "{message:?}: {answer}");
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in message.as_bytes() {
            drop(stream.write_all(&[*byte]).await);
        }
        let mut answer = String::new();
        drop(tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await.expect("it is closed"));
        assert!(answer.starts_with("HTTP/1.1 400") && answer.matches("HTTP/1.1").count() == 1, "{message:?}: {answer}");
    }
}

#[tokio::test]
async fn bodies_of_both_kinds_may_follow_each_other() {
    let server = Server::start(hello()).await;
    let sized = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nGET /\n\r\n\n";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6;ext=1\r\n0\r\n\r\n\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let (answer, _) = server.exchange(format!("{sized}{chunked}\r\n{sized}{last}").as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 4, "{answer}");
    assert!(answer.contains("0\r\n\r\n\nhello") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn too_many_headers_are_431() {
    let server = Server::start(hello()).await;
    let many: String = (0..200).map(|i| format!("X-{i}: a\r\n")).collect();
    let (answer, _) = server.exchange(format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let large: String = (0..20).map(|i| format!("X-{i}: {}\r\n", "a".repeat(8 << 10))).collect();
    let (answer, _) = server.exchange(format!("GET / HTTP/1.1\r\nHost: a\r\n{large}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut() {
    let endless = || async {
        let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 << 10]));
        axum::body::Body::from_stream(chunks)
    };
    let server = Server::start(Router::new().route("/", get(endless))).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // Takes nothing until well after the limit; what the system buffered is still there, and then an end.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut taken = 0;
    let mut buffer = vec![0; 1 << 20];
    let end = async {
        while let Ok(read) = stream.read(&mut buffer).await {
            if read == 0 {
                break;
            }
            taken += read;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), end).await.expect("the connection has ended");
    assert!(taken > 0);
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_end_and_cuts_the_rest() {
    let started = Arc::new(tokio::sync::Notify::new());
    let slow = {
        let started = started.clone();
        move |millis: u64| {
            let started = started.clone();
            async move {
                started.notify_one();
                tokio::time::sleep(Duration::from_millis(millis)).await;
                "done"
            }
        }
    };
    let long = slow.clone();
    let router = Router::new().route("/short", get(move || slow(300))).route("/long", get(move || long(600_000)));
    let server = Server::start(router).await;
    let ask = async |path: &str| {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        started.notified().await;
        stream
    };
    let (mut short, mut long) = (ask("/short").await, ask("/long").await);
    let begun = Instant::now();
    server.acceptor.shut_down().await;
    assert!((Duration::from_millis(1_500)..Duration::from_secs(6)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let mut answer = String::new();
    short.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    let mut nothing = Vec::new();
    long.read_to_end(&mut nothing).await.unwrap_or_default();
    assert!(nothing.is_empty());
    assert!(TcpStream::connect(server.addr).await.is_err() || begun.elapsed() > Duration::ZERO);
}

#[tokio::test]
async fn a_refused_upload_still_sees_its_answer() {
    let refuse = || async { (axum::http::StatusCode::PAYLOAD_TOO_LARGE, [("connection", "close")], "too large") };
    let server = Server::start(Router::new().route("/", get(|| async {}).post(refuse))).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n").await.unwrap();
    let chunk = vec![b'x'; 64 << 10];
    for _ in 0..200 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 413"));
}
