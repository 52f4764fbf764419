use leptos::prelude::*;

use super::{jump::JumpButton, sidebar, switcher, theme::ThemeMenu, viewing};
use crate::{
    app::Session,
    components::{Badge, Breadcrumbs, Crumb, Icon, Tile, drawn},
    domain::{
        accounts::Me,
        places::{Kind, Place, Scope},
    },
    pages::data::nothing,
    server_fns::accounts::{Viewed, Visitor},
};

#[component]
pub(super) fn TopBar(place: Memo<Place>) -> impl IntoView {
    let session = expect_context::<Session>();
    let platform = move || {
        (place.get().scope == Scope::Platform).then(|| view! { <Badge text="Platform" tone="inkb" icon="shield"/> }.into_any())
    };
    view! {
        <header class="bar">
            <button class="ib only-m" type="button" popovertarget=sidebar::ID aria-label="Open navigation">
                <Icon name="menu" class="i-20"/>
            </button>
            {session.part(nothing, move |Visitor { me, viewing, .. }| {
                let known = me.clone();
                view! {
                    {drawn(move || phone_switcher(&place.get(), known.as_ref()))}
                    <Breadcrumbs crumbs=Signal::derive(move || crumbs(&place.get(), me.as_ref(), viewing.as_ref()))/>
                }
                .into_any()
            })}
            <span class="grow"></span>
            {drawn(platform)}
            <JumpButton/>
            <a class="ib not-m" href="/api/docs" aria-label="API reference" title="API reference" rel="external"><Icon name="book"/></a>
            <ThemeMenu/>
        </header>
    }
}

/// On phones context and page name stand where the breadcrumbs are elsewhere.
fn phone_switcher(place: &Place, me: Option<&Me>) -> AnyView {
    let now = switcher::current(place, me);
    let page = place.kind.map(Kind::label).unwrap_or_default();
    view! {
        <button class="ctx only-m" type="button" popovertarget=switcher::ID>
            <span class="vh">"Switch context. Current: "</span>
            <Tile name=now.name.clone() id=now.id/>
            <span class="trunc">
                <b class="trunc">{now.name}</b>
                <small class="trunc">{page}</small>
            </span>
            <Icon name="updown" class="i-14"/>
        </button>
    }
    .into_any()
}

fn crumbs(place: &Place, me: Option<&Me>, viewing: Option<&Viewed>) -> Vec<Crumb> {
    let page = Crumb::here(place.kind.map_or("Page", Kind::label));
    let now = switcher::current(place, me);
    match &place.scope {
        Scope::Personal => vec![Crumb::link("Personal", place.href(Kind::Overview)), page],
        Scope::Team(_) => {
            vec![Crumb::here(now.detail), Crumb::link(now.name, viewing::kept(place.href(Kind::Overview), viewing)), page]
        }
        Scope::Organization(_) => vec![Crumb::link(now.name, place.href(Kind::Overview)), page],
        Scope::Platform => {
            let list = place.kind.and_then(Kind::list).map(|list| Crumb::link(list.label(), place.href(list)));
            [Some(Crumb::link("Platform", "/admin/providers")), list, Some(page)].into_iter().flatten().collect()
        }
        Scope::Account if place.kind == Some(Kind::NewTeam) => vec![Crumb::link("Teams", "/teams"), page],
        Scope::Account => vec![page],
    }
}
