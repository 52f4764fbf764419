//! `/t/{team}/keys` and `/me/keys`: issue, watch and stop keys.

mod dialogs;
mod table;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use self::{
    dialogs::{CreateDialog, EditDialog, NewKeyDialog, RevokeDialog, RotateDialog},
    table::{filters, list},
};
use crate::{
    components::{Empty, Icon, LinkButton, Note, NoteKind, PageHead, SkeletonTable, noscroll, use_toaster},
    pages::{context_param, data::PageData, form::FormAction, query_param},
    server_fns::api_keys::{
        CreateKey, EditKey, KeyRow, KeysPage as Keys, ListKeys, NewKeyView, RevokeKey, RotateKey, list_address,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    create: FormAction,
    edit: FormAction,
    rotate: FormAction,
    revoke: FormAction,
}

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    team: String,
    text: String,
    mine: bool,
    status: String,
    cursor: String,
}

impl Query {
    fn narrows(&self) -> bool {
        !self.text.is_empty() || self.mine || !self.status.is_empty()
    }
}

#[component]
pub fn KeysPage() -> impl IntoView {
    let team = context_param();
    let (text, mine, status, cursor) = (query_param("q"), query_param("mine"), query_param("status"), query_param("cursor"));
    let (dialog, key) = (query_param("dialog"), query_param("key"));
    let forms = Forms {
        create: FormAction::to::<CreateKey>(),
        edit: FormAction::to::<EditKey>(),
        rotate: FormAction::to::<RotateKey>(),
        revoke: FormAction::to::<RevokeKey>(),
    };
    let query = Memo::new(move |_| Query {
        team: team.get(),
        text: text.get(),
        mine: mine.get() == "1",
        status: status.get(),
        cursor: cursor.get(),
    });
    let changes = move || forms.create.version() + forms.edit.version() + forms.rotate.version() + forms.revoke.version();
    let keys = PageData::load_again(changes, move || {
        let Query { team, text, mine, status, cursor } = query.get();
        ListKeys { team, text, mine, status, cursor }
    });
    announce(forms);
    close_when_made(forms, team);
    view! {
        {keys.page(skeleton, move |page| content(page, query.get_untracked()))}
        {keys.dialog(
            move || {
                dialog.track();
                key.track();
            },
            move |page| opened(page, &dialog.get_untracked(), &key.get_untracked(), forms, team.get_untracked()),
        )}
        {move || made(forms).map(|view| view! { <NewKeyDialog view=view list=list_address(&team.get_untracked())/> })}
    }
}

fn skeleton() -> AnyView {
    view! { <div class="card"><SkeletonTable rows=8/></div> }.into_any()
}

/// What the browser made just now, until its page is left.
fn made(forms: Forms) -> Option<NewKeyView> {
    let of = |form: FormAction| form.value::<Option<NewKeyView>>().and_then(Result::ok).flatten();
    of(forms.create).or_else(|| of(forms.rotate))
}

/// The dialog that made a secret gives way to the one that shows it.
fn close_when_made(forms: Forms, team: Memo<String>) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        if made(forms).is_some() {
            navigate(&list_address(&team.get_untracked()), NavigateOptions { scroll: false, ..Default::default() });
        }
    });
}

/// Says that a change worked, where the page stays.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    Effect::new(move |_| {
        if forms.edit.worked() {
            toaster.show("Key changed. It holds for the next call.");
        }
    });
    Effect::new(move |_| {
        if forms.revoke.worked() {
            toaster.show("Key revoked. Its next call is refused.");
        }
    });
}

fn content(page: Keys, query: Query) -> AnyView {
    let address = list_address(&query.team);
    let context = if page.personal { "Personal".to_owned() } else { page.context.clone() };
    let payer = if page.personal { "your personal space".to_owned() } else { page.context.clone() };
    let count = match page.active {
        1 => "1 active key".to_owned(),
        n => format!("{n} active keys"),
    };
    let create = page.may_create.then(|| {
        let href = format!("{address}?dialog=create");
        view! { <a href=href class="btn primary" {..noscroll()}><Icon name="plus"/>"Create API key"</a> }
    });
    let why_not = (!page.why_not.is_empty()).then(|| view! { <Note kind=NoteKind::Info title=page.why_not.clone()/> });
    let searching = query.narrows() || !query.cursor.is_empty();
    let body = if page.rows.is_empty() && !searching {
        let create = page.may_create.then(
            || view! { <LinkButton label="Create API key" href=format!("{address}?dialog=create") class="primary" icon="plus"/> },
        );
        view! {
            <section class="card" aria-label="Keys">
                <Empty title="No keys yet" text="A key lets a program call models. Its calls are charged to this context and counted here.">
                    {create}
                </Empty>
            </section>
        }
        .into_any()
    } else {
        view! {
            {filters(&query, page.everyones)}
            {list(page, &query)}
        }
        .into_any()
    };
    view! {
        <PageHead title="API keys" context=context lead=format!("{count}. Calls made with them are charged to {payer}.")>
            {create}
        </PageHead>
        {why_not}
        {body}
    }
    .into_any()
}

/// The dialog that the address opens.
fn opened(page: Keys, dialog: &str, key: &str, forms: Forms, team: String) -> Option<AnyView> {
    let row = || page.rows.iter().find(|row| row.id == key).cloned();
    let manageable = || row().filter(|row: &KeyRow| row.may_manage);
    match dialog {
        "create" if page.may_create => Some(view! { <CreateDialog team=team page=page.clone() action=forms.create/> }.into_any()),
        "created" => {
            let list = list_address(&team);
            page.new_key.clone().map(|view| view! { <NewKeyDialog view=view list=list/> }.into_any())
        }
        "edit" => manageable().map(|row| {
            let typed = (page.typed_name.clone(), page.typed_limits.clone());
            view! { <EditDialog team=team row=row hints=page.hints.clone() typed=typed action=forms.edit/> }.into_any()
        }),
        "rotate" => manageable().map(|row| view! { <RotateDialog team=team row=row action=forms.rotate/> }.into_any()),
        "revoke" => row()
            .filter(|row| row.may_revoke)
            .map(|row| view! { <RevokeDialog team=team row=row action=forms.revoke/> }.into_any()),
        _ => None,
    }
}
