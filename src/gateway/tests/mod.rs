//! The gateway through its own door: a real port in front, a scripted upstream on a real port behind.

mod certificates;
mod embeddings;
mod failures;
mod limits;
mod phases;
mod plain;
mod refusals;
mod spending;
mod streams;
mod upstream;

use std::{future::Future, sync::Arc, time::Duration};

use axum::serve::ListenerExt;
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        catalog::NewModel,
        usage::{CallRow, TestCalls},
    },
    service::{Caller, Services, Settings, catalog::ProviderInput, metering::Meter, usage::CallQuery},
    tests::support::{on_each_database, people},
};
pub(crate) use upstream::{Act, FakeUpstream};

/// The secret of the fake provider: must never be seen by a client.
pub(crate) const CANARY: &str = "sk-canary-7f3b19d2a4";

/// A running gateway, a team with a key, and a fake provider with the model `gpt`; the model `sim` is simulated.
pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) upstream: FakeUpstream,
    pub(crate) maya: Caller,
    pub(crate) key: String,
    url: String,
    http: reqwest::Client,
    server: tokio::task::JoinHandle<()>,
    folder: tempfile::TempDir,
}

/// Runs a test on each database.
pub(crate) async fn in_a_world<F: Future<Output = World>>(test: impl Fn(World) -> F) {
    on_each_database(|services| {
        let test = &test;
        async move {
            let world = test(World::new(services).await).await;
            crate::tests::support::invariants::check(&world.services).await;
            world.server.abort();
        }
    })
    .await;
}

impl World {
    async fn new(mut services: Services) -> Self {
        let folder = tempfile::tempdir().unwrap();
        services = services.clone().with_meter(Meter::open(folder.path(), services.clock.clone()).unwrap());
        services.upstream.timeouts.first_byte = Duration::from_millis(400);
        services.upstream.timeouts.idle = Duration::from_millis(400);
        services.upstream.timeouts.total = Duration::from_secs(3);
        let mut settings = Settings::clone(&services.settings);
        settings.call_body_timeout = Duration::from_millis(1_000);
        services.settings = Arc::new(settings);

        let maya = people::db_person(&services, "Maya", true).await;
        people::team(&services, &maya).await;
        let upstream = FakeUpstream::start().await;
        services.create_provider(&maya, provider("fake", &upstream.url)).await.unwrap();
        let mut simulated = people::simulated("simulator");
        simulated.simulation.first_token_ms = 0;
        simulated.simulation.per_token_ms = 0;
        services.create_provider(&maya, simulated).await.unwrap();
        services.create_model(&maya, people::model("gpt", "fake")).await.unwrap();
        services.create_model(&maya, people::model("sim", "simulator")).await.unwrap();
        let key = create_key(&services, &maya, KeyKind::Person).await;

        let (url, server) = serve(&services).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { services, upstream, maya, key, url, http, server, folder }
    }

    /// Puts a gateway with the present services in the place of the running one.
    pub(crate) async fn serve_anew(&mut self) {
        self.server.abort();
        (self.url, self.server) = serve(&self.services).await;
    }

    /// A request to the gateway, without a key.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(reqwest::Method::GET, path).bearer_auth(&self.key).send().await.unwrap()
    }

    /// A chat call with a body as it is.
    pub(crate) fn chat(&self, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.request(reqwest::Method::POST, "/v1/chat/completions").bearer_auth(&self.key).body(body)
    }

    /// A chat call of the usual kind.
    pub(crate) async fn ask(&self, model: &str, stream: bool) -> Response {
        self.chat(request(model, stream)).send().await.unwrap()
    }

    /// All calls that have ended, newest first.
    pub(crate) async fn booked(&self) -> Vec<CallRow> {
        while self.services.book_ended_calls().await.unwrap() > 0 {}
        let query = CallQuery { test: TestCalls::Include, ..CallQuery::default() };
        self.services.list_calls(&self.maya, "atlas-search", query).await.unwrap().items
    }

    /// The one call that has ended; waits for it.
    pub(crate) async fn only_call(&self) -> CallRow {
        for _ in 0..1_000 {
            if let [call] = self.booked().await.as_slice() {
                return call.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?} is not one call", self.booked().await);
    }

    /// Where calls are recorded.
    pub(crate) fn spool_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("spool")
    }

    pub(crate) async fn add_model(&self, model: NewModel) {
        self.services.create_model(&self.maya, model).await.unwrap();
    }
}

async fn serve(services: &Services) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = super::router(services.clone());
    let listener = listener.tap_io(|socket| socket.set_nodelay(true).unwrap());
    (url, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

/// An OpenAI-compatible provider at an address.
pub(crate) fn provider(name: &str, url: &str) -> ProviderInput {
    let base_url = format!("{url}/v1");
    ProviderInput { name: name.into(), kind: "openai".into(), base_url, secret: CANARY.into(), ..ProviderInput::default() }
}

pub(crate) async fn create_key(services: &Services, caller: &Caller, kind: KeyKind) -> String {
    let new = NewApiKey { name: "search-api".into(), kind, expires_at: None };
    services.create_key(caller, "atlas-search", new).await.unwrap().key
}

/// A request body of the usual kind.
pub(crate) fn request(model: &str, stream: bool) -> String {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream}).to_string()
}

/// The JSON of an answer.
pub(crate) async fn value(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Status and code of an error; checks its shape, and that nothing leaked into it.
pub(crate) async fn error(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.text().await.unwrap();
    let elsewhere = text.replace(&Settings::for_tests().public_url, "");
    assert!(!text.contains("canary") && !elsewhere.contains("127.0.0.1"), "{text}");
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}"));
    let error = body["error"].as_object().unwrap_or_else(|| panic!("{text}"));
    for field in ["message", "type", "param", "code"] {
        assert!(error.contains_key(field), "{text}");
    }
    (status, error["code"].as_str().unwrap().to_owned())
}
