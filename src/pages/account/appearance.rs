use leptos::prelude::*;

use crate::{
    components::{Icon, browser},
    server_fns::appearance::SetTheme,
};

/// Light, dark, or as the system has it; kept by this browser. Which one is chosen is marked by the style sheet.
pub(super) fn appearance() -> AnyView {
    let action = ServerAction::<SetTheme>::new();
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
                <ActionForm action=action attr:class="theme-choice">{buttons}</ActionForm>
            </div>
        </section>
    }
    .into_any()
}
