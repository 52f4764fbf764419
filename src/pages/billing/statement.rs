//! `/t/{team}/billing/statements/{start}`: a period, to read, to print and to take away.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::cards::money;
use crate::{
    components::{Icon, Note, NoteKind, PageHead, SkeletonBlock, StackTable, head},
    pages::{context_param, data::PageData},
    server_fns::billing::{Amount, GetStatement, StatementPage as Statement, StatementRow, billing_address},
};

#[component]
pub fn StatementPage() -> impl IntoView {
    let (team, params) = (context_param(), use_params_map());
    let start = Memo::new(move |_| params.read().get("start").unwrap_or_default());
    let statement = PageData::load(move || GetStatement { team: team.get(), start: start.get() });
    statement.page(|| view! { <SkeletonBlock height=560/> }.into_any(), move |page| content(page, &team.get_untracked()))
}

fn content(page: Statement, team: &str) -> AnyView {
    let so_far = page
        .so_far
        .then(|| view! { <Note kind=NoteKind::Info title="This period is not over." text="The statement shows it so far."/> });
    let sums = page.sums.into_iter().map(|(label, amount)| view! { <dt>{label}</dt><dd>{money(amount)}</dd> }).collect_view();
    let lines = table(page.lines, true);
    let fees = if page.fees.is_empty() {
        view! { <p class="body mute">"No seats were charged."</p> }.into_any()
    } else {
        view! { {table(page.fees, false)} <footer><span>"Seats in all: "<b>{money(page.fee)}</b></span></footer> }.into_any()
    };
    let models = models(page.models);
    let address = billing_address(team);
    let others = (!page.others.is_empty()).then(|| {
        let links =
            page.others.into_iter().map(|(href, label)| view! { <li><a class="link" href=href>{label}</a></li> }).collect_view();
        view! {
            <section class="card no-print" aria-labelledby="others-h">
                <header><h2 id="others-h">"Other statements"</h2></header>
                <ul class="body plain-list">{links}</ul>
            </section>
        }
    });
    view! {
        <PageHead title=page.title context=page.name.clone() lead=format!("{}, {}. {}.", page.name, page.organization, page.span)>
            <a class="btn no-print" href=address>"Back to billing"</a>
            // A file, not a page: the browser fetches it.
            <a class="btn no-print" href=page.export download="statement.csv" rel="external"><Icon name="down"/>"Export CSV"</a>
        </PageHead>
        <div class="grid narrow-page statement">
            {so_far}
            <section class="card" aria-labelledby="sums-h">
                <header><h2 id="sums-h">"Balance"</h2></header>
                <dl class="body pairs">{sums}</dl>
            </section>
            <section class="card" aria-labelledby="fees-h">
                <header><h2 id="fees-h">"Seats"</h2></header>
                {fees}
            </section>
            <section class="card" aria-labelledby="lines-h">
                <header><h2 id="lines-h">"Movements"</h2></header>
                {lines}
            </section>
            {models}
            {others}
        </div>
    }
    .into_any()
}

fn table(rows: Vec<StatementRow>, balances: bool) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="body mute">"No movements in this period."</p> }.into_any();
    }
    let mut heads = vec![head("Date", ""), head("Description", ""), head("Amount", "n")];
    if balances {
        heads.push(head("Balance after", "n"));
    }
    let rows = rows
        .into_iter()
        .map(|row| {
            let balance = balances.then(|| view! { <td role="cell" class="n">{money(row.balance)}</td> });
            view! {
                <tr role="row">
                    <td role="cell" class="num">{row.date}</td>
                    <td role="cell" class="lead wrap">{row.what}</td>
                    <td role="cell" class="n">{money(row.amount)}</td>
                    {balance}
                </tr>
            }
        })
        .collect_view()
        .into_any();
    view! { <StackTable heads=heads rows=rows/> }.into_any()
}

fn models(models: Vec<(String, String, Amount)>) -> Option<AnyView> {
    if models.is_empty() {
        return None;
    }
    let heads = vec![head("Model", ""), head("Calls", "n"), head("Charged", "n")];
    let rows = models
        .into_iter()
        .map(|(name, calls, amount)| {
            view! {
                <tr role="row">
                    <td role="cell" class="lead">{name}</td>
                    <td role="cell" class="n">{calls}</td>
                    <td role="cell" class="n">{money(amount)}</td>
                </tr>
            }
        })
        .collect_view()
        .into_any();
    let view = view! {
        <section class="card" aria-labelledby="models-h">
            <header><h2 id="models-h">"Usage by model"</h2></header>
            <StackTable heads=heads rows=rows/>
        </section>
    };
    Some(view.into_any())
}
