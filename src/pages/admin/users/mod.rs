//! `/admin/users`: the accounts, and `/admin/users/{user}`: one of them.

mod detail;
mod dialogs;

use leptos::prelude::*;

pub use detail::UserPage;

use crate::{
    components::{Badge, Opt, PageHead, Pager, PickBox, Quiet, Search, SkeletonTable, StackTable, Who, head},
    pages::{data::PageData, failure::encode, query_param},
    server_fns::users::{ListUsers, USERS, UserLine, UsersPage as Users, user_address},
};

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    text: String,
    show: String,
    cursor: String,
}

#[component]
pub fn UsersPage() -> impl IntoView {
    let (text, show, cursor) = (query_param("q"), query_param("show"), query_param("cursor"));
    let query = Memo::new(move |_| Query { text: text.get(), show: show.get(), cursor: cursor.get() });
    let users = PageData::load(move || {
        let Query { text, show, cursor } = query.get();
        ListUsers { text, show, cursor }
    });
    view! {
        <PageHead title="Users" context="Platform" lead="Everybody with an account, newest first."/>
        {users.page(
            || view! { <div class="card"><SkeletonTable rows=10/></div> }.into_any(),
            move |page| list(page, &query.get_untracked()),
        )}
    }
}

fn list(page: Users, query: &Query) -> AnyView {
    let filtered = !query.text.is_empty() || !query.show.is_empty();
    let paged = page.next.is_some() || !query.cursor.is_empty();
    let summary = match (page.rows.len(), paged) {
        (0, _) => "No account matches.".to_owned(),
        (1, false) => "1 account".to_owned(),
        (n, false) => format!("{n} accounts"),
        (n, true) => format!("{n} accounts on this page"),
    };
    let keep = format!("q={}&show={}", encode(&query.text), encode(&query.show));
    let older = page.next.map(|cursor| format!("{USERS}?{keep}&cursor={}", encode(&cursor)));
    let newer = (!query.cursor.is_empty()).then(|| format!("{USERS}?{keep}"));
    let rows = page.rows.into_iter().map(row).collect_view().into_any();
    let heads = ["Person", "Status", "Role", "Teams", "Last seen", "Joined"];
    view! {
        {filters(query, filtered)}
        <section class="card" aria-label="Users">
            <StackTable heads=heads.map(|label| head(label, "")).into() rows=rows/>
            <Pager summary=summary newer=newer older=older/>
        </section>
    }
    .into_any()
}

fn filters(query: &Query, filtered: bool) -> AnyView {
    let choices = vec![
        Opt::new("", "Everybody"),
        Opt::new("active", "Active"),
        Opt::new("suspended", "Suspended"),
        Opt::new("admins", "Platform admins"),
    ];
    let (text, shown) = (query.text.clone(), query.show.clone());
    view! {
        <Search address=USERS label="Find users" input="Find a user" text=text filtered=filtered>
            <PickBox label="Show" name="show" choices=choices selected=shown/>
        </Search>
    }
    .into_any()
}

fn row(line: UserLine) -> AnyView {
    let role = if line.platform_admin {
        view! { <Badge text="Platform admin" tone="inkb" icon="shield"/> }.into_any()
    } else {
        view! { <span class="mute">"User"</span> }.into_any()
    };
    view! {
        <tr role="row" class=if line.suspended { "dim" } else { "" }>
            <td role="cell" class="lead">
                <a class="who-link" href=user_address(&line.id)><Who name=line.name.clone() id=line.id.clone() detail=line.email.clone() you=line.is_self/></a>
            </td>
            <td role="cell">{status(&line)}</td>
            <td role="cell" class="drop">{role}</td>
            <td role="cell" class="drop sub">{line.teams.clone()}</td>
            <td role="cell" class="drop sub cap" title=line.last_seen_title>{line.last_seen}</td>
            <td role="cell" class="drop sub" title=line.joined_title>{line.joined.clone()}</td>
            <td role="cell" class="meta only-m">
                {if line.platform_admin { "Platform admin, teams: " } else { "Teams: " }}{line.teams}", joined "{line.joined}
            </td>
        </tr>
    }
    .into_any()
}

/// What is to be known of an account first.
fn status(line: &UserLine) -> AnyView {
    match (line.suspended, line.email_confirmed) {
        (true, _) => view! { <Badge text="Suspended" tone="danger" icon="lock"/> }.into_any(),
        (false, false) => view! { <Badge text="Not confirmed" tone="warn" icon="mail"/> }.into_any(),
        (false, true) => view! { <Quiet text="Active"/> }.into_any(),
    }
}
