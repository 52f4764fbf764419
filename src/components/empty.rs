use leptos::prelude::*;

use super::PageTitle;

/// Why a list is empty, and the one action that changes it (children).
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let text = (!text.is_empty()).then(|| view! { <p>{text}</p> });
    view! {
        <div class="empty">
            <h2>{title}</h2>
            {text}
            {children.map(|children| children())}
        </div>
    }
}

/// A page that only says something: not found, not allowed, not working. Children: the way on.
#[component]
pub fn Message(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <PageTitle page=title.clone()/>
        <div class="message">
            <h1 tabindex="-1">{title}</h1>
            <p>{text}</p>
            {children.map(|children| children())}
        </div>
    }
}
