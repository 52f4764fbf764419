//! Usage events, their sums, and what is read of them.

mod booking;
mod calls;
mod checks;
pub mod counters;
mod report;
mod standing;

pub use booking::{add_to_rollups, insert_events};
pub use calls::{CallFilter, find_call, list_calls};
pub use checks::{count_wrong_events, count_wrong_latencies, count_wrong_sums};
pub use report::{ReportFilter, count_latencies, has_calls, sum_by_bucket, sum_by_key, sum_by_member, sum_by_model, sum_cost};
pub use standing::{WindowUse, find_peak_minute, find_window_use, sum_by_model_since, sum_spent};

use crate::domain::time::MINUTE_MS;

/// Sums are kept per quarter of an hour.
pub const ROLLUP_MS: i64 = 15 * MINUTE_MS;
