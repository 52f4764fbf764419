//! Gateway keys of a team or personal space (`me`).

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        api_keys::{KeyKind, KeyState},
        self_service::KeyHints,
        snippets::Snippets,
    },
    error::AppError,
    server_fns::quotas::TypedLimits,
    wire::PageAnswer,
};

/// Cookie with the key that a plain form made.
#[cfg(feature = "ssr")]
const NEW_KEY: &str = "new_key";

/// A row of the key list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    pub id: String,
    pub name: String,
    pub masked: String,
    pub kind: KeyKind,
    pub user: String,
    pub user_name: String,
    pub state: KeyState,
    /// With its budget, if it has one.
    pub spent: String,
    /// ` this month`, where nothing else is said.
    pub spent_in: String,
    /// What is set on it, as inputs hold it.
    pub limits: TypedLimits,
    pub last_used: String,
    pub last_used_title: String,
    pub expires: String,
    pub expires_title: String,
    /// While a rotation's old secret still works: until when.
    pub overlap: String,
    pub may_manage: bool,
    pub may_revoke: bool,
}

/// The key list of a context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysPage {
    /// Name of the context that pays.
    pub context: String,
    pub personal: bool,
    pub active: i64,
    pub rows: Vec<KeyRow>,
    /// Cursor of the next page.
    pub older: Option<String>,
    pub may_create: bool,
    /// Who can change it, where one may not create keys.
    pub why_not: String,
    pub may_create_application: bool,
    /// The list holds other people's keys too.
    pub everyones: bool,
    /// Set right after a plain form made a secret.
    pub new_key: Option<NewKeyView>,
    /// What the self-service policy asks for; nothing for those whom it does not bind.
    pub hints: KeyHints,
    /// What was typed, after a plain form failed.
    pub typed_name: String,
    pub typed_limits: Option<TypedLimits>,
}

/// A secret, shown once, with what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKeyView {
    pub name: String,
    pub secret: String,
    pub context: String,
    pub owner: String,
    pub expires: String,
    pub snippets: Option<Snippets>,
    /// Set after a rotation: until when the old secret works.
    pub overlap: String,
}

/// The keys of a context that the caller may see.
#[server(prefix = "/fn", endpoint = "list_keys", output = PageAnswer)]
pub async fn list_keys(team: String, text: String, mine: bool, status: String, cursor: String) -> Result<KeysPage, AppError> {
    use crate::{
        domain::{
            api_keys::KeyStatus,
            page::PageRequest,
            roles::{Action, Role},
            teams::TeamKind,
        },
        service::api_keys::KeyQuery,
    };

    let (services, caller) = super::context::viewer(&team).await?;
    let view = services.get_team(&caller, &team).await?;
    let page = PageRequest { limit: None, cursor: (!cursor.is_empty()).then_some(cursor) };
    let query = KeyQuery { text, mine, status: KeyStatus::parse(&status), page };
    let page = services.list_keys(&caller, &team, query).await?;
    let allowances = services.list_key_allowances(&caller, &team).await?;
    let now = services.clock.now();
    let self_service = view.self_service || view.standing.role != Some(Role::Member);
    let may_create = view.standing.may(Action::OwnKeys) && self_service;
    let why_not = match (may_create, self_service) {
        (true, _) => String::new(),
        (false, false) => format!("Members do not create keys here. {} (owner) or an admin can.", view.owner_name),
        (false, true) => "Your role does not include keys of this team.".to_owned(),
    };
    Ok(KeysPage {
        context: view.name.clone(),
        personal: view.kind == TeamKind::Personal,
        active: services.count_active_keys(&caller, &team).await?,
        rows: page.items.into_iter().map(|key| row(key, &allowances, now)).collect(),
        older: page.next_cursor,
        may_create,
        why_not,
        may_create_application: view.kind == TeamKind::Team && view.standing.may(Action::ManageAnyKey),
        everyones: view.kind == TeamKind::Team && view.standing.may(Action::ViewAnyKey),
        new_key: super::shown_once::take(&services, &caller, NEW_KEY),
        hints: services.get_key_hints(&caller, &team).await?,
        typed_name: super::context::typed("name"),
        typed_limits: super::context::typed_form(TYPED_LIMITS),
    })
}

