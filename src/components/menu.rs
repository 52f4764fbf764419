use leptos::prelude::*;

/// A popover with links and small forms. It opens without script; the button that opens it is passed as `button_class`,
/// `label` (its name) and `button` (what it shows). Children: `<a>`, `<button>`, `<hr>`, `<h3>`.
#[component]
pub fn Menu(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(default = "ib sm")] button_class: &'static str,
    /// `end` (grows to the left), `above`, `wide`.
    #[prop(optional)]
    class: &'static str,
    #[prop(into)] button: ViewFn,
    children: Children,
) -> impl IntoView {
    view! {
        <button class=button_class type="button" popovertarget=id.clone() aria-label=label.clone() title=label>
            {button.run()}
        </button>
        <div class=format!("menu {class}") id=id popover="auto">
            {children()}
        </div>
    }
}
