//! A filter that is set, as pages show it.

use serde::{Deserialize, Serialize};

/// A filter that is set, and the address without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterChip {
    /// What it is about.
    pub label: String,
    /// What is asked for.
    pub value: String,
    /// The address without it.
    pub without: String,
}