/// The name that typed limits are kept under.
#[cfg(feature = "ssr")]
const TYPED_LIMITS: &str = "key_limits";

#[cfg(feature = "ssr")]
fn row(
    key: crate::domain::api_keys::KeyView,
    allowances: &std::collections::HashMap<crate::domain::ids::KeyId, crate::service::limits::KeyAllowance>,
    now: crate::domain::time::UnixMs,
) -> KeyRow {
    use crate::domain::{format, money::NanoUsd, time::MINUTE_MS};

    let expires = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("Revoked {}", format::short_date(at, now)),
        (None, Some(at)) => format::short_date(at, now),
        (None, None) => "Never".to_owned(),
    };
    let last_used = match key.last_used_at {
        Some(at) if now.since(at) < 2 * MINUTE_MS => "In use now".to_owned(),
        Some(at) => format::ago(at, now),
        None => "Never used".to_owned(),
    };
    let set = allowances.get(&key.id);
    let allowance = set.map(|set| set.allowance).unwrap_or_default();
    let (spent, per) = match set.and_then(|set| set.in_all) {
        Some(in_all) => (format::money(in_all), " in total"),
        None => (format::money(NanoUsd(key.spent)), ""),
    };
    KeyRow {
        limits: super::quotas::typed_of(&allowance),
        id: key.id.to_string(),
        name: key.name,
        masked: key.masked,
        kind: key.kind,
        user: key.user.to_string(),
        user_name: key.user_name,
        state: key.state,
        spent: match allowance.budget_at(now) {
            Some(budget) => format!("{spent} of {}{per}", format::money(budget.amount)),
            None => spent,
        },
        spent_in: if per.is_empty() { " this month".into() } else { String::new() },
        last_used,
        last_used_title: key.last_used_at.map_or_else(String::new, format::full),
        expires,
        expires_title: key.revoked_at.or(key.expires_at).map_or_else(String::new, format::full),
        overlap: key.old_secret_until.map_or_else(String::new, |until| format!("Old secret works until {}", format::full(until))),
        may_manage: key.may_manage,
        may_revoke: key.may_revoke,
    }
}

/// Creates a key. The page's program gets the secret back; a plain form finds it on the page that it is led to.
#[server(prefix = "/fn", endpoint = "create_key", output = PageAnswer)]
pub async fn create_key(
    team: String,
    name: String,
    #[server(default)] kind: String,
    #[server(default)] expires: String,
    #[server(default)] typed: TypedLimits,
) -> Result<Option<NewKeyView>, AppError> {
    use crate::{
        domain::{api_keys::NewApiKey, field_errors::FieldErrors, time::DAY_MS},
        service::api_keys::KeyBounds,
    };

    let (services, caller) = super::context::signed_in().await?;
    let now = services.clock.now();
    let expires_at = match expires.as_str() {
        "" | "never" => None,
        days => match days.parse::<i64>() {
            Ok(days @ 1..=36_500) => Some(now.plus(days * DAY_MS)),
            _ => return Err(AppError::Invalid { fields: FieldErrors::one("expires_at", "Choose one of the offered dates.") }),
        },
    };
    let create = async || {
        let new = NewApiKey::parse(&name, &kind, expires_at, now)?;
        let bounds = KeyBounds { allowance: super::quotas::new_change(&typed)?, ..KeyBounds::default() };
        services.create_bounded_key(&caller, &team, new, bounds).await
    };
    let created = create().await.map_err(|error| keep(error, &name, &typed))?;
    shown(&services, &caller, &team, created, String::new()).await
}

/// Keeps what was typed. The number of keys has no input of its own: it is said above the form.
#[cfg(feature = "ssr")]
fn keep(error: crate::service::ServiceError, name: &str, limits: &TypedLimits) -> AppError {
    use crate::service::ServiceError;

    let error = match error {
        ServiceError::Invalid(fields) => ServiceError::Invalid(fields.renamed("max_keys_per_user", "")),
        other => other,
    };
    let limits = serde_json::to_string(limits).unwrap_or_default();
    super::context::keep_typed(error, &[("name", name), (TYPED_LIMITS, &limits)])
}

