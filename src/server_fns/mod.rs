//! The pages' door to the services: each function finds its caller, calls a service and turns the answer into what a page shows.
//! They are public endpoints under `/fn`; what guards them stands in the services.

pub mod access_groups;
pub mod access_requests;
pub mod account;
pub mod accounts;
pub mod api_keys;
pub mod appearance;
pub mod audit;
pub mod billing;
pub mod call;
pub mod catalog;
#[cfg(feature = "ssr")]
pub mod context;
pub mod explain;
#[cfg(feature = "ssr")]
pub mod http;
pub mod invitations;
pub mod mails;
pub mod members;
pub mod organization_members;
pub mod organization_models;
pub mod organizations;
pub mod own_invitations;
pub mod plans;
pub mod platform;
pub mod playground;
pub mod price_lists;
#[cfg(feature = "ssr")]
pub mod shown_once;
#[cfg(feature = "ssr")]
pub mod status;
pub mod team_models;
pub mod team_settings;
pub mod teams;
pub mod usage;
pub mod users;
