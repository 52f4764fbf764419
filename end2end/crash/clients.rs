//! The load: clients that call in a loop until the server is gone, and remember which answers they saw to their end.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;

/// Ids of calls whose end some client saw.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    /// All of them.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, id: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    workers: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    /// Starts as many clients with and without streams.
    pub fn start(url: &str, key: &str, seed: u64, clients: usize, seen: &Seen) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let lengths = Arc::new(AtomicU64::new(seed));
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().expect("a client");
        let workers = (0..clients * 2).map(|n| {
            let (stop, lengths, seen, http) = (stop.clone(), lengths.clone(), seen.clone(), http.clone());
            let (url, key) = (format!("{url}/v1/chat/completions"), key.to_owned());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let length = lengths.fetch_add(0x9E37_79B9, Ordering::Relaxed) % 180 + 1;
                    match call(&http, &url, &key, n % 2 == 0, length).await {
                        Ok(Some(id)) => seen.add(id),
                        Ok(None) => {}
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
            })
        });
        Self { workers: workers.collect(), stop }
    }

    /// Lets every client end its call.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await.expect("clients do not panic");
        }
    }
}

/// One call; its id, if its end was seen.
async fn call(http: &reqwest::Client, url: &str, key: &str, stream: bool, length: u64) -> reqwest::Result<Option<String>> {
    let body =
        json!({"model": "witness", "stream": stream, "max_tokens": length, "messages": [{"role": "user", "content": "Go on."}]});
    let request = http.post(url).bearer_auth(key).header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await?;
    let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let answered = answer.status() == 200;
    if answer.status() == 429 {
        // The spending limit is reached, or held by calls that run.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let text = answer.text().await?;
    let whole = answered && if stream { text.ends_with("data: [DONE]\n\n") } else { text.ends_with('}') };
    Ok(whole.then_some(id))
}
