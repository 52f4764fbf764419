//! All SQL. One dialect over sqlx's `Any` driver; the same statements run on SQLite and PostgreSQL. One function per query, one
//! file per noun; identifiers and times come from the caller; transactions are opened by the services.

pub mod api_keys;
pub mod audit;
pub mod billing;
pub mod budget_requests;
pub mod catalog;
pub mod checks;
pub mod invitations;
pub mod known_devices;
pub mod limit_alerts;
pub mod limits;
pub mod mails;
pub mod management_tokens;
pub mod members;
pub mod migrate;
pub mod model_access;
pub mod organizations;
pub mod plans;
pub mod price_lists;
pub mod prices;
pub mod requests;
mod row;
pub mod search;
pub mod self_service;
pub mod sessions;
pub mod settings;
pub mod single_use_tokens;
pub mod teams;
pub mod usage;
pub mod users;

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Any, AnyPool, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
    pool::PoolConnection,
};

pub use row::RowExt;
pub use sqlx::AnyConnection;

/// Which engine stands behind the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file, one writer.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// The product's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// An open transaction. Dropped without commit it is rolled back.
#[derive(Debug)]
pub struct Tx {
    open: Transaction<'static, Any>,
    /// Counts this one, unless nobody's rights and names can depend on it.
    changes: Option<Arc<AtomicU64>>,
}

impl Tx {
    /// Ends it. Of a commit that failed nobody knows whether it came through, so it counts as a change as well.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        let done = self.open.commit().await;
        if let Some(changes) = self.changes {
            changes.fetch_add(1, Ordering::AcqRel);
        }
        done
    }
}

#[cfg(test)]
impl Tx {
    /// Takes it back.
    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        self.open.rollback().await
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.open
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.open
    }
}

/// The database. SQLite has one writing connection, so that writers queue here instead of failing there.
#[derive(Clone, Debug)]
pub struct Store {
    read: AnyPool,
    write: AnyPool,
    engine: Engine,
    changes: Arc<AtomicU64>,
}

/// Longest wait for a connection; then the caller gets an error instead of a hanging page.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

impl Store {
    /// Connects to `sqlite://…` or `postgres://…`. An SQLite file is created where it is missing.
    pub async fn connect(url: &str) -> Result<Self, sqlx::Error> {
        sqlx::any::install_default_drivers();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = pool(12, &[]).connect_with(url.parse::<AnyConnectOptions>()?).await?;
            return Ok(Self { read: pool.clone(), write: pool, engine: Engine::Postgres, changes: Arc::default() });
        }
        let url = if url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") };
        let options = url.parse::<AnyConnectOptions>()?;
        let write = pool(1, &SQLITE_PRAGMAS).connect_with(options.clone()).await?;
        let read = pool(4, &SQLITE_PRAGMAS).connect_with(options).await?;
        Ok(Self { read, write, engine: Engine::Sqlite, changes: Arc::default() })
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A connection for reading.
    pub async fn reader(&self) -> Result<PoolConnection<Any>, sqlx::Error> {
        self.read.acquire().await
    }

    /// A transaction for writing. On SQLite it holds the write lock from its first moment, so it can not fail half-way for it.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(Tx { changes: Some(Arc::clone(&self.changes)), ..self.begin_aside().await? })
    }

    /// The same for what happens all the time and changes nothing that people are or may do: calls that are booked, the last use of a
    /// session. [`Self::changes`] does not count it.
    pub async fn begin_aside(&self) -> Result<Tx, sqlx::Error> {
        let open = match self.engine {
            Engine::Sqlite => self.write.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => self.write.begin().await?,
        };
        Ok(Tx { open, changes: None })
    }

    /// How many changes this process has made. As long as it is the same, it need not look for them.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Closes all connections; on SQLite this also folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

const SQLITE_PRAGMAS: [&str; 5] = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA temp_store = MEMORY",
];

fn pool(connections: u32, statements: &'static [&'static str]) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).after_connect(move |connection, _| {
        Box::pin(async move {
            for statement in statements {
                sqlx::raw_sql(*statement).execute(&mut *connection).await?;
            }
            Ok(())
        })
    })
}

/// The condition that a column holds `$1`; where nothing is bound but an empty text, it holds for every row.
fn where_is(column: &str, bound: &str) -> String {
    if bound.is_empty() { "$1 = ''".into() } else { format!("{column} = $1") }
}

/// The condition that a column holds one of some ids; every row, where none are named. The texts of ids are no one's input.
fn among<I: std::fmt::Display>(column: &str, ids: Option<&[I]>) -> String {
    match ids {
        None => "1 = 1".into(),
        Some([]) => "1 = 0".into(),
        Some(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
            format!("{column} IN ({})", ids.join(", "))
        }
    }
}

/// Whether an error is the violation of the named unique index (PostgreSQL names the index, SQLite the columns).
pub fn violates_unique(error: &sqlx::Error, index: &str, columns: &str) -> bool {
    error.as_database_error().is_some_and(|e| {
        e.is_unique_violation() && (e.constraint() == Some(index) || e.message().contains(columns) || e.message().contains(index))
    })
}

/// A `LIKE` pattern (with `ESCAPE '\'`) for texts that contain what was typed, whatever the case. Wildcards stand for themselves.
pub fn contains(typed: &str) -> String {
    format!("%{}", begins(typed))
}

/// The same for texts that begin with it.
pub fn begins(typed: &str) -> String {
    let mut pattern = String::new();
    for c in typed.trim().chars().take(100).flat_map(char::to_lowercase) {
        // No stored text has a null byte; a database would stop reading at it.
        let c = if c == '\0' { char::REPLACEMENT_CHARACTER } else { c };
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
