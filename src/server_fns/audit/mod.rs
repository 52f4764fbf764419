//! The audit log of a team, of an organization, of the platform.

#[cfg(feature = "ssr")]
mod view;

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{audit::FieldChange, filter_chip::FilterChip},
    error::AppError,
    wire::PageAnswer,
};

/// What the address of the page asks for; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditAsked {
    /// A part of the name of who did it.
    pub person: String,
    /// Identifier of who did it.
    pub actor: String,
    /// `key`, or `key.create`.
    pub action: String,
    /// A part of the object's name.
    pub object: String,
    /// Identifier of the object.
    pub target: String,
    /// `done` or `denied`.
    pub outcome: String,
    /// First day, `2026-11-20`.
    pub from: String,
    /// Last day.
    pub to: String,
    pub cursor: String,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Time of the day, in UTC.
    pub time: String,
    pub time_title: String,
    pub rfc3339: String,
    /// Identifier; empty for what the product did by itself, and for somebody who is not signed in.
    pub actor: String,
    pub actor_name: String,
    /// Everything of this person.
    pub actor_href: String,
    /// What was done, in words.
    pub action: String,
    pub denied: bool,
    pub object: String,
    /// Kind of the object, and where it belongs to.
    pub object_detail: String,
    /// Everything about this object; empty where it has no identifier.
    pub object_href: String,
    pub changes: Vec<FieldChange>,
    /// `Page`, `API` or `System`.
    pub source: String,
    pub address: String,
    pub request_id: String,
}

/// The entries of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDay {
    pub day: String,
    pub lines: Vec<AuditLine>,
}

/// The page of an audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Whose log it is.
    pub context: String,
    pub lead: String,
    /// Actions to choose from, and their labels.
    pub actions: Vec<(String, String)>,
    pub chips: Vec<FilterChip>,
    /// What is wrong with what was asked; then there are no entries.
    pub problem: String,
    pub days: Vec<AuditDay>,
    pub summary: String,
    /// Address of the page's beginning.
    pub newer: Option<String>,
    pub older: Option<String>,
    /// Address of the file with everything that the filters let through.
    pub export: String,
}

/// The audit log of a place: `t/{team}`, `o/{organization}` or `admin`.
#[server(prefix = "/fn", endpoint = "list_audit", output = PageAnswer)]
pub async fn list_audit(place: String, #[server(default)] asked: AuditAsked) -> Result<AuditPage, AppError> {
    let (services, caller) = match place.strip_prefix("t/") {
        Some(team) => super::context::viewer(team).await?,
        None => super::context::signed_in().await?,
    };
    Ok(view::load(&services, &caller, &place, asked).await?)
}
