//! From a configuration to running services, and from a signal to a clean stop. Every task of the product is spawned here or in the
//! accept loop, stops on one token, and is awaited.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Edge,
    config::Config,
    listen::{self, Acceptor},
    metrics, router, secret_key,
};
use crate::{
    service::{
        Clock, Random, ServiceError, Services, Settings,
        metering::{DataDirLock, Meter},
        upstream::UpstreamTimeouts,
    },
    storage::Store,
};

/// How long background tasks may take to write down what they hold.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// How long calls that are cut may take to note their end.
const CUT: Duration = Duration::from_secs(5);

/// Why the product does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A sentence for the operator.
    #[error("{0}")]
    Refused(String),
    /// The database could not be used.
    #[error("The database of TALLYGATE_DATABASE_URL can not be used: {0}.")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("The database could not be migrated: {0}.")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl From<ServiceError> for StartError {
    fn from(error: ServiceError) -> Self {
        Self::Refused(match error {
            ServiceError::Invalid(fields) => fields.0.into_iter().map(|(_, message)| message).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        })
    }
}

/// Refuses with a sentence about an input or output error.
fn io_refusal(what: String) -> impl FnOnce(io::Error) -> StartError {
    move |error| StartError::Refused(format!("{what}: {error}."))
}

/// Makes the data directory where it is missing; nobody else may look into it.
pub fn make_data_dir(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;

    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(io_refusal(format!("TALLYGATE_DATA_DIR is \"{}\", but can not be made", path.display())))
}

/// Keeps other processes from using the data directory at the same time.
pub fn lock_data_dir(path: &Path) -> Result<DataDirLock, StartError> {
    make_data_dir(path)?;
    DataDirLock::acquire(path)
        .map_err(io_refusal(format!("TALLYGATE_DATA_DIR is \"{}\", which can not be locked", path.display())))
}

/// Services over a migrated database; the meter is closed.
pub async fn open_services(config: &Config) -> Result<Services, StartError> {
    make_data_dir(&config.storage.data_dir)?;
    let store = Store::connect(config.storage.database_url.expose()).await?;
    store.migrate().await?;
    let services = services_over(store, config).await?;
    services.fill_statistics().await?;
    Ok(services)
}

/// Services over an installation as it is: nothing is made and nothing is migrated.
pub async fn look_at_services(config: &Config) -> Result<Services, StartError> {
    let file = config.storage.data_dir.join("tallygate.db");
    if config.storage.database_url.expose().starts_with("sqlite://")
        && config.storage.database_url.expose().ends_with(&*file.to_string_lossy())
        && !file.exists()
    {
        return Err(StartError::Refused(format!("There is no database at {} yet: start the server once.", file.display())));
    }
    services_over(Store::connect(config.storage.database_url.expose()).await?, config).await
}

async fn services_over(store: Store, config: &Config) -> Result<Services, StartError> {
    let clock = match &config.platform.test_clock {
        Some(file) => {
            tracing::warn!("TALLYGATE_TEST_CLOCK is set: the clock is not the machine's");
            let clock = Clock::Shifted(Arc::default());
            clock.shift_to(offset_in(file));
            clock
        }
        None => Clock::System,
    };
    let random = Random::System;
    let vault = secret_key::open_vault(&config.storage, &store, &clock, &random).await?;
    Ok(Services::new(store, clock, random, vault, settings(config)).await?)
}

/// How often a test's clock is looked at.
const TEST_CLOCK: Duration = Duration::from_millis(20);

/// How far ahead a test wants the clock to be.
fn offset_in(file: &Path) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

async fn follow_test_clock(file: PathBuf, clock: Clock, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TEST_CLOCK);
    while !stop.is_cancelled() {
        ticks.tick().await;
        clock.shift_to(offset_in(&file));
    }
}

/// What the services need of the configuration.
pub fn settings(config: &Config) -> Settings {
    let timeouts = &config.http.timeouts;
    Settings {
        public_url: config.http.public_origin(),
        allowed_upstreams: config.platform.allowed_upstreams.clone(),
        demo: config.platform.demo,
        upstream_timeouts: UpstreamTimeouts {
            connect: timeouts.connect,
            first_byte: timeouts.first_byte,
            idle: timeouts.stream_idle,
            total: timeouts.stream_total,
        },
        call_body_max: config.http.limits.gateway_body,
        call_body_timeout: timeouts.body,
        sign_up: config.platform.signup,
        sign_up_domains: config.platform.signup_domains.clone(),
        data_dir: config.storage.data_dir.clone(),
        smtp_url: config.mail.smtp_url.clone(),
        smtp_roots: config.mail.smtp_roots.clone(),
        mail_from: config.mail.from.clone(),
    }
}

