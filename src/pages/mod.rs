//! One folder per route: what it loads, what it sends, how it is laid out.

mod access_groups;
pub mod access_requests;
mod account;
pub mod admin;
mod allowance;
mod api_keys;
mod audit;
mod billing;
mod call_logs;
mod confirm;
pub mod confirm_dialog;
mod credentials;
pub mod data;
mod explain;
pub mod failure;
mod forgot;
pub mod form;
mod frame;
mod invite;
pub mod lazy;
pub mod live;
mod login;
mod members;
mod organization;
mod organization_models;
mod outbox;
mod overview;
mod own;
mod playground;
mod quotas;
mod reset;
mod search;
mod settings;
mod signup;
mod team_models;
mod teams;
mod usage;
mod usage_ranking;
pub mod watch;

pub use access_groups::GroupsPage;
pub use access_requests::RequestsPage;
pub use account::AccountPage;
pub use api_keys::KeysPage;
pub use audit::AuditPage;
pub use billing::{BillingPage, StatementPage};
pub use call_logs::{CallLogsPage, CallPage};
pub use confirm::ConfirmPage;
pub use explain::ExplainPage;
pub use forgot::ForgotPage;
pub use frame::Frame;
pub use invite::InvitePage;
pub use login::LoginPage;
pub use members::MembersPage;
pub use organization::{OrganizationMembersPage, OrganizationPage, OrganizationSettingsPage};
pub use organization_models::OrganizationModelsPage;
pub use outbox::OutboxPage;
pub use overview::OverviewPage;
pub use own::OwnPage;
pub use playground::PlaygroundPage;
pub use quotas::{OrganizationLimitsPage, QuotasPage};
pub use reset::ResetPage;
pub use search::{Palette, SearchPage};
pub use settings::TeamSettingsPage;
pub use signup::SignupPage;
pub use team_models::TeamModelsPage;
pub use teams::{NewTeamPage, TeamsPage};
pub use usage::UsagePage;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The context of a page: the team's slug in the address, `me` on the pages of the personal space.
fn context_param() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("team").unwrap_or_else(|| "me".to_owned()))
}

/// One value of the query string; empty where it is not given.
fn query_param(name: &'static str) -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.read().get(name).unwrap_or_default())
}

/// The address of a context's page.
fn context_address(team: &str, page: &str) -> String {
    let base = if team == "me" { "/me".to_owned() } else { format!("/t/{team}") };
    if page.is_empty() { base } else { format!("{base}/{page}") }
}
