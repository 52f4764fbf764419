use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    app::Session,
    components::{Icon, Tile, browser, drawn},
    domain::{
        accounts::{Me, MyTeam},
        places::{Kind, Place, Scope},
        roles::{OrgRole, Role},
    },
    pages::data::nothing,
    server_fns::accounts::Visitor,
};

/// The popover with all contexts; the sidebar's button and the top bar's open the same one.
pub(super) const ID: &str = "contexts";

/// From here on there is a field that narrows the list.
const MANY: usize = 8;
const FIELD: &str = "find-context";
/// What it narrows, and the first entry that is left.
const ENTRIES: &str = "#contexts .found a";
const FIRST: &str = "#contexts .found a:not([hidden])";

/// What the switcher's button says.
pub(super) struct Current {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) detail: String,
}

/// The context one is in, in words.
pub(super) fn current(place: &Place, me: Option<&Me>) -> Current {
    let plain =
        |id: &str, name: &str, detail: &str| Current { id: id.to_owned(), name: name.to_owned(), detail: detail.to_owned() };
    match &place.scope {
        Scope::Personal => Current {
            id: me.map(|me| me.personal_team.to_string()).unwrap_or_default(),
            name: "Personal".to_owned(),
            detail: me.map(|me| me.name.clone()).unwrap_or_default(),
        },
        Scope::Team(slug) => {
            match me.and_then(|me| me.teams.iter().find(|team| team.slug == *slug || team.id.to_string() == *slug)) {
                Some(team) => plain(&team.id.to_string(), &team.name, &team.organization),
                None => plain(slug, slug, "Not a member"),
            }
        }
        Scope::Organization(slug) => match me.and_then(|me| me.organizations.iter().find(|org| org.slug == *slug)) {
            Some(org) => plain(&org.id.to_string(), &org.name, "Organization"),
            None => plain(slug, slug, "Organization"),
        },
        Scope::Platform => plain("platform", "Platform", "All organizations"),
        Scope::Account => plain("account", "All contexts", "Choose a team"),
    }
}

/// The button in the sidebar.
#[component]
pub(super) fn Switcher(place: Memo<Place>) -> impl IntoView {
    let session = expect_context::<Session>();
    let loading = || view! { <span class="ctx" aria-hidden="true"></span> }.into_any();
    session.part(loading, move |Visitor { me, .. }| drawn(move || button(&current(&place.get(), me.as_ref()))))
}

fn button(now: &Current) -> AnyView {
    view! {
        <button class="ctx" type="button" popovertarget=ID>
            <span class="vh">"Switch context. Current: "</span>
            <Tile name=now.name.clone() id=now.id.clone()/>
            <span class="grow">
                <b class="trunc">{now.name.clone()}</b>
                <small class="trunc">{now.detail.clone()}</small>
            </span>
            <Icon name="updown"/>
        </button>
    }
    .into_any()
}

/// The list that the button opens. It stands outside the sidebar: on phones that is closed while the top bar's button opens the list.
#[component]
pub(super) fn Contexts(place: Memo<Place>) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <div class="menu wide" id=ID popover="auto" on:toggle=|_| whole()>
            {session
                .part(nothing, move |Visitor { me, budgets, .. }| {
                    drawn(move || me.as_ref().map(|me| contexts(me, &budgets, &place.get())))
                })}
        </div>
        {session.part(nothing, move |Visitor { me, .. }| announced(place, me))}
    }
}

/// Says to whoever does not see the switcher that another context was entered.
fn announced(place: Memo<Place>, me: Option<Me>) -> AnyView {
    let before = StoredValue::new(place.get_untracked().scope);
    let text = drawn(move || {
        let now = place.get();
        if before.with_value(|before| *before == now.scope) {
            return String::new();
        }
        before.set_value(now.scope.clone());
        format!("Now in {}", current(&now, me.as_ref()).name)
    });
    view! { <p class="vh" role="status">{text}</p> }.into_any()
}

