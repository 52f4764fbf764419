//! The accept loop. hyper-util's server under limits of our own: axum's has none for the head of a request.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, response::Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{
    config::{Http, Limits, Timeouts},
    connection::{Activity, TimedIo, TrackedBody},
    metrics::Counters,
};

/// How long connections may take to fall once they are cut.
const CUT: Duration = Duration::from_secs(5);

/// Connections that the system keeps until they are accepted. Where a crowd comes at once and finds no room, some of its clients take
/// themselves for connected while the server knows nothing of them.
const BACKLOG: u32 = 4_096;

/// Listens on an address.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart need not wait until the system has forgotten the connections before.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// The other end of the connection that a request came in on; an extension of every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Everything that a connection is served with.
#[derive(Clone)]
pub struct Acceptor {
    router: Router,
    timeouts: Timeouts,
    limits: Limits,
    counters: Arc<Counters>,
    tasks: TaskTracker,
    /// Ends accepting and idle connections; requests in flight go on.
    stop: CancellationToken,
    /// Cuts what is still in flight.
    cut: CancellationToken,
}

impl Acceptor {
    /// An acceptor for a router.
    pub fn new(router: Router, http: &Http, counters: Arc<Counters>) -> Self {
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        Self { router, timeouts: http.timeouts, limits: http.limits, counters, tasks: TaskTracker::new(), stop, cut }
    }

    /// The same acceptor, which tells others when it cuts what is in flight.
    #[must_use]
    pub fn telling(mut self, cut: CancellationToken) -> Self {
        self.cut = cut;
        self
    }

    /// Accepts connections until it is told to stop.
    pub async fn run(&self, listener: TcpListener) {
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            let slot = tokio::select! {
                () = self.stop.cancelled() => return,
                // The semaphore is never closed.
                slot = Arc::clone(&slots).acquire_owned() => match slot { Ok(slot) => slot, Err(_) => return },
            };
            let (stream, peer) = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors, mostly: others must end before the next can come in.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            let connection = self.clone().serve(stream, peer);
            self.tasks.spawn(async move {
                connection.await;
                drop(slot);
            });
        }
    }

    /// Stops accepting, lets requests in flight end for as long as the drain time-out says, then cuts them.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(self.timeouts.drain, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                connections = self.tasks.len(),
                "requests were still running at the end of the drain time and were cut"
            );
            self.cut.cancel();
            // A handler of an HTTP/2 stream may not notice that its connection is gone.
            drop(tokio::time::timeout(CUT, self.tasks.wait()).await);
        }
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        // Nagle's algorithm holds small chunks of a stream back for 40 ms.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let _open = self.counters.connection();
        let activity = Arc::new(Activity::default());
        let io = TokioIo::new(TimedIo::new(stream, Arc::clone(&activity), self.timeouts));
        let service = ConnectionService { router: self.router, activity, peer };
        let connection = builder(self.tasks).serve_connection(io, service).into_owned();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = self.cut.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            // Mostly clients that went away; only worth a line when somebody looks for it.
            tracing::debug!(error, "a connection ended early");
        }
    }
}

/// HTTP/2's streams are tasks of the server like all others.
#[derive(Clone)]
struct Streams(TaskTracker);

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

fn builder(tasks: TaskTracker) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams(tasks));
    // `TimedIo` limits heads and silence: hyper's own limit would close idle connections after the time for a head.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_headers(100).max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .initial_stream_window_size(64 << 10)
        .initial_connection_window_size(1 << 20)
        .max_header_list_size(32 << 10)
        .max_send_buf_size(256 << 10);
    builder
}

#[derive(Clone)]
struct ConnectionService {
    router: Router,
    activity: Arc<Activity>,
    peer: SocketAddr,
}

type ServiceFuture = Pin<Box<dyn Future<Output = Result<Response<TrackedBody<Body>>, Infallible>> + Send>>;

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<TrackedBody<Body>>;
    type Error = Infallible;
    type Future = ServiceFuture;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let in_flight = self.activity.start();
        let mut request = request.map(|body| Body::new(UnsyncBoxBody::new(body)));
        request.extensions_mut().insert(Peer(self.peer));
        let router = self.router.clone();
        Box::pin(async move {
            let response = router.oneshot(request).await?;
            Ok(response.map(|body| TrackedBody::new(body, in_flight)))
        })
    }
}
