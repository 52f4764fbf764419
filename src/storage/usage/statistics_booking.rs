//! Adding events to what statistics are read of: series, ranks and pages of days (docs/usage.md). Plain numbers are added by the
//! database; what is packed is read, merged and written, under a lock that only bookers take.

use std::collections::BTreeMap;

use sqlx::{Any, AnyConnection, Row as _, any::AnyArguments, query::Query};

use super::{
    booking::{Placeholders, chunks},
    folded::{Folded, RowKey},
};
use crate::{
    domain::{
        ids::CallId,
        usage::UsageEvent,
        usage_filter::Dimension::{self, Endpoint, Key, Member, Model, Outcome, Provider},
        usage_ranks::SumPage,
        usage_sums::{Cell, DayPage, Sums},
    },
    storage::RowExt,
};

type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

/// A table of sums: the columns of its primary key, the one that is packed, and, where it has one, that of the sums of quarters without
/// latencies.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    packed: &'static str,
    quarter_sums: Option<&'static str>,
}

const SERIES: Table = Table {
    name: "usage_series",
    key: &["team_id", "facet", "span_ms", "model_name", "provider_name", "endpoint", "outcome", "test", "start_at"],
    packed: "cell",
    quarter_sums: None,
};
const RANKS: Table = Table {
    name: "usage_ranks",
    key: &[
        "team_id",
        "facet",
        "span_ms",
        "start_at",
        "test",
        "user_id",
        "key_id",
        "model_name",
        "provider_name",
        "endpoint",
        "outcome",
    ],
    packed: "parts",
    quarter_sums: Some("quarter_sums"),
};
const PAGES: Table = Table {
    name: "usage_pages",
    key: &["team_id", "user_id", "day_at", "key_id", "model_name", "provider_name", "endpoint", "outcome", "test"],
    packed: "quarters",
    quarter_sums: None,
};

/// Lets one booker in after the other, until the end of its transaction.
pub async fn lock_statistics(c: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let locked = sqlx::query("UPDATE usage_booking SET batches = batches + 1 WHERE id = 1").execute(c).await?;
    // Without its row nobody would wait for anybody.
    if locked.rows_affected() == 1 { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
}

/// Adds events to everything that statistics are read of. The caller holds the lock.
pub async fn add_to_statistics<'e>(
    c: &mut AnyConnection,
    events: impl Iterator<Item = &'e UsageEvent>,
) -> Result<(), sqlx::Error> {
    let mut folded = Folded::of(events);
    let (series, pages) = (std::mem::take(&mut folded.series), std::mem::take(&mut folded.pages));
    let rows = rows(series, |key| {
        let what = [Model, Provider, Endpoint, Outcome].map(|dimension| text(folded.value(key, dimension)));
        let [model, provider, endpoint, outcome] = what;
        let (facet, span) = (Part::Int(key.facet.number()), Part::Int(key.span.ms()));
        vec![
            text(folded.team(key)),
            facet,
            span,
            model,
            provider,
            endpoint,
            outcome,
            Part::Int(i64::from(key.test)),
            Part::Int(key.start),
        ]
    });
    add(c, &SERIES, rows).await?;
    add_ranks(c, &mut folded).await?;
    let rows = self::rows(pages, |key| {
        let [member, key_id] = [Member, Key].map(|dimension| text(folded.value(key, dimension)));
        let what = [Model, Provider, Endpoint, Outcome].map(|dimension| text(folded.value(key, dimension)));
        let first = [text(folded.team(key)), member, Part::Int(key.start), key_id];
        first.into_iter().chain(what).chain([Part::Int(i64::from(key.test))]).collect()
    });
    add(c, &PAGES, rows).await
}

/// Adds what rankings are read of. The caller holds the lock.
pub(super) async fn add_ranks(c: &mut AnyConnection, folded: &mut Folded) -> Result<(), sqlx::Error> {
    let (stretches, days) = (std::mem::take(&mut folded.stretches), std::mem::take(&mut folded.days));
    let key = |key: &RowKey| {
        let (facet, span) = (Part::Int(key.facet.number()), Part::Int(key.span.ms()));
        let time = [Part::Int(key.start), Part::Int(i64::from(key.test))];
        let values = Dimension::ALL.map(|dimension| text(folded.value(key, dimension)));
        [text(folded.team(key)), facet, span].into_iter().chain(time).chain(values).collect()
    };
    add(c, &RANKS, rows(stretches, key)).await?;
    add(c, &RANKS, rows(days, key)).await
}

/// A column of a key.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Int(i64),
}

fn text(value: &str) -> Part {
    Part::Text(value.to_owned())
}

fn bind_part<'q>(query: AnyQuery<'q>, part: &Part) -> AnyQuery<'q> {
    match part {
        Part::Text(text) => query.bind(text.clone()),
        Part::Int(number) => query.bind(*number),
    }
}

/// What a row holds besides its key.
trait Stored {
    fn sums(&self) -> Sums;
    /// Adds what is packed already; nothing where it can not be read.
    fn merge_packed(&mut self, packed: &[u8]) -> Option<()>;
    fn packed(&self) -> Vec<u8>;
    /// The sums of its quarters; nothing of what has none.
    fn quarter_sums(&self) -> SumPage {
        SumPage::default()
    }
}

