//! The problems of a form: beside their fields, and above it what belongs to none. The same with and without the page's
//! program: without it the error comes back in the address, and the action begins with it.

use leptos::{
    prelude::*,
    server_fn::{Http, ServerFn, codec::PostUrl},
};

use crate::{
    components::{Note, NoteKind},
    error::AppError,
};

/// What the last try of a form ran into.
#[derive(Clone, Copy)]
pub struct Problems(Signal<Option<AppError>>);

impl Problems {
    /// Of an action.
    pub fn of<S, O>(action: ServerAction<S>) -> Self
    where
        S: ServerFn<Error = AppError, Protocol = Http<PostUrl, O>> + Clone + Send + Sync + 'static,
        S::Output: Send + Sync + Clone + 'static,
    {
        let value = action.value();
        Self(Signal::derive(move || value.read().as_ref().and_then(|result| result.as_ref().err().cloned())))
    }

    /// Whether the last try failed. Then the form begins with what was typed.
    pub fn any(self) -> bool {
        self.0.with_untracked(Option::is_some)
    }

    /// The sentence of one field.
    pub fn field(self, name: &'static str) -> MaybeProp<String> {
        let Self(error) = self;
        Signal::derive(move || error.read().as_ref().and_then(|error| error.field(name))).into()
    }

    /// What belongs to no field, above the form.
    pub fn note(self) -> AnyView {
        let Self(error) = self;
        (move || {
            let summary = error.read().as_ref().and_then(AppError::summary);
            summary.map(|text| view! { <Note kind=NoteKind::Danger title=text/> })
        })
        .into_any()
    }
}
