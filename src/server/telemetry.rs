//! Log output.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::config::{Log, LogFormat};

/// Starts logging; once per process.
pub fn start(log: &Log) {
    // The filter was checked when the configuration was read.
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Text => builder.with_target(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
    // A panic is one event like all others, and never carries what a request held.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("(no text)");
        tracing::error!(place, message, "a task panicked");
    }));
}
