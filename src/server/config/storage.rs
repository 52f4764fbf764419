//! Data directory, database and secret.

use std::path::PathBuf;

use super::{ConfigError, Source, source::wrong};
use crate::service::vault::Secret;

/// Where things are kept.
#[derive(Clone, Debug)]
pub struct Storage {
    /// `TALLYGATE_DATA_DIR`: SQLite file, spool, mails, secret. Default: `var`.
    pub data_dir: PathBuf,
    /// `TALLYGATE_DATABASE_URL`: `sqlite://…` or `postgres://…`. Default: `tallygate.db` in the data directory.
    pub database_url: Secret,
    /// `TALLYGATE_SECRET_KEY`: 32 bytes in hexadecimal or base64; several separated by commas, the first seals. Default: made once
    /// in the data directory.
    pub secret_key: Option<Secret>,
}

impl Storage {
    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, ConfigError> {
        let data_dir = source.path("data_dir", "var")?;
        let database_url = source.text("database_url")?;
        let fits = |text: &str| ["sqlite:", "postgres://", "postgresql://"].iter().any(|start| text.starts_with(start));
        if database_url.as_deref().is_some_and(|text| !fits(text)) {
            // It may hold a password: the sentence must not repeat it.
            return Err(wrong("database_url", "…", "a URL that begins with sqlite: or postgres://"));
        }
        let database_url = database_url.unwrap_or_else(|| format!("sqlite://{}", data_dir.join("tallygate.db").display()));
        let secret_key = source.text("secret_key")?.map(Secret::new);
        Ok(Self { data_dir, database_url: Secret::new(database_url), secret_key })
    }
}