impl Stored for SumPage {
    fn sums(&self) -> Sums {
        SumPage::sums(self)
    }

    fn merge_packed(&mut self, packed: &[u8]) -> Option<()> {
        self.merge_stored(packed)
    }

    fn packed(&self) -> Vec<u8> {
        self.stored()
    }
}

impl Stored for Cell {
    fn sums(&self) -> Sums {
        self.sums
    }

    fn merge_packed(&mut self, packed: &[u8]) -> Option<()> {
        Cell::merge_packed(self, packed)
    }

    fn packed(&self) -> Vec<u8> {
        self.stored()
    }
}

impl Stored for DayPage {
    fn sums(&self) -> Sums {
        self.sums()
    }

    fn merge_packed(&mut self, packed: &[u8]) -> Option<()> {
        self.merge_stored(packed)
    }

    fn packed(&self) -> Vec<u8> {
        self.stored()
    }

    fn quarter_sums(&self) -> SumPage {
        SumPage::of_quarters(self)
    }
}

struct Row<T> {
    key: Vec<Part>,
    /// Of these events alone: the database adds them.
    sums: Sums,
    /// With what was stored before.
    all: T,
}

fn rows<T: Stored>(folded: BTreeMap<RowKey, T>, key: impl Fn(&RowKey) -> Vec<Part>) -> Vec<Row<T>> {
    folded.into_iter().map(|(row, all)| Row { key: key(&row), sums: all.sums(), all }).collect()
}

async fn add<T: Stored>(c: &mut AnyConnection, table: &Table, mut rows: Vec<Row<T>>) -> Result<(), sqlx::Error> {
    let mut done = 0;
    let sizes: Vec<usize> = chunks(&rows).map(<[Row<T>]>::len).collect();
    for size in sizes {
        let chunk = &mut rows[done..done + size];
        done += size;
        merge_stored(c, table, chunk).await?;
        upsert(c, table, chunk).await?;
    }
    Ok(())
}

/// Merges what the rows of a chunk hold already.
async fn merge_stored<T: Stored>(c: &mut AnyConnection, table: &Table, chunk: &mut [Row<T>]) -> Result<(), sqlx::Error> {
    let (column, width) = (table.packed, table.key.len() + 1);
    let same: Vec<String> = table.key.iter().enumerate().map(|(n, key)| format!("s.{key} = k.column{}", n + 2)).collect();
    // CROSS JOIN: SQLite reads the values first, and looks each up by its key.
    let sql = format!(
        "SELECT k.column1 AS place, s.{column} AS packed FROM (VALUES {}) AS k CROSS JOIN {} s WHERE {}",
        Placeholders::of(c).rows(chunk.len(), width),
        table.name,
        same.join(" AND ")
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for (place, row) in (0_i64..).zip(chunk.iter()) {
        query = row.key.iter().fold(query.bind(place), bind_part);
    }
    for found in query.fetch_all(c).await? {
        let packed: Vec<u8> = found.try_get("packed")?;
        let place = usize::try_from(found.int("place")?).unwrap_or(usize::MAX);
        let read = chunk.get_mut(place).and_then(|row| row.all.merge_packed(&packed));
        read.ok_or_else(|| unreadable(table.name, column))?;
    }
    Ok(())
}

pub(super) fn unreadable(table: &str, column: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: format!("unreadable value in {table}").into() }
}

async fn upsert<T: Stored>(c: &mut AnyConnection, table: &Table, chunk: &[Row<T>]) -> Result<(), sqlx::Error> {
    let packed = || [Some(table.packed), table.quarter_sums].into_iter().flatten();
    let columns: Vec<&str> = table.key.iter().copied().chain(Sums::COLUMNS).chain(packed()).collect();
    let mut sets: Vec<String> = Sums::COLUMNS.iter().map(|column| format!("{column} = r.{column} + excluded.{column}")).collect();
    sets.extend(packed().map(|column| format!("{column} = excluded.{column}")));
    let sql = format!(
        "INSERT INTO {} AS r ({}) VALUES {} ON CONFLICT ({}) DO UPDATE SET {}",
        table.name,
        columns.join(", "),
        Placeholders::of(c).rows(chunk.len(), columns.len()),
        table.key.join(", "),
        sets.join(", ")
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for row in chunk {
        query = row.key.iter().fold(query, bind_part);
        query = row.sums.numbers().into_iter().fold(query, |query, number| query.bind(number)).bind(row.all.packed());
        if table.quarter_sums.is_some() {
            query = query.bind(row.all.quarter_sums().stored());
        }
    }
    query.execute(c).await?;
    Ok(())
}

/// How far the tables were filled with what was booked before they were there: the last event's id, or nothing where all is in.
pub async fn find_fill(c: &mut AnyConnection) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query("SELECT filled_to FROM usage_booking WHERE id = 1 AND filled = 0").fetch_optional(c).await?;
    row.map(|row| row.text("filled_to")).transpose()
}

/// Notes how far they are filled.
pub async fn note_fill(c: &mut AnyConnection, last: Option<CallId>) -> Result<(), sqlx::Error> {
    let (to, filled) = last.map_or((String::new(), 1), |last| (last.to_string(), 0));
    sqlx::query("UPDATE usage_booking SET filled_to = $1, filled = $2 WHERE id = 1").bind(to).bind(filled).execute(c).await?;
    Ok(())
}
