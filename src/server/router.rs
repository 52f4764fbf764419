//! Which door is behind which path, and which layers stand before it.

use std::sync::OnceLock;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::{nonce::Nonce, prelude::*};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use tower_http::compression::CompressionLayer;
use tower_sessions::{SessionManagerLayer, cookie::SameSite};

use super::{
    Edge, health,
    layers::{self, refuse},
    mailed_links,
};
use crate::{
    api,
    app::{App, PageOptions, Theme, shell},
    gateway,
    server_fns::status,
    service::accounts::session_store::DatabaseSessions,
};

/// The whole product as one router. Every request passes the layers from the last one added to the first.
pub fn router(edge: &Edge) -> Router {
    let with_edge = || edge.clone();
    gateway::router(edge.services.clone())
        .merge(dashboard(edge))
        .layer(from_fn_with_state(with_edge(), layers::body::body))
        .layer(from_fn_with_state(with_edge(), layers::csrf::csrf))
        .layer(from_fn_with_state(with_edge(), layers::guard::guard))
        .layer(from_fn_with_state(with_edge(), layers::headers::headers))
        .layer(from_fn_with_state(with_edge(), layers::identify::identify))
}

/// Pages, server functions and static files.
fn dashboard(edge: &Edge) -> Router {
    let context = page_context(edge);
    let options = edge.leptos.clone();
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(mailed_links::routes())
        .leptos_routes_with_context(edge, pages(), context, move || shell(options.clone()))
        .fallback(file_or_not_found)
        .with_state(edge.clone())
        .layer(from_fn(status::refusals))
        .merge(api::router(edge.services.clone()))
        .layer(sessions(edge))
        .layer(from_fn_with_state(edge.clone(), layers::cookies::cookies))
        .layer(CompressionLayer::new())
}

/// The paths of the pages. They are listed once in a process: while Leptos lists them it holds back the data of all pages, those that
/// are being rendered at that moment included, and such a page would wait forever.
fn pages() -> Vec<AxumRouteListing> {
    static PAGES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    PAGES.get_or_init(|| generate_route_list(App)).clone()
}

/// Finds the session of a request's cookie. How long it lives is decided by the store, so the cookie lives as long as the browser.
fn sessions(edge: &Edge) -> SessionManagerLayer<DatabaseSessions> {
    SessionManagerLayer::new(DatabaseSessions::new(edge.services.clone()))
        .with_name(edge.session_cookie())
        .with_secure(edge.config.http.is_https())
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_path("/")
}

/// What pages and server functions find in their context, besides the request.
fn page_context(edge: &Edge) -> impl Fn() + Clone + Send + Sync + 'static {
    let (services, charts_src) = (edge.services.clone(), edge.assets.charts_src.clone());
    move || {
        provide_context(services.clone());
        let (theme, nonce) = use_context::<http::request::Parts>().map_or((Theme::default(), None), |request| {
            let cookies = request.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
            let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
            let theme =
                pairs.find(|(name, _)| *name == Theme::COOKIE).map_or_else(Theme::default, |(_, value)| Theme::parse(value));
            (theme, request.extensions.get::<Nonce>().cloned())
        });
        provide_context(PageOptions { theme, charts_src: charts_src.clone() });
        // Takes the place of the one that Leptos made: the policy in the header names this one.
        if let Some(nonce) = nonce {
            provide_context(nonce);
        }
    }
}

/// A static file, else the page that says that there is nothing here.
async fn file_or_not_found(State(edge): State<Edge>, request: Request) -> Response {
    let file = edge.assets.serve(&request);
    if let Some(file) = file.await {
        return file;
    }
    let path = request.uri().path();
    let wants_page = matches!(*request.method(), http::Method::GET | http::Method::HEAD);
    if !wants_page || path == "/api" || path.starts_with("/api/") {
        return refuse(path, StatusCode::NOT_FOUND, "There is nothing at this address.");
    }
    let options = edge.leptos.clone();
    let page = leptos_axum::render_app_async_with_context(page_context(&edge), move || shell(options.clone()));
    let mut response = page(request).await.into_response();
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
