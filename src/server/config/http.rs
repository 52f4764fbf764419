//! Addresses, proxies, time-outs and limits of the HTTP edge.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ipnet::IpNet;
use url::{Host, Url};

use super::{
    ConfigError, Source,
    source::{variable_name, wrong},
};

/// The HTTP edge.
#[derive(Clone, Debug)]
pub struct Http {
    /// `TALLYGATE_ADDR`: address and port to listen on. Default: Leptos' `site-addr`, `127.0.0.1:3000`.
    pub addr: SocketAddr,
    /// `TALLYGATE_PUBLIC_URL`: where people and clients reach this installation. Default: `http://` and the address.
    pub public_url: Url,
    /// `TALLYGATE_TRUSTED_PROXIES`: addresses or networks whose `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// `TALLYGATE_INSECURE_COOKIES`: allows a public URL that is plain HTTP although it is not this machine. Default: false.
    pub insecure_cookies: bool,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How large things may be.
    pub limits: Limits,
}

/// How long things may take; none is infinite.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// `TALLYGATE_HEADER_TIMEOUT`: a request's head. Default: 10 s.
    pub header: Duration,
    /// `TALLYGATE_BODY_TIMEOUT`: a request's body. Default: 30 s.
    pub body: Duration,
    /// `TALLYGATE_IDLE_TIMEOUT`: a connection between two requests. Default: 60 s.
    pub idle: Duration,
    /// `TALLYGATE_WRITE_TIMEOUT`: a client that takes nothing of its answer. Default: 30 s.
    pub write: Duration,
    /// `TALLYGATE_DRAIN_TIMEOUT`: what is in flight when the server is told to stop. Default: 30 s.
    pub drain: Duration,
    /// `TALLYGATE_CONNECT_TIMEOUT`: a connection to a provider. Default: 10 s.
    pub connect: Duration,
    /// `TALLYGATE_FIRST_BYTE_TIMEOUT`: a provider's first byte. Default: 120 s.
    pub first_byte: Duration,
    /// `TALLYGATE_STREAM_IDLE_TIMEOUT`: a provider's stream between two chunks. Default: 60 s.
    pub stream_idle: Duration,
    /// `TALLYGATE_STREAM_TOTAL_TIMEOUT`: a provider's whole answer. Default: 30 min.
    pub stream_total: Duration,
}

/// How large things may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `TALLYGATE_MAX_CONNECTIONS`: connections at a time; more wait in the system's queue. Default: 4096.
    pub connections: usize,
    /// `TALLYGATE_MAX_GATEWAY_BODY`: bytes of a body sent to `/v1`. Default: 10 MiB, at most 32 MiB.
    pub gateway_body: usize,
    /// `TALLYGATE_MAX_DASHBOARD_BODY`: bytes of a body sent to anything else. Default: 256 KiB.
    pub dashboard_body: usize,
}

impl Http {
    pub(super) fn read(source: &mut Source<'_>, site_addr: SocketAddr) -> Result<Self, ConfigError> {
        let addr =
            source.parsed("addr", "an address and port such as 127.0.0.1:3000", |text| text.parse().ok())?.unwrap_or(site_addr);
        let public_url = source
            .parsed("public_url", "a URL such as https://tallygate.example, without path, query or user", parse_origin)?
            .unwrap_or_else(|| own_url(addr));
        let trusted_proxies = source.list(
            "trusted_proxies",
            "addresses or networks such as 10.0.0.7 or 10.0.0.0/8, separated by commas",
            parse_network,
        )?;
        let insecure_cookies = source.switch("insecure_cookies", false)?;
        if public_url.scheme() == "http" && !is_loopback(&public_url) && !insecure_cookies {
            let expected = format!(
                "https, because session cookies would travel in the clear; set {}=true where that is meant",
                variable_name("insecure_cookies")
            );
            return Err(wrong("public_url", public_url.as_str(), &expected));
        }
        let (timeouts, limits) = (Timeouts::read(source)?, Limits::read(source)?);
        Ok(Self { addr, public_url, trusted_proxies, insecure_cookies, timeouts, limits })
    }

    /// The public URL without a slash at the end: what links begin with, and what a browser sends as `Origin`.
    pub fn public_origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether people reach this installation over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// Whether this installation is for this machine alone.
    pub fn is_local(&self) -> bool {
        is_loopback(&self.public_url)
    }
}

impl Timeouts {
    fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        let seconds = Duration::from_secs;
        Ok(Self {
            header: source.duration("header_timeout", seconds(10))?,
            body: source.duration("body_timeout", seconds(30))?,
            idle: source.duration("idle_timeout", seconds(60))?,
            write: source.duration("write_timeout", seconds(30))?,
            drain: source.duration("drain_timeout", seconds(30))?,
            connect: source.duration("connect_timeout", seconds(10))?,
            first_byte: source.duration("first_byte_timeout", seconds(120))?,
            stream_idle: source.duration("stream_idle_timeout", seconds(60))?,
            stream_total: source.duration("stream_total_timeout", seconds(1_800))?,
        })
    }
}

impl Limits {
    fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            connections: source.number("max_connections", 1..=1_000_000, 4_096)?,
            gateway_body: source.number("max_gateway_body", 1_024..=32 << 20, 10 << 20)?,
            dashboard_body: source.number("max_dashboard_body", 1_024..=32 << 20, 256 << 10)?,
        })
    }
}

fn parse_origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.host().is_some() && bare).then_some(url)
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn own_url(addr: SocketAddr) -> Url {
    // Nobody can visit 0.0.0.0 or [::].
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Url::parse(&format!("http://{}", SocketAddr::new(ip, addr.port()))).expect("a socket address makes a URL")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
