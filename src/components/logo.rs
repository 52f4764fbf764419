use leptos::prelude::*;

/// The mark: a tally stroke through a gate post.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 22 22" aria-hidden="true">
            <rect width="22" height="22" rx="6" fill="var(--ink)"></rect>
            <path d="M6.25 6v10.5" stroke="var(--surface)" stroke-width="2.5" stroke-linecap="round"></path>
            <path d="M6.25 12.25 16.5 6.5" stroke="var(--c2)" stroke-width="2.5" stroke-linecap="round"></path>
        </svg>
    }
}

/// Mark and name, a link to the start page.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <Logo/>
            "Tallygate"
        </a>
    }
}
