use leptos::{html, prelude::*};

use crate::{
    components::{Icon, browser},
    server_fns::statistics::{LegendLine, UsageCell, UsageChart},
};

/// Height of the drawing area, fixed so that nothing moves when the engine arrives.
const HEIGHT: u32 = 236;

/// The chart with its legend, and the same figures as a table: what a click and a drag do, its links do, too.
#[component]
pub(super) fn UsageChartView(chart: UsageChart) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let busy = RwSignal::new(true);
    let handle = StoredValue::new(None::<browser::ChartHandle>);
    let (light, dark) = (chart.light, chart.dark);
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        let drawn = browser::draw_chart(element, light.clone(), dark.clone(), move || {
            let _ = busy.try_set(false);
        });
        handle.set_value(Some(drawn));
    });
    on_cleanup(move || {
        if let Some(handle) = handle.try_get_value().flatten() {
            handle.dispose();
        }
    });
    let save = move |_| {
        if let Some(handle) = handle.get_value() {
            handle.save("usage.png");
        }
    };
    let parts =
        chart.parts.into_iter().map(|(label, value)| view! { <li><span>{label}</span><span class="num">{value}</span></li> });
    let parts = parts.collect_view();
    let odd = chart.odd_hours.into_iter().map(|hour| view! { <li><a class="link" href=hour.href>{hour.text}</a></li> });
    let odd = odd.collect_view();
    let before = chart.before.map(|line| view! { <ol class="lgd last">{legend_line(line)}</ol> });
    view! {
        <div class="body split">
            <div class="chart" style=format!("--ch:{HEIGHT}px")>
                <div
                    class="plot needs-js"
                    role="img"
                    aria-label=chart.label
                    data-go=chart.go
                    aria-busy=move || if busy.get() { "true" } else { "false" }
                    node_ref=node
                ></div>
            </div>
            <div class="side-legend">
                <ol class="lgd">{chart.legend.into_iter().map(legend_line).collect_view()}</ol>
                {before}
                <ul class="lgd parts">{parts}</ul>
            </div>
        </div>
        // Empty unless an hour stands out.
        <ul class="odd-hours small" aria-label="Hours that stand out">{odd}</ul>
        <div class="chart-foot">
            <details class="as-table">
                <summary>"Show as table"</summary>
                <div class="tbl-wrap" tabindex="0" role="region" aria-label="Figures of the chart">{table(chart.head, chart.rows)}</div>
            </details>
            <span class="mute small needs-js">{chart.hint}</span>
            <button class="btn sm ghost needs-js" type="button" on:click=save><Icon name="down"/>"PNG"</button>
        </div>
    }
}

fn legend_line(line: LegendLine) -> AnyView {
    let mut name = line.name;
    if line.gone {
        name.push_str(" (gone)");
    }
    let title = name.clone();
    let name = if line.href.is_empty() {
        view! { <span class="trunc" title=title>{name}</span> }.into_any()
    } else {
        view! { <a class="trunc" href=line.href title=title>{name}</a> }.into_any()
    };
    view! {
        <li class=if line.gone { "mute" } else { "" }>
            <span class=format!("swatch {} hc{}", line.mark, line.slot)></span>
            {name}
            <span class="num">{line.value}</span>
            <span class="num mute">{line.share}</span>
        </li>
    }
    .into_any()
}

fn table(head: Vec<String>, rows: Vec<Vec<UsageCell>>) -> AnyView {
    let class = |column: usize| if column == 0 { "" } else { "n" };
    let head = head
        .into_iter()
        .enumerate()
        .map(|(column, text)| view! { <th class=class(column) scope="col">{text}</th> })
        .collect_view();
    let cell = |column: usize, cell: UsageCell| {
        let inside = if cell.href.is_empty() {
            cell.text.into_any()
        } else {
            view! { <a class="link" href=cell.href>{cell.text}</a> }.into_any()
        };
        view! { <td class=class(column)>{inside}</td> }
    };
    let rows = rows
        .into_iter()
        .map(|row| {
            let cells = row.into_iter().enumerate().map(|(column, text)| cell(column, text)).collect_view();
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
