use leptos::prelude::*;

use super::{
    dialogs::{AddDialog, PromoteDialog, RemoveDialog},
    org_param,
};
use crate::{
    app::Session,
    components::{Badge, Count, Icon, Menu, PageHead, Pager, SkeletonTable, SortHead, Who, noscroll, use_toaster},
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
    let summary = match (page.found, page.rows.len()) {
        (0, _) => "No member matches.".to_owned(),
        (1, _) => "1 member".to_owned(),
        (found, shown) if usize::try_from(found).is_ok_and(|found| found == shown) => format!("{found} members"),
        (found, shown) => format!("{shown} of {found} members"),
    };
    let add = format!("{base}?dialog=add");
    let rows = page.rows.iter().map(|line| row(line, &query.org, forms)).collect_view();
    view! {
        <PageHead
            title="Members"
            context=page.organization.clone()
            lead="Everybody in one of its teams, and who else belongs to it. Admins run the organization and all its teams."
        >
            <a href=add class="btn primary" {..noscroll()}><Icon name="plus"/>"Add member"</a>
        </PageHead>
        <section class="card" aria-labelledby="members-h">
            <header>
                <h2 id="members-h">"Members"</h2>
                <Count text=page.found.to_string()/>
                <div class="end">{search(query, &base)}</div>
            </header>
            <div class="tbl-wrap whole">
                <table class="tbl stack" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            {head("Member", "name", "", query)}
                            {head("Role", "role", "", query)}
                            {head("Teams", "teams", "n", query)}
                            {head("Joined", "joined", "", query)}
                            <th role="columnheader" scope="col"><span class="vh">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </div>
            <Pager summary=summary newer=newer older=older/>
        </section>
    }
    .into_any()
}

fn search(query: &Query, base: &str) -> AnyView {
    let clear = (!query.text.is_empty()).then(|| view! { <a class="btn ghost" href=base.to_owned()>"Clear"</a> });
    view! {
        <form class="filters" method="get" action=base.to_owned() aria-label="Find members" role="search">
            <input type="hidden" name="sort" value=query.sort.clone()/>
            <label class="in sm find">
                <Icon name="search" class="i-14"/>
                <input type="search" name="q" value=query.text.clone() placeholder="Name or email" aria-label="Find a member"/>
            </label>
            <button class="btn" type="submit">"Find"</button>
            {clear}
        </form>
    }
    .into_any()
}

/// A column's head; a second press turns the order round.
fn head(label: &'static str, word: &str, class: &'static str, query: &Query) -> AnyView {
    let now = if query.sort.is_empty() { "role" } else { query.sort.as_str() };
    let descending = format!("-{word}");
    let sorted = match now {
        now if now == word => Some("ascending"),
        now if now == descending => Some("descending"),
        _ => None,
    };
    // Numbers begin with the most.
    let turned = sorted == Some("ascending") || (sorted.is_none() && word == "teams");
    let next = if turned { descending.as_str() } else { word };
    let href = format!("{}?q={}&sort={next}", members_address(&query.org), encode(&query.text));
    match sorted {
        Some(order) => view! { <SortHead label=label href=href sorted=order class=class/> }.into_any(),
        None => view! { <SortHead label=label href=href class=class/> }.into_any(),
    }
}

fn row(line: &OrganizationMemberLine, org: &str, forms: Forms) -> AnyView {
    let name = if line.is_self { format!("{} (you)", line.name) } else { line.name.clone() };
    let suspended = line.suspended.then(|| view! { <Badge text="Suspended" icon="lock"/> });
    let teams = match line.teams {
        0 => "in no team".to_owned(),
        1 => "in 1 team".to_owned(),
        n => format!("in {n} teams"),
    };
    let remove = format!("{}?dialog=remove&user={}", members_address(org), line.user);
    view! {
        <tr role="row" class=if line.suspended { "dim" } else { "" }>
            <td role="cell" class="lead"><Who name=name id=line.user.clone() detail=line.email.clone()/></td>
            <td role="cell">{role(line, org, forms)}" "{suspended}</td>
            <td role="cell" class="n drop">{line.teams}</td>
            <td role="cell" class="drop sub" title=line.joined_title.clone()>{line.joined.clone()}</td>
            <td role="cell" class="meta only-m">{format!("Since {}, {teams}", line.joined)}</td>
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
