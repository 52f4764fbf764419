//! Migrations: the common dialect in `migrations/`, what it cannot say in `migrations/sqlite` and `migrations/postgres` under the
//! same number. Both parts of a number run as one.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Engine, Store};

static COMMON: Migrator = sqlx::migrate!("./migrations");
static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");

impl Store {
    /// Brings the schema up to date. Safe to call from several processes at once.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        migrator(self.engine).run(&self.write).await
    }
}

fn migrator(engine: Engine) -> Migrator {
    let own = match engine {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
    };
    let migrations = COMMON.iter().map(|common| {
        let sql = match own.iter().find(|own| own.version == common.version) {
            Some(own) => format!("{}\n{}", common.sql.as_str(), own.sql.as_str()),
            None => common.sql.as_str().to_owned(),
        };
        // The text comes from files that are compiled in.
        let sql = sqlx::AssertSqlSafe(sql).into_sql_str();
        Migration::new(common.version, Cow::Owned(common.description.to_string()), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Tells one set of migrations from another, for the templates of test databases.
#[cfg(test)]
pub(crate) fn fingerprint() -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    migrator(Engine::Postgres).iter().for_each(|migration| hash.update(&migration.checksum));
    hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_specific_parts_stand_beside_a_common_number() {
        for own in SQLITE.iter().chain(POSTGRES.iter()) {
            assert!(COMMON.version_exists(own.version), "{} has no common part", own.version);
        }
    }
}