/// Runs the product until SIGTERM or SIGINT.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let data_dir = config.storage.data_dir.clone();
    let _lock = lock_data_dir(&data_dir)?;
    let addr = config.http.addr;
    let listener =
        listen::bind(addr).map_err(io_refusal(format!("TALLYGATE_ADDR is \"{addr}\", which can not be listened on")))?;
    let services = open_services(&config).await?;
    let meter = Meter::open(&data_dir, services.clock.clone())
        .map_err(io_refusal("The spool in the data directory can not be opened".into()))?;
    let services = services.with_meter(meter);
    services.recover_calls().await?;
    services.recover_counters().await?;
    services.load_balances().await?;

    let edge = Edge::new(services.clone(), config);
    let background = Background::start(&edge).await?;
    let acceptor = Acceptor::new(router(&edge), &edge.config.http, edge.counters.clone()).telling(services.cut.clone());
    announce(&edge).await?;
    tokio::select! {
        () = acceptor.run(listener) => {}
        () = told_to_stop() => {}
    }

    tracing::info!("stopping: requests in flight may end");
    edge.stopping.cancel();
    acceptor.shut_down().await;
    end_calls(&services, edge.config.http.timeouts.drain).await;
    background.stop().await;
    services.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Lets calls whose clients have left come to their end, for as long as the drain time-out says. What runs on is interrupted, so that
/// it is booked before this process leaves.
pub async fn end_calls(services: &Services, drain: Duration) {
    services.calls.close();
    if tokio::time::timeout(drain, services.calls.wait()).await.is_err() {
        tracing::warn!(calls = services.calls.len(), "calls whose clients left were still running and were cut");
        services.cut.cancel();
        // Writing their ends down takes no waiting; who does not notice is found in the spool by the next start.
        drop(tokio::time::timeout(CUT, services.calls.wait()).await);
    }
}

async fn announce(edge: &Edge) -> Result<(), StartError> {
    let http = &edge.config.http;
    if http.insecure_cookies && !http.is_https() {
        tracing::warn!("TALLYGATE_INSECURE_COOKIES is set: session cookies travel in the clear");
    }
    if let Some(token) = edge.services.issue_setup_token().await? {
        // For the person at the console, and not for the log, which may be kept elsewhere.
        println!("There is no account yet. Sign up at {}/signup", http.public_origin());
        println!("Setup token: {token} (valid for one hour)");
    }
    tracing::info!(address = %http.addr, public_url = http.public_origin(), "ready");
    Ok(())
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    // Without a handler the signal ends the process, which is what it asks for.
    let (Ok(mut term), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// The product's own work, beside requests.
struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Background {
    async fn start(edge: &Edge) -> Result<Self, StartError> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let spawn = |task: futures::future::BoxFuture<'static, ()>| {
            tasks.spawn(task);
        };
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_booking(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_mail_delivery(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_grant_expiry(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_renewals(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_book_check(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_alerts(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_retention(token).await }));
        let (services, token) = (edge.services.clone(), stop.clone());
        spawn(Box::pin(async move { services.run_refresh(token).await }));
        if let Some(file) = edge.config.platform.test_clock.clone() {
            spawn(Box::pin(follow_test_clock(file, edge.services.clock.clone(), stop.clone())));
        }
        // Loaded beside the start: nobody waits for it, and until then tokens are guessed by length.
        tasks.spawn_blocking(crate::service::tokens::load);
        if let Some(listener) = metrics_listener(edge).await? {
            let counters = edge.counters.clone();
            let acceptor = Acceptor::new(metrics::router(counters.clone(), edge.services.clone()), &edge.config.http, counters);
            let token = stop.clone();
            spawn(Box::pin(async move {
                tokio::select! {
                    () = acceptor.run(listener) => {}
                    () = token.cancelled() => {}
                }
            }));
        }
        Ok(Self { tasks, stop })
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await.is_err() {
            tracing::error!(
                "background tasks did not stop in time; what they held is in the spool and is booked at the next start"
            );
        }
    }
}

async fn metrics_listener(edge: &Edge) -> Result<Option<TcpListener>, StartError> {
    let metrics = edge.config.metrics;
    let Some(addr) = metrics.addr else { return Ok(None) };
    match TcpListener::bind(addr).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if metrics.required => {
            Err(StartError::Refused(format!("TALLYGATE_METRICS_ADDR is \"{addr}\", which can not be listened on: {error}.")))
        }
        Err(error) => {
            tracing::warn!(%addr, %error, "/metrics is not served: its default address is taken");
            Ok(None)
        }
    }
}
