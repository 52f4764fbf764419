//! Running the platform: accounts, owners that are lost, settings. For platform admins; for everybody else nothing of it exists.

pub mod recover;
pub mod settings;
pub mod users;

use crate::{domain::accounts::check_name, service::ServiceError};

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Checks a reason: one paragraph, whatever lines it was typed in. `what` completes "Enter …".
pub(super) fn check_reason(typed: &str, what: &str) -> Result<String, ServiceError> {
    let line = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    check_name(&line, what, REASON_MAX).map_err(|message| ServiceError::field("reason", message))
}