/// Gives a key a new secret; the old one works for another day.
#[server(prefix = "/fn", endpoint = "rotate_key", output = PageAnswer)]
pub async fn rotate_key(team: String, id: String) -> Result<Option<NewKeyView>, AppError> {
    use crate::{
        domain::{api_keys::ROTATION_OVERLAP_MS, format, ids::KeyId},
        service::ServiceError,
    };

    let (services, caller) = super::context::signed_in().await?;
    let id = KeyId::parse(&id).ok_or(AppError::NotFound)?;
    // Every bound of the self-service policy that the key breaks, above a form that has no fields for them.
    let unnamed = |error| match error {
        ServiceError::Invalid(fields) => ServiceError::Invalid(fields.without_names()),
        other => other,
    };
    let created = services.rotate_key(&caller, &team, id).await.map_err(unnamed)?;
    let until = format::full(services.clock.now().plus(ROTATION_OVERLAP_MS));
    shown(&services, &caller, &team, created, until).await
}

/// Changes a key's name, when it ends, its budget and its limits, in one transaction. `expires` is empty where the end stays.
#[server(prefix = "/fn", endpoint = "edit_key", output = PageAnswer)]
pub async fn edit_key(
    team: String,
    id: String,
    name: String,
    #[server(default)] expires: String,
    #[server(default)] typed: TypedLimits,
) -> Result<(), AppError> {
    use crate::{
        domain::{field_errors::FieldErrors, ids::KeyId, time::DAY_MS},
        service::api_keys::KeyPatch,
    };

    let (services, caller) = super::context::signed_in().await?;
    let id = KeyId::parse(&id).ok_or(AppError::NotFound)?;
    let expires_at = match expires.as_str() {
        "" => None,
        "never" => Some(None),
        days => match days.parse::<i64>() {
            Ok(days @ 1..=36_500) => Some(Some(services.clock.now().plus(days * DAY_MS))),
            _ => return Err(AppError::Invalid { fields: FieldErrors::one("expires_at", "Choose one of the offered dates.") }),
        },
    };
    let edit = async || {
        let allowance = super::quotas::new_change(&typed)?;
        let patch = KeyPatch { name: Some(name.clone()), expires_at, allowance, ..KeyPatch::default() };
        services.update_key(&caller, &team, id, patch).await
    };
    edit().await.map_err(|error| keep(error, &name, &typed))?;
    back_to_list(&team);
    Ok(())
}

/// Revokes a key: its next call is refused.
#[server(prefix = "/fn", endpoint = "revoke_key", output = PageAnswer)]
pub async fn revoke_key(team: String, id: String) -> Result<(), AppError> {
    use crate::domain::ids::KeyId;

    let (services, caller) = super::context::signed_in().await?;
    let id = KeyId::parse(&id).ok_or(AppError::NotFound)?;
    services.revoke_key(&caller, &team, id).await?;
    back_to_list(&team);
    Ok(())
}

/// A dialog closes by leading back to the list, with and without the page's program.
#[cfg(feature = "ssr")]
fn back_to_list(team: &str) {
    leptos_axum::redirect(&list_address(team));
}

/// The address of a context's key list.
pub fn list_address(team: &str) -> String {
    if team == "me" { "/me/keys".to_owned() } else { format!("/t/{team}/keys") }
}

/// The secret of a key that was made just now, on its way to the page that shows it once.
#[cfg(feature = "ssr")]
async fn shown(
    services: &crate::service::Services,
    caller: &crate::service::Caller,
    team: &str,
    created: crate::domain::api_keys::CreatedKey,
    overlap: String,
) -> Result<Option<NewKeyView>, AppError> {
    use crate::domain::{format, snippets};

    let context = services.get_team(caller, team).await?;
    let model = services.example_model(context.id, caller.user.id);
    let view = NewKeyView {
        name: created.name,
        secret: created.key,
        context: context.name,
        owner: caller.user.name.clone(),
        expires: created.expires_at.map_or_else(|| "never".to_owned(), format::date),
        snippets: model.map(|model| snippets::chat(&services.settings.public_url, &model)),
        overlap,
    };
    super::shown_once::answer(services, caller, NEW_KEY, view, &format!("{}?dialog=created", list_address(team)))
}
