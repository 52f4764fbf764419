//! Who may call which model, as people set it: asset sets of organizations, policies of teams, subsets, groups, grants, requests, reviews,
//! explanations. What they mean is decided in `domain::authorization` alone; previews and lists ask it through the snapshot.

mod asset_set;
mod explain;
mod grants;
mod group_effects;
mod groups;
mod inbox;
mod organization;
mod plan;
mod requests;
mod reviews;
mod subsets;
mod team_models;
mod teams;

pub use explain::ExplainQuery;
pub use groups::GroupInput;
pub use organization::BulkStates;
pub use requests::{Decision, NewAccessRequest};

use std::collections::HashSet;

use crate::{
    domain::{ids::ModelId, model_access::WORDS_MAX},
    service::{ServiceError, Snapshot},
};

/// Most models, groups or teams that one request names.
const LIST_MAX: usize = 20_000;

/// The models of public names, aliases or ids; a name that is none is a problem of the field.
fn find_models<'a>(
    snapshot: &Snapshot,
    field: &str,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<ModelId>, ServiceError> {
    let (mut found, mut seen) = (vec![], HashSet::new());
    for name in names {
        let unknown =
            || ServiceError::field(field, format!("There is no model “{}”.", name.chars().take(100).collect::<String>()));
        let id = snapshot.find(name).ok_or_else(unknown)?.id;
        if seen.insert(id) {
            found.push(id);
        }
        if found.len() > LIST_MAX {
            return Err(ServiceError::field(field, format!("Name at most {LIST_MAX} models.")));
        }
    }
    Ok(found)
}

/// Somebody's own words: trimmed, without control characters other than line ends, and not too many.
pub(in crate::service) fn check_words(field: &str, typed: &str, required: bool) -> Result<String, ServiceError> {
    let words: String = typed.trim().chars().filter(|c| !c.is_control() || *c == '\n').collect();
    if required && words.is_empty() {
        return Err(ServiceError::field(field, "Say in a sentence what it is for."));
    }
    if words.chars().count() > WORDS_MAX {
        return Err(ServiceError::field(field, format!("Use at most {WORDS_MAX} characters.")));
    }
    Ok(words)
}
