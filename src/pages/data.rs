//! What a page waits for.

use std::{convert::Infallible, marker::PhantomData, sync::Arc};

use leptos::{
    prelude::*,
    reactive::computed::ScopedFuture,
    server::codee::{Decoder, Encoder},
};
use serde::de::DeserializeOwned;

use super::failure::page_failure;
use crate::{
    error::AppError,
    server_fns::call::{Answer, Ask, Question, read, written},
};

/// How often it was noticed that the reader may do other things than before; with it, all that pages show loads anew. In the context
/// of every page.
#[derive(Clone, Copy)]
pub struct Standing(pub RwSignal<u32>);

type Draw = Arc<dyn Fn(Answer) -> AnyView + Send + Sync>;

/// The answer of a server function, loaded on the server with the page, and anew when its arguments change. One kind of resource
/// carries the answers of all functions as text, so that a further page adds little to what the browser loads.
pub struct PageData<T> {
    answer: Resource<Answer, AsItIs>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for PageData<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PageData<T> {}

impl<T: DeserializeOwned + 'static> PageData<T> {
    /// Waits for a server function before the first byte is sent: status and title depend on it. Signals that the arguments are made
    /// of load it anew.
    pub fn load<F: Ask<Output = T>>(arguments: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Self::load_again(|| 0, arguments)
    }

    /// The same, and loads anew whenever the number changes: versions of forms, usually.
    pub fn load_again<F: Ask<Output = T>>(
        turn: impl Fn() -> u32 + Send + Sync + 'static,
        arguments: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self { answer: resource(Box::new(asking(turn, arguments)), true), of: PhantomData }
    }

    /// The same for what a page goes on with: nothing waits for it but its own part, which stands after the page's [`Self::head`].
    /// Its function can set neither status nor cookies: the answer is on its way by then.
    pub fn load_late<F: Ask<Output = T>>(
        turn: impl Fn() -> u32 + Send + Sync + 'static,
        arguments: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self { answer: resource(Box::new(asking(turn, arguments)), false), of: PhantomData }
    }

    /// The page made of it. It stands outside of closures: what depends on more signals is a closure inside `draw`. A closure around it
    /// would begin to wait anew each time it runs, and on the server such waiting may not end.
    ///
    /// It shows a skeleton in its place while it loads for the first time, the former one while it loads anew.
    pub fn page(self, skeleton: fn() -> AnyView, draw: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView {
        self.part(skeleton, page_failure, draw)
    }

    /// The same for the beginning of a page that goes on with what is loaded late. It decides on status, redirect and title: once it
    /// stands, the server sends what there is, and the rest as it comes.
    pub fn head(self, skeleton: fn() -> AnyView, draw: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView {
        let drawn = |view| {
            head_stands();
            view
        };
        self.part(skeleton, move |error| drawn(page_failure(error)), move |page| drawn(draw(page)))
    }

    /// The same for a part of a page, with its own words for a failure.
    pub fn part(
        self,
        skeleton: fn() -> AnyView,
        failed: impl Fn(&AppError) -> AnyView + Send + Sync + 'static,
        draw: impl Fn(T) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        let draw = move |answer| match read(answer) {
            Ok(page) => draw(page),
            Err(error) => failed(&error),
        };
        body(self.answer, skeleton, Arc::new(draw))
    }

    /// The dialog that the address opens. It is drawn anew when `opens` changes, and not when the data load anew: were it built anew
    /// under a form that was just sent, the form's old parts would still listen to what is gone.
    pub fn dialog(
        self,
        opens: impl Fn() + Send + Sync + 'static,
        draw: impl Fn(T) -> Option<AnyView> + Send + Sync + 'static,
    ) -> AnyView {
        let draw = move |answer| read(answer).ok().and_then(&draw).into_any();
        dialog(self.answer, Box::new(opens), Arc::new(draw))
    }
}

/// What is asked, and anew when what the reader may do has changed.
fn asking<F: Ask>(
    turn: impl Fn() -> u32 + Send + Sync + 'static,
    arguments: impl Fn() -> F + Send + Sync + 'static,
) -> impl Fn() -> Question + Send + Sync + 'static {
    let standing = use_context::<Standing>();
    move || Question::of(arguments(), turn().wrapping_add(standing.map_or(0, |standing| standing.0.get())))
}

fn resource(question: Box<dyn Fn() -> Question + Send + Sync>, first: bool) -> Resource<Answer, AsItIs> {
    Resource::new_with_options(question, |question: Question| question.ask(), first)
}

/// Whether the head of the page that is being rendered stands. The server gives one to each page.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, Default)]
pub struct HeadStands(Arc<std::sync::atomic::AtomicBool>);

#[cfg(feature = "ssr")]
impl HeadStands {
    /// Asks for it.
    pub fn get(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Acquire)
    }
}

fn head_stands() {
    #[cfg(feature = "ssr")]
    if let Some(HeadStands(stands)) = use_context() {
        stands.store(true, std::sync::atomic::Ordering::Release);
    }
}

fn body(answer: Resource<Answer, AsItIs>, skeleton: fn() -> AnyView, draw: Draw) -> AnyView {
    view! {
        <Transition fallback=skeleton>
            {move || {
                let draw = Arc::clone(&draw);
                Suspend::new(async move { draw(answer.await) })
            }}
        </Transition>
    }
    .into_any()
}

fn dialog(answer: Resource<Answer, AsItIs>, opens: Box<dyn Fn() + Send + Sync>, draw: Draw) -> AnyView {
    // What stands is kept while the data load anew. A dialog that is taken off the page, even for a moment, is not modal any more.
    view! {
        <Transition>
            {move || {
                opens();
                let draw = Arc::clone(&draw);
                Suspend::new(async move { draw(ScopedFuture::new_untracked(answer.into_future()).await) })
            }}
        </Transition>
    }
    .into_any()
}

/// How an answer is written into the page: it is text already, behind a mark for good or bad.
struct AsItIs;

impl Encoder<Answer> for AsItIs {
    type Error = Infallible;
    type Encoded = String;

    fn encode(answer: &Answer) -> Result<String, Infallible> {
        Ok(match answer {
            Ok(text) => format!("+{text}"),
            Err(error) => format!("-{}", written(error)),
        })
    }
}

impl Decoder<Answer> for AsItIs {
    type Error = Infallible;
    type Encoded = str;

    fn decode(text: &str) -> Result<Answer, Infallible> {
        Ok(match text.strip_prefix('+') {
            Some(text) => Ok(text.to_owned()),
            None => Err(read(Ok(text.get(1..).unwrap_or_default().to_owned())).unwrap_or(AppError::Connection)),
        })
    }
}

/// Nothing, where a page needs no skeleton.
pub fn nothing() -> AnyView {
    ().into_any()
}
