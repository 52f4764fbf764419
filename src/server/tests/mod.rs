//! The server against real sockets.

mod bodies;
mod connections;
mod live;
mod stopping;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{config::Config, listen::Acceptor, metrics::Counters};

/// An accept loop on a free port, with short time limits.
struct Server {
    acceptor: Acceptor,
    addr: SocketAddr,
}

/// Short time limits.
fn config() -> Config {
    let variables = [
        ("TALLYGATE_HEADER_TIMEOUT", "300ms"),
        ("TALLYGATE_IDLE_TIMEOUT", "700ms"),
        ("TALLYGATE_WRITE_TIMEOUT", "300ms"),
        ("TALLYGATE_DRAIN_TIMEOUT", "2s"),
    ];
    Config::read("", &|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())).unwrap()
}

impl Server {
    async fn start(router: Router) -> Self {
        Self::telling(router, CancellationToken::new()).await
    }

    /// A server that says when it cuts what is in flight.
    async fn telling(router: Router, cut: CancellationToken) -> Self {
        let acceptor = Acceptor::new(router, &config().http, Arc::new(Counters::default())).telling(cut);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn({
            let acceptor = acceptor.clone();
            async move { acceptor.run(listener).await }
        });
        Self { acceptor, addr }
    }

    /// Sends bytes and reads until the server closes; also says how long that took.
    async fn exchange(&self, bytes: &[u8]) -> (String, Duration) {
        let started = Instant::now();
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        read.expect("the server closes in time").unwrap_or_default();
        (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
    }
}
