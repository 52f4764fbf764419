use leptos::{html, prelude::*};

use super::browser;
use crate::domain::charts::{ChartTable, ChartView, LegendEntry};

/// A chart drawn by the engine in the page from options made by the server, in a box whose height is fixed beforehand,
/// with the same figures in a table below it. New figures are drawn into the same place.
#[component]
pub fn Chart(#[prop(into)] view: Signal<ChartView>, #[prop(default = 224)] height: u32) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let busy = RwSignal::new(true);
    let handle = StoredValue::new(None::<browser::ChartHandle>);
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        let ChartView { light, dark, .. } = view.get();
        match handle.get_value() {
            Some(handle) => handle.update(light, dark),
            None => {
                let drawn = browser::draw_chart(element, light, dark, move || {
                    let _ = busy.try_set(false);
                });
                handle.set_value(Some(drawn));
            }
        }
    });
    on_cleanup(move || {
        if let Some(handle) = handle.try_get_value().flatten() {
            handle.dispose();
        }
    });
    view! {
        <div class="chart" style=format!("--ch:{height}px")>
            <div
                class="plot needs-js"
                role="img"
                aria-label=move || view.with(|view| view.label.clone())
                aria-busy=move || if busy.get() { "true" } else { "false" }
                node_ref=node
            ></div>
            <details class="as-table">
                <summary>"Show as table"</summary>
                <div class="tbl-wrap" tabindex="0" role="region" aria-label="Figures of the chart">
                    {move || table_view(view.with(|view| view.table.clone()))}
                </div>
            </details>
        </div>
    }
}

fn table_view(table: ChartTable) -> AnyView {
    let class = |column: usize| if column == 0 { "" } else { "n" };
    let head = table
        .head
        .into_iter()
        .enumerate()
        .map(|(column, text)| view! { <th class=class(column) scope="col">{text}</th> })
        .collect_view();
    let rows = table
        .rows
        .into_iter()
        .map(|row| {
            let cells =
                row.into_iter().enumerate().map(|(column, text)| view! { <td class=class(column)>{text}</td> }).collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    view! {
        <table class="tbl">
            <thead><tr>{head}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Names and marks of a chart's series, in the order of the stack.
#[component]
pub fn Legend(entries: Vec<LegendEntry>) -> impl IntoView {
    let entries = entries
        .into_iter()
        .map(|entry| view! { <li><span class=format!("swatch {} hc{}", entry.mark, entry.slot)></span>{entry.name}</li> })
        .collect_view();
    view! { <ul class="legend">{entries}</ul> }
}
