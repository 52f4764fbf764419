//! The playground's doors. Both act for the person of the session's cookie, so both stand behind the check that a request comes from a
//! page of this installation; the call itself is the gateway's.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Request, State},
    http::{Method, Response, header},
    response::{IntoResponse, Redirect},
    routing::post,
};
use futures::{FutureExt, StreamExt, stream::once};
use tokio::sync::oneshot;
use tower_sessions::Session;

use super::{Edge, pages};
use crate::{
    domain::{
        playground::{ChatDraft, Message},
        usage::CallEnd,
    },
    gateway::Playground,
    server_fns::playground::{PlayRefusal, Played, words},
    service::{Door, RequestFacts, ServiceError, accounts::sessions::caller_of, playground::Player},
};

/// Longest answer that is put into a page.
const ANSWER_MAX: usize = 4 << 20;
/// The event behind the answer's own: what the call came to.
pub const FIGURES_EVENT: &str = "figures";

/// `POST /play/{team}/chat/completions` for the page's program, and the page's own address for a plain form.
pub fn routes(playground: Playground) -> Router<Edge> {
    let (by_program, in_team, in_person) = (playground.clone(), playground.clone(), playground);
    let by_program = move |State(edge): State<Edge>, Path(team): Path<String>, request: Request| {
        let playground = by_program.clone();
        async move { stream(&edge, &playground, &team, request).await }
    };
    let in_team = move |State(edge): State<Edge>, Path(team): Path<String>, request: Request| {
        let playground = in_team.clone();
        async move { page(&edge, &playground, &team, request).await }
    };
    let in_person = move |State(edge): State<Edge>, request: Request| {
        let playground = in_person.clone();
        async move { page(&edge, &playground, "me", request).await }
    };
    Router::new()
        .route("/play/{team}/chat/completions", post(by_program))
        .route("/t/{team}/playground", post(in_team))
        .route("/me/playground", post(in_person))
}

/// The gateway's answer; behind a stream's own end follows an event with what the call came to.
async fn stream(edge: &Edge, playground: &Playground, team: &str, request: Request) -> Response<Body> {
    let player = player(edge, team, Visitor::of(&request)).await;
    let played = playground.chat(player, request).await;
    let content_type = played.response.headers().get(header::CONTENT_TYPE);
    if content_type.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/event-stream")) {
        return played.response;
    }
    let end = played.end;
    played.response.map(|body| {
        let figures = async move { Ok::<_, axum::Error>(figures_event(end).await) };
        Body::from_stream(body.into_data_stream().chain(once(figures)))
    })
}

async fn figures_event(end: oneshot::Receiver<CallEnd>) -> Bytes {
    let Ok(end) = end.await else { return Bytes::new() };
    format!("event: {FIGURES_EVENT}\ndata: {}\n\n", words::figures_text(&end)).into()
}

/// Makes the call of a plain form, and gives the page with the whole answer in it. Nothing of it is kept.
async fn page(edge: &Edge, playground: &Playground, team: &str, request: Request) -> Response<Body> {
    // Whoever sees the team as somebody else makes no calls, in nobody's name.
    if let Some(address) = pages::kept_view(&request) {
        return Redirect::to(&address).into_response();
    }
    let player = player(edge, team, Visitor::of(&request)).await;
    let (mut parts, body) = request.into_parts();
    // Who may not call sees the page say so.
    if player.is_ok() {
        let form = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let asked = read_form(&form);
        parts.extensions.insert(play(playground, player, asked).await);
    }
    parts.method = Method::GET;
    pages::render(edge, Request::from_parts(parts, Body::empty())).await
}

/// What the form says, the question among the messages.
fn read_form(form: &[u8]) -> Played {
    let mut asked = Played::default();
    for (name, value) in url::form_urlencoded::parse(form) {
        let value = value.into_owned();
        match &*name {
            "model" => asked.model = value,
            "system" => asked.system = value,
            "max_tokens" => asked.max_tokens = value,
            "prompt" => asked.prompt = value,
            // Questions and answers in turn.
            "message" => {
                let mine = asked.messages.len() % 2 == 0;
                asked.messages.push(Message { mine, text: value });
            }
            _ => {}
        }
    }
    asked
}

async fn play(playground: &Playground, player: Result<Player, ServiceError>, mut asked: Played) -> Played {
    let question = Message { mine: true, text: std::mem::take(&mut asked.prompt) };
    asked.messages.push(question);
    let draft = ChatDraft {
        model: asked.model.clone(),
        system: asked.system.clone(),
        messages: asked.messages.clone(),
        max_tokens: asked.max_tokens.clone(),
    };
    let mut played = playground.chat(player, Request::new(Body::from(draft.body(false)))).await;
    let id = played.response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    asked.call = id.unwrap_or_default().to_owned();
    let has_answer = played.response.status().is_success();
    let body = to_bytes(played.response.into_body(), ANSWER_MAX).await.unwrap_or_default();
    asked.figures = (&mut played.end).now_or_never().and_then(Result::ok).map(|end| words::figures(&end));
    if has_answer {
        asked.messages.push(Message { mine: false, text: answer_text(&body) });
    } else {
        asked.refusal = Some(refusal(&body));
        asked.prompt = asked.messages.pop().map_or_else(String::new, |question| question.text);
    }
    asked
}

/// What the model said; empty where it said nothing in words.
fn answer_text(body: &[u8]) -> String {
    let answer = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}

fn refusal(body: &[u8]) -> PlayRefusal {
    let raw = String::from_utf8_lossy(body).into_owned();
    let error = serde_json::from_str::<serde_json::Value>(&raw).unwrap_or_default();
    let word = |name: &str| error["error"][name].as_str().unwrap_or_default().to_owned();
    PlayRefusal { message: word("message"), code: word("code"), raw }
}

/// Whoever sent a request.
struct Visitor {
    session: Option<Session>,
    facts: RequestFacts,
}

impl Visitor {
    fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        Self { session: extensions.get().cloned(), facts: extensions.get().cloned().unwrap_or_default() }
    }
}

/// The same as somebody who calls in a context.
async fn player(edge: &Edge, team: &str, visitor: Visitor) -> Result<Player, ServiceError> {
    let session = visitor.session.ok_or(ServiceError::SignedOut)?;
    let caller = caller_of(&edge.services, &session, Door::Page, &visitor.facts).await?.ok_or(ServiceError::SignedOut)?;
    edge.services.find_player(&caller, team).await
}