/// Personal, then the teams by organization, then the way to all and to a new one. Many are narrowed by typing.
fn contexts(me: &Me, budgets: &[(String, u32)], place: &Place) -> AnyView {
    let personal = entry(place, &Scope::Personal, &me.personal_team.to_string(), "Personal", &me.name);
    let mut organizations: Vec<&str> = me.teams.iter().map(|team| team.organization.as_str()).collect();
    organizations.sort_unstable();
    organizations.dedup();
    let groups = organizations
        .into_iter()
        .map(|organization| {
            let teams = me
                .teams
                .iter()
                .filter(|team| team.organization == organization)
                .map(|team| team_entry(place, team, budgets))
                .collect_view();
            view! { <div class="of"><h3>{organization.to_owned()}</h3> {teams}</div> }
        })
        .collect_view();
    let run: Vec<_> = me.organizations.iter().filter(|organization| organization.role == OrgRole::Admin).collect();
    let many = 1 + me.teams.len() + run.len() >= MANY;
    let run = (!run.is_empty()).then(|| {
        let entries = run
            .into_iter()
            .map(|org| entry(place, &Scope::Organization(org.slug.clone()), &org.id.to_string(), &org.name, "Admin"))
            .collect_view();
        view! { <div class="of"><h3>"Organizations"</h3> {entries}</div> }
    });
    let create = me.organizations.iter().any(|organization| organization.may_create_teams).then(|| {
        view! { <a href="/teams/new"><Icon name="plus"/>"Create team"</a> }
    });
    view! {
        {many.then(finder)}
        <div class="found">
            {personal}
            {groups}
            {run}
            <p class="none" role="status">"No match"</p>
        </div>
        <hr/>
        <a href="/teams"><Icon name="users"/>"All teams"</a>
        {create}
    }
    .into_any()
}

/// All entries again, whenever the list opens.
fn whole() {
    browser::set_value(FIELD, "");
    browser::narrow(ENTRIES, "");
}

/// Narrows the list; without script it searches everything.
fn finder() -> AnyView {
    let go = |event: SubmitEvent| {
        event.prevent_default();
        browser::press(FIRST);
    };
    view! {
        <form class="ask" action="/search" on:submit=go>
            <Icon name="search"/>
            <input
                id=FIELD
                name="q"
                placeholder="Find a context"
                aria-label="Find a context"
                maxlength="200"
                autocomplete="off"
                autofocus
                on:input=|_| browser::narrow(ENTRIES, &browser::value_of(FIELD))
            />
        </form>
    }
    .into_any()
}

fn team_entry(place: &Place, team: &MyTeam, budgets: &[(String, u32)]) -> AnyView {
    let scope = Scope::Team(team.slug.clone());
    // The audit log of another team opens where its role opens it.
    let place = match place.kind {
        Some(Kind::Audit) if !matches!(team.role, Role::Owner | Role::Admin) => &Place { scope: place.scope.clone(), kind: None },
        _ => place,
    };
    let budget = budgets.iter().find(|(slug, _)| *slug == team.slug);
    let spent = budget.map(|(_, percent)| format!(" · {percent}% spent")).unwrap_or_default();
    entry(place, &scope, &team.id.to_string(), &team.name, &format!("{}{spent}", team.role.label()))
}

fn entry(place: &Place, scope: &Scope, id: &str, name: &str, detail: &str) -> AnyView {
    let here = place.scope == *scope;
    let check = here.then(|| view! { <span class="end"><Icon name="check"/></span> });
    view! {
        <a href=place.in_context(scope) aria-current=here.then_some("true")>
            <Tile name=name.to_owned() id=id.to_owned() size="sm"/>
            <span class="grow">
                <span class="trunc">{name.to_owned()}</span>
                <small class="trunc">{detail.to_owned()}</small>
            </span>
            {check}
        </a>
    }
    .into_any()
}
