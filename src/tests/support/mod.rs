//! What tests stand on: databases, people, a clock that moves.

pub(crate) mod accounts;
pub(crate) mod app;
pub(crate) mod certificates;
pub(crate) mod database;
pub(crate) mod invariants;
pub(crate) mod limits;
pub(crate) mod people;
pub(crate) mod smtp;
pub(crate) mod smtp_tls;
pub(crate) mod worlds;

pub(crate) use app::TestApp;
pub(crate) use database::on_each_database;

use crate::domain::time::UnixMs;

/// When tests take place: Sat 21 Nov 2026, 23:03 UTC.
pub(crate) const START: UnixMs = UnixMs(1_795_302_180_000);
