//! Gateway keys of a team or personal space (`me`).

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        api_keys::{KeyKind, KeyState},
        snippets::Snippets,
    },
    error::AppError,
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
    pub spent: String,
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
    /// What was typed as the name, after a plain form failed.
    pub typed_name: String,
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
        rows: page.items.into_iter().map(|key| row(key, now)).collect(),
        older: page.next_cursor,
        may_create,
        why_not,
        may_create_application: view.kind == TeamKind::Team && view.standing.may(Action::ManageAnyKey),
        everyones: view.kind == TeamKind::Team && view.standing.may(Action::ViewAnyKey),
        new_key: super::shown_once::take(&services, &caller, NEW_KEY),
        typed_name: super::context::typed("name"),
    })
}

#[cfg(feature = "ssr")]
fn row(key: crate::domain::api_keys::KeyView, now: crate::domain::time::UnixMs) -> KeyRow {
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
    KeyRow {
        id: key.id.to_string(),
        name: key.name,
        masked: key.masked,
        kind: key.kind,
        user: key.user.to_string(),
        user_name: key.user_name,
        state: key.state,
        spent: format::money(NanoUsd(key.spent)),
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
) -> Result<Option<NewKeyView>, AppError> {
    use crate::domain::{api_keys::NewApiKey, field_errors::FieldErrors, time::DAY_MS};

    let (services, caller) = super::context::signed_in().await?;
    let now = services.clock.now();
    let expires_at = match expires.as_str() {
        "" | "never" => None,
        days => match days.parse::<i64>() {
            Ok(days @ 1..=36_500) => Some(now.plus(days * DAY_MS)),
            _ => return Err(AppError::Invalid { fields: FieldErrors::one("expires_at", "Choose one of the offered dates.") }),
        },
    };
    let keep = |error| super::context::keep_typed(error, &[("name", &name)]);
    let new = NewApiKey::parse(&name, &kind, expires_at, now).map_err(|fields| keep(fields.into()))?;
    let created = services.create_key(&caller, &team, new).await.map_err(keep)?;
    shown(&services, &caller, &team, created, String::new()).await
}

/// Gives a key a new secret; the old one works for another day.
#[server(prefix = "/fn", endpoint = "rotate_key", output = PageAnswer)]
pub async fn rotate_key(team: String, id: String) -> Result<Option<NewKeyView>, AppError> {
    use crate::domain::{api_keys::ROTATION_OVERLAP_MS, format, ids::KeyId};

    let (services, caller) = super::context::signed_in().await?;
    let id = KeyId::parse(&id).ok_or(AppError::NotFound)?;
    let created = services.rotate_key(&caller, &team, id).await?;
    let until = format::full(services.clock.now().plus(ROTATION_OVERLAP_MS));
    shown(&services, &caller, &team, created, until).await
}

/// Renames a key.
#[server(prefix = "/fn", endpoint = "rename_key", output = PageAnswer)]
pub async fn rename_key(team: String, id: String, name: String) -> Result<(), AppError> {
    use crate::{domain::ids::KeyId, service::api_keys::KeyPatch};

    let (services, caller) = super::context::signed_in().await?;
    let id = KeyId::parse(&id).ok_or(AppError::NotFound)?;
    let patch = KeyPatch { name: Some(name.clone()), ..KeyPatch::default() };
    let renamed = services.update_key(&caller, &team, id, patch).await;
    renamed.map_err(|error| super::context::keep_typed(error, &[("name", &name)]))?;
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
