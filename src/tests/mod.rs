//! Whole-app tests, one file per noun, and what they stand on.

mod accounts;
mod api_keys;
mod architecture;
mod audit;
mod catalog;
mod doors;
mod edge;
mod email_change;
mod invitations;
mod mail;
mod members;
mod organizations;
mod outage;
mod own_account;
mod requests;
mod rest;
mod schema;
mod sessions;
mod sign_in;
mod smtp;
mod standing;
pub(crate) mod support;
mod team_lifecycles;
mod team_races;
mod teams;
mod usage;
mod users;
