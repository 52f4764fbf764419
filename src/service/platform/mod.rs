//! Running the platform: accounts, owners that are lost, settings. For platform admins; for everybody else nothing of it exists.

pub mod recover;
pub mod settings;
pub mod users;
