use leptos::prelude::*;

use super::{
    dialogs::{AddDialog, PromoteDialog, RemoveDialog},
    org_param,
};
use crate::{
    app::Session,
    components::{
        Badge, Count, Icon, Menu, PageHead, Pager, Search, SkeletonTable, Sorting, StackTable, Who, actions_head, noscroll,
        shown_of, use_toaster,
    },
    domain::roles::OrgRole,
    pages::{
        data::{PageData, nothing},
        failure::encode,
        form::{Form, FormAction},
        query_param,
    },
    server_fns::organization_members::{
        AddOrganizationMember, ListOrganizationMembers, OrganizationMemberLine, OrganizationMembersPage as Members,
        PreviewOrganizationRemoval, RemoveOrganizationMember, SetOrganizationRole, members_address,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    add: FormAction,
    role: FormAction,
    remove: FormAction,
}

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    org: String,
    text: String,
    sort: String,
    cursor: String,
}

#[component]
pub fn OrganizationMembersPage() -> impl IntoView {
    let org = org_param();
    let (text, sort, cursor) = (query_param("q"), query_param("sort"), query_param("cursor"));
    let (dialog, user) = (query_param("dialog"), query_param("user"));
    let forms = Forms {
        add: FormAction::to::<AddOrganizationMember>(),
        role: FormAction::to::<SetOrganizationRole>(),
        remove: FormAction::to::<RemoveOrganizationMember>(),
    };
    let query = Memo::new(move |_| Query { org: org.get(), text: text.get(), sort: sort.get(), cursor: cursor.get() });
    let changes = move || forms.add.version() + forms.role.version() + forms.remove.version();
    let members = PageData::load_again(changes, move || {
        let Query { org, text, sort, cursor } = query.get();
        ListOrganizationMembers { org, text, sort, cursor }
    });
    let leaver = Memo::new(move |_| if dialog.get() == "remove" { user.get() } else { String::new() });
    let removal = PageData::load(move || PreviewOrganizationRemoval { org: org.get(), user: leaver.get() });
    announce(forms);
    view! {
        {forms.role.problems().note()}
        {members.page(
            || view! { <div class="card"><SkeletonTable rows=8/></div> }.into_any(),
            move |page| content(page, &query.get_untracked(), forms),
        )}
        {members.dialog(
            move || {
                dialog.track();
                user.track();
            },
            move |page| opened(page, &dialog.get_untracked(), &user.get_untracked(), org.get_untracked(), forms),
        )}
        {removal.part(
            nothing,
            |_| nothing(),
            move |view| {
                let Some(view) = view else { return nothing() };
                (move || {
                    (leaver.get() == view.user)
                        .then(|| view! { <RemoveDialog org=org.get_untracked() view=view.clone() action=forms.remove/> })
                })
                .into_any()
            },
        )}
    }
}

/// Says that a change worked.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    let session = expect_context::<Session>();
    let says = [
        (forms.add, "Member added. They get a mail."),
        (forms.role, "Role changed. It counts from the next action on."),
        (forms.remove, "Member removed from the organization."),
    ];
    for (form, words) in says {
        Effect::new(move |_| {
            if form.worked() {
                toaster.show(words);
            }
        });
    }
    // The frame leads to what oneself administrates.
    Effect::new(move |_| {
        if forms.role.worked() || forms.remove.worked() {
            session.refresh();
        }
    });
}

fn opened(page: Members, dialog: &str, user: &str, org: String, forms: Forms) -> Option<AnyView> {
    match dialog {
        "add" => Some(view! { <AddDialog org=org typed=page.typed_email action=forms.add/> }.into_any()),
        "promote" => {
            let row = page.rows.into_iter().find(|row| row.user == user && row.role == OrgRole::Member)?;
            Some(view! { <PromoteDialog org=org row=row action=forms.role/> }.into_any())
        }
        _ => None,
    }
}

