use leptos::prelude::*;

use super::Icon;

/// How loud a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    Info,
    Accent,
    Ok,
    Warn,
    /// Blocking; announced at once.
    Danger,
}

/// A sentence in the flow of the page: the first, bold, says what is; the rest what to do. Children: buttons.
#[component]
pub fn Note(
    kind: NoteKind,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let (class, icon, role) = match kind {
        NoteKind::Info => ("note info", "info", None),
        NoteKind::Accent => ("note acc", "info", None),
        NoteKind::Ok => ("note ok", "okc", Some("status")),
        NoteKind::Warn => ("note warn", "alert", Some("status")),
        NoteKind::Danger => ("note danger", "alert", Some("alert")),
    };
    let actions = children.map(|children| view! { <div class="acts">{children()}</div> });
    view! {
        <div class=class role=role>
            <Icon name=icon/>
            <p class="grow"><b>{title}</b>" "{text}</p>
            {actions}
        </div>
    }
}
