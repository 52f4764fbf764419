//! Whole-app tests, one file per noun, and what they stand on.

mod accounts;
mod api_keys;
mod architecture;
mod catalog;
mod edge;
mod rest;
mod schema;
mod sessions;
pub(crate) mod support;
mod teams;
mod usage;
