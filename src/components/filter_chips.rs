//! Filters that are set, each with the way out of it.

use leptos::prelude::*;

use super::Icon;
use crate::domain::filter_chip::FilterChip;

/// The chips, and from two on a link that clears all of them.
pub fn filter_chips(chips: &[FilterChip], clear: &str) -> AnyView {
    let all = (chips.len() > 1).then(|| view! { <a class="link small" href=clear.to_owned()>"Clear all"</a> });
    let chips = chips.iter().map(|FilterChip { label, value, without }| {
        let out = format!("Remove the filter {label} {value}");
        view! {
            <span class="chip">
                <span>{label.clone()}</span>
                {value.clone()}
                <a href=without.clone() aria-label=out><Icon name="x"/></a>
            </span>
        }
    });
    let chips = chips.collect_view();
    view! {
        {chips}
        {all}
    }
    .into_any()
}
