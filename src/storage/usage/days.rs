//! What was charged on each UTC day, from sums of days.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    ranks::{add_up, read_ranks},
    statistics::{Condition, UsageScope, WHAT},
};
use crate::{
    domain::{
        time::UnixMs,
        usage::TestCalls,
        usage_asked::UsageGroup,
        usage_buckets::Span,
        usage_filter::{Dimension, Facet, UsageFilter, series_for},
    },
    storage::RowExt,
};

/// Charges by day, of all calls of a scope or of one member or key. Days without calls are missing.
pub async fn list_costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    (from, to): (UnixMs, UnixMs),
) -> Result<Vec<(UnixMs, i64)>, sqlx::Error> {
    let Some(facet) = series_for(filter.facet()) else {
        // One person's or key's.
        let by = if filter.wanted(Dimension::Member).is_some() { Dimension::Member } else { Dimension::Key };
        let found = read_ranks(c, scope, filter, by, &[], Some((from, to))).await?.unwrap_or_default();
        let mut days = found.into_values().flat_map(|of| of.costs).collect();
        add_up(&mut days);
        return Ok(days);
    };
    let mut condition = Condition::of(scope, filter.test);
    condition.facet(facet, Span::Day, &WHAT, filter);
    condition.runs(Span::Day, &[(from, to)]);
    let select = "SELECT r.start_at AS day, CAST(SUM(r.cost) AS BIGINT) AS cost FROM usage_series r";
    let rows = condition.query(select, " GROUP BY 1 ORDER BY 1").fetch_all(c).await?;
    rows.iter().map(|row| Ok((row.try_get(0).map(UnixMs)?, row.try_get(1)?))).collect()
}

/// Charges of each value of what was called, or of each team, by day, oldest first. None where series do not tell them: where somebody is told apart.
pub async fn list_shared_costs_by_day(
    c: &mut AnyConnection,
    scope: UsageScope,
    filter: &UsageFilter,
    by: UsageGroup,
    (from, to): (UnixMs, UnixMs),
) -> Result<Option<HashMap<String, Vec<(UnixMs, i64)>>>, sqlx::Error> {
    let (facet, column) = match by {
        UsageGroup::Of(by) => (filter.facet().with(by), by.column()),
        UsageGroup::Team => (filter.facet(), "team_id"),
    };
    let Some(facet) = series_for(facet) else { return Ok(None) };
    let mut condition = Condition::of(scope, filter.test);
    condition.facet(facet, Span::Day, &WHAT, filter);
    condition.runs(Span::Day, &[(from, to)]);
    let select =
        format!("SELECT r.{column} AS value, r.start_at AS day, CAST(SUM(r.cost) AS BIGINT) AS cost FROM usage_series r");
    let mut found: HashMap<String, Vec<(UnixMs, i64)>> = HashMap::new();
    for row in condition.query(&select, " GROUP BY 1, 2 ORDER BY 1, 2").fetch_all(c).await? {
        found.entry(row.try_get(0)?).or_default().push((row.try_get(1).map(UnixMs)?, row.try_get(2)?));
    }
    Ok(Some(found))
}

/// What somebody was charged for a model on a UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCost {
    /// Identifier of the person.
    pub member: String,
    /// Start of the day.
    pub day: UnixMs,
    /// Name of the model.
    pub model: String,
    /// Charged, in nano-dollars.
    pub cost: i64,
}

/// Charges of some people on some UTC days (oldest first) by model.
pub async fn list_costs_by_model(
    c: &mut AnyConnection,
    scope: UsageScope,
    test: TestCalls,
    people: &[&str],
    days: &[UnixMs],
) -> Result<Vec<ModelCost>, sqlx::Error> {
    let mut condition = Condition::of(scope, test);
    let facet = Facet::of(&[Dimension::Member, Dimension::Model]);
    condition.facet(facet, Span::Day, &Dimension::ALL, &UsageFilter::of(test));
    condition.named_starts(days);
    condition.and_among(Dimension::Member.column(), people);
    let select = "SELECT r.user_id AS member, r.start_at AS day, r.model_name AS model, CAST(SUM(r.cost) AS BIGINT) AS cost \
                  FROM usage_ranks r";
    let rows = condition.query(select, " GROUP BY 1, 2, 3").fetch_all(c).await?;
    let row = |row: &AnyRow| {
        Ok(ModelCost {
            member: row.text("member")?,
            day: UnixMs(row.int("day")?),
            model: row.text("model")?,
            cost: row.int("cost")?,
        })
    };
    rows.iter().map(row).collect()
}
