//! What stands in place of a page, or of a part of it, that could not be loaded.

use leptos::prelude::*;
use leptos_router::{components::Redirect, hooks::use_location};

pub use crate::domain::address::encode;
use crate::{
    components::{Message, Note, NoteKind},
    error::AppError,
};

/// Instead of a page. On the server it also sets the status; signed-out visitors are led to the log-in page.
pub fn page_failure(error: &AppError) -> AnyView {
    if *error == AppError::SignedOut {
        let location = use_location();
        let address = login_address(&location.pathname.get_untracked(), &location.search.get_untracked());
        return view! { <Redirect path=address/> }.into_any();
    }
    set_status(error.status());
    let title = match error {
        AppError::NotFound => "Nothing here",
        AppError::Forbidden { .. } => "Not for your role",
        AppError::Connection => "No connection",
        AppError::Updated => "There is a newer version",
        _ => "This page did not load",
    };
    let way = if *error == AppError::Updated {
        // A link that the page's own program leaves to the browser.
        view! { <a class="btn" href="" rel="external">"Reload"</a> }.into_any()
    } else {
        view! { <a class="btn" href="/teams">"Go to my teams"</a> }.into_any()
    };
    view! { <Message title=title text=error.to_string()>{way}</Message> }.into_any()
}

/// Instead of a part of a page.
pub fn part_failure(what: &str, error: &AppError) -> AnyView {
    view! { <Note kind=NoteKind::Danger title=format!("{what} did not load.") text=format!("{error} The rest of the page is fine.")/> }
        .into_any()
}

/// Where a signed-out visitor of a page is led, and back from there.
pub fn login_address(path: &str, search: &str) -> String {
    let search = search.trim_start_matches('?');
    let next = if search.is_empty() { path.to_owned() } else { format!("{path}?{search}") };
    if next == "/" || next == "/teams" { "/login".to_owned() } else { format!("/login?next={}", encode(&next)) }
}

/// Sets the status of the page's answer; in the browser there is none to set.
pub fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    crate::server_fns::http::set_status(status);
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_survives_the_login_page() {
        assert_eq!(login_address("/t/atlas/keys", "dialog=create"), "/login?next=/t/atlas/keys%3Fdialog%3Dcreate");
        assert_eq!(login_address("/teams", ""), "/login");
    }
}
