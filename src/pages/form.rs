//! Forms that change something. They are plain forms that post to a server function; with the page's program their answer comes back
//! without leaving the page. One kind carries them all, so that a further form adds little to what the browser loads.

use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use serde::de::DeserializeOwned;

use super::{data::Standing, watch::bump};
use crate::{
    components::{Note, NoteKind, browser, drawn},
    error::AppError,
    server_fns::call::{Answer, post, read},
};

/// Where a form is sent, and what came of the last try. The inputs' names are the server function's arguments.
#[derive(Clone, Copy)]
pub struct FormAction {
    path: &'static str,
    pending: RwSignal<bool>,
    version: RwSignal<u32>,
    answer: RwSignal<Option<Answer>>,
    /// The same for the form's parts. They are made here and not with the parts: an answer that closes a dialog disposes what was made
    /// in it before it is off the page, and its parts still listen.
    busy: Signal<bool>,
    problem: Signal<Option<AppError>>,
    standing: Option<Standing>,
}

impl FormAction {
    /// To a server function.
    pub fn to<F: ServerFn>() -> Self {
        Self::at(F::PATH)
    }

    /// Without the page's program a refusal comes back in the address, and the action begins with it.
    fn at(path: &'static str) -> Self {
        let refused = use_context::<ServerActionError>().filter(|error| error.path() == path);
        let refused = refused.map(|error| Err(ServerFnUrlError::<AppError>::decode_err(error.err())));
        let (pending, answer) = (RwSignal::new(false), RwSignal::new(refused));
        Self {
            path,
            pending,
            version: RwSignal::new(0),
            answer,
            busy: pending.into(),
            problem: Signal::derive(move || answer.read().as_ref().and_then(|answer| answer.as_ref().err().cloned())),
            standing: use_context(),
        }
    }

    /// While the answer is awaited.
    pub fn pending(self) -> Signal<bool> {
        self.busy
    }

    /// How often it was answered. Data that depend on what the form changes load anew with it.
    pub fn version(self) -> u32 {
        self.version.get()
    }

    /// Whether the last try worked.
    pub fn worked(self) -> bool {
        self.answer.read().as_ref().is_some_and(Result::is_ok)
    }

    /// What the last try answered.
    pub fn value<T: DeserializeOwned>(self) -> Option<Result<T, AppError>> {
        self.answer.get().map(read)
    }

    /// What the last try ran into.
    pub fn problems(self) -> Problems {
        Problems(self.problem)
    }

    fn send(self, event: &SubmitEvent) {
        if event.default_prevented() {
            return;
        }
        event.prevent_default();
        let (form, arguments) = (browser::SentForm::of(event), browser::form_text(event));
        self.pending.set(true);
        leptos::task::spawn_local(async move {
            let answer = post(self.path, arguments).await;
            // The page may be gone by now.
            let _ = self.pending.try_set(false);
            // What the page offered is not so any more: it loads anew, the frame included.
            let outdated = matches!(answer, Err(AppError::Forbidden { .. } | AppError::NotFound | AppError::SignedOut));
            let refused = answer.is_err();
            let _ = self.answer.try_set(Some(answer));
            let _ = self.version.try_update(|version| *version += 1);
            if refused {
                form.focus_problem();
            }
            if let Some(Standing(turn)) = self.standing.filter(|_| outdated) {
                bump(turn);
            }
        });
    }
}

/// A form of a [`FormAction`].
#[component]
pub fn Form(action: FormAction, #[prop(optional)] class: &'static str, children: Children) -> impl IntoView {
    view! {
        <form method="post" action=action.path class=(!class.is_empty()).then_some(class) on:submit=move |event| action.send(&event)>
            {children()}
        </form>
    }
}

/// What the last try of a form ran into: beside the fields, and above them what belongs to none.
#[derive(Clone, Copy)]
pub struct Problems(Signal<Option<AppError>>);

impl Problems {
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
        drawn(move || {
            let summaries = error.read().as_ref().map(AppError::summaries).unwrap_or_default();
            summaries.into_iter().map(|text| view! { <Note kind=NoteKind::Danger title=text/> }.into_any()).collect_view()
        })
    }
}
