//! What a run of `demo seed` prints, and keeps for the next one.

use std::{
    fmt, fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::service::ServiceError;

/// What people need to look around.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// Common password of the accounts.
    pub password: String,
    /// A team, by its short name.
    pub team: String,
    /// A model that the key may call.
    pub model: String,
    /// A key of that team that works.
    pub key: String,
    /// The accounts; the first may do everything.
    pub accounts: Vec<DemoAccount>,
}

/// An account of the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    /// Address.
    pub email: String,
    /// What the person is, such as `owner of Atlas Search`.
    pub role: String,
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Demo data of Northwind Labs")?;
        writeln!(f, "  Password: {}   (the same for every account below)", self.password)?;
        writeln!(f, "  Team: {}", self.team)?;
        writeln!(f, "  Model: {}", self.model)?;
        writeln!(f, "  Key: {}", self.key)?;
        writeln!(f, "  Accounts:")?;
        for account in &self.accounts {
            writeln!(f, "    {:<36} {}", account.email, account.role)?;
        }
        Ok(())
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("demo.json")
}

/// Keeps it, readable by this user alone.
pub(super) fn write(data_dir: &Path, demo: &Demo) -> Result<(), ServiceError> {
    let failed = |error: &dyn fmt::Display| ServiceError::Internal(format!("demo.json can not be written: {error}"));
    let text = serde_json::to_vec_pretty(demo).map_err(|error| failed(&error))?;
    let (new, path) = (path(data_dir).with_extension("json.new"), path(data_dir));
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(data_dir)?;
        drop(fs::remove_file(&new));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    };
    write().map_err(|error| failed(&error))
}

/// What an earlier run kept.
pub(super) fn read(data_dir: &Path) -> Result<Demo, ServiceError> {
    let missing = || {
        let message = "The database has demo data, but demo.json with its password and key is not in this data directory.";
        ServiceError::Conflict("demo_elsewhere", message.into())
    };
    let text = fs::read(path(data_dir)).map_err(|_| missing())?;
    serde_json::from_slice(&text).map_err(|_| missing())
}
