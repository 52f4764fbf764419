//! The configuration: `Leptos.toml`, overridden by environment variables. One small struct per section; each field names its
//! variable and its default. A wrong value stops the start with a sentence that names it.

mod http;
mod mail;
mod site;
mod source;
mod storage;

use std::path::Path;

pub use http::{Http, Limits, Timeouts};
pub use mail::Mail;
pub use site::{Log, LogFormat, Metrics, Platform, Site};
pub use source::{ConfigError, Source};
pub use storage::Storage;

/// Everything that an operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses, proxies, time-outs and limits.
    pub http: Http,
    /// Data directory, database, secret.
    pub storage: Storage,
    /// Outgoing mail.
    pub mail: Mail,
    /// Sign-up, demo mode, upstreams.
    pub platform: Platform,
    /// Log output.
    pub log: Log,
    /// Where figures for monitoring are served.
    pub metrics: Metrics,
    /// Pages and static files.
    pub site: Site,
}

impl Config {
    /// Reads a configuration file, if it is there, and the process' environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError(format!("{} can not be read: {error}.", path.display()))),
        };
        Self::read(&file, &|name| std::env::var(name).ok())
    }

    /// Reads a configuration from the text of a file and from variables.
    pub fn read(file: &str, variables: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut source = Source::new(file, variables)?;
        let site = Site::read(&source, file)?;
        let config = Self {
            http: Http::read(&mut source, site.options.site_addr)?,
            storage: Storage::read(&mut source)?,
            mail: Mail::read(&mut source)?,
            platform: Platform::read(&mut source)?,
            log: Log::read(&mut source)?,
            metrics: Metrics::read(&mut source)?,
            site,
        };
        source.finish()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
