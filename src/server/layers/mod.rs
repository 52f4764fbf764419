//! What every request passes before a handler sees it, from the outside in.

pub mod body;
pub mod cookies;
pub mod csrf;
pub mod guard;
pub mod headers;
pub mod identify;
mod refusal;

pub use refusal::refuse;
