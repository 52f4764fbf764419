//! `/t/{team}/quotas`, `/me/quotas` and `/o/{org}/limits`: what may be used, how much of it is, and who sets it.

mod caps;
mod keys;
mod organization;
mod requests;
mod windows;

use leptos::prelude::*;

pub use self::organization::OrganizationLimitsPage;
use self::{
    caps::{CapDialog, cap_table},
    keys::policy_card,
    requests::RequestForms,
    windows::{LimitsForm, limits_form},
};
use crate::{
    components::{Note, NoteKind, PageHead, SkeletonBlock, TabLink, Tabs},
    pages::{
        context_param,
        data::{PageData, nothing},
        form::FormAction,
        query_param,
    },
    server_fns::{
        budget_requests::{BudgetRequests, ListBudgetRequests},
        quotas::{CapView, GetCap, GetQuotas, QuotasPage as Quotas, SaveCap, SaveLimits, SaveSelfService, quotas_address},
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    limits: FormAction,
    cap: FormAction,
    policy: FormAction,
}

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    team: String,
    tab: String,
}

/// What a context may use.
#[component]
pub fn QuotasPage() -> impl IntoView {
    let team = context_param();
    let (tab, done, dialog, id) = (query_param("tab"), query_param("done"), query_param("dialog"), query_param("id"));
    let forms = Forms {
        limits: FormAction::to::<SaveLimits>(),
        cap: FormAction::to::<SaveCap>(),
        policy: FormAction::to::<SaveSelfService>(),
    };
    let query = Memo::new(move |_| Query { team: team.get(), tab: tab.get() });
    // What failed changed nothing: the page stays with what was typed.
    let worked =
        |form: FormAction| Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(form.worked()));
    let changes = [forms.limits, forms.cap, forms.policy].map(worked);
    let page = PageData::load_again(
        move || changes.iter().map(|times| times.get()).sum(),
        move || {
            let Query { team, tab } = query.get();
            GetQuotas { team, tab }
        },
    );
    let asked = Memo::new(move |_| if dialog.get() == "cap" { id.get() } else { String::new() });
    let cap = PageData::load(move || GetCap { team: team.get(), kind: kind_of(&tab.get()).to_owned(), id: asked.get() });
    let requests_forms = RequestForms::new();
    let requests = PageData::load_again(
        move || requests_forms.versions(),
        move || {
            let Query { team, tab } = query.get();
            ListBudgetRequests { team, shown: tab == "requests" }
        },
    );
    view! {
        {page.page(
            || view! { <SkeletonBlock height=560/> }.into_any(),
            move |page| content(page, &query.get_untracked(), done, forms),
        )}
        {requests.part(nothing, |_| nothing(), move |page| asked_for(page, &query.get_untracked(), requests_forms))}
        {requests.dialog(
            move || {
                dialog.track();
                id.track();
            },
            move |page| {
                requests::opened(&page?, team.get_untracked(), &dialog.get_untracked(), &id.get_untracked(), requests_forms)
            },
        )}
        {cap.part(nothing, |_| nothing(), move |view| opened(view, asked, query, forms.cap))}
    }
}

/// What the rows of a view are.
fn kind_of(tab: &str) -> &'static str {
    if tab == "members" { "member" } else { "model" }
}

fn content(page: Quotas, query: &Query, done: Memo<String>, forms: Forms) -> AnyView {
    let alert = (!page.alert.is_empty()).then(|| {
        let kind = if page.reached { NoteKind::Danger } else { NoteKind::Warn };
        view! { <Note kind=kind title=page.alert.clone()/> }
    });
    let who = (!page.who.is_empty()).then(|| view! { <Note kind=NoteKind::Info title=page.who.clone()/> });
    let saved =
        move || (done.get() == "saved").then(|| view! { <Note kind=NoteKind::Ok title="Saved. It holds for the next call."/> });
    let tabs = (!page.personal).then(|| view! { <Tabs label="Limits of" links=tabs(&page, query)/> });
    let lead = page.lead.clone();
    let context = page.team.clone();
    let body = match query.tab.as_str() {
        "members" | "models" => cap_table(&page, query),
        "requests" => nothing(),
        "keys" if page.policy.is_some() => policy_card(&page, &query.team, forms.policy),
        _ => {
            let form = LimitsForm {
                action: forms.limits,
                hidden: vec![("team", query.team.clone()), ("budget", page.may_spend.to_string())],
                may_windows: page.may_manage,
                may_budget: page.may_spend,
                may_stop: true,
            };
            limits_form(page.own, page.typed, form)
        }
    };
    view! {
        <PageHead title="Quotas and budgets" context=context lead=lead/>
        <div class="grid">
            {tabs}
            {saved}
            {alert}
            {who}
            {body}
        </div>
    }
    .into_any()
}

/// The requests, where the address asks for them.
fn asked_for(page: Option<BudgetRequests>, query: &Query, forms: RequestForms) -> AnyView {
    let Some(page) = page else { return nothing() };
    requests::list(&page, &query.team, forms)
}

fn tabs(page: &Quotas, query: &Query) -> Vec<TabLink> {
    let address = quotas_address(&query.team);
    let tab = |label: &str, word: &str| TabLink {
        label: label.to_owned(),
        href: if word.is_empty() { address.clone() } else { format!("{address}?tab={word}") },
        here: query.tab == word,
    };
    let mut tabs =
        vec![tab("Team", ""), tab(if page.may_manage { "Members" } else { "You" }, "members"), tab("Models", "models")];
    if page.may_request {
        tabs.push(tab("Requests", "requests"));
    }
    if page.may_manage {
        tabs.push(tab("Self-service keys", "keys"));
    }
    tabs
}

/// The dialog of one member's or model's cap, for as long as the address asks for it.
fn opened(view: Option<CapView>, asked: Memo<String>, query: Memo<Query>, action: FormAction) -> AnyView {
    let Some(view) = view else { return nothing() };
    (move || {
        let Query { team, tab } = query.get();
        (asked.get() == view.id).then(|| view! { <CapDialog team=team tab=tab view=view.clone() action=action/> })
    })
    .into_any()
}