fn content(page: Members, query: &Query, forms: Forms) -> AnyView {
    let base = members_address(&query.org);
    let keep = format!("q={}&sort={}", encode(&query.text), encode(&query.sort));
    let older = page.next.clone().map(|cursor| format!("{base}?{keep}&cursor={}", encode(&cursor)));
    let newer = (!query.cursor.is_empty()).then(|| format!("{base}?{keep}"));
    let summary = shown_of(page.found, page.rows.len(), "member");
    let add = format!("{base}?dialog=add");
    let rows = page.rows.iter().map(|line| row(line, &query.org, forms)).collect_view().into_any();
    let sorting = Sorting {
        address: &format!("{base}?q={}", encode(&query.text)),
        now: if query.sort.is_empty() { "role" } else { &query.sort },
        most_first: &["teams", "spent", "keys", "last_active"],
    };
    let heads = vec![
        sorting.column("Member", "name", ""),
        sorting.column("Role", "role", ""),
        sorting.column("Teams", "teams", "n"),
        sorting.column("Spend this month", "spent", "n"),
        sorting.column("Keys", "keys", "n"),
        sorting.column("Last active", "last_active", ""),
        sorting.column("Joined", "joined", ""),
        actions_head(),
    ];
    view! {
        <PageHead
            title="Members"
            context=page.organization.clone()
            lead="Everybody in its teams, and whoever was added. Admins run the organization and all its teams."
        >
            <a href=add class="btn primary" {..noscroll()}><Icon name="plus"/>"Add member"</a>
        </PageHead>
        <section class="card" aria-labelledby="members-h">
            <header>
                <h2 id="members-h">"Members"</h2>
                <Count text=page.found.to_string()/>
                <div class="end"><Search address=base label="Find members" input="Find a member" text=query.text.clone() sort=query.sort.clone()/></div>
            </header>
            <StackTable heads=heads rows=rows/>
            <Pager summary=summary newer=newer older=older/>
        </section>
    }
    .into_any()
}

fn row(line: &OrganizationMemberLine, org: &str, forms: Forms) -> AnyView {
    let suspended = line.suspended.then(|| view! { <Badge text="Suspended" icon="lock"/> });
    let teams = match line.teams {
        0 => "in no team".to_owned(),
        1 => "in 1 team".to_owned(),
        n => format!("in {n} teams"),
    };
    let remove = format!("{}?dialog=remove&user={}", members_address(org), line.user);
    view! {
        <tr role="row" class=if line.suspended { "dim" } else { "" }>
            <td role="cell" class="lead"><Who name=line.name.clone() id=line.user.clone() detail=line.email.clone() you=line.is_self/></td>
            <td role="cell" class="beside">{role(line, org, forms)}" "{suspended}</td>
            <td role="cell" class="n drop">{line.teams}</td>
            <td role="cell" class="n drop">{line.spent.clone()}" "<small class="mute">{line.share.clone()}</small></td>
            <td role="cell" class="n drop">{line.keys}</td>
            <td role="cell" class="drop sub cap" title=line.last_active_title.clone()>{line.last_active.clone()}</td>
            <td role="cell" class="drop sub" title=line.joined_title.clone()>{line.joined.clone()}</td>
            <td role="cell" class="meta only-m">{format!("{} this month, {teams}", line.spent)}</td>
            <td role="cell" class="act">
                <Menu
                    id=format!("member-{}", line.user)
                    label=format!("Actions for {}", line.name)
                    class="end"
                    button=|| view! { <Icon name="dots"/> }
                >
                    <a href=remove class="danger" {..noscroll()}><Icon name="trash"/>"Remove from organization"</a>
                </Menu>
            </td>
        </tr>
    }
    .into_any()
}

/// The role, changed in place. Making somebody an admin asks once.
fn role(line: &OrganizationMemberLine, org: &str, forms: Forms) -> AnyView {
    let admin = line.role == OrgRole::Admin;
    let check = || view! { <span class="end"><Icon name="check"/></span> };
    let words = |label: &'static str, hint: &'static str| view! { <span class="grow">{label}<small>{hint}</small></span> };
    let admin_words = words("Admin", "Runs the organization and all its teams.");
    let member_words = words("Member", "Belongs to it; teams say what they may do.");
    let choices = if admin {
        view! {
            <button type="submit" name="role" value="admin" aria-current="true" disabled=true>{admin_words}{check()}</button>
            <button type="submit" name="role" value="member">{member_words}</button>
        }
        .into_any()
    } else {
        let href = format!("{}?dialog=promote&user={}", members_address(org), line.user);
        view! {
            <a href=href.clone() {..noscroll()}>{admin_words}</a>
            <button type="submit" name="role" value="member" aria-current="true" disabled=true>{member_words}{check()}</button>
        }
        .into_any()
    };
    let now = if admin { "Admin" } else { "Member" };
    let (org, user) = (org.to_owned(), line.user.clone());
    view! {
        <Menu
            id=format!("role-{user}")
            label=format!("Role of {}: {now}. Change role", line.name)
            button_class=if admin { "role pick admin" } else { "role pick" }
            class="wide"
            button=move || view! { {now} <Icon name="chevd"/> }
        >
            <Form action=forms.role>
                <input type="hidden" name="org" value=org/>
                <input type="hidden" name="user" value=user/>
                {choices}
            </Form>
        </Menu>
    }
    .into_any()
}
