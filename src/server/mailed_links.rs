//! Addresses of mailed links. They show nothing and change nothing: the token goes into a short cookie, the browser to a clean address.

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::Edge;
use crate::service::accounts::links::Link;

/// `/reset/…`, `/confirm/…`, `/signup/…`, `/invite/…`.
pub fn routes() -> Router<Edge> {
    [Link::Reset, Link::Confirm, Link::SignUp, Link::Invite].into_iter().fold(Router::new(), |router, link| {
        let open = async move |State(edge): State<Edge>, Path(token): Path<String>| open(&edge, link, &token);
        router.route(&format!("{}/{{token}}", path_of(link)), get(open))
    })
}

/// The first part of a link's address.
fn path_of(link: Link) -> &'static str {
    link.page().split('?').next().unwrap_or_default()
}

fn open(edge: &Edge, link: Link, token: &str) -> Response {
    // What can not be a token leads to the same page, which says that the link is not good.
    let cookie = edge.services.carry_link(link, token).unwrap_or_else(|| edge.services.forget_link(link));
    let mut response = Redirect::to(link.page()).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
