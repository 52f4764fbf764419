use leptos::prelude::*;

use super::Icon;

/// An exception in a word, with an icon: `tone` is `ok`, `warn`, `danger`, `acc`, `line` or nothing for grey.
#[component]
pub fn Badge(
    #[prop(into)] text: String,
    #[prop(optional)] tone: &'static str,
    #[prop(optional)] icon: &'static str,
) -> impl IntoView {
    let icon = (!icon.is_empty()).then(|| view! { <Icon name=icon/> });
    view! { <span class=format!("badge {tone}")>{icon}{text}</span> }
}

/// The healthy state: grey text with a check.
#[component]
pub fn Quiet(#[prop(into)] text: String) -> impl IntoView {
    view! { <span class="quiet"><Icon name="okc"/>{text}</span> }
}

/// A role: `owner`, `admin` and anything else.
#[component]
pub fn RolePill(#[prop(into)] role: String) -> impl IntoView {
    let mut word = role.clone();
    if let Some(first) = word.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    view! { <span class=format!("role {role}")>{word}</span> }
}

/// A small number beside a heading or a link.
#[component]
pub fn Count(#[prop(into)] text: String, #[prop(optional)] hot: bool) -> impl IntoView {
    view! { <span class=if hot { "count hot" } else { "count" }>{text}</span> }
}
