//! How an answer that must not stand in an address reaches the page after a plain form, whose answer can only be a redirect: sealed for
//! its reader in a cookie that no script can read, that lives for two minutes and is deleted by the page that shows it.

use serde::{Serialize, de::DeserializeOwned};

use super::http;
use crate::{
    error::AppError,
    service::{Caller, Services},
    wire,
};

/// What browsers surely keep of one cookie, its name and attributes included.
const MOST: usize = 4_000;

/// Puts a value into the reader's browser. `name` is the cookie's.
pub fn put<T: Serialize>(services: &Services, caller: &Caller, name: &str, value: &T) -> Result<(), AppError> {
    let sealed = services.vault.seal(&services.random, &place(caller, name), &wire::write(value))?;
    let secure = if services.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let cookie = format!("{name}={sealed}; Path=/; Max-Age=120; HttpOnly; SameSite=Lax{secure}");
    if cookie.len() <= MOST {
        http::set_cookie(&cookie);
    }
    Ok(())
}

/// The answer of a function whose value is shown once. The page's program gets it back; a plain form finds it on the page at `address`.
pub fn answer<T: Serialize>(
    services: &Services,
    caller: &Caller,
    name: &str,
    value: T,
    address: &str,
) -> Result<Option<T>, AppError> {
    if !http::is_plain_form() {
        return Ok(Some(value));
    }
    put(services, caller, name, &value)?;
    leptos_axum::redirect(address);
    Ok(None)
}

/// Takes it out again.
pub fn take<T: DeserializeOwned>(services: &Services, caller: &Caller, name: &str) -> Option<T> {
    let sealed = http::cookie(name)?;
    http::set_cookie(&format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    let text = services.vault.open(&place(caller, name), &sealed).ok()?;
    wire::read(text.expose()).ok()
}

fn place(caller: &Caller, name: &str) -> String {
    format!("users/{}/{name}", caller.user.id)
}
