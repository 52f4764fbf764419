use leptos::prelude::*;
use leptos_meta::Title;

use super::browser;

/// The document's title: "Keys, Atlas Search · Tallygate".
#[component]
pub fn PageTitle(#[prop(into)] page: String, #[prop(optional, into)] context: String) -> impl IntoView {
    let text = if context.is_empty() { format!("{page} · Tallygate") } else { format!("{page}, {context} · Tallygate") };
    view! { <Title text=browser::title(text)/> }
}

/// Heading, the grey line below it, and the actions of the page (children).
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    /// Where the page belongs to; becomes part of the document's title.
    #[prop(optional, into)]
    context: String,
    #[prop(optional, into)] lead: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let lead = (!lead.is_empty()).then(|| view! { <p>{lead}</p> });
    let actions = children.map(|children| view! { <div class="acts">{children()}</div> });
    view! {
        <PageTitle page=title.clone() context=context/>
        <div class="head">
            <div class="grow">
                <h1 tabindex="-1">{title}</h1>
                {lead}
            </div>
            {actions}
        </div>
    }
}
