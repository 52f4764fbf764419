//! Statistics as they are given out.

use serde::{Deserialize, Serialize};

use super::{
    time::UnixMs,
    usage_sums::{Cell, Sums},
};

/// Sums of calls and how long they took. Percentiles are at most 1/64 away from those of the single calls (`latency.rs`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// Sums.
    pub sums: Sums,
    /// Median of admission to last byte; none without answered calls.
    pub p50_ms: Option<i64>,
    /// 95th percentile of it.
    pub p95_ms: Option<i64>,
    /// 99th percentile of it.
    pub p99_ms: Option<i64>,
    /// Median of admission to first byte; none without calls that had one.
    pub first_p50_ms: Option<i64>,
    /// 95th percentile of it.
    pub first_p95_ms: Option<i64>,
}

impl From<&Cell> for Measures {
    fn from(cell: &Cell) -> Self {
        Self {
            sums: cell.sums,
            p50_ms: cell.latency.percentile(0.5),
            p95_ms: cell.latency.percentile(0.95),
            p99_ms: cell.latency.percentile(0.99),
            first_p50_ms: cell.first_token.percentile(0.5),
            first_p95_ms: cell.first_token.percentile(0.95),
        }
    }
}

/// An interval and its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredInterval {
    /// Start, included.
    pub start: UnixMs,
    /// End, excluded.
    pub end: UnixMs,
    /// Its calls.
    pub measures: Measures,
}

/// Statistics of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Start, included.
    pub from: UnixMs,
    /// End, excluded.
    pub to: UnixMs,
    /// Usual length of an interval; those of a day have 23 or 25 hours where clocks change.
    pub bucket_ms: i64,
    /// Zone in which intervals begin.
    pub zone: String,
    /// The whole range.
    pub total: Measures,
    /// Start of the range that this one is compared with.
    pub previous_from: UnixMs,
    /// Its end.
    pub previous_to: UnixMs,
    /// Its calls.
    pub previous: Measures,
    /// Intervals, oldest first, empty ones included.
    pub intervals: Vec<MeasuredInterval>,
}

/// A line of a ranking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// Place, from 1.
    pub place: i64,
    /// Value of the dimension: an id of a member or key, a name of something else; empty where there is none, or it is not shown.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The caller's own line.
    pub own: bool,
    /// A member who left, a key that was revoked.
    pub gone: bool,
    /// Sums of the range.
    pub sums: Sums,
    /// Sums of the range before.
    pub previous: Sums,
    /// Part of what the ranking goes by, in hundredths of a percent; none where there is nothing.
    pub share_bp: Option<i64>,
}

/// What a ranking goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// Charges.
    #[default]
    Cost,
    /// Prompt and completion tokens.
    Tokens,
    /// Calls.
    Requests,
    /// Failed and refused calls.
    Errors,
}

impl RankBy {
    /// All choices.
    pub const ALL: [Self; 4] = [Self::Cost, Self::Tokens, Self::Requests, Self::Errors];

    /// The word for interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Tokens => "tokens",
            Self::Requests => "requests",
            Self::Errors => "errors",
        }
    }

    /// Reads the word; nothing means charges.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::Cost) } else { Self::ALL.into_iter().find(|by| by.as_str() == text) }
    }

    /// What it looks at.
    pub fn of(self, sums: &Sums) -> i64 {
        match self {
            Self::Cost => sums.cost,
            Self::Tokens => sums.tokens(),
            Self::Requests => sums.requests,
            Self::Errors => sums.failed.saturating_add(sums.refused),
        }
    }
}

/// Sorts lines, largest first, and gives them places and shares. Those that are alike stand in the order of their names and ids.
pub fn rank(mut rows: Vec<Ranked>, by: RankBy) -> Vec<Ranked> {
    let key = |row: &Ranked| (by.of(&row.sums), row.sums.cost, row.sums.requests);
    rows.sort_by(|a, b| key(b).cmp(&key(a)).then_with(|| (&a.name, &a.id).cmp(&(&b.name, &b.id))));
    let total: i128 = rows.iter().map(|row| i128::from(by.of(&row.sums))).sum();
    for (place, row) in (1..).zip(&mut rows) {
        row.place = place;
        row.share_bp = (total > 0).then(|| i64::try_from(i128::from(by.of(&row.sums)) * 10_000 / total).unwrap_or(10_000));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_ranked_by_what_is_asked_for() {
        let row = |name: &str, cost, requests, failed| Ranked {
            name: name.into(),
            sums: Sums { cost, requests, failed, ..Sums::default() },
            ..Ranked::default()
        };
        let rows = vec![row("b", 10, 5, 0), row("a", 10, 5, 0), row("c", 30, 1, 1)];
        let names = |by| rank(rows.clone(), by).iter().map(|row| row.name.clone()).collect::<Vec<_>>().concat();
        assert_eq!([RankBy::Cost, RankBy::Requests, RankBy::Errors].map(names), ["cab", "abc", "cab"]);
        let ranked = rank(rows, RankBy::Cost);
        assert_eq!(
            ranked.iter().map(|row| (row.place, row.share_bp)).collect::<Vec<_>>(),
            [(1, Some(6_000)), (2, Some(2_000)), (3, Some(2_000))]
        );
        assert_eq!(rank(vec![row("a", 0, 0, 0)], RankBy::Cost)[0].share_bp, None, "nothing has no shares");
    }
}
