//! `/o/{org}/groups` and `/admin/groups`: named sets of models.

mod dialogs;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    components::{
        Badge, Count, Empty, Icon, Menu, PageHead, SkeletonTable, StackTable, actions_head, head, noscroll, use_toaster,
    },
    pages::{
        data::{PageData, nothing},
        form::FormAction,
        query_param,
    },
    server_fns::access_groups::{
        DeleteAccessGroup, GetGroupForm, GroupLine, GroupsPage as Groups, ListAccessGroups, PreviewGroupRemoval, SaveAccessGroup,
        groups_address,
    },
};

#[component]
pub fn GroupsPage() -> impl IntoView {
    let params = use_params_map();
    let place = Memo::new(move |_| params.read().get("org").map_or_else(|| "admin".to_owned(), |org| format!("o/{org}")));
    let (dialog, id) = (query_param("dialog"), query_param("id"));
    let (save, remove) = (FormAction::to::<SaveAccessGroup>(), FormAction::to::<DeleteAccessGroup>());
    let changes = move || save.version().wrapping_add(remove.version());
    let groups = PageData::load_again(changes, move || ListAccessGroups { place: place.get() });
    let edited = Memo::new(move |_| match dialog.get().as_str() {
        "create" => "new".to_owned(),
        "edit" => id.get(),
        _ => String::new(),
    });
    let removed = Memo::new(move |_| if dialog.get() == "delete" { id.get() } else { String::new() });
    let form = PageData::load(move || GetGroupForm { place: place.get(), id: edited.get() });
    let removal = PageData::load(move || PreviewGroupRemoval { place: place.get(), id: removed.get() });
    let toaster = use_toaster();
    for (action, words) in [(save, "Group saved. It counts from the next call on."), (remove, "Group deleted.")] {
        Effect::new(move |_| {
            if action.worked() {
                toaster.show(words);
            }
        });
    }
    view! {
        {groups.page(
            || view! { <div class="card"><SkeletonTable rows=5/></div> }.into_any(),
            move |page| content(page, &groups_address(&place.get_untracked())),
        )}
        {form.part(
            nothing,
            |_| nothing(),
            move |view| {
                let Some(view) = view else { return nothing() };
                (move || {
                    let asked = edited.get();
                    let here = asked == view.id || (asked == "new" && view.id.is_empty());
                    here.then(|| view! { <dialogs::GroupDialog place=place.get_untracked() view=view.clone() action=save/> })
                })
                .into_any()
            },
        )}
        {removal.part(
            nothing,
            |_| nothing(),
            move |view| {
                let Some(view) = view else { return nothing() };
                (move || {
                    (removed.get() == view.id)
                        .then(|| view! { <dialogs::DeleteDialog place=place.get_untracked() view=view.clone() action=remove/> })
                })
                .into_any()
            },
        )}
    }
}

fn content(page: Groups, address: &str) -> AnyView {
    let create = format!("{address}?dialog=create");
    let lead = if page.of_platform {
        "Named sets of models for all organizations. A group says what may be done, never where a call goes."
    } else {
        "Named sets of models that its teams can open at once. A group gives only what the organization takes in."
    };
    let (create_first, count) = (create.clone(), page.rows.len().to_string());
    let list = if page.rows.is_empty() {
        view! {
            <Empty title="No groups yet" text="A group names the models of one purpose, such as core-chat or retrieval. A team that names it has them all.">
                <a class="btn" href=create_first.clone() {..noscroll()}><Icon name="plus"/>"Create group"</a>
            </Empty>
        }
        .into_any()
    } else {
        let rows = page.rows.iter().map(|line| row(line, address)).collect_view().into_any();
        let heads = vec![head("Group", ""), head("Purpose", ""), head("Models", ""), head("Used by", ""), actions_head()];
        view! { <StackTable heads=heads rows=rows/> }.into_any()
    };
    view! {
        <PageHead title="Access groups" context=page.context lead=lead>
            <a class="btn primary" href=create.clone() {..noscroll()}><Icon name="plus"/>"Create group"</a>
        </PageHead>
        <section class="card" aria-labelledby="groups-h">
            <header><h2 id="groups-h">"Groups"</h2><Count text=count/></header>
            {list}
        </section>
    }
    .into_any()
}

fn row(line: &GroupLine, address: &str) -> AnyView {
    let link = |dialog: &str| format!("{address}?dialog={dialog}&id={}", line.id);
    let (edit, delete) = (link("edit"), link("delete"));
    let name = if line.own {
        view! { <a class="name" href=edit.clone() {..noscroll()}>{line.name.clone()}</a> }.into_any()
    } else {
        view! { <span class="name">{line.name.clone()}" "<Badge text="Platform" tone="line"/></span> }.into_any()
    };
    let purpose = if line.purpose.is_empty() { "–".to_owned() } else { line.purpose.clone() };
    let menu = line.own.then(|| {
        view! {
            <Menu id=format!("group-{}", line.id) label=format!("Actions for {}", line.name) class="end" button=|| view! { <Icon name="dots"/> }>
                <a href=edit.clone() {..noscroll()}><Icon name="edit"/>"Edit"</a>
                <hr/>
                <a class="danger" href=delete.clone() {..noscroll()}><Icon name="trash"/>"Delete"</a>
            </Menu>
        }
    });
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who"><span class="tile plain" aria-hidden="true"><Icon name="layers"/></span><span>{name}</span></span>
            </td>
            <td role="cell" class="meta why">{purpose}</td>
            <td role="cell" class="meta"><span>{line.holds.clone()}</span><small class="mute line">{line.names.clone()}</small></td>
            <td role="cell" class="meta sub" title=line.teams_title.clone()>{line.teams.clone()}</td>
            <td role="cell" class="act">{menu}</td>
        </tr>
    }
    .into_any()
}
