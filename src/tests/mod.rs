//! Whole-app tests, one file per noun, and what they stand on.

mod api_keys;
mod catalog;
mod schema;
pub(crate) mod support;
mod teams;
mod usage;
