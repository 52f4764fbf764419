use leptos::prelude::*;

use crate::{
    components::{Button, Meter, Note, NoteKind, noscroll},
    pages::form::{Form, FormAction},
    server_fns::billing::{Amount, BillingPage as Billing, billing_address},
};

/// An amount with its exact value in the tooltip.
pub(super) fn money(amount: Amount) -> AnyView {
    view! { <span class="num" title=amount.exact>{amount.text}</span> }.into_any()
}

/// What waits for a platform admin.
pub(super) fn request(page: &Billing, withdraw: FormAction, team: &str) -> Option<AnyView> {
    if page.request.is_empty() {
        return None;
    }
    let (says, team) = (page.request.clone(), team.to_owned());
    let view = view! {
        <Note kind=NoteKind::Info title=says text="It waits for a platform admin.">
            <Form action=withdraw>
                <input type="hidden" name="team" value=team/>
                <Button label="Withdraw" class="sm" busy=withdraw.pending()/>
            </Form>
        </Note>
    };
    Some(view.into_any())
}

/// Balance, plan and seats, spending limit and discount.
pub(super) fn of(page: &Billing, team: &str) -> AnyView {
    view! { <div class="grid g-21">{plan(page, team)}<div class="grid">{balance(page)}{limit(page)}{discount(page, team)}</div></div> }.into_any()
}

fn balance(page: &Billing) -> AnyView {
    let amount = page.balance.clone().map(|amount| view! { <p class="sum">{money(amount)}</p> });
    view! {
        <section class="card" aria-labelledby="balance-h">
            <header><h2 id="balance-h">"Balance"</h2></header>
            <div class="body">{amount}<p class="mute">{page.balance_note.clone()}</p></div>
        </section>
    }
    .into_any()
}

fn plan(page: &Billing, team: &str) -> AnyView {
    let title = if page.plan.is_empty() { "No plan".to_owned() } else { page.plan.clone() };
    let facts = page.facts.iter().map(|(label, text)| view! { <dt>{label.clone()}</dt><dd>{text.clone()}</dd> }).collect_view();
    let next = (!page.next.is_empty()).then(|| view! { <Note kind=NoteKind::Info title=page.next.clone()/> });
    let set_by = (!page.set_by.is_empty()).then(|| view! { <span>{page.set_by.clone()}</span> });
    let end = page.may_end.then(|| {
        let href = format!("{}?dialog=review&plan=none", billing_address(team));
        view! { <a href=href class="link" {..noscroll()}>"End plan"</a> }
    });
    let foot = (set_by.is_some() || end.is_some()).then(|| view! { <footer>{set_by}{end}</footer> });
    view! {
        <section class="card plan" aria-labelledby="plan-h">
            <header><h2 id="plan-h">{title}</h2></header>
            <div class="body">{next}<dl class="pairs">{facts}</dl></div>
            {foot}
        </section>
    }
    .into_any()
}

fn limit(page: &Billing) -> AnyView {
    let meter = page.limit.clone().map(|(text, percent)| {
        view! {
            <div class="mt">
                <div class="top"><b>{text.clone()}</b></div>
                <Meter label=format!("Spent: {text}") percent=percent size="lg"/>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="limit-h">
            <header><h2 id="limit-h">"Spending limit"</h2></header>
            <div class="body">{meter}<p class="mute">{page.limit_note.clone()}</p></div>
        </section>
    }
    .into_any()
}

fn discount(page: &Billing, team: &str) -> AnyView {
    let set = page.may_adjust.then(|| {
        let href = format!("{}?dialog=discount", billing_address(team));
        view! { <footer><a href=href class="link" {..noscroll()}>"Set discount"</a></footer> }
    });
    view! {
        <section class="card" aria-labelledby="discount-h">
            <header><h2 id="discount-h">"Discount"</h2></header>
            <div class="body"><p>{page.discount.clone()}</p></div>
            {set}
        </section>
    }
    .into_any()
}
