//! The witness: an upstream that writes down what it was asked and what it sent, in the test's own process.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

/// One token, and four bytes: counted alike with the tokenizer and before it is loaded.
const WORD: &str = " the";
/// Prompt tokens that every answer reports.
pub const PROMPT_TOKENS: i64 = 11;

/// What happened to a call upstream.
#[derive(Clone, Debug, Default)]
pub struct Served {
    pub stream: bool,
    /// Tokens of the whole answer.
    pub planned: i64,
    /// When each token of a stream was sent.
    pub sent: Vec<Instant>,
}

/// The upstream's own log, by call id.
#[derive(Clone, Debug, Default)]
pub struct Upstream(Arc<Mutex<HashMap<String, Served>>>);

impl Upstream {
    /// Starts it; gives its base address.
    pub async fn start() -> (Self, String) {
        let log = Self::default();
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(log.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}/v1", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (log, address)
    }

    /// All calls that it has received.
    pub fn log(&self) -> HashMap<String, Served> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, id: &str, write: impl FnOnce(&mut Served)) {
        write(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default());
    }
}

async fn answer(State(log): State<Upstream>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let id = headers.get("x-client-request-id").and_then(|id| id.to_str().ok()).expect("the gateway names its call").to_owned();
    let stream = body["stream"] == true;
    // The client says how long its answer shall be.
    let planned = body["max_tokens"].as_i64().expect("a bound");
    assert!(!log.log().contains_key(&id), "{id} came twice");
    log.note(&id, |served| *served = Served { stream, planned, sent: vec![] });
    let usage = json!({"prompt_tokens": PROMPT_TOKENS, "completion_tokens": planned, "total_tokens": PROMPT_TOKENS + planned});
    if !stream {
        tokio::time::sleep(Duration::from_millis(planned.unsigned_abs() % 120)).await;
        let message = json!({"role": "assistant", "content": WORD.repeat(planned as usize)});
        return Json(json!({"id": id, "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}))
            .into_response();
    }
    let events = futures::stream::unfold(0, move |n: i64| {
        let (log, id, usage) = (log.clone(), id.clone(), usage.clone());
        async move {
            let chunk = |choices: Value, usage: Value| json!({"id": "c", "object": "chat.completion.chunk", "choices": choices, "usage": usage});
            let text = match n - planned {
                ..0 => {
                    tokio::time::sleep(Duration::from_millis(12)).await;
                    log.note(&id, |served| served.sent.push(Instant::now()));
                    chunk(json!([{"index": 0, "delta": {"content": WORD}, "finish_reason": null}]), Value::Null).to_string()
                }
                0 => chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]), Value::Null).to_string(),
                1 => chunk(json!([]), usage).to_string(),
                2 => "[DONE]".into(),
                _ => return None,
            };
            Some((Ok::<_, Infallible>(format!("data: {text}\n\n")), n + 1))
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}
