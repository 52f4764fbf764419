//! Which door is behind which path, and which layers stand before it.

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::get,
};
use leptos_axum::LeptosRoutes;
use tower_http::compression::CompressionLayer;
use tower_sessions::{SessionManagerLayer, cookie::SameSite};

use super::{
    Edge, call_tail, health,
    layers::{self, refuse},
    mailed_links, overview_live, pages, playground,
};
use crate::{
    api,
    gateway::{self, Playground},
    server_fns::status,
    service::accounts::session_store::DatabaseSessions,
};

/// The whole product as one router. Every request passes the layers from the last one added to the first.
pub fn router(edge: &Edge) -> Router {
    let with_edge = || edge.clone();
    let (calls, playground) = gateway::doors(edge.services.clone());
    calls
        .merge(dashboard(edge, playground))
        .layer(from_fn_with_state(with_edge(), layers::body::body))
        .layer(from_fn_with_state(with_edge(), layers::csrf::csrf))
        .layer(from_fn_with_state(with_edge(), layers::guard::guard))
        .layer(from_fn_with_state(with_edge(), layers::headers::headers))
        .layer(from_fn_with_state(with_edge(), layers::identify::identify))
}

/// Pages, server functions and static files.
fn dashboard(edge: &Edge, playground: Playground) -> Router {
    let at = edge.clone();
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(mailed_links::routes())
        .merge(playground::routes(playground))
        .merge(call_tail::routes())
        .merge(overview_live::routes())
        // The server functions, without pages.
        .leptos_routes_with_context(edge, vec![], pages::context(edge), || ())
        .leptos_routes_with_handler(pages::paths(), async move |request: Request| pages::render(&at, request).await)
        .fallback(file_or_not_found)
        .with_state(edge.clone())
        .layer(from_fn(status::refusals))
        .merge(api::router(edge.services.clone()))
        .layer(sessions(edge))
        .layer(from_fn_with_state(edge.clone(), layers::cookies::cookies))
        .layer(CompressionLayer::new())
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
    let mut response = pages::render(&edge, request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
