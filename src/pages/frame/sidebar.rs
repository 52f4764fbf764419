use leptos::{ev, prelude::*};

use super::{account_menu::AccountMenu, switcher::Switcher, viewing};
use crate::{
    app::Session,
    components::{Brand, Icon, browser, drawn},
    domain::{
        accounts::Me,
        navigation::{is_offered, pages_of},
        places::{Kind, Place, Scope},
        roles::OrgRole,
    },
    pages::data::nothing,
    server_fns::accounts::{Viewed, Visitor},
};

/// The popover that the sidebar is on phones.
pub(super) const ID: &str = "sidebar";

#[component]
pub(super) fn Sidebar(place: Memo<Place>) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <aside
            class="side"
            id=ID
            popover="auto"
            aria-label="Navigation"
            on:beforetoggle=|_: ev::Event| browser::release_focus()
            on:toggle=|_| browser::hold_focus(ID)
        >
            <Brand/>
            <Switcher place=place/>
            {session
                .part(nothing, move |Visitor { me, waiting, viewing, .. }| {
                    drawn(move || groups(&place.get(), me.as_ref(), &waiting, viewing.as_ref()))
                })}
            <div class="side-foot">
                {session.part(nothing, move |visitor| {
                    visitor.me.map(|me| view! { {foot_links(&me, place)} <AccountMenu me=me place=place/> }).into_any()
                })}
            </div>
        </aside>
    }
}

/// The pages of the scope that one is in.
fn groups(place: &Place, me: Option<&Me>, waiting: &[(String, u32)], viewing: Option<&Viewed>) -> AnyView {
    // What waits for oneself does not wait for whom the team is seen as.
    let waiting: &[(String, u32)] = if viewing.is_some() { &[] } else { waiting };
    let context = matches!(place.scope, Scope::Personal | Scope::Team(_) | Scope::Organization(_));
    let seen_as = viewing.map(|viewed| viewed.role);
    pages_of(&place.scope)
        .iter()
        .map(|(title, kinds)| {
            let label = match (*title, context) {
                ("", true) => "Pages of this context",
                ("", false) => "Pages",
                (title, _) => title,
            };
            let heading = (!title.is_empty()).then(|| view! { <h2>{*title}</h2> });
            let offered = kinds.iter().filter(|kind| me.is_some_and(|me| is_offered(&place.scope, **kind, me, seen_as)));
            let links = offered.map(|kind| nav_link(place, *kind, waiting, viewing)).collect_view();
            view! { <nav class="nav" aria-label=label>{heading}{links}</nav> }
        })
        .collect_view()
        .into_any()
}

fn nav_link(place: &Place, kind: Kind, waiting: &[(String, u32)], viewing: Option<&Viewed>) -> AnyView {
    let here = match place.kind {
        Some(now) if now == kind => Some("page"),
        Some(now) if now.list() == Some(kind) => Some("true"),
        _ => None,
    };
    view! {
        <a href=viewing::kept(place.href(kind), viewing) aria-current=here>
            <Icon name=kind.icon()/>
            {kind.label()}
            {badge(place, kind, waiting)}
        </a>
    }
    .into_any()
}

/// How many requests wait there for the reader.
fn badge(place: &Place, kind: Kind, waiting: &[(String, u32)]) -> Option<AnyView> {
    let here = match &place.scope {
        Scope::Team(team) if kind == Kind::Quotas => format!("quotas/t/{team}"),
        Scope::Team(team) => format!("t/{team}"),
        Scope::Organization(organization) => format!("o/{organization}"),
        Scope::Personal | Scope::Platform | Scope::Account => return None,
    };
    let (_, count) =
        waiting.iter().find(|(place, _)| *place == here).filter(|_| matches!(kind, Kind::Requests | Kind::Quotas))?;
    Some(view! { <span class="count hot">{*count}<span class="vh">" waiting"</span></span> }.into_any())
}

/// Wider scopes, for those who hold them, and the way back out of them.
fn foot_links(me: &Me, place: Memo<Place>) -> AnyView {
    // There the list above has it already.
    let teams =
        move || (place.get().scope != Scope::Account).then(|| view! { <a href="/teams"><Icon name="users"/>"All teams"</a> });
    // More of them are found in the list of contexts.
    let organizations = me
        .organizations
        .iter()
        .filter(|organization| organization.role == OrgRole::Admin)
        .take(3)
        .map(|organization| {
            let scope = Scope::Organization(organization.slug.clone());
            let href = format!("/o/{}", organization.slug);
            view! {
                <a href=href aria-current=move || (place.get().scope == scope).then_some("true")>
                    <Icon name="org"/>
                    <span class="trunc">{organization.name.clone()}</span>
                </a>
            }
        })
        .collect_view();
    let platform = me.platform_admin.then(|| {
        view! {
            <a href="/admin/providers" aria-current=move || (place.get().scope == Scope::Platform).then_some("true")>
                <Icon name="shield"/>
                "Platform admin"
            </a>
        }
    });
    view! { <nav class="nav" aria-label="Wider scopes">{teams}{organizations}{platform}</nav> }.into_any()
}
