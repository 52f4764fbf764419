use leptos::prelude::*;

/// One view of a page, with its own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabLink {
    pub label: String,
    pub href: String,
    pub here: bool,
}

/// Links to the views of a page.
#[component]
pub fn Tabs(#[prop(into)] label: String, links: Vec<TabLink>) -> impl IntoView {
    let links = links
        .into_iter()
        .map(|link| view! { <a href=link.href aria-current=link.here.then_some("page")>{link.label}</a> })
        .collect_view();
    view! { <nav class="tabs" aria-label=label>{links}</nav> }
}
