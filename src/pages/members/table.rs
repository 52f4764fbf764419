use leptos::prelude::*;

use super::{Forms, Query};
use crate::{
    components::{Badge, Count, Icon, Menu, Pager, RolePill, Search, Sorting, StackTable, Who, actions_head, noscroll, shown_of},
    domain::roles::Role,
    pages::{context_address, failure::encode, form::Form},
    server_fns::members::{MemberLine, MembersPage as Members, list_address},
};

/// The members, with a search of them.
pub(super) fn list(page: Members, query: &Query, forms: Forms) -> AnyView {
    let base = list_address(&query.team);
    let keep = format!("q={}&sort={}", encode(&query.text), encode(&query.sort));
    let older = page.next.clone().map(|cursor| format!("{base}?{keep}&cursor={}", encode(&cursor)));
    let newer = (!query.cursor.is_empty()).then(|| format!("{base}?{keep}"));
    let summary = shown_of(page.found, page.rows.len(), "member");
    let rows = page.rows.iter().map(|line| row(line, &page, query, forms)).collect_view().into_any();
    let sorting = Sorting {
        address: &format!("{base}?q={}", encode(&query.text)),
        now: if query.sort.is_empty() { "role" } else { &query.sort },
        most_first: &["spent", "keys", "last_active"],
    };
    let spend_head = page.shows_spending.then(|| sorting.column("Spend this month", "spent", "n"));
    let active_head = page.shows_spending.then(|| sorting.column("Last active", "last_active", ""));
    let heads = [
        Some(sorting.column("Member", "name", "")),
        Some(sorting.column("Role", "role", "")),
        spend_head,
        Some(sorting.column("Keys", "keys", "n")),
        active_head,
        Some(sorting.column("Joined", "joined", "")),
        Some(actions_head()),
    ];
    let heads = heads.into_iter().flatten().collect();
    view! {
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

fn row(line: &MemberLine, page: &Members, query: &Query, forms: Forms) -> AnyView {
    let keys = if line.keys == 1 { "1 key".to_owned() } else { format!("{} keys", line.keys) };
    let disabled = line.disabled.then(|| view! { <Badge text="Disabled" icon="lock"/> });
    let used = if line.last_active == "Active now" { "drop okc" } else { "drop sub cap" };
    let spent = page.shows_spending.then(|| {
        view! { <td role="cell" class="n drop">{line.spent.clone()}" "<small class="mute">{line.share.clone()}</small></td> }
    });
    let active = page
        .shows_spending
        .then(|| view! { <td role="cell" class=used title=line.last_active_title.clone()>{line.last_active.clone()}</td> });
    let active_words = if line.last_active == "No calls yet" { "no calls yet" } else { &line.last_active };
    let summary = if page.shows_spending { format!("{} this month, {keys}, {active_words}", line.spent) } else { keys };
    view! {
        <tr role="row" class=if line.disabled { "dim" } else { "" }>
            <td role="cell" class="lead"><Who name=line.name.clone() id=line.user.clone() detail=line.email.clone() you=line.is_self/></td>
            <td role="cell" class="beside">{role(line, query, forms)}" "{disabled}</td>
            {spent}
            <td role="cell" class="n drop">{line.keys}</td>
            {active}
            <td role="cell" class="drop sub" title=line.joined_title.clone()>{line.joined.clone()}</td>
            <td role="cell" class="meta only-m">{summary}</td>
            <td role="cell" class="act">{menu(line, page, query)}</td>
        </tr>
    }
    .into_any()
}

/// The role, changed in place by whoever may. Making somebody an admin asks once.
fn role(line: &MemberLine, query: &Query, forms: Forms) -> AnyView {
    if line.roles.is_empty() {
        return view! { <RolePill role=line.role.as_str()/> }.into_any();
    }
    let now = line.role;
    let address = list_address(&query.team);
    let choices = line
        .roles
        .iter()
        .map(|&role| {
            let check = (role == now).then(|| view! { <span class="end"><Icon name="check"/></span> });
            let words = view! { <span class="grow">{role.label()}<small>{sentence(role.allows())}</small></span> };
            if role == Role::Admin && now != Role::Admin {
                let href = format!("{address}?dialog=promote&user={}", line.user);
                view! { <a href=href.clone() {..noscroll()}>{words}</a> }.into_any()
            } else {
                let current = (role == now).then_some("true");
                view! {
                    <button type="submit" name="role" value=role.as_str() aria-current=current disabled=role == now>{words}{check}</button>
                }
                .into_any()
            }
        })
        .collect_view();
    let (team, user) = (query.team.clone(), line.user.clone());
    let class = if now == Role::Admin { "role pick admin" } else { "role pick" };
    let label = format!("Role of {}: {}. Change role", line.name, now.label());
    view! {
        <Menu
            id=format!("role-{user}")
            label=label
            button_class=class
            class="wide"
            button=move || view! { {now.label()} <Icon name="chevd"/> }
        >
            <Form action=forms.role>
                <input type="hidden" name="team" value=team/>
                <input type="hidden" name="user" value=user/>
                {choices}
            </Form>
        </Menu>
    }
    .into_any()
}

/// Words as a sentence.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

fn menu(line: &MemberLine, page: &Members, query: &Query) -> AnyView {
    let leaves = line.is_self && page.may_leave;
    if !page.may_see_keys && !line.may_remove && !leaves && !line.may_view_as {
        return ().into_any();
    }
    let address = list_address(&query.team);
    let keys = page.may_see_keys.then(|| {
        let href = format!("{}?q={}", context_address(&query.team, "keys"), encode(&line.name));
        view! { <a href=href><Icon name="key"/>"Keys"</a> }
    });
    // Whoever sees all keys sets the models, too.
    let models = page.may_see_keys.then(|| {
        let href = format!("{}?dialog=limit&user={}", context_address(&query.team, "models"), line.user);
        view! { <a href=href><Icon name="cube"/>"Limit models"</a> }
    });
    // Loaded as a whole: from there on everything is asked for as that member.
    let view_as = line.may_view_as.then(|| {
        let href = format!("{}?as={}", context_address(&query.team, ""), line.user);
        view! { <a href=href rel="external"><Icon name="eye"/>"View as "{line.name.clone()}</a> }
    });
    let remove = line.may_remove.then(|| {
        let href = format!("{address}?dialog=remove&user={}", line.user);
        view! { <a class="danger" href=href.clone() {..noscroll()}><Icon name="trash"/>"Remove from team"</a> }
    });
    let leave = leaves.then(|| {
        let href = format!("{address}?dialog=leave");
        view! { <a class="danger" href=href.clone() {..noscroll()}><Icon name="out"/>"Leave team"</a> }
    });
    view! {
        <Menu
            id=format!("member-{}", line.user)
            label=format!("Actions for {}", line.name)
            class="end"
            button=|| view! { <Icon name="dots"/> }
        >
            {keys}
            {view_as}
            {models}
            {remove}
            {leave}
        </Menu>
    }
    .into_any()
}
