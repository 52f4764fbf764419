//! How pages are rendered and sent.

use std::{pin::Pin, sync::OnceLock};

use axum::{
    extract::Request,
    http::{Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use futures::{FutureExt, Stream, StreamExt, stream::once};
use leptos::{nonce::Nonce, prelude::*};
use leptos_axum::{AxumRouteListing, generate_route_list, handle_response_inner};
use url::{Position, Url, form_urlencoded};

use super::Edge;
use crate::{
    app::{App, PageOptions, Theme, shell},
    pages::data::HeadStands,
};

/// The paths of the pages. They are listed once in a process: while Leptos lists them it holds back the data of all pages, those that
/// are being rendered at that moment included, and such a page would wait forever.
pub(super) fn paths() -> Vec<AxumRouteListing> {
    static PAGES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    PAGES.get_or_init(|| generate_route_list(App)).clone()
}

/// What pages and server functions find in their context, besides the request.
pub(super) fn context(edge: &Edge) -> impl Fn() + Clone + Send + Sync + 'static {
    let (services, charts_src) = (edge.services.clone(), edge.assets.charts_src.clone());
    move || {
        provide_context(services.clone());
        provide_context(HeadStands::default());
        let (theme, nonce) = use_context::<Parts>().map_or((Theme::default(), None), |request| {
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

/// Renders the page of an address.
pub(super) async fn render(edge: &Edge, request: Request) -> Response {
    if let Some(address) = kept_view(&request).filter(|_| *request.method() == Method::GET) {
        return Redirect::to(&address).into_response();
    }
    let options = edge.leptos.clone();
    handle_response_inner(context(edge), move || shell(options), request, in_parts).await
}

/// Where a page that is seen as somebody (`?as=`) leads to another page of its team, and the link did not say it, that is seen as them, too.
/// An empty `as` says that it is not.
pub(super) fn kept_view(request: &Request) -> Option<String> {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let member_of = |query: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "as").map(|(_, member)| member.into_owned())
    };
    if member_of(query).is_some() {
        return None;
    }
    let from = Url::parse(request.headers().get(header::REFERER)?.to_str().ok()?).ok()?;
    let here = request.headers().get(header::HOST)?.to_str().ok()?;
    if here != &from[Position::BeforeHost..Position::AfterPort] {
        return None;
    }
    let team_of = |path: &str| path.strip_prefix("/t/").map(|rest| rest.split('/').next().unwrap_or_default().to_owned());
    let (team, member) = (team_of(path)?, member_of(from.query()?)?);
    if member.is_empty() || team_of(from.path()).as_ref() != Some(&team) {
        return None;
    }
    let mut kept = form_urlencoded::Serializer::new(query.to_owned());
    Some(format!("{path}?{}", kept.append_pair("as", &member).finish()))
}

type Html = Pin<Box<dyn Stream<Item = String> + Send>>;

/// Holds a page back until its head stands, then sends it in its order, as it comes: a page without a head is sent as a whole. So
/// status, redirect and title are decided before the first byte, and nothing has to be moved by a script afterwards. Leptos' own order
/// of sending begins before there is a status.
fn in_parts<V: IntoView + 'static>(
    page: V,
    data: Box<dyn FnOnce() -> Html + Send>,
    _: bool,
) -> Pin<Box<dyn Future<Output = Html> + Send>> {
    let head = use_context::<HeadStands>().unwrap_or_default();
    let mut html = page.to_html_stream_in_order();
    Box::pin(async move {
        let mut begin = String::new();
        while !head.get()
            && let Some(part) = html.next().await
        {
            begin.push_str(&part);
        }
        // What the program of the page wakes it up with is complete when the page is.
        let data = async move { data() }.flatten_stream();
        Box::pin(once(async move { begin }).chain(html).chain(data)) as Html
    })
}
