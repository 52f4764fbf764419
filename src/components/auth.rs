use leptos::prelude::*;

use super::{Brand, PageTitle};

/// The two-column page around signing in: form on the left, the lanes through the gate on the right.
/// Children: what belongs under the heading, usually a form with class `auth-fields`.
#[component]
pub fn AuthPage(
    #[prop(into)] title: String,
    /// The grey line under the heading.
    #[prop(optional, into)]
    lead: String,
    children: Children,
) -> impl IntoView {
    let lead = (!lead.is_empty()).then(|| view! { <p>{lead}</p> });
    // Not a literal: what is constant all through is written as text, and `use_` would stay as it is.
    let art = "/auth-art.svg#art".to_owned();
    view! {
        <PageTitle page=title.clone()/>
        <div class="auth">
            <main class="auth-form" id="main">
                <Brand/>
                <div class="auth-box">
                    <h1 tabindex="-1">{title}</h1>
                    {lead}
                    {children()}
                </div>
                <p class="auth-foot">{concat!("Self-hosted, version ", env!("CARGO_PKG_VERSION"))}</p>
            </main>
            <aside class="auth-art" aria-hidden="true">
                <svg viewBox="0 0 720 900" preserveAspectRatio="xMidYMid slice">
                    <use_ href=art width="720" height="900"></use_>
                </svg>
                <div class="auth-cap">
                    <p>"One gate for every model call."</p>
                    <span>"Who called, what it cost, and whether it was allowed."</span>
                </div>
            </aside>
        </div>
    }
}
