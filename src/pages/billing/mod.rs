//! `/t/{team}/billing`: what the team pays, what is left, every movement.

mod cards;
mod dialogs;
mod ledger;
mod statement;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::dialogs::{ChangeDialog, Forms};
use crate::{
    components::{Icon, Note, NoteKind, PageHead, SkeletonBlock, noscroll},
    pages::{
        context_param,
        data::{PageData, nothing},
        form::FormAction,
        query_param,
    },
    server_fns::billing::{
        AdjustBalance, BillingPage as Billing, ChangePlan, GetBilling, LedgerAsked, PreviewPlanChange, SetDiscount,
        WithdrawPlanRequest, billing_address,
    },
};
pub use statement::StatementPage;

#[component]
pub fn BillingPage() -> impl IntoView {
    let (team, query) = (context_param(), use_query_map());
    let (dialog, done) = (query_param("dialog"), query_param("done"));
    let asked = Memo::new(move |_| {
        let query = query.read();
        let value = |name: &str| query.get(name).unwrap_or_default();
        LedgerAsked { kind: value("kind"), period: value("period"), cursor: value("cursor"), open: value("open") }
    });
    // The change that is looked at before it is saved.
    let wanted = Memo::new(move |_| {
        let query = query.read();
        let open = query.get("dialog").is_some_and(|dialog| dialog == "review");
        let value = |name: &str| if open { query.get(name).unwrap_or_default() } else { String::new() };
        (value("plan"), value("seats"))
    });
    let forms = Forms {
        change: FormAction::to::<ChangePlan>(),
        withdraw: FormAction::to::<WithdrawPlanRequest>(),
        adjust: FormAction::to::<AdjustBalance>(),
        discount: FormAction::to::<SetDiscount>(),
    };
    let worked =
        |form: FormAction| Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(form.worked()));
    let changes = [forms.change, forms.withdraw, forms.adjust, forms.discount].map(worked);
    let billing = PageData::load_again(
        move || changes.iter().map(|times| times.get()).sum(),
        move || GetBilling { team: team.get(), asked: asked.get() },
    );
    let preview = PageData::load(move || {
        let (plan, seats) = wanted.get();
        PreviewPlanChange { team: team.get(), plan, seats }
    });
    view! {
        {billing
            .page(
                || view! { <SkeletonBlock height=560/> }.into_any(),
                move |page| content(page, done, forms, &team.get_untracked(), &asked.get_untracked()),
            )}
        {billing.dialog(move || dialog.track(), move |page| dialogs::opened(page, &dialog.get_untracked(), forms, &team.get_untracked()))}
        {preview
            .part(
                nothing,
                |_| nothing(),
                move |view| {
                    let Some(view) = view else { return nothing() };
                    (move || {
                        let here = wanted.get() == (view.plan.clone(), view.seats.clone());
                        here.then(|| view! { <ChangeDialog team=team.get_untracked() view=view.clone() action=forms.change/> })
                    })
                    .into_any()
                },
            )}
    }
}

fn content(page: Billing, done: Memo<String>, forms: Forms, team: &str, asked: &LedgerAsked) -> AnyView {
    let address = billing_address(team);
    let empty = (!page.empty.is_empty()).then(|| {
        let (first, rest) = page.empty.split_once(". ").unwrap_or((&page.empty, ""));
        view! { <Note kind=NoteKind::Danger title=format!("{first}.") text=rest.to_owned()/> }
    });
    let change = page.may_change.then(|| {
        let (words, href) =
            (if page.plan.is_empty() { "Choose a plan" } else { "Change plan or seats" }, format!("{address}?dialog=change"));
        view! { <a href=href class="btn primary" {..noscroll()}><Icon name="sliders"/>{words}</a> }
    });
    let adjust = (page.may_adjust && page.balance.is_some()).then(|| {
        let href = format!("{address}?dialog=adjust");
        view! { <a href=href class="btn" {..noscroll()}>"Adjust balance"</a> }
    });
    view! {
        <PageHead title="Billing" context=page.name.clone() lead=page.lead.clone()>
            {adjust}
            {change}
        </PageHead>
        <div class="grid">
            {move || done_note(&done.get())}
            {empty}
            {cards::request(&page, forms.withdraw, team)}
            {cards::of(&page, team)}
            {ledger::of(&page, &address, asked)}
        </div>
    }
    .into_any()
}

/// What was done just now, from the address that the form led to.
fn done_note(done: &str) -> Option<AnyView> {
    let (title, text) = match done {
        "changed" => ("Plan and seats are saved.", ""),
        "asked" => ("Your request waits for a platform admin.", "You get a mail when it is decided."),
        "ended" => ("The plan ends with this period.", "Until then everything stays as it is."),
        "withdrawn" => ("The request is withdrawn.", ""),
        "adjusted" => ("The balance is adjusted.", "It acts on the next call."),
        "discount" => ("The discount is saved.", "It acts on calls from now on."),
        _ => return None,
    };
    Some(view! { <Note kind=NoteKind::Ok title=title text=text/> }.into_any())
}
