//! Pages, sign-up, upstreams, log and metrics.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use leptos::config::{Env, LeptosOptions};

use super::{ConfigError, Source};
use crate::{domain::accounts::SignUpPolicy, service::upstream::AddressGuard};

/// Pages and static files.
#[derive(Clone, Debug)]
pub struct Site {
    /// Leptos' options: `[package.metadata.leptos]` of the file, overridden by `LEPTOS_…` variables.
    pub options: LeptosOptions,
}

impl Site {
    pub(super) fn read(source: &Source<'_>, file: &str) -> Result<Self, ConfigError> {
        let mut options = if file.contains("[package.metadata.leptos]") {
            leptos::config::get_config_from_str(file)
                .map_err(|error| ConfigError(format!("[package.metadata.leptos] in the configuration file: {error}.")))?
        } else {
            LeptosOptions::builder().output_name("tallygate").site_root("target/site").hash_files(true).env(Env::PROD).build()
        };
        if let Some(root) = source.variable("LEPTOS_SITE_ROOT") {
            options.site_root = root.into();
        }
        Ok(Self { options })
    }
}

/// Sign-up, demo mode, upstreams.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `TALLYGATE_SIGNUP`: who may make an account: `invite`, `domain` or `open`; counts until a platform admin sets it in the
    /// product. Default: `invite`; `open` in demo mode.
    pub signup: SignUpPolicy,
    /// `TALLYGATE_SIGNUP_DOMAINS`: mail domains that may sign up under the policy `domain`. Default: none.
    pub signup_domains: Vec<String>,
    /// `TALLYGATE_DEMO`: sign-up is open, the first account needs no set-up token. Default: false.
    pub demo: bool,
    /// `TALLYGATE_ALLOWED_UPSTREAMS`: hosts or networks that providers may have although they are not public. Default: none.
    pub allowed_upstreams: Vec<String>,
    /// `TALLYGATE_TEST_CLOCK`: a file with the milliseconds that the clock is ahead of the machine's, read again and again: for
    /// end-to-end tests, and refused by release builds. Default: none.
    pub test_clock: Option<PathBuf>,
}

impl Platform {
    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        let demo = source.switch("demo", false)?;
        let default = if demo { SignUpPolicy::Open } else { SignUpPolicy::Invite };
        let signup = source.parsed("signup", "invite, domain or open", SignUpPolicy::parse)?.unwrap_or(default);
        let domain = |text: &str| (text.contains('.') && !text.contains(['@', '/', ' '])).then(|| text.to_ascii_lowercase());
        let signup_domains = source.list("signup_domains", "mail domains such as example.com, separated by commas", domain)?;
        if signup == SignUpPolicy::Domain && signup_domains.is_empty() {
            return Err(ConfigError(
                "TALLYGATE_SIGNUP_DOMAINS is missing: TALLYGATE_SIGNUP is \"domain\" and names none.".into(),
            ));
        }
        let upstream = |text: &str| AddressGuard::new(&[text.to_owned()]).ok().map(|_| text.to_owned());
        let allowed_upstreams = source.list(
            "allowed_upstreams",
            "hosts, addresses or networks such as localhost, ollama.lan:11434 or 10.1.0.0/16, separated by commas",
            upstream,
        )?;
        let test_clock = source.text("test_clock")?.map(PathBuf::from);
        if test_clock.is_some() && !cfg!(debug_assertions) {
            return Err(ConfigError("TALLYGATE_TEST_CLOCK is for tests: the clock of a release build can not be moved.".into()));
        }
        Ok(Self { signup, signup_domains, demo, allowed_upstreams, test_clock })
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Log output.
#[derive(Clone, Debug)]
pub struct Log {
    /// `TALLYGATE_LOG_FORMAT`: `text` or `json`. Default: `text`.
    pub format: LogFormat,
    /// `TALLYGATE_LOG`: what is logged, such as `info` or `info,tallygate::gateway=debug`. Default: `info`.
    pub filter: String,
}

impl Log {
    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        let format = |text: &str| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        };
        let format = source.parsed("log_format", "text or json", format)?.unwrap_or(LogFormat::Text);
        let filter = |text: &str| tracing_subscriber::EnvFilter::try_new(text).ok().map(|_| text.to_owned());
        let filter = source.parsed("log", "a level such as info, or a filter such as info,tallygate=debug", filter)?;
        Ok(Self { format, filter: filter.unwrap_or_else(|| "info".into()) })
    }
}

/// Where figures for monitoring are served.
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    /// `TALLYGATE_METRICS_ADDR`: address and port of `/metrics`, or `off`. Default: `127.0.0.1:9464`, left out where that is taken.
    pub addr: Option<SocketAddr>,
    /// Whether the address was chosen: then it must be free.
    pub required: bool,
}

impl Metrics {
    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        let parse = |text: &str| if text == "off" { Some(None) } else { text.parse().ok().map(Some) };
        Ok(match source.parsed("metrics_addr", "an address and port such as 127.0.0.1:9464, or off", parse)? {
            Some(addr) => Self { addr, required: true },
            None => Self { addr: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9_464))), required: false },
        })
    }
}
