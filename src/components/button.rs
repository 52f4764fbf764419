use leptos::prelude::*;

use super::Icon;

/// A button of a form. While `busy` it keeps its width, shows a ring and refuses a second press.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    /// `primary`, `danger`, `ghost`, or nothing; also sizes: `sm`, `lg`, `wide`.
    #[prop(optional)]
    class: &'static str,
    #[prop(optional)] icon: &'static str,
    /// `button` for one that sends no form.
    #[prop(default = "submit")]
    kind: &'static str,
    #[prop(optional)] name: Option<&'static str>,
    #[prop(optional, into)] value: Option<String>,
    /// Pending state of the action behind it.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// While something beside it is missing. It can be reached, and refuses to be pressed.
    #[prop(optional, into)]
    blocked: Signal<bool>,
) -> impl IntoView {
    let icon = (!icon.is_empty()).then(|| view! { <Icon name=icon/> });
    view! {
        <button
            class=format!("btn {class}")
            r#type=kind
            name=name
            value=value
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || blocked.try_get().unwrap_or_default().then_some("true")
            on:click=move |event| {
                if busy.get_untracked() || blocked.try_get_untracked().unwrap_or_default() {
                    event.prevent_default();
                }
            }
        >
            {icon}
            {label}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    #[prop(optional)] class: &'static str,
    #[prop(optional)] icon: &'static str,
) -> impl IntoView {
    let icon = (!icon.is_empty()).then(|| view! { <Icon name=icon/> });
    view! { <a class=format!("btn {class}") href=href>{icon}{label}</a> }
}

/// A link with only an icon; `label` is its name and its tooltip.
#[component]
pub fn IconLink(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    icon: &'static str,
    /// `sm`.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <a class=format!("ib {class}") href=href aria-label=label.clone() title=label>
            <Icon name=icon/>
        </a>
    }
}

/// For links that change only the query, like those that open and close dialogs: the page stays where it is.
pub fn noscroll() -> impl leptos::attr::Attribute {
    leptos::attr::custom::custom_attribute("noscroll", "")
}
