//! The live tail of the call log: it tells of new calls to whoever may see them, as long as they may.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use serde_json::json;

use super::support::{
    TestApp,
    accounts::browser,
    app::Client,
    on_each_database,
    people::{Place, db_leave, db_person},
};
use crate::{
    domain::api_keys::{KeyKind, NewApiKey},
    server::live::MOST_STREAMS,
    service::Caller,
};

const TAIL: &str = "/t/atlas-search/logs/tail";
/// Longer than the longest time between two looks.
const PATIENCE: Duration = Duration::from_secs(12);

/// A stream as it comes.
pub(super) struct Heard {
    body: BodyDataStream,
    text: String,
}

impl Heard {
    pub(super) async fn open(browser: &Client, path: &str) -> Self {
        let response = browser.page_in_parts(path, "gzip, br").await;
        assert_eq!(response.status(), 200, "{path}");
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        assert_eq!(header("content-type"), "text/event-stream; charset=utf-8");
        assert_eq!(
            (header("content-encoding").as_str(), header("cache-control").as_str()),
            ("", "no-store"),
            "not packed, not kept"
        );
        let mut heard = Self { body: Body::into_data_stream(response.into_body()), text: String::new() };
        heard.until(": open\n\n").await;
        heard
    }

    /// Reads until something was said.
    pub(super) async fn until(&mut self, said: &str) {
        while !self.text.contains(said) {
            let piece = tokio::time::timeout(PATIENCE, self.body.next()).await;
            let piece = piece.unwrap_or_else(|_| panic!("{said:?} is said, not only {:?}", self.text));
            let piece = piece.unwrap_or_else(|| panic!("{said:?} is said before the end, not only {:?}", self.text)).unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// Reads until the stream ends.
    pub(super) async fn into_rest(mut self) -> String {
        while let Some(piece) = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("the stream ends") {
            self.text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
        self.text
    }
}

pub(super) async fn key(place: &Place, person: &Caller) -> String {
    let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
    place.services.create_key(person, &place.team.slug, new).await.unwrap().key
}

pub(super) async fn call(app: &TestApp, key: &str) {
    let body = json!({"model": "labs/chat", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]});
    app.key(key).post("/v1/chat/completions", body).await.expect(200);
    while app.services.book_ended_calls().await.unwrap() > 0 {}
}

#[tokio::test]
async fn new_calls_are_told_to_whoever_may_see_them() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let app = TestApp::new(&services);
        let (adas, noors) = (browser(&app, &place.ada).await, browser(&app, &place.noor).await);
        let (mayas_key, noors_key) = (key(&place, &place.maya).await, key(&place, &place.noor).await);
        call(&app, &mayas_key).await;
        let mut of_ada = Heard::open(&adas, &format!("{TAIL}?seen=none")).await;
        of_ada.until("event: news\ndata: 1\n\n").await;
        let mut of_noor = Heard::open(&noors, TAIL).await;
        let mut of_other_model = Heard::open(&adas, &format!("{TAIL}?model=another")).await;
        call(&app, &noors_key).await;
        of_noor.until("event: news\ndata: 1\n\n").await;
        of_ada.until("event: news\ndata: 2\n\n").await;
        call(&app, &mayas_key).await;
        of_ada.until("event: news\ndata: 3\n\n").await;
        assert!(!of_noor.text.contains("data: 2"), "somebody else's call is none of hers");
        // A stream of other calls says nothing until it ends.
        app.services.remove_member(&place.maya, &place.team.slug, place.ada.user.id).await.unwrap();
        of_other_model.until("event: over\n").await;
        assert!(!of_other_model.text.contains("event: news"), "{}", of_other_model.text);
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_the_right_to_it() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let app = TestApp::new(&services);
        let (adas, noors) = (browser(&app, &place.ada).await, browser(&app, &place.noor).await);
        let (of_ada, of_noor) = (Heard::open(&adas, TAIL).await, Heard::open(&noors, TAIL).await);
        db_leave(&services, place.team.id, &place.noor).await;
        let text = of_noor.into_rest().await;
        assert!(text.contains("event: over\ndata: ") && text.contains("no access"), "{text}");
        adas.form("/fn/log_out", &[], false).await;
        let text = of_ada.into_rest().await;
        assert!(text.contains("event: over\ndata: Sign in"), "{text}");

        let stranger = db_person(&services, "Olu", false).await;
        let strangers = browser(&app, &stranger).await;
        for (browser, status) in [(&strangers, 404), (&noors, 404), (&app.browser(), 401)] {
            assert_eq!(browser.page(TAIL).await.status.as_u16(), status);
        }
        assert_eq!(strangers.page(&format!("{TAIL}?as={}", place.maya.user.id)).await.status, 404);
        drop(Heard::open(&strangers, "/me/logs/tail").await);
    })
    .await;
}

#[tokio::test]
async fn a_person_has_few_streams_and_gets_their_places_back() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let app = TestApp::new(&services);
        let (adas, noors) = (browser(&app, &place.ada).await, browser(&app, &place.noor).await);
        let mut open = vec![];
        for _ in 0..MOST_STREAMS {
            open.push(Heard::open(&adas, TAIL).await);
        }
        let refused = adas.page(TAIL).await;
        assert_eq!(refused.status, 429);
        assert!(refused.text().contains("Close one of them"), "{}", refused.text());
        drop(Heard::open(&noors, TAIL).await);
        open.pop();
        open.push(Heard::open(&adas, TAIL).await);
        assert_eq!(adas.page(&format!("{TAIL}?from=nonsense")).await.status, 429);
        open.clear();
        assert_eq!(adas.page(&format!("{TAIL}?from=nonsense")).await.status, 422);
        assert_eq!(adas.page(TAIL.replace("tail", "nothing").as_str()).await.status, 404);
    })
    .await;
}
