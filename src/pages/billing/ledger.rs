use leptos::prelude::*;

use super::cards::money;
use crate::{
    components::{Button, Empty, Icon, Opt, Pager, PickBox, StackTable, head, noscroll},
    pages::failure::encode,
    server_fns::billing::{BillingPage as Billing, LedgerAsked, LedgerRow, Pick},
};

/// Every movement, newest first.
pub(super) fn of(page: &Billing, address: &str, asked: &LedgerAsked) -> AnyView {
    let opts = |picks: &[Pick]| picks.iter().map(|(value, label)| Opt::new(value.clone(), label.clone())).collect::<Vec<_>>();
    let export = page.export.clone();
    let filters = view! {
        <form class="filters" method="get" action=address.to_owned() role="search" aria-label="Filter movements">
            <PickBox label="Kind" name="kind" choices=opts(&page.kinds) selected=asked.kind.clone()/>
            <PickBox label="Period" name="period" choices=opts(&page.periods) selected=asked.period.clone()/>
            <Button label="Filter"/>
            // A file, not a page: the browser fetches it.
            <a class="btn" href=export download="ledger.csv" rel="external"><Icon name="down"/>"Export CSV"</a>
        </form>
    };
    let unfiltered = address.to_owned();
    let list = if page.rows.is_empty() {
        match page.filtered {
            true => view! {
                <Empty title="No movements with these filters">
                    <a class="btn" href=unfiltered>"Clear filters"</a>
                </Empty>
            }
            .into_any(),
            false => view! { <Empty title="No movements yet" text="Credit of seats, usage and adjustments are listed here."/> }
                .into_any(),
        }
    } else {
        let heads = vec![
            head("Time (UTC)", ""),
            head("Kind", ""),
            head("Description", ""),
            head("Amount", "n"),
            head("Balance after", "n"),
        ];
        let rows = page.rows.iter().cloned().map(|line| row(line, address, asked)).collect_view().into_any();
        view! {
            <StackTable heads=heads rows=rows/>
            <Pager summary=page.summary.clone() newer=page.newer.clone() older=page.older.clone()/>
        }
        .into_any()
    };
    let statements = statements(page, address);
    view! {
        <section class="card" aria-labelledby="ledger-h">
            <header><h2 id="ledger-h">"Ledger"</h2></header>
            <div class="body">{filters}</div>
            {list}
        </section>
        {statements}
    }
    .into_any()
}

fn row(line: LedgerRow, address: &str, asked: &LedgerAsked) -> AnyView {
    let by = (!line.by.is_empty()).then(|| view! { <small class="by">{line.by.clone()}</small> });
    let opened = !line.models.is_empty();
    let what = if line.opens {
        // Open, it leads back to the closed line.
        let open = if opened { String::new() } else { line.number.clone() };
        let query = [("kind", &asked.kind), ("period", &asked.period), ("cursor", &asked.cursor), ("open", &open)];
        let query: Vec<String> = query
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let href = format!("{address}?{}", query.join("&"));
        let icon = if opened { "chevd" } else { "chevr" };
        let expanded = if opened { "true" } else { "false" };
        view! { <a href=href aria-expanded=expanded class="name" {..noscroll()}><Icon name=icon class="i-14"/>{line.description}</a> }.into_any()
    } else {
        view! { <span>{line.description}</span> }.into_any()
    };
    let models = line
        .models
        .into_iter()
        .map(|(name, calls, amount)| {
            view! {
                <tr role="row" class="sub">
                    <td role="cell"></td>
                    <td role="cell"></td>
                    <td role="cell">{name}" "<small>{calls}</small></td>
                    <td role="cell" class="n">{money(amount)}</td>
                    <td role="cell"></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <tr role="row">
            <td role="cell" class="num"><time datetime=line.rfc3339 title=line.time_title>{line.time}</time></td>
            <td role="cell">{line.kind}</td>
            <td role="cell" class="lead wrap">{what}{by}</td>
            <td role="cell" class="n">{money(line.amount)}</td>
            <td role="cell" class="n">{money(line.balance)}</td>
        </tr>
        {models}
    }
    .into_any()
}

fn statements(page: &Billing, address: &str) -> Option<AnyView> {
    // The first choice is "all".
    let periods = page.periods.get(1..).filter(|periods| !periods.is_empty())?;
    let links = periods
        .iter()
        .map(|(start, label)| {
            view! { <li><a class="link" href=format!("{address}/statements/{start}")>{label.clone()}</a></li> }
        })
        .collect_view();
    let view = view! {
        <section class="card" aria-labelledby="statements-h">
            <header><h2 id="statements-h">"Statements"</h2></header>
            <ul class="body plain-list">{links}</ul>
        </section>
    };
    Some(view.into_any())
}
