//! Calls to upstream providers: one HTTP client for all of them, behind the [`AddressGuard`]. Redirects are not followed, proxies of
//! the environment are not used, certificates are always verified. What a provider says never leaves this module as an error text.

mod connection_test;
pub mod guard;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::{
    Method, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};

pub use guard::AddressGuard;

use crate::{domain::ids::CallId, service::vault::Secret};

/// How long upstream may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamTimeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// From sending to the first byte of the answer.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For a whole answer.
    pub total: Duration,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(30 * 60),
        }
    }
}

/// Sends calls to providers.
#[derive(Clone, Debug)]
pub struct UpstreamClient {
    http: reqwest::Client,
    guard: Arc<AddressGuard>,
    /// How long upstream may take.
    pub timeouts: UpstreamTimeouts,
}

/// A request to a provider.
#[derive(Debug)]
pub struct UpstreamRequest<'a> {
    /// The provider's address.
    pub base_url: &'a str,
    /// What to ask for, such as `/chat/completions`.
    pub path: &'static str,
    /// Credential.
    pub secret: Option<&'a Secret>,
    /// JSON to post; a `GET` without.
    pub body: Option<Bytes>,
    /// An event stream is wanted.
    pub stream: bool,
    /// The gateway call that this is for: its id goes along, so that both sides' logs can be laid beside each other.
    pub call: Option<CallId>,
}

/// What a provider answered: its status, and its body as it comes.
pub struct UpstreamAnswer {
    /// Status.
    pub status: u16,
    /// Content type, lower case, without parameters.
    pub content_type: String,
    /// Seconds of `retry-after`, where it was sent as a number.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: UpstreamBody,
}

/// The pieces of a body.
pub type UpstreamBody = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, UpstreamFault>> + Send>>;

/// Why there is no answer, or none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// The address is not one that calls may go to.
    #[error("the address is not allowed")]
    NotAllowed,
    /// The name does not resolve, nobody listens, or TLS failed: nothing was sent.
    #[error("no connection")]
    NoConnection,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// Nothing came in time.
    #[error("timed out")]
    TimedOut,
}

impl UpstreamClient {
    /// A client. Fails only where TLS can not be set up.
    pub fn new(guard: AddressGuard, timeouts: UpstreamTimeouts) -> Result<Self, reqwest::Error> {
        Self::over(reqwest::Client::builder(), guard, timeouts)
    }

    /// A client that trusts one root more than others do: certificates are judged by their hosts and dates all the same.
    #[cfg(test)]
    pub(crate) fn trusting(root: &[u8], guard: AddressGuard, timeouts: UpstreamTimeouts) -> Result<Self, reqwest::Error> {
        let root = reqwest::Certificate::from_der(root)?;
        Self::over(reqwest::Client::builder().add_root_certificate(root), guard, timeouts)
    }

    fn over(builder: reqwest::ClientBuilder, guard: AddressGuard, timeouts: UpstreamTimeouts) -> Result<Self, reqwest::Error> {
        let guard = Arc::new(guard);
        let http = builder
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(Duration::from_secs(60))
            .dns_resolver(Arc::new(GuardedResolver(guard.clone())))
            .user_agent("tallygate")
            .build()?;
        Ok(Self { http, guard, timeouts })
    }

    /// The rule for addresses.
    pub fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(&self, request: UpstreamRequest<'_>) -> Result<UpstreamAnswer, UpstreamFault> {
        let url = Url::parse(&format!("{}{}", request.base_url, request.path)).map_err(|_| UpstreamFault::NotAllowed)?;
        // Literals never reach the resolver, so they are checked here, before every call: the list may have become shorter.
        self.guard.check_url(&url).map_err(|_| UpstreamFault::NotAllowed)?;
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(ACCEPT, HeaderValue::from_static(if request.stream { "text/event-stream" } else { "application/json" }));
        if let Some(secret) = request.secret {
            let mut value =
                HeaderValue::try_from(format!("Bearer {}", secret.expose())).map_err(|_| UpstreamFault::NotAllowed)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(call) = request.call.and_then(|id| HeaderValue::try_from(id.to_string()).ok()) {
            // The name that OpenAI documents for it; others ignore it.
            headers.insert("x-client-request-id", call);
        }
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let mut call = self.http.request(method, url).headers(headers);
        if let Some(body) = request.body {
            call = call.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        }
        let answer = match tokio::time::timeout(self.timeouts.first_byte, call.send()).await {
            Err(_) => return Err(UpstreamFault::TimedOut),
            Ok(Err(error)) => return Err(classify(&error)),
            Ok(Ok(answer)) => answer,
        };
        let text = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let content_type = text("content-type").and_then(|t| t.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
        let retry_after_s = text("retry-after").and_then(|seconds| seconds.parse().ok());
        let status = answer.status().as_u16();
        let body = answer.bytes_stream().map(|piece| piece.map_err(|error| classify(&error))).boxed();
        Ok(UpstreamAnswer { status, content_type, retry_after_s, body })
    }
}

/// Resolves names, and keeps only addresses that calls may go to: a name that points inside finds nobody.
#[derive(Debug)]
struct GuardedResolver(Arc<AddressGuard>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| guard.allows_resolved(name.as_str(), address.ip())).collect();
            if allowed.is_empty() {
                return Err(UpstreamFault::NotAllowed.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The kind of a failure; its text may quote addresses and credentials, so it goes no further.
fn classify(error: &reqwest::Error) -> UpstreamFault {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(UpstreamFault::NotAllowed) = cause.downcast_ref() {
            return UpstreamFault::NotAllowed;
        }
        source = cause.source();
    }
    if error.is_connect() {
        UpstreamFault::NoConnection
    } else if error.is_timeout() {
        UpstreamFault::TimedOut
    } else {
        UpstreamFault::Broken
    }
}
