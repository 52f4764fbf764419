//! Who may call which model: what teams, members and keys narrow, groups, grants, requests and reviews.

pub mod compiled;
pub mod grants;
pub mod groups;
pub mod requests;
pub mod reviews;
pub mod subsets;
pub mod teams;
