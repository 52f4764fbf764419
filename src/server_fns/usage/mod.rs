//! What was used: the address of pages with statistics.

pub mod asked;
