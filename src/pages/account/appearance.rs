use leptos::prelude::*;

use crate::{
    components::{Icon, browser},
    pages::form::{Form, FormAction},
    server_fns::appearance::SetTheme,
};

/// Light, dark, or as the system has it; kept by this browser. Which one is chosen is marked by the style sheet.
pub(super) fn appearance() -> AnyView {
    let action = FormAction::to::<SetTheme>();
    let choices = [("system", "system", "System"), ("light", "sun", "Light"), ("dark", "moon", "Dark")];
    let buttons = choices
        .into_iter()
        .map(|(value, icon, label)| {
            view! {
                <button
                    type="submit"
                    name="theme"
                    value=value
                    class=format!("btn theme-{value}")
                    on:click=move |_| browser::show_theme(value)
                >
                    <Icon name=icon/>
                    {label}
                </button>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="appearance">
            <header><h2 id="appearance">"Appearance"</h2></header>
            <div class="body">
                <Form action=action class="theme-choice">{buttons}</Form>
            </div>
        </section>
    }
    .into_any()
}
