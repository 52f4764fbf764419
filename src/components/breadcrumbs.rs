use leptos::prelude::*;

/// One step of the path. The last one is the page itself and no link; one before it may have no page of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    pub label: String,
    pub href: Option<String>,
}

impl Crumb {
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }

    pub fn here(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }
}

#[component]
pub fn Breadcrumbs(#[prop(into)] crumbs: Signal<Vec<Crumb>>) -> impl IntoView {
    let items = move || {
        let crumbs = crumbs.get();
        let last = crumbs.len().saturating_sub(1);
        crumbs
            .into_iter()
            .enumerate()
            .map(|(at, crumb)| match crumb.href {
                Some(href) if at < last => view! { <li><a href=href>{crumb.label}</a></li> }.into_any(),
                _ => view! { <li><span aria-current=(at == last).then_some("page")>{crumb.label}</span></li> }.into_any(),
            })
            .collect_view()
    };
    view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs">{items}</ol>
        </nav>
    }
}
