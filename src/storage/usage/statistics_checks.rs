//! Whether what statistics are read of agrees with the events. Two passes over the events, the rest compares sums with finer sums.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::{
    checks::{one_day, whole_days},
    statistics::{summed, sums},
};
use crate::{
    domain::{
        ids::TeamId,
        time::UnixMs,
        usage_buckets::Span,
        usage_filter::{Dimension, Facet, RANKS, SERIES, SERIES_SPANS},
        usage_ranks::SumPage,
        usage_sums::{Cell, DayPage, Sums},
    },
    storage::RowExt,
};

/// The series that the others are sums of.
const FINEST: (Facet, Span) = (SERIES[SERIES.len() - 1], Span::Quarter);

/// Rows of statistics that are not what the events say.
pub async fn count_wrong_statistics(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let mut wrong = wrong_of_events(c, whole_days).await?;
    let what = &Dimension::ALL[2..];
    for span in SERIES_SPANS {
        let finer = format!("usage_series r WHERE {} GROUP BY", self::finest());
        let coarser: Vec<String> = SERIES.iter().map(|facet| coarser(*facet, span, what, "start_at", &finer)).collect();
        wrong += difference(c, &coarser.join(" UNION ALL "), &kept("usage_series", span, what)).await?;
    }
    let all = &Dimension::ALL;
    for span in [Span::Stretch, Span::Day] {
        let finer = "usage_pages r GROUP BY";
        let coarser: Vec<String> = RANKS.iter().map(|facet| coarser(*facet, span, all, "day_at", finer)).collect();
        wrong += difference(c, &coarser.join(" UNION ALL "), &kept("usage_ranks", span, all)).await?;
    }
    Ok(wrong + count_wrong_cells(c).await? + count_wrong_pages(c).await? + count_wrong_ranks(c).await?)
}

/// The same of one day of a team, as far as it is compared with its events.
pub(super) async fn count_wrong_of_day(c: &mut AnyConnection, team: TeamId, day: UnixMs) -> Result<i64, sqlx::Error> {
    wrong_of_events(c, one_day(team, day)).await
}

/// What is kept at its finest, of some days.
async fn wrong_of_events(c: &mut AnyConnection, days: impl Fn(&str, &str) -> String) -> Result<i64, sqlx::Error> {
    let pages = "SELECT g.team_id, day_at AS start_at, user_id, key_id, model_name, provider_name, endpoint, outcome, test";
    let columns = Sums::COLUMNS.join(", ");
    let pages = format!("{pages}, {columns} FROM usage_pages g WHERE {}", days("g", "day_at"));
    let wrong = difference(c, &of_events(Span::Day, &Dimension::ALL, &days("e", "at")), &pages).await?;
    let what = &Dimension::ALL[2..];
    let finest = format!(
        "SELECT r.team_id, start_at, {}, test, {columns} FROM usage_series r WHERE {} AND {}",
        names(what),
        finest(),
        days("r", "start_at")
    );
    Ok(wrong + difference(c, &of_events(FINEST.1, what, &days("e", "at")), &finest).await?)
}

/// A sum over events that go by `e`.
pub(super) fn event_sum(column: &str) -> String {
    let answered = "e.outcome IN ('refused', 'interrupted')";
    let flag =
        |condition: &str, yes: i64, no: i64| format!("CAST(SUM(CASE WHEN {condition} THEN {yes} ELSE {no} END) AS BIGINT)");
    match column {
        "requests" => "COUNT(*)".to_owned(),
        "succeeded" => flag("e.outcome = 'completed'", 1, 0),
        "failed" => flag("e.outcome IN ('upstream_error', 'upstream_timeout', 'interrupted')", 1, 0),
        "refused" => flag("e.outcome = 'refused'", 1, 0),
        "answered" => flag(answered, 0, 1),
        "latency_ms" => format!("CAST(SUM(CASE WHEN {answered} THEN 0 ELSE e.latency_ms END) AS BIGINT)"),
        other => format!("CAST(SUM(e.{other}) AS BIGINT)"),
    }
}

fn of_events(span: Span, among: &[Dimension], days: &str) -> String {
    let value = |dimension: &Dimension| match dimension {
        Dimension::Key => "COALESCE(e.key_id, '') AS key_id".to_owned(),
        Dimension::Model => "CASE WHEN e.model_id IS NULL THEN '' ELSE e.model_name END AS model_name".to_owned(),
        other => format!("e.{}", other.column()),
    };
    let values: Vec<String> = among.iter().map(value).collect();
    let sums: Vec<String> = Sums::COLUMNS.iter().map(|column| format!("{} AS {column}", event_sum(column))).collect();
    let groups: Vec<String> = (1..=among.len() + 3).map(|n| n.to_string()).collect();
    format!(
        "SELECT e.team_id, e.at - e.at % {} AS start_at, {}, e.test, {} FROM usage_events e WHERE {days} GROUP BY {}",
        span.ms(),
        values.join(", "),
        sums.join(", "),
        groups.join(", ")
    )
}

