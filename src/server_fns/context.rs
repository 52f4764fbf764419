//! What every server function begins with: the services, the request, and who asks.

use axum::http::request::Parts;
use leptos::prelude::use_context;
use tower_sessions::Session;

use super::http;
use crate::{
    domain::{ids::UserId, next::own_path},
    error::AppError,
    service::{
        Caller, Door, RequestFacts, ServiceError, Services,
        accounts::sessions::{AskedBy, caller_behind, caller_of},
        caller::VIEWING,
    },
};

/// The services; the server gives them as context.
pub fn services() -> Result<Services, AppError> {
    use_context().ok_or(AppError::Unavailable)
}

/// The services, and the signed-in person who asks. [`AppError::SignedOut`] without one. Whoever sees a team as somebody else gets
/// nothing here: what may be looked at so asks for its [`viewer`].
pub async fn signed_in() -> Result<(Services, Caller), AppError> {
    if http::asked_view().is_some() {
        return Err(AppError::Forbidden { message: VIEWING.to_owned() });
    }
    asker().await
}

/// The services, and who looks at a team: the signed-in person, or, where the page's address asks for it, the member whom they see it as.
pub async fn viewer(team: &str) -> Result<(Services, Caller), AppError> {
    let (services, caller) = asker().await?;
    seen_as(services, caller, team).await
}

async fn seen_as(services: Services, caller: Caller, team: &str) -> Result<(Services, Caller), AppError> {
    let Some(member) = http::asked_view() else { return Ok((services, caller)) };
    let member = UserId::parse(&member).ok_or(AppError::NotFound)?;
    let seen = services.view_as(&caller, team, member).await?;
    Ok((services, seen))
}

async fn asker() -> Result<(Services, Caller), AppError> {
    let (services, caller) = maybe_signed_in().await?;
    Ok((services, caller.ok_or(AppError::SignedOut)?))
}

/// The services, and who asks if anybody is signed in.
pub async fn maybe_signed_in() -> Result<(Services, Option<Caller>), AppError> {
    let (services, request, session) = visitor()?;
    let caller = caller_of(&services, &session, Door::Page, &request).await?;
    Ok((services, caller))
}

/// The same for a page that asks for news by itself.
pub async fn watching_viewer(team: &str) -> Result<(Services, Caller), AppError> {
    let (services, caller) = watching().await?;
    seen_as(services, caller.ok_or(AppError::SignedOut)?, team).await
}

/// The services, and whose open page asks for news by itself, if anybody is signed in there.
pub async fn watching() -> Result<(Services, Option<Caller>), AppError> {
    let (services, request, session) = visitor()?;
    let caller = caller_behind(&services, &session, Door::Page, &request, AskedBy::Page).await?;
    Ok((services, caller))
}

/// The services, what is known of the request, and the browser's session, whoever it belongs to.
pub fn visitor() -> Result<(Services, RequestFacts, Session), AppError> {
    let parts = use_context::<Parts>().ok_or(AppError::Unavailable)?;
    let session = parts.extensions.get::<Session>().cloned().ok_or(AppError::Unavailable)?;
    let request = parts.extensions.get::<RequestFacts>().cloned().unwrap_or_default();
    Ok((services()?, request, session))
}

/// Leads the browser to a path of this product once the function has answered, with and without WebAssembly.
pub fn go_to(path: &str) {
    leptos_axum::redirect(own_path(path));
}

/// Keeps what was typed for a plain form that failed: its page is loaded anew. Passwords are not kept.
pub fn keep_typed(error: ServiceError, typed: &[(&str, &str)]) -> AppError {
    if http::is_plain_form() {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
        // Too long for a cookie: then it is typed again.
        if text.len() < 2_000 {
            http::set_cookie(&format!("{TYPED}={text}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"));
        }
    }
    error.into()
}

/// What was typed into a form that failed just now.
pub fn typed(name: &str) -> String {
    let text = http::cookie(TYPED).unwrap_or_default();
    url::form_urlencoded::parse(text.as_bytes())
        .find(|(key, _)| key == name)
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// The same for a whole form, under its name. What it holds must not be secret.
pub fn keep_typed_form<T: serde::Serialize>(error: ServiceError, name: &str, form: &T) -> AppError {
    keep_typed(error, &[(name, &serde_json::to_string(form).unwrap_or_default())])
}

/// The form of this name that failed just now.
pub fn typed_form<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_str(&typed(name)).ok()
}

const TYPED: &str = "typed";
