//! The whole product without a network: the router that the server runs, and typed clients that come through its public doors.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    domain::management_tokens::NewManagementToken,
    server::{Edge, config::Config, router},
    service::{Caller, Services, metering::Meter},
};

/// The router over the services of a test.
pub(crate) struct TestApp {
    pub(crate) services: Services,
    router: Router,
    host: String,
    /// Its data directory: where calls are spooled.
    pub(crate) folder: tempfile::TempDir,
}

impl TestApp {
    /// The product at the public address of the services' settings; it admits calls.
    pub(crate) fn new(services: &Services) -> Self {
        Self::with(services, &[])
    }

    /// The product with a configuration of `TALLYGATE_…` variables.
    pub(crate) fn with(services: &Services, variables: &[(&str, &str)]) -> Self {
        let spool = tempfile::tempdir().expect("a temporary folder");
        let meter = Meter::open(spool.path(), services.clock.clone()).expect("the spool opens");
        let mut services = services.clone().with_meter(meter);
        let read = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let config = Config::read("", &read).expect("a valid configuration");
        let mut settings = (*services.settings).clone();
        settings.public_url = config.http.public_origin();
        services.settings = Arc::new(settings);
        let host = config.http.public_url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let router = router(&Edge::new(services.clone(), config));
        Self { services, router, host, folder: spool }
    }

    /// A browser that nobody signed in with.
    pub(crate) fn browser(&self) -> Client {
        self.client(&[("sec-fetch-site", "same-origin")])
    }

    /// A program without any credential.
    pub(crate) fn program(&self) -> Client {
        self.client(&[])
    }

    /// A program that acts for a person with a management token that may write.
    pub(crate) async fn api(&self, person: &Caller) -> Client {
        self.api_of_scope(person, "write").await
    }

    /// The same with a token of a scope.
    pub(crate) async fn api_of_scope(&self, person: &Caller, scope: &str) -> Client {
        let new = NewManagementToken::parse("tests", scope, None, self.services.clock.now()).expect("a valid token");
        let (_, secret) = self.services.create_token(person, new).await.expect("a token");
        self.client(&[("authorization", &format!("Bearer {}", secret.expose()))])
    }

    /// A program that calls the gateway with a key.
    pub(crate) fn key(&self, secret: &str) -> Client {
        self.client(&[("authorization", &format!("Bearer {secret}"))])
    }

    fn client(&self, headers: &[(&str, &str)]) -> Client {
        let mut all: Vec<(String, String)> = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        all.push(("host".into(), self.host.clone()));
        Client { router: self.router.clone(), headers: all, cookies: Mutex::default() }
    }
}

/// Somebody who sends requests. Keeps cookies as a browser does.
pub(crate) struct Client {
    router: Router,
    headers: Vec<(String, String)>,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Client {
    /// The same client, that sends a further header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).body(Body::empty()).expect("a request")).await
    }

    /// A page, as a browser asks for it.
    pub(crate) async fn page(&self, path: &str) -> Reply {
        let request = self.request(Method::GET, path).header("accept", "text/html");
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.json(Method::POST, path, body).await
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: Value) -> Reply {
        let request = self.request(method, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).expect("a request")).await
    }

    /// A form, as a page sends it: with WebAssembly, or without.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)], plain: bool) -> Reply {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("accept", if plain { "text/html" } else { "application/json" });
        self.send(request.body(Body::from(text)).expect("a request")).await
    }

    /// Sends a form from a page as a browser without script does, and gives the page that its refusal leads back to.
    pub(crate) async fn refused_form(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let host = self.headers.iter().find(|(name, _)| name == "host").map_or("", |(_, host)| host);
        let origin = format!("http://{host}");
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("accept", "text/html").header("referer", format!("{origin}{from}"));
        let reply = self.send(request.body(Body::from(text)).expect("a request")).await;
        let back = reply.header("location");
        assert!(back.contains("__err="), "a refusal, not {} to {back}", reply.status);
        self.page(back.trim_start_matches(&origin)).await.text()
    }

    /// A page as it comes: its head, and its body to be read.
    pub(crate) async fn page_in_parts(&self, path: &str, encoding: &str) -> Response<Body> {
        let request = self.request(Method::GET, path).header("accept", "text/html").header("accept-encoding", encoding);
        self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("routers do not fail")
    }

    /// A request of this client, to be completed.
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let cookies = self.cookies.lock().expect("cookies");
        if !cookies.is_empty() {
            let text: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, text.join("; "));
        }
        request
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("routers do not fail");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body can be read").to_bytes();
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        let mut cookies = self.cookies.lock().expect("cookies");
        for set in reply.headers.get_all(header::SET_COOKIE) {
            let text = set.to_str().expect("cookies are ASCII");
            let (name, value) = text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a name and a value");
            if text.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.into(), value.into());
            }
        }
        reply
    }

    /// The value of a cookie that this browser has.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("cookies").get(name).cloned()
    }

    /// Puts a cookie into this browser.
    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().expect("cookies").insert(name.into(), value.into());
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// The body of an answer that must have a status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.value() }
    }
}
