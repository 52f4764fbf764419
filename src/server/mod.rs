//! Composition: reads the configuration, builds the services, puts the doors in front of them and runs all of it until it is told to
//! stop. Decides nothing itself.

mod assets;
mod call_tail;
pub mod cli;
pub mod config;
mod connection;
mod doctor;
mod framing;
mod health;
mod layers;
mod listen;
pub mod live;
mod mailed_links;
mod metrics;
mod overview_live;
mod pages;
mod playground;
mod router;
mod secret_key;
pub mod start;
mod telemetry;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio_util::sync::CancellationToken;

use crate::service::Services;
use assets::Assets;
use config::Config;
use metrics::Counters;

pub use router::router;

/// What layers and handlers of the edge share. Cheap to clone.
#[derive(Clone)]
pub struct Edge {
    services: Services,
    config: Arc<Config>,
    counters: Arc<Counters>,
    leptos: LeptosOptions,
    assets: Assets,
    /// Streams that pages have open, by person.
    streams: live::Streams,
    /// Set when the server is about to stop: load balancers should send requests elsewhere.
    stopping: CancellationToken,
}

impl Edge {
    /// An edge in front of services.
    pub fn new(services: Services, config: Config) -> Self {
        let leptos = assets::with_hashes(config.site.options.clone());
        let assets = Assets::new(Path::new(&*leptos.site_root));
        Self {
            services,
            config: Arc::new(config),
            counters: Arc::default(),
            leptos,
            assets,
            streams: live::Streams::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// Name of the cookie that holds the session's id. Browsers accept the `__Host-` prefix over TLS only.
    fn session_cookie(&self) -> &'static str {
        if self.config.http.is_https() { "__Host-sid" } else { "sid" }
    }

    /// Name of the cookie that tells a browser that somebody signed in with before.
    fn device_cookie(&self) -> &'static str {
        if self.config.http.is_https() { "__Host-device" } else { "device" }
    }
}

impl FromRef<Edge> for LeptosOptions {
    fn from_ref(edge: &Edge) -> Self {
        edge.leptos.clone()
    }
}

impl FromRef<Edge> for Services {
    fn from_ref(edge: &Edge) -> Self {
        edge.services.clone()
    }
}
