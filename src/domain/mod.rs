//! Pure types and rules, compiled for the server and for the browser. Nothing here reads a clock, a database or randomness.

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod catalog;
pub mod catalog_forms;
pub mod charts;
pub mod email;
pub mod field_errors;
pub mod format;
pub mod ids;
pub mod latency;
pub mod mails;
pub mod management_tokens;
pub mod money;
pub mod next;
pub mod page;
pub mod platform;
pub mod punycode;
pub mod roles;
pub mod sessions;
pub mod slug;
pub mod snippets;
pub mod teams;
pub mod time;
pub mod usage;
pub mod usage_range;
