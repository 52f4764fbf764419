//! The document around every page, what pages share, and the route table.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Router};

use crate::components::{Message, Toaster, Toasts};

/// The HTML document. Server only: the browser hydrates its body.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use leptos_meta::{HashedStylesheet, MetaTags};

    use crate::components::SPRITE;

    let page = use_context::<PageOptions>().unwrap_or_default();
    let charts = page.charts_src.map(|source| view! { <meta name="charts-src" content=source/> });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=page.theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="same-origin"/>
                {charts}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <HashedStylesheet id="style" options=options.clone()/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                // After the app: hydration walks the body from its first child.
                <div hidden=true inner_html=SPRITE></div>
            </body>
        </html>
    }
}

/// How the reader wants to see the pages; kept in a cookie that the server reads, so nothing flashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The cookie's name.
    pub const COOKIE: &'static str = "theme";

    /// Reads the cookie's value; anything unknown is the system's choice.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The word in the cookie and in the markup.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What the server tells the document of this request; given as context beside the services.
#[derive(Clone, Debug, Default)]
pub struct PageOptions {
    /// From the theme cookie.
    pub theme: Theme,
    /// Address of the chart engine, `/assets/charts-….js`.
    pub charts_src: Option<String>,
}

/// Everything inside the body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let toaster = Toaster::new();
    provide_context(toaster);
    view! {
        <Router>
            <FlatRoutes fallback=NotFound>
                {()}
            </FlatRoutes>
        </Router>
        <Toasts toaster=toaster/>
    }
}

/// What has no page, and what this person may not know of.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <main class="page" id="main">
            <Message title="Nothing here" text="This page does not exist, or you have no access to it.">
                <a class="btn" href="/">"Go to my teams"</a>
            </Message>
        </main>
    }
}
