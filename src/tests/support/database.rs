//! Runs a test on a fresh SQLite file and, where `TALLYGATE_TEST_POSTGRES_URL` names a server, on a PostgreSQL database without rows. Both
//! are copies of one that was migrated before: once per process, or once per server and set of migrations.

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, Row};
use tokio::sync::OnceCell;

use super::START;
use crate::{
    service::{Clock, Random, Services, Settings, mail::delivery::Mailer, vault::Vault},
    storage::{AnyConnection, Store, migrate},
};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Services for a test over a migrated database.
pub(crate) async fn services_over(store: Store) -> Services {
    let vault = Vault::new(vec![[7; 32]]);
    let settings = Settings::for_tests();
    let mut services =
        Services::new(store, Clock::manual(START), Random::seeded(42), vault, settings).await.expect("services start");
    services.mailer = Mailer::memory();
    services
}

/// Runs a test on each engine, one after the other; the clock stands still and randomness repeats.
pub(crate) async fn on_each_database<F: Future<Output = ()>>(test: impl Fn(Services) -> F) {
    on_each_address(async |url| {
        let store = Store::connect(&url).await.expect("the database answers");
        in_time(test(services_over(store.clone()).await)).await;
        store.close().await;
    })
    .await;
}

/// Runs a test on each engine that gets the address of a migrated database, to connect as it likes.
pub(crate) async fn on_each_address(test: impl AsyncFn(String)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(sqlite_database(folder.path()).await).await;
    if let Some(database) = PostgresDatabase::create().await {
        test(database.url.clone()).await;
        database.remove().await;
    }
}

/// A test that waits for what never comes fails, and does not hold up all others. Far more than any needs on a busy machine.
async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(240), test).await.expect("a test ends within four minutes");
}

/// A migrated SQLite file in a folder.
async fn sqlite_database(folder: &Path) -> String {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = || async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("template.db");
        migrate_new(&format!("sqlite://{}", file.display())).await;
        std::fs::read(file).expect("the template")
    };
    let file = folder.join("test.db");
    std::fs::write(&file, TEMPLATE.get_or_init(make).await).expect("a copy of the template");
    format!("sqlite://{}", file.display())
}

/// A migrated database of its own on the test server.
pub(crate) struct PostgresDatabase {
    server: String,
    name: String,
    pub(crate) url: String,
}

/// Databases that tests have left, empty again: making one costs more than most tests.
static EMPTIED: Mutex<Vec<String>> = Mutex::new(vec![]);

/// Rows are deleted past the triggers that refuse it. Tables have few; a new file for each would take longer.
const EMPTY: &str = "DO $$ DECLARE name TEXT; BEGIN
    SET session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    -- What migrations write.
    INSERT INTO plans (id, name, seat_price, included_usage, self_service) VALUES
        ('0199f000-0000-7000-8000-000000000001', 'Starter', 10000000000, 10000000000, 0),
        ('0199f000-0000-7000-8000-000000000002', 'Pro', 30000000000, 40000000000, 0),
        ('0199f000-0000-7000-8000-000000000003', 'Enterprise', 60000000000, 100000000000, 0);
    INSERT INTO usage_booking (id, batches, filled_to, filled) VALUES (1, 0, '', 1);
    END $$";

impl PostgresDatabase {
    /// A database without rows; none when no server is named.
    pub(crate) async fn create() -> Option<Self> {
        static TEMPLATE: OnceCell<(String, i64)> = OnceCell::const_new();
        let server = std::env::var("TALLYGATE_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())?;
        let emptied = EMPTIED.lock().expect("the names").pop();
        let name = match emptied {
            Some(name) => name,
            None => {
                let (template, started) = TEMPLATE.get_or_init(|| postgres_template(&server)).await;
                let name = format!("{TEST}{started}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
                run(&mut connect(&server).await, format!("CREATE DATABASE {name} TEMPLATE {template}"))
                    .await
                    .expect("a database");
                name
            }
        };
        Some(Self { url: with_database(&server, &name), server, name })
    }

    /// Leaves it to the next test, or drops it where it can not be emptied.
    pub(crate) async fn remove(self) {
        if self.empty().await.is_ok_and(|emptied| emptied) {
            EMPTIED.lock().expect("the names").push(self.name);
        } else {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            run(&mut connect(&self.server).await, drop).await.expect("it is dropped");
        }
    }

    async fn empty(&self) -> Result<bool, sqlx::Error> {
        let mut connection = connect(&self.url).await;
        // Whoever is still connected could write into the next test's. A connection that was closed takes a moment to be gone.
        let others = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        for _ in 0..50 {
            if sqlx::query(others).fetch_one(&mut connection).await?.get::<i64, _>(0) == 0 {
                run(&mut connection, EMPTY.into()).await?;
                return connection.close().await.map(|()| true);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(false)
    }
}

/// What databases of tests are called, before when and by which process they were made.
const TEST: &str = "tallygate_test_";
/// Databases of a process that ended are dropped by one that begins so many seconds later.
const LEFT_OVER: i64 = 6 * 3_600;

/// The name of the template on a server, where it stays for the next run with the same migrations, and the time there.
async fn postgres_template(server: &str) -> (String, i64) {
    let name = format!("tallygate_{}", migrate::fingerprint());
    let mut connection = connect(server).await;
    // Held until the connection closes: of several processes one makes it.
    run(&mut connection, "SELECT pg_advisory_lock(1415936887)".into()).await.expect("the lock");
    let known = "SELECT CAST(datname AS TEXT), CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) FROM pg_database";
    let known = sqlx::query(known).fetch_all(&mut connection).await.expect("the databases");
    let now: i64 = known[0].get(1);
    let names: Vec<String> = known.iter().map(|row| row.get(0)).collect();
    for old in &names {
        let made = old.strip_prefix(TEST).and_then(|rest| rest.split('_').next()?.parse::<i64>().ok());
        if made.is_some_and(|made| made < now - LEFT_OVER) {
            // Another process may do the same.
            drop(run(&mut connection, format!("DROP DATABASE IF EXISTS {old} WITH (FORCE)")).await);
        }
    }
    if !names.contains(&name) {
        // It gets its name when it is complete.
        let draft = format!("{name}_draft");
        run(&mut connection, format!("DROP DATABASE IF EXISTS {draft}")).await.expect("no draft");
        run(&mut connection, format!("CREATE DATABASE {draft}")).await.expect("a draft");
        migrate_new(&with_database(server, &draft)).await;
        run(&mut connection, format!("ALTER DATABASE {draft} RENAME TO {name}")).await.expect("a template");
    }
    connection.close().await.expect("the connection closes");
    (name, now)
}

async fn migrate_new(url: &str) {
    let store = Store::connect(url).await.expect("the database answers");
    store.migrate().await.expect("migrations run");
    store.close().await;
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).expect("TALLYGATE_TEST_POSTGRES_URL is an address");
    url.set_path(name);
    url.into()
}

async fn connect(server: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(server).await.expect("the PostgreSQL server answers")
}

async fn run(connection: &mut AnyConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
