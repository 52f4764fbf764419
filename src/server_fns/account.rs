//! The signed-in person's own account: name, password, address, management tokens.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// Cookie with the token that a plain form made.
#[cfg(feature = "ssr")]
const NEW_TOKEN: &str = "new_token";

/// A row of the list of management tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub id: String,
    pub name: String,
    /// `tgm_…` and the last four characters.
    pub masked: String,
    /// "Read" or "Read and write".
    pub scope: String,
    pub created: String,
    pub last_used: String,
    pub expires: String,
    pub expired: bool,
}

/// A row of the list of signed-in browsers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserRow {
    pub id: String,
    /// "Firefox on Linux".
    pub device: String,
    pub address: String,
    pub signed_in: String,
    pub last_seen: String,
    /// The browser that asks.
    pub this: bool,
}

/// What the account page shows beside [`Me`](crate::domain::accounts::Me).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPage {
    pub name: String,
    pub email: String,
    pub email_confirmed: bool,
    pub tokens: Vec<TokenRow>,
    pub browsers: Vec<BrowserRow>,
    /// A token made just now, shown once.
    pub new_token: Option<NewTokenView>,
    /// Where the management API is.
    pub api_url: String,
}

/// A token's secret, shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTokenView {
    pub name: String,
    pub secret: String,
}

/// The account page.
#[server(prefix = "/fn", endpoint = "get_account", output = PageAnswer)]
pub async fn get_account() -> Result<AccountPage, AppError> {
    use crate::domain::format;

    let (services, caller) = super::context::signed_in().await?;
    let now = services.clock.now();
    let tokens = services.list_tokens(&caller).await?;
    let tokens = tokens.into_iter().map(|token| TokenRow {
        id: token.id.to_string(),
        masked: format!("tgm_…{}", token.suffix),
        scope: match token.scope {
            crate::domain::management_tokens::TokenScope::Read => "Read".into(),
            crate::domain::management_tokens::TokenScope::Write => "Read and write".into(),
        },
        created: format::date(token.created_at),
        last_used: token.last_used_at.map_or_else(|| "–".to_owned(), |at| format::ago(at, now)),
        expires: token.expires_at.map_or_else(|| "Never".to_owned(), format::date),
        expired: token.expires_at.is_some_and(|at| at <= now),
        name: token.name,
    });
    let browsers = services.list_sessions(&caller).await?.into_iter().map(|row| BrowserRow {
        id: row.id,
        device: row.device,
        address: row.address,
        signed_in: format::date(row.created_at),
        last_seen: format::ago(row.last_seen_at, now),
        this: row.this,
    });
    Ok(AccountPage {
        browsers: browsers.collect(),
        name: caller.user.name.clone(),
        email: caller.user.email.clone(),
        email_confirmed: caller.user.email_confirmed_at.is_some(),
        tokens: tokens.collect(),
        new_token: super::shown_once::take(&services, &caller, NEW_TOKEN),
        api_url: format!("{}/api/v1", services.settings.public_url),
    })
}

/// Changes the display name.
#[server(prefix = "/fn", endpoint = "change_name", output = PageAnswer)]
pub async fn change_name(name: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.change_name(&caller, &name).await?;
    super::context::go_to("/account?done=name");
    Ok(())
}

/// Changes the password; this browser stays signed in, all others are not.
#[server(prefix = "/fn", endpoint = "change_password", output = PageAnswer)]
pub async fn change_password(current_password: String, password: String) -> Result<(), AppError> {
    use crate::service::vault::Secret;

    let (services, caller) = super::context::signed_in().await?;
    let (_, _, session) = super::context::visitor()?;
    services.change_password(&caller, Some(&session), Secret::new(current_password), Secret::new(password)).await?;
    super::context::go_to("/account?done=password");
    Ok(())
}

/// Mails a link to the address that the account is to have.
#[server(prefix = "/fn", endpoint = "change_email", output = PageAnswer)]
pub async fn change_email(email: String, email_password: String) -> Result<(), AppError> {
    use super::context;
    use crate::service::{ServiceError, vault::Secret};

    let (services, caller) = context::signed_in().await?;
    let changed = services.change_email(&caller, &email, Secret::new(email_password)).await;
    changed.map_err(|error| match error {
        // The page has another field of that name.
        ServiceError::Invalid(fields) => AppError::Invalid { fields: fields.renamed("password", "email_password") },
        other => other.into(),
    })?;
    context::go_to("/account?done=email");
    Ok(())
}

/// Signs another browser out.
#[server(prefix = "/fn", endpoint = "end_session", output = PageAnswer)]
pub async fn end_session(id: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.end_session(&caller, &id).await?;
    super::context::go_to("/account?done=session");
    Ok(())
}

/// Signs all other browsers out.
#[server(prefix = "/fn", endpoint = "end_other_sessions", output = PageAnswer)]
pub async fn end_other_sessions() -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.end_other_sessions(&caller).await?;
    super::context::go_to("/account?done=sessions");
    Ok(())
}

/// Deletes the account, and leads out.
#[server(prefix = "/fn", endpoint = "delete_account", output = PageAnswer)]
pub async fn delete_account(confirm: String, password: String) -> Result<(), AppError> {
    use super::{context, http};
    use crate::service::vault::Secret;

    let (services, caller) = context::signed_in().await?;
    services.delete_account(&caller, &confirm, Secret::new(password)).await?;
    http::set_header("clear-site-data", "\"cache\", \"storage\"");
    context::go_to("/login");
    Ok(())
}

/// Sends the confirmation mail once more.
#[server(prefix = "/fn", endpoint = "resend_confirmation", output = PageAnswer)]
pub async fn resend_confirmation() -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.resend_confirmation(&caller).await?;
    super::context::go_to("/account?done=sent");
    Ok(())
}

/// Makes a management token. With WebAssembly its secret is in the answer; a plain form finds it on the page that it is led to.
#[server(prefix = "/fn", endpoint = "create_token", output = PageAnswer)]
pub async fn create_token(
    name: String,
    scope: String,
    #[server(default)] days: String,
) -> Result<Option<NewTokenView>, AppError> {
    use crate::domain::{field_errors::FieldErrors, management_tokens::NewManagementToken, time::DAY_MS};

    let (services, caller) = super::context::signed_in().await?;
    let now = services.clock.now();
    let expires_at = match days.as_str() {
        "" | "never" => None,
        days => {
            let days = days.parse::<i64>().ok().filter(|days| (1..=3_650).contains(days));
            let wrong = || AppError::Invalid { fields: FieldErrors::one("days", "Choose how long the token is good for.") };
            Some(now.plus(days.ok_or_else(wrong)? * DAY_MS))
        }
    };
    let new = NewManagementToken::parse(&name, &scope, expires_at, now).map_err(|fields| AppError::Invalid { fields })?;
    let (token, secret) = services.create_token(&caller, new).await?;
    let view = NewTokenView { name: token.name, secret: secret.expose().to_owned() };
    super::shown_once::answer(&services, &caller, NEW_TOKEN, view, "/account?done=token")
}

/// Revokes a management token.
#[server(prefix = "/fn", endpoint = "revoke_token", output = PageAnswer)]
pub async fn revoke_token(id: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.revoke_token(&caller, crate::domain::ids::TokenId::parse(&id).ok_or(AppError::NotFound)?).await?;
    super::context::go_to("/account?done=revoked");
    Ok(())
}