/// What finer rows add up to. `finer` ends in what the groups follow.
fn coarser(facet: Facet, span: Span, among: &[Dimension], start: &str, finer: &str) -> String {
    let value = |dimension: &Dimension| match facet.has(*dimension) {
        true => format!("r.{0} AS {0}", dimension.column()),
        false => format!("'' AS {}", dimension.column()),
    };
    let values: Vec<String> = among.iter().map(value).collect();
    let own: Vec<String> =
        among.iter().filter(|dimension| facet.has(**dimension)).map(|dimension| format!(", r.{}", dimension.column())).collect();
    let from = format!("r.{start} - r.{start} % {}", span.ms());
    format!(
        "SELECT {} AS facet, r.team_id, {from} AS start_at, {}, r.test, {} FROM {finer} r.team_id, {from}, r.test{}",
        facet.number(),
        values.join(", "),
        summed(),
        own.concat()
    )
}

fn kept(table: &str, span: Span, among: &[Dimension]) -> String {
    let (names, sums) = (names(among), Sums::COLUMNS.join(", "));
    format!("SELECT facet, team_id, start_at, {names}, test, {sums} FROM {table} WHERE span_ms = {}", span.ms())
}

fn names(among: &[Dimension]) -> String {
    let names: Vec<&str> = among.iter().map(|dimension| dimension.column()).collect();
    names.join(", ")
}

fn finest() -> String {
    finest_of("r")
}

/// The condition for the series that the others are sums of.
pub(super) fn finest_of(alias: &str) -> String {
    format!("{alias}.facet = {} AND {alias}.span_ms = {}", FINEST.0.number(), FINEST.1.ms())
}

async fn difference(c: &mut AnyConnection, left: &str, right: &str) -> Result<i64, sqlx::Error> {
    let mut count = 0;
    for (left, right) in [(left, right), (right, left)] {
        let sql =
            format!("SELECT COUNT(*) AS n FROM (SELECT * FROM ({left}) AS a EXCEPT SELECT * FROM ({right}) AS b) AS differences");
        count += sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *c).await?.int("n")?;
    }
    Ok(count)
}

/// Series whose packed cells are not their sums, have not as many latencies as answered calls, or can not be read.
async fn count_wrong_cells(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let select = format!("SELECT cell, {} FROM usage_series", Sums::COLUMNS.join(", "));
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch(c);
    let mut wrong = 0;
    while let Some(row) = rows.try_next().await? {
        let mut cell = Cell::default();
        let packed: Vec<u8> = row.try_get(0)?;
        let read = cell.merge_packed(&packed).is_some() && cell.stored() == packed && cell.sums == sums(&row, 1)?;
        let counted =
            cell.latency.calls() == cell.sums.answered.unsigned_abs() && cell.first_token.calls() <= cell.latency.calls();
        wrong += i64::from(!read || !counted);
    }
    Ok(wrong)
}

/// Pages of days whose quarters are not the day's sums, or can not be read.
async fn count_wrong_pages(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let select = format!("SELECT quarters, {} FROM usage_pages", Sums::COLUMNS.join(", "));
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch(c);
    let mut wrong = 0;
    while let Some(row) = rows.try_next().await? {
        let mut page = DayPage::default();
        let quarters: Vec<u8> = row.try_get(0)?;
        let read = page.merge_stored(&quarters).is_some() && page.stored() == quarters;
        let counted = page.iter().all(|(_, cell)| cell.latency.calls() == cell.sums.answered.unsigned_abs());
        wrong += i64::from(!read || !counted || page.sums() != sums(&row, 1)?);
    }
    Ok(wrong)
}

/// Rankings' rows whose parts are not their sums, or can not be read, and days that are not what their stretches say of them.
async fn count_wrong_ranks(c: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let stretch = format!("start_at - start_at % {}", Span::Stretch.ms());
    let of = format!("team_id, facet, test, {}", names(&Dimension::ALL));
    // Each stretch, and then its days.
    let select = format!(
        "SELECT {}, span_ms, start_at, parts, quarter_sums FROM usage_ranks ORDER BY {of}, {stretch}, span_ms DESC, start_at",
        Sums::COLUMNS.join(", ")
    );
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(select)).fetch(c);
    let mut wrong = 0;
    let mut days: BTreeMap<i64, Sums> = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let (start, parts): (i64, Vec<u8>) = (row.try_get("start_at")?, row.try_get("parts")?);
        let kept = sums(&row, 0)?;
        let right = if row.int("span_ms")? == Span::Stretch.ms() {
            let mut page = SumPage::default();
            let read = page.merge_stored(&parts).is_some() && page.stored() == parts && page.sums() == kept;
            wrong += days.len() as i64;
            days = page.iter().map(|(day, sums)| (start + i64::from(day) * Span::Day.ms(), *sums)).collect();
            read
        } else {
            let mut page = DayPage::default();
            let read = page.merge_stored(&parts).is_some() && page.stored() == parts && page.sums() == kept;
            let counted = page.iter().all(|(_, cell)| cell.latency.calls() == cell.sums.answered.unsigned_abs());
            let apart = SumPage::of_quarters(&page).stored() == row.try_get::<Vec<u8>, _>("quarter_sums")?;
            read && counted && apart && days.remove(&start) == Some(kept)
        };
        wrong += i64::from(!right);
    }
    Ok(wrong + days.len() as i64)
}
