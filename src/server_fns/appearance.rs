//! How a reader wants to see the pages.

use leptos::server;

use crate::{error::AppError, wire::PageAnswer};

/// Keeps the theme for a year. No account is needed: it belongs to the browser.
#[server(prefix = "/fn", endpoint = "set_theme", output = PageAnswer)]
pub async fn set_theme(theme: String) -> Result<(), AppError> {
    let theme = crate::app::Theme::parse(&theme).as_str();
    super::http::set_cookie(&format!("{}={theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", crate::app::Theme::COOKIE));
    Ok(())
}
