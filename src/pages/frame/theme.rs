use leptos::prelude::*;

use crate::{
    components::{Icon, Menu, browser},
    pages::form::{Form, FormAction},
    server_fns::appearance::SetTheme,
};

/// Three buttons of one form behind the sun or the moon. Which one is chosen is marked by the style sheet, from the theme on the
/// document.
#[component]
pub(super) fn ThemeMenu() -> impl IntoView {
    let action = FormAction::to::<SetTheme>();
    let choices = [("system", "system", "System theme"), ("light", "sun", "Light theme"), ("dark", "moon", "Dark theme")];
    let buttons = choices
        .into_iter()
        .map(|(value, icon, label)| {
            view! {
                <button type="submit" name="theme" value=value class=format!("theme-{value}") on:click=move |_| browser::show_theme(value)>
                    <Icon name=icon/>
                    {label}
                    <span class="end"><Icon name="check"/></span>
                </button>
            }
        })
        .collect_view();
    let button = || view! { <Icon name="sun" class="sun"/> <Icon name="moon" class="moon"/> };
    view! {
        <Menu id="theme-menu" label="Theme" button_class="ib" class="end" button=button>
            <Form action=action>{buttons}</Form>
        </Menu>
    }
}
