//! Runs a test on a fresh SQLite file and, where `TALLYGATE_TEST_POSTGRES_URL` names a server, on a fresh PostgreSQL database.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sqlx::Connection;

use super::START;
use crate::{
    service::{Clock, Random, Services, Settings, mail::delivery::Mailer, vault::Vault},
    storage::{AnyConnection, Store},
};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Services for a test over a database.
pub(crate) async fn services_over(store: Store) -> Services {
    store.migrate().await.expect("migrations run");
    let vault = Vault::new(vec![[7; 32]]);
    let settings = Settings::for_tests();
    let mut services =
        Services::new(store, Clock::manual(START), Random::seeded(42), vault, settings).await.expect("services start");
    services.mailer = Mailer::memory();
    services
}

/// Runs a test on each engine, one after the other; the clock stands still and randomness repeats.
pub(crate) async fn on_each_database<F: Future<Output = ()>>(test: impl Fn(Services) -> F) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::connect(&format!("sqlite://{}", folder.path().join("test.db").display())).await.expect("SQLite opens");
    in_time(test(services_over(store.clone()).await)).await;
    store.close().await;
    if let Some(database) = PostgresDatabase::create().await {
        let store = Store::connect(&database.url).await.expect("PostgreSQL answers");
        in_time(test(services_over(store.clone()).await)).await;
        store.close().await;
        database.remove().await;
    }
}

/// A test that waits for what never comes fails, and does not hold up all others. Far more than any needs on a busy machine.
async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(240), test).await.expect("a test ends within four minutes");
}

/// A database of its own on the test server.
pub(crate) struct PostgresDatabase {
    server: String,
    name: String,
    pub(crate) url: String,
}

impl PostgresDatabase {
    /// A new database; none when no server is named.
    pub(crate) async fn create() -> Option<Self> {
        let server = std::env::var("TALLYGATE_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())?;
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        run(&server, format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&server).expect("TALLYGATE_TEST_POSTGRES_URL is an address");
        url.set_path(&name);
        Some(Self { server, name, url: url.into() })
    }

    /// Drops it again.
    pub(crate) async fn remove(self) {
        run(&self.server, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, sql: String) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(server).await.expect("the PostgreSQL server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("a database can be made");
    connection.close().await.expect("the connection closes");
}
