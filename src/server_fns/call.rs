//! How pages call server functions: address and arguments go out as text, the answer comes back as text. One way for all of them means
//! that the browser carries the code of it once, and for each function no more than the reader of its answer.

use std::{pin::Pin, sync::Arc};

use leptos::server_fn::ServerFn;
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::AppError, wire};

/// Header of a page that shows a team as one of its members sees it.
pub const VIEW_AS: &str = "x-view-as";

/// What came back: the answer as text, or why there is none.
pub type Answer = Result<String, AppError>;

/// A server function whose arguments can be sent and whose answer can be read.
pub trait Ask:
    ServerFn<Error = AppError, Output: Serialize + DeserializeOwned> + Clone + Serialize + Send + Sync + 'static
{
}

impl<F> Ask for F where
    F: ServerFn<Error = AppError, Output: Serialize + DeserializeOwned> + Clone + Serialize + Send + Sync + 'static
{
}

type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A call that is still to be made. Two are equal when they ask the same.
#[derive(Clone)]
pub struct Question {
    path: &'static str,
    arguments: String,
    /// Which time it is asked: the same question of another turn is another question.
    turn: u32,
    ask: Arc<dyn Fn() -> Asking + Send + Sync>,
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        (self.path, &self.arguments, self.turn) == (other.path, &other.arguments, other.turn)
    }
}

impl Question {
    /// A call of a server function.
    pub fn of<F: Ask>(call: F, turn: u32) -> Self {
        let arguments = serde_qs::to_string(&call).unwrap_or_default();
        Self { path: F::PATH, ask: way(&call, &arguments), arguments, turn }
    }

    /// Makes the call.
    pub fn ask(&self) -> Asking {
        (self.ask)()
    }
}

/// Calls a server function and reads its answer.
pub async fn call<F: Ask>(call: F) -> Result<F::Output, AppError> {
    read(Question::of(call, 0).ask().await)
}

/// A refusal as text, for the page that it is written into.
pub fn written(error: &AppError) -> String {
    wire::write(error)
}

/// Reads an answer.
pub fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, AppError> {
    wire::read(&answer?).map_err(unreadable)
}

fn unreadable(why: wire::Unreadable) -> AppError {
    match why {
        wire::Unreadable::OtherBuild => AppError::Updated,
        wire::Unreadable::Garbled => AppError::Connection,
    }
}

/// On the server the function is simply called.
#[cfg(feature = "ssr")]
fn way<F: Ask>(call: &F, _arguments: &str) -> Arc<dyn Fn() -> Asking + Send + Sync> {
    let call = call.clone();
    Arc::new(move || {
        let call = call.clone();
        Box::pin(caught(F::PATH, async move { call.run_body().await }))
    })
}

/// The answer of a function that a page waits for. Where it panics there is one, too: nobody else catches it, and the page would wait
/// for ever.
#[cfg(feature = "ssr")]
async fn caught<T: Serialize>(path: &str, run: impl Future<Output = Result<T, AppError>> + Send) -> Answer {
    use futures::FutureExt;

    use crate::service::ServiceError;

    match std::panic::AssertUnwindSafe(run).catch_unwind().await {
        Ok(done) => Ok(wire::write(&done?)),
        // The panic hook has printed what and where.
        Err(_) => Err(ServiceError::Internal(format!("{path} panicked")).into()),
    }
}

#[cfg(not(feature = "ssr"))]
fn way<F: Ask>(_call: &F, arguments: &str) -> Arc<dyn Fn() -> Asking + Send + Sync> {
    by_post(F::PATH, arguments)
}

#[cfg(not(feature = "ssr"))]
fn by_post(path: &'static str, arguments: &str) -> Arc<dyn Fn() -> Asking + Send + Sync> {
    let arguments = arguments.to_owned();
    Arc::new(move || post(path, arguments.clone()))
}

/// Sends arguments to a server function, and follows where its answer leads.
#[cfg(feature = "hydrate")]
pub fn post(path: &'static str, arguments: String) -> Asking {
    Box::pin(send_wrapper::SendWrapper::new(
        async move { posting::post(path, &arguments).await.unwrap_or(Err(AppError::Connection)) },
    ))
}

/// Only browsers send.
#[cfg(not(feature = "hydrate"))]
pub fn post(_path: &'static str, _arguments: String) -> Asking {
    Box::pin(std::future::ready(Err(AppError::Connection)))
}

#[cfg(feature = "hydrate")]
mod posting {
    use leptos::{
        leptos_dom::helpers::window,
        server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook},
    };
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Headers, RequestInit, Response, UrlSearchParams};

    use super::Answer;
    use crate::wire;

    pub(super) async fn post(path: &str, arguments: &str) -> Result<Answer, JsValue> {
        let headers = Headers::new()?;
        headers.set("content-type", "application/x-www-form-urlencoded")?;
        headers.set("accept", "text/plain")?;
        let place = window().location();
        if place.pathname()?.starts_with("/t/")
            && let Some(member) = UrlSearchParams::new_with_str(&place.search()?)?.get("as").filter(|member| !member.is_empty())
        {
            headers.set(super::VIEW_AS, &member)?;
        }
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_headers(&headers);
        request.set_body(&JsValue::from_str(arguments));
        let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?.unchecked_into();
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        if !response.ok() {
            return Ok(Err(wire::read(&text).unwrap_or_else(super::unreadable)));
        }
        if response.headers().get(REDIRECT_HEADER)?.is_some()
            && let Some(place) = response.headers().get("location")?
        {
            call_redirect_hook(&place);
        }
        Ok(Ok(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_build_says_so() {
        let answer = wire::write(&7_i64);
        assert_eq!(read::<i64>(Ok(answer.clone())), Ok(7));
        let newer = format!("~ffffffff{}", &answer[9..]);
        let error = read::<i64>(Ok(newer)).expect_err("another build's");
        assert_eq!(error.to_string(), "Tallygate was updated. Reload the page.");
        assert_eq!(read::<i64>(Ok("<html>Bad Gateway</html>".into())), Err(AppError::Connection));
        assert_eq!(read::<i64>(Err(AppError::NotFound)), Err(AppError::NotFound));
    }

    #[tokio::test]
    async fn a_page_does_not_wait_for_what_panicked() {
        let none: Vec<i64> = vec![];
        let answer = caught("/fn/broken", async move { Ok(none[0]) }).await;
        let Err(AppError::Internal { reference }) = answer else { panic!("{answer:?}") };
        assert!(!reference.is_empty());
        assert_eq!(read(caught("/fn/works", async { Ok(7_i64) }).await), Ok(7));
        let refused = caught("/fn/refuses", async { Err::<i64, _>(AppError::NotFound) }).await;
        assert_eq!(refused, Err(AppError::NotFound));
    }
}
