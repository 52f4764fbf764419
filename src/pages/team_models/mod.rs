//! `/t/{team}/models` and `/me/models`: what can be called, on which terms, and who set it.

mod dialogs;
mod rail;
mod rows;
mod table;

use leptos::prelude::*;
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use self::{dialogs::AskedDialog, rail::rail, table::list};
use crate::{
    components::{Icon, LinkButton, Note, NoteKind, PageHead, SkeletonTable, drawn, noscroll, use_toaster},
    pages::{
        context_address, context_param,
        data::{PageData, nothing},
        form::FormAction,
    },
    server_fns::team_models::{
        ApplyTeamModels, ChangeTeamModels, DialogAsked, DialogView, LimitMemberModels, ListTeamModels, OpenModelsDialog,
        TeamModelsPage as Models, list_address,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    change: FormAction,
    limit: FormAction,
    apply: FormAction,
}

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    team: String,
    text: String,
    tier: String,
    show: String,
    cursor: String,
}

#[component]
pub fn TeamModelsPage() -> impl IntoView {
    let team = context_param();
    let address = use_query_map();
    let forms = Forms {
        change: FormAction::to::<ChangeTeamModels>(),
        limit: FormAction::to::<LimitMemberModels>(),
        apply: FormAction::to::<ApplyTeamModels>(),
    };
    let query = Memo::new(move |_| {
        let values = address.read();
        let value = |name| values.get(name).unwrap_or_default();
        Query { team: team.get(), text: value("q"), tier: value("tier"), show: value("show"), cursor: value("cursor") }
    });
    let asked = Memo::new(move |_| asked(&address.read()));
    let changes = move || forms.change.version() + forms.limit.version() + forms.apply.version();
    let models = PageData::load_again(changes, move || {
        let Query { team, text, tier, show, cursor } = query.get();
        ListTeamModels { team, text, tier, show, cursor }
    });
    let opened = PageData::load(move || OpenModelsDialog { team: team.get(), asked: asked.get() });
    announce(forms);
    view! {
        {models.page(skeleton, move |page| content(page, query.get_untracked()))}
        {opened.part(nothing, |_| nothing(), move |view| dialog(view, asked, team, forms))}
    }
}

fn asked(address: &ParamsMap) -> DialogAsked {
    let value = |name| address.get(name).unwrap_or_default();
    DialogAsked {
        dialog: value("dialog"),
        what: value("what"),
        name: value("name"),
        to: value("to"),
        user: value("user"),
        step: value("step"),
        chosen: address.get_all("pick").unwrap_or_default(),
    }
}

fn skeleton() -> AnyView {
    view! { <div class="card"><SkeletonTable rows=10/></div> }.into_any()
}

/// The dialog for as long as the address asks for it.
fn dialog(view: Option<DialogView>, asked: Memo<DialogAsked>, team: Memo<String>, forms: Forms) -> AnyView {
    let Some(view) = view else { return nothing() };
    drawn(move || {
        let here = asked.get().is_same(&view.asked);
        here.then(|| view! { <AskedDialog team=team.get_untracked() view=view.clone() forms=forms/> }.into_any())
    })
}

/// Says that a change worked.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    let says = [
        (forms.change, "Saved. It counts from the next call on."),
        (forms.limit, "Member's models saved. They count from the next call on."),
        (forms.apply, "Applied. It counts from the next call on."),
    ];
    for (form, words) in says {
        Effect::new(move |_| {
            if form.worked() {
                toaster.show(words);
            }
        });
    }
}

fn content(page: Models, query: Query) -> AnyView {
    let address = list_address(&query.team);
    let view_as = page.may_view_as.then(|| {
        let href = format!("{address}?dialog=as");
        view! { <a class="btn" href=href.clone() {..noscroll()}><Icon name="eye"/>"View as a member"</a> }
    });
    let explain = page.may_explain.then(|| {
        let href = format!("{address}/explain");
        view! { <LinkButton label="Explain access" href=href icon="info"/> }
    });
    let apply = page.may_apply.then(|| {
        let href = format!("{address}?dialog=apply");
        view! { <a class="btn" href=href.clone() {..noscroll()}><Icon name="copy"/>"Apply to other teams"</a> }
    });
    let history = page.may_manage.then(|| {
        let href = format!("{}?action=team", context_address(&query.team, "audit"));
        view! { <LinkButton label="History" href=href icon="clock"/> }
    });
    let news = (!page.news.is_empty()).then(|| news(&page, &address));
    // Where rows say it themselves, the list says it.
    let nothing = (!page.nothing.is_empty() && !page.rows.is_empty())
        .then(|| view! { <Note kind=NoteKind::Warn title=page.nothing.clone() text="Until then every call gets 404."/> });
    let may_manage = page.may_manage;
    let aside = may_manage.then(|| rail(&page, &query));
    let (context, lead) = (page.context.clone(), page.lead.clone());
    view! {
        <PageHead title="Models" context=context lead=lead>{apply}{view_as}{explain}{history}</PageHead>
        {news}
        {nothing}
        <div class=if may_manage { "grid g-rail" } else { "grid" }>
            {list(page, &query)}
            {aside}
        </div>
    }
    .into_any()
}

/// What the organization opened and nobody here has decided on.
fn news(page: &Models, address: &str) -> AnyView {
    let show = format!("{address}?show=new");
    let done = format!("{address}?dialog=change&what=review");
    let label = if page.new == 1 { "Review 1 model".to_owned() } else { format!("Review {} models", page.new) };
    view! {
        <Note kind=NoteKind::Accent title=page.news.clone() text=page.news_more.clone()>
            <a class="btn sm" href=show>{label}</a>
            <a class="btn sm ghost" href=done.clone() {..noscroll()}>"Mark as reviewed"</a>
        </Note>
    }
    .into_any()
}
