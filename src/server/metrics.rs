//! Figures for monitoring, in Prometheus' text format, on a port of their own. No label names a team, a person or a key.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};

use crate::{domain::plan_changes::BookCheck, service::Services};

/// Which part of the product a request went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/v1`.
    Gateway,
    /// `/api/v1`.
    Api,
    /// Everything else.
    Dashboard,
}

impl Door {
    const ALL: [Self; 3] = [Self::Gateway, Self::Api, Self::Dashboard];

    /// The door that a path belongs to.
    pub fn of(path: &str) -> Self {
        let below = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if below("/v1") {
            Self::Gateway
        } else if below("/api/v1") {
            Self::Api
        } else {
            Self::Dashboard
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Api => "api",
            Self::Dashboard => "dashboard",
        }
    }
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Answers by door and class of status (1xx to 5xx).
    answers: [[AtomicU64; 5]; 3],
    /// Time spent until the answer's head, in microseconds.
    micros: [AtomicU64; 3],
    connections: AtomicU64,
    panics: AtomicU64,
}

/// An open connection; closed when dropped.
#[derive(Debug)]
pub struct OpenConnection(Arc<Counters>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

impl Counters {
    /// Counts an open connection.
    pub fn connection(self: &Arc<Self>) -> OpenConnection {
        self.connections.fetch_add(1, Relaxed);
        OpenConnection(Arc::clone(self))
    }

    /// Counts an answer.
    pub fn answer(&self, door: Door, status: StatusCode, micros: u64) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[door as usize][class].fetch_add(1, Relaxed);
        self.micros[door as usize].fetch_add(micros, Relaxed);
    }

    /// Counts a handler that panicked.
    pub fn panic(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(2_048);
        let mut line = |line: std::fmt::Arguments<'_>| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{line}");
        };
        line(format_args!("# HELP tallygate_http_answers_total Answers by part of the product and class of status."));
        line(format_args!("# TYPE tallygate_http_answers_total counter"));
        for door in Door::ALL {
            for (class, count) in self.answers[door as usize].iter().enumerate() {
                let (class, count) = (class + 1, count.load(Relaxed));
                line(format_args!("tallygate_http_answers_total{{door=\"{}\",status=\"{class}xx\"}} {count}", door.as_str()));
            }
        }
        line(format_args!("# HELP tallygate_http_seconds_total Time until the head of the answer, summed up."));
        line(format_args!("# TYPE tallygate_http_seconds_total counter"));
        for door in Door::ALL {
            let micros = self.micros[door as usize].load(Relaxed);
            line(format_args!(
                "tallygate_http_seconds_total{{door=\"{}\"}} {}.{:06}",
                door.as_str(),
                micros / 1_000_000,
                micros % 1_000_000
            ));
        }
        line(format_args!("# HELP tallygate_http_connections Open connections."));
        line(format_args!("# TYPE tallygate_http_connections gauge"));
        line(format_args!("tallygate_http_connections {}", self.connections.load(Relaxed)));
        line(format_args!("# HELP tallygate_panics_total Requests that ended in a fault of the program."));
        line(format_args!("# TYPE tallygate_panics_total counter"));
        line(format_args!("tallygate_panics_total {}", self.panics.load(Relaxed)));
        line(format_args!("# HELP tallygate_build_info The running version."));
        line(format_args!("# TYPE tallygate_build_info gauge"));
        line(format_args!("tallygate_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")));
        text
    }
}

/// Calls whose provider reported more than they had reserved: somebody should look.
fn overruns(count: u64) -> String {
    format!(
        "# HELP tallygate_reserve_overruns_total Calls whose provider reported more than a call can use.\n\
         # TYPE tallygate_reserve_overruns_total counter\ntallygate_reserve_overruns_total {count}\n"
    )
}

/// Whether the books balance, and when they were compared; nothing before the first comparison.
fn books(check: &BookCheck) -> String {
    let Some(at) = check.at else { return String::new() };
    format!(
        "# HELP tallygate_book_differences What events, sums, ledger, balances and counters disagree on.\n\
         # TYPE tallygate_book_differences gauge\ntallygate_book_differences {}\n\
         # HELP tallygate_books_compared_seconds When they were compared.\n\
         # TYPE tallygate_books_compared_seconds gauge\ntallygate_books_compared_seconds {}\n",
        check.differences.len(),
        at.0 / 1_000
    )
}

/// What listens on the metrics port.
pub fn router(counters: Arc<Counters>, services: Services) -> Router {
    let page = move || {
        let mut text = counters.render() + &overruns(services.meter.overruns());
        text.push_str(&books(&services.last_book_check()));
        async move { ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], text).into_response() }
    };
    Router::new().route("/metrics", get(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_door_and_class() {
        let counters = Arc::new(Counters::default());
        counters.answer(Door::of("/v1/chat/completions"), StatusCode::TOO_MANY_REQUESTS, 1_500);
        counters.answer(Door::of("/api/v1"), StatusCode::OK, 0);
        counters.answer(Door::of("/v1x"), StatusCode::OK, 0);
        let open = counters.connection();
        let text = counters.render();
        for line in [
            "tallygate_http_answers_total{door=\"gateway\",status=\"4xx\"} 1",
            "tallygate_http_answers_total{door=\"api\",status=\"2xx\"} 1",
            "tallygate_http_answers_total{door=\"dashboard\",status=\"2xx\"} 1",
            "tallygate_http_seconds_total{door=\"gateway\"} 0.001500",
            "tallygate_http_connections 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        drop(open);
        assert!(counters.render().contains("tallygate_http_connections 0"));
    }
}
