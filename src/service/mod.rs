//! What the product does, for any door: pages, REST and gateway call the same methods of one [`Services`] value.
//!
//! Every method that acts for a person takes `&Caller` first and authorizes in its first lines. Writes refresh the gateway's
//! snapshot before they return, so a revoked key stops at once.

pub mod access;
pub mod accounts;
pub mod alerts;
pub mod api_keys;
pub mod audit;
pub mod billing;
pub mod booked;
pub mod budget_requests;
pub mod burn_down;
pub mod caller;
pub mod catalog;
pub mod charts;
pub mod clock;
pub mod demo;
mod denials;
pub mod error;
pub mod figures;
pub mod invariants;
pub mod invitations;
pub mod key_secrets;
pub mod limits;
pub mod mail;
pub mod members;
pub mod metering;
pub mod model_access;
pub mod organizations;
pub mod overview;
pub mod platform;
pub mod playground;
pub mod price_list;
pub mod prices;
pub mod quota;
pub mod random;
mod requests;
pub mod resealing;
pub mod search;
pub mod self_service;
mod sorted;
pub mod standings;
pub mod teams;
pub mod throttle;
pub mod tokens;
pub mod trend;
pub mod upstream;
pub mod usage;
pub mod vault;
pub mod view_as;

use std::{
    path::PathBuf,
    sync::{Arc, RwLock},
    time::Duration,
};

pub use access::{Touched, snapshot::Snapshot};
pub use caller::{Caller, CallerSession, Door, RequestFacts};
pub use clock::Clock;
pub use error::ServiceError;
pub use random::Random;

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use upstream::{AddressGuard, UpstreamClient, UpstreamTimeouts};

use crate::{
    domain::{accounts::SignUpPolicy, plan_changes::BookCheck},
    service::{
        accounts::passwords::PasswordHasher,
        mail::delivery::Mailer,
        metering::Meter,
        throttle::Throttles,
        vault::{Secret, Vault},
    },
    storage::Store,
};

/// Everything a door needs, shared by all of them. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// Where random bytes come from.
    pub random: Random,
    /// Encrypts secrets at rest.
    pub vault: Vault,
    /// Records gateway calls; closed at the command line.
    pub meter: Meter,
    /// Counts what calls use of limits, budgets and balances.
    pub quota: quota::Quota,
    /// The last comparison of the books.
    books: Arc<RwLock<BookCheck>>,
    /// What the operator set.
    pub settings: Arc<Settings>,
    /// Hashes and judges passwords.
    pub passwords: PasswordHasher,
    /// Counts attempts to log in, sign up and reset.
    pub throttles: Throttles,
    /// Sends what is in the outbox.
    pub mailer: Mailer,
    /// Sends calls to providers.
    pub upstream: UpstreamClient,
    /// Gateway calls that outlive their client, because what they used must be charged. Awaited at shutdown.
    pub calls: TaskTracker,
    /// Set when this process ends what is still in flight: such calls are interrupted, their clients did not leave.
    pub cut: CancellationToken,
    /// Tells open pages of calls that were booked.
    pub booked: booked::Booked,
    /// Files of calls that are being fetched.
    exports: usage::Exports,
    /// What open pages were told of their readers.
    standings: standings::Standings,
    /// What the gateway decides with; see [`access`].
    in_force: Arc<access::InForce>,
}

/// What services need of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people and clients reach this installation, without a slash at the end. Links in mails begin with it.
    pub public_url: String,
    /// Hosts and networks that providers may have although they are not public (the operator's allowlist).
    pub allowed_upstreams: Vec<String>,
    /// Demo mode: sign-up is open, no set-up token is needed.
    pub demo: bool,
    /// How long providers may take.
    pub upstream_timeouts: UpstreamTimeouts,
    /// Largest body of a gateway call, in bytes.
    pub call_body_max: usize,
    /// How long the body of a gateway call may take to arrive.
    pub call_body_timeout: Duration,
    /// Who may make an account.
    pub sign_up: SignUpPolicy,
    /// Mail domains that may sign up under [`SignUpPolicy::Domain`], in lower case.
    pub sign_up_domains: Vec<String>,
    /// SQLite file, spool, mails, secret.
    pub data_dir: PathBuf,
    /// Server that takes mail; without one mails become files in `mail/` of the data directory.
    pub smtp_url: Option<Secret>,
    /// Certificates (DER) of authorities that the mail server's may be signed by, besides the public ones.
    pub smtp_roots: Vec<Vec<u8>>,
    /// Sender of mails.
    pub mail_from: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".into(),
            allowed_upstreams: vec![],
            demo: false,
            upstream_timeouts: UpstreamTimeouts::default(),
            call_body_max: 10 << 20,
            call_body_timeout: Duration::from_secs(30),
            sign_up: SignUpPolicy::default(),
            sign_up_domains: vec![],
            data_dir: "var".into(),
            smtp_url: None,
            smtp_roots: vec![],
            mail_from: "Tallygate <tallygate@localhost>".into(),
        }
    }
}

impl Services {
    /// Services over a migrated database.
    pub async fn new(store: Store, clock: Clock, random: Random, vault: Vault, settings: Settings) -> Result<Self, ServiceError> {
        let guard = AddressGuard::new(&settings.allowed_upstreams).map_err(ServiceError::Internal)?;
        let upstream = UpstreamClient::new(guard, settings.upstream_timeouts)
            .map_err(|error| ServiceError::Internal(format!("the HTTP client does not start: {error}")))?;
        let (passwords, mailer) = (PasswordHasher::new(&random)?, Mailer::new(&settings)?);
        let services = Self {
            passwords,
            throttles: Throttles::default(),
            mailer,
            store,
            clock,
            random,
            vault,
            meter: Meter::closed(),
            quota: quota::Quota::default(),
            books: Arc::default(),
            settings: Arc::new(settings),
            upstream,
            calls: TaskTracker::new(),
            cut: CancellationToken::new(),
            booked: booked::Booked::default(),
            exports: usage::Exports::default(),
            standings: standings::Standings::default(),
            in_force: Arc::default(),
        };
        services.refresh_snapshot().await?;
        Ok(services)
    }

    /// The same services with an open meter: they admit calls.
    #[must_use]
    pub fn with_meter(mut self, meter: Meter) -> Self {
        self.meter = meter;
        self
    }
}

#[cfg(test)]
impl Settings {
    /// Settings of tests.
    pub(crate) fn for_tests() -> Self {
        Self { allowed_upstreams: vec!["127.0.0.1".into()], ..Self::default() }
    }
}
