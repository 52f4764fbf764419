//! What was used: the overview of a team or personal space (`me`), and the address of pages with statistics.

pub mod asked;
mod overview;

pub use overview::*;
