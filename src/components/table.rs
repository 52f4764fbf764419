use leptos::prelude::*;

use super::Icon;

/// A table whose rows are blocks on phones.
#[component]
pub fn StackTable(
    heads: Vec<AnyView>,
    rows: AnyView,
    /// Beside those of all such tables.
    #[prop(optional)]
    class: &'static str,
    /// Id of the heading that names it, where its card does not.
    #[prop(optional)]
    named_by: Option<&'static str>,
    /// Rows have menus, which reach out of it.
    #[prop(optional)]
    menus: bool,
) -> impl IntoView {
    view! {
        <div class=if menus { "tbl-wrap whole" } else { "tbl-wrap" }>
            <table class=format!("tbl stack {class}") role="table" aria-labelledby=named_by>
                <thead role="rowgroup">
                    <tr role="row">{heads}</tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </div>
    }
}

/// A column's head. Class `n` is for numbers.
pub fn head(label: &'static str, class: &'static str) -> AnyView {
    view! { <th role="columnheader" scope="col" class=(!class.is_empty()).then_some(class)>{label}</th> }.into_any()
}

/// The head of the column with the buttons of each row.
pub fn actions_head() -> AnyView {
    view! { <th role="columnheader" scope="col"><span class="vh">"Actions"</span></th> }.into_any()
}

/// A column head that sorts: a link, with an arrow on the column that is sorted now.
#[component]
pub fn SortHead(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    /// `ascending`, `descending`, or none.
    #[prop(optional)]
    sorted: Option<&'static str>,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let arrow = sorted.map(|order| view! { <Icon name=if order == "ascending" { "up" } else { "down" }/> });
    view! {
        <th role="columnheader" class=class aria-sort=sorted scope="col">
            <a class="sort" href=href>{label}" "{arrow}</a>
        </th>
    }
}

/// Below a list: what is shown, and links to the pages before and after it.
#[component]
pub fn Pager(
    #[prop(into)] summary: String,
    #[prop(optional_no_strip, into)] newer: Option<String>,
    #[prop(optional_no_strip, into)] older: Option<String>,
) -> impl IntoView {
    let newer = newer.map(|href| view! { <a class="btn sm" href=href rel="prev"><Icon name="chevl" class="i-14"/>"Newer"</a> });
    let older = older.map(|href| view! { <a class="btn sm" href=href rel="next">"Older"<Icon name="chevr" class="i-14"/></a> });
    view! {
        <div class="tfoot">
            <span role="status">{summary}</span>
            <div class="acts">{newer}{older}</div>
        </div>
    }
}
