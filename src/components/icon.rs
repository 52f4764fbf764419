use leptos::prelude::*;

/// All symbols, written once at the end of the page by the server.
#[cfg(feature = "ssr")]
pub const SPRITE: &str = include_str!("icons.svg");

/// One symbol of the sprite, 16 px, in the colour of the text around it. Decoration: a control needs its own name.
#[component]
pub fn Icon(
    name: &'static str,
    /// `i-12`, `i-14` or `i-20`; also any other class.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    symbol(name, class)
}

/// The same for a name that is known only as the page is made.
pub fn symbol(name: &str, class: &str) -> impl IntoView + use<> {
    let class = if class.is_empty() { "i".to_owned() } else { format!("i {class}") };
    view! {
        <svg class=class viewBox="0 0 16 16" aria-hidden="true">
            <use_ href=format!("#i-{name}")></use_>
        </svg>
    }
}
