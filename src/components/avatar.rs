use leptos::prelude::*;

use crate::domain::format::{hue, initials};

/// A person, round. `id` decides the hue.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    #[prop(into)] id: String,
    /// `sm` or `lg`.
    #[prop(optional)]
    size: &'static str,
) -> impl IntoView {
    view! { <span class=format!("av h{} {size}", hue(&id)) aria-hidden="true">{initials(&name)}</span> }
}

/// A team or personal space, square. `id` decides the hue.
#[component]
pub fn Tile(
    #[prop(into)] name: String,
    #[prop(into)] id: String,
    /// `sm`.
    #[prop(optional)]
    size: &'static str,
) -> impl IntoView {
    view! { <span class=format!("tile h{} {size}", hue(&id)) aria-hidden="true">{initials(&name)}</span> }
}

/// Avatar, name and, below it, a smaller line.
#[component]
pub fn Who(
    #[prop(into)] name: String,
    #[prop(into)] id: String,
    #[prop(optional, into)] detail: String,
    /// Whether this is the reader.
    #[prop(optional)]
    you: bool,
) -> impl IntoView {
    let you = you.then(|| view! { <span class="you">" (you)"</span> });
    let size = if detail.is_empty() { "sm" } else { "" };
    let text = if detail.is_empty() {
        view! { <span class="trunc">{name.clone()}{you}</span> }.into_any()
    } else {
        view! {
            <span>
                <b class="trunc">{name.clone()}{you}</b>
                <small class="trunc">{detail}</small>
            </span>
        }
        .into_any()
    };
    view! {
        <span class="who">
            <Avatar name=name id=id size=size/>
            {text}
        </span>
    }
}
