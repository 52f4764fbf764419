use leptos::prelude::*;

use super::{
    account_menu::AccountMenu,
    place::{Kind, Place, Scope},
    switcher::Switcher,
};
use crate::{
    app::Session,
    components::{Brand, Icon},
    domain::{accounts::Me, roles::Role},
    pages::data::nothing,
};

/// The popover that the sidebar is on phones.
pub(super) const ID: &str = "sidebar";

#[component]
pub(super) fn Sidebar(place: Memo<Place>) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <aside class="side" id=ID popover="auto" aria-label="Navigation">
            <Brand/>
            <Switcher place=place/>
            {move || groups(&place.get())}
            {session.part(nothing, move |visitor| (move || team_group(&place.get(), visitor.me.as_ref())).into_any())}
            <div class="side-foot">
                {session.part(nothing, move |visitor| {
                    visitor.me.map(|me| view! { {foot_links(&me, place)} <AccountMenu me=me place=place/> }).into_any()
                })}
            </div>
        </aside>
    }
}

/// The pages of the scope that one is in.
fn groups(place: &Place) -> AnyView {
    let context = matches!(place.scope, Scope::Personal | Scope::Team(_));
    let groups: &[(&str, &[Kind])] = match place.scope {
        Scope::Personal | Scope::Team(_) => &[("", &[Kind::Overview]), ("Access", &[Kind::Keys])],
        Scope::Platform => &[("", &[Kind::Providers, Kind::Models])],
        Scope::Account => &[("", &[Kind::Teams, Kind::Account])],
    };
    groups
        .iter()
        .map(|(title, kinds)| {
            let label = match (*title, context) {
                ("", true) => "Pages of this context",
                ("", false) => "Pages",
                (title, _) => title,
            };
            let heading = (!title.is_empty()).then(|| view! { <h2>{*title}</h2> });
            let links = kinds.iter().map(|kind| nav_link(place, *kind)).collect_view();
            view! { <nav class="nav" aria-label=label>{heading}{links}</nav> }
        })
        .collect_view()
        .into_any()
}

/// What a team has and a personal space has not. The settings are for those who may change something there.
fn team_group(place: &Place, me: Option<&Me>) -> Option<AnyView> {
    let Scope::Team(slug) = &place.scope else { return None };
    let member = me.and_then(|me| me.teams.iter().find(|team| team.slug == *slug || team.id.to_string() == *slug));
    // Who is here without belonging to the team administrates it.
    let manages = member.is_none_or(|team| matches!(team.role, Role::Owner | Role::Admin));
    let settings = manages.then(|| nav_link(place, Kind::Settings));
    let view = view! {
        <nav class="nav" aria-label="Team">
            <h2>"Team"</h2>
            {nav_link(place, Kind::Members)}
            {settings}
        </nav>
    };
    Some(view.into_any())
}

fn nav_link(place: &Place, kind: Kind) -> AnyView {
    let here = (place.kind == Some(kind)).then_some("page");
    view! {
        <a href=place.href(kind) aria-current=here>
            <Icon name=kind.icon()/>
            {kind.label()}
        </a>
    }
    .into_any()
}

/// Wider scopes, for those who hold them, and the way back out of them.
fn foot_links(me: &Me, place: Memo<Place>) -> AnyView {
    let teams = view! {
        <a href="/teams" aria-current=move || (place.get().kind == Some(Kind::Teams)).then_some("page")>
            <Icon name="users"/>
            "All teams"
        </a>
    };
    let platform = me.platform_admin.then(|| {
        view! {
            <a href="/admin/providers" aria-current=move || (place.get().scope == Scope::Platform).then_some("true")>
                <Icon name="shield"/>
                "Platform admin"
            </a>
        }
    });
    view! { <nav class="nav" aria-label="Wider scopes">{teams}{platform}</nav> }.into_any()
}
