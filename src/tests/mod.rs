//! Whole-app tests, one file per noun, and what they stand on.

mod accounts;
mod api_keys;
mod catalog;
mod schema;
mod sessions;
pub(crate) mod support;
mod teams;
mod usage;
