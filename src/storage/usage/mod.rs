//! Usage events, their sums, and what is read of them.

mod booking;
mod calls;
mod checks;
mod choices;
pub mod counters;
mod days;
mod events;
mod folded;
mod groups;
mod hours;
mod names;
mod purge;
mod ranks;
mod ranks_fill;
mod shares;
mod standing;
mod statistics;
mod statistics_booking;
mod statistics_checks;

pub use booking::{add_to_rollups, insert_events};
pub use calls::{CallFilter, Calls, Place, find_call, list_calls};
pub use checks::{count_wrong_events, count_wrong_sums};
pub use choices::list_choices;
pub use days::{ModelCost, list_costs_by_day, list_costs_by_model, list_shared_costs_by_day};
pub use events::{find_event, list_events_after};
pub use groups::{GroupSums, sum_by_team, sum_groups};
pub use hours::list_costs_by_hour;
pub use names::{Named, find_key_names, find_member_names, find_team_names};
pub use purge::{
    count_wrong_purged, find_call_log_days, find_oldest_day, find_purged_calls, has_purged, is_day_right, list_purged_teams,
    purge_day,
};
pub use ranks::{RankSums, read_ranks};
pub use ranks_fill::fill_ranks;
pub use shares::{Shares, list_values, sum_by};
pub use standing::{WindowUse, find_peak_minute, find_window_use, has_own_calls, sum_by_model_since, sum_cost, sum_spent};
pub use statistics::{UsageScope, add_cells, has_calls_in};
pub use statistics_booking::{add_to_statistics, find_fill, lock_statistics, note_fill};
pub use statistics_checks::count_wrong_statistics;

use crate::domain::time::MINUTE_MS;

/// Picks the rows of `usage_series` that hold all calls of a team by UTC day: the sums to add where a month of many members' quarters
/// would be millions of rows.
pub(in crate::storage) const DAYS_OF_TEAMS: &str = "facet = 0 AND span_ms = 86400000";

#[test]
fn days_of_teams_are_named_as_they_are_kept() {
    use crate::domain::{usage_buckets::Span, usage_filter::Facet};
    assert_eq!(DAYS_OF_TEAMS, format!("facet = {} AND span_ms = {}", Facet::TOTAL.number(), Span::Day.ms()));
}

/// Sums are kept per quarter of an hour.
pub const ROLLUP_MS: i64 = 15 * MINUTE_MS;
