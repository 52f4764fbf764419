//! Open streams and a stop: they end at once, and nobody waits for them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use super::{Server, config};
use crate::{
    server::{Edge, router},
    tests::support::{
        TestApp,
        accounts::browser,
        on_each_database,
        people::{db_person, team},
    },
};

#[tokio::test]
async fn a_stop_ends_open_streams_at_once() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let sid = browser(&TestApp::new(&services), &maya).await.cookie("sid").expect("a session");
        let edge = Edge::new(services.clone(), config());
        let server = Server::start(router(&edge)).await;
        let host = &edge.config.http.public_url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let request = format!("GET /t/atlas-search/logs/tail HTTP/1.1\r\nHost: {host}\r\nCookie: sid={sid}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut answer, mut piece) = (String::new(), [0; 4_096]);
        while !answer.contains(": open") {
            let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut piece)).await.expect("a beginning").unwrap();
            assert!(read > 0, "the stream stands, not {answer}");
            answer.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        }
        // Longer than the times after which silent connections are closed.
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        // As browsers do, the client closes when the server has.
        let rest = tokio::spawn(async move {
            let mut rest = String::new();
            stream.read_to_string(&mut rest).await.map(|_| rest)
        });
        let began = Instant::now();
        edge.stopping.cancel();
        server.acceptor.shut_down().await;
        // Long before the next sign of life of an open stream.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let rest = rest.await.unwrap().unwrap();
        assert!(rest.ends_with("0\r\n\r\n") && !rest.contains("over"), "it ends whole, so that it is asked for again: {rest}");
    })
    .await;
}
