//! What calls of a team can be told apart by, for menus.

use sqlx::AnyConnection;

use super::statistics::{Condition, UsageScope};
use crate::{
    domain::{
        ids::TeamId,
        usage::TestCalls,
        usage_buckets::Span,
        usage_filter::{Dimension, Facet},
    },
    storage::RowExt,
};

/// Values of a dimension that calls of a team ever had; at most some. The longest spans tell them with the fewest rows.
pub async fn list_choices(c: &mut AnyConnection, team: TeamId, by: Dimension, limit: i64) -> Result<Vec<String>, sqlx::Error> {
    let (table, span) = if by.is_who() { ("usage_ranks", Span::Stretch) } else { ("usage_series", Span::Day) };
    let mut condition = Condition::of(UsageScope::Team(team), TestCalls::Include);
    condition.and(&format!("r.facet = {} AND r.span_ms = {}", Facet::of(&[by]).number(), span.ms()));
    let select = format!("SELECT DISTINCT r.{} AS value FROM {table} r", by.column());
    let rows = condition.query(&select, &format!(" ORDER BY 1 LIMIT {limit}")).fetch_all(c).await?;
    rows.iter().map(|row| row.text("value")).collect()
}
