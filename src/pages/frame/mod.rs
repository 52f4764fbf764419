//! The frame around every signed-in page: sidebar, top bar, and the place where the page goes.
//! It stays while pages change; what it shows is derived from the address and from who is signed in.

mod account_menu;
mod jump;
mod sidebar;
mod switcher;
mod theme;
mod top_bar;
mod viewing;

use leptos::prelude::*;
use leptos_router::{
    components::{Outlet, Redirect},
    hooks::use_location,
};

pub use self::jump::Jump;
use self::{sidebar::Sidebar, switcher::Contexts, top_bar::TopBar};
use crate::{
    app::Session,
    components::{Note, NoteKind, browser, drawn},
    domain::{
        places::{Kind, Place, Scope},
        teams::{AlertPage, MyAlert},
    },
    pages::{data::nothing, failure::login_address, watch::watch},
    server_fns::accounts::GetStanding,
};

/// Shell of the signed-in pages.
#[component]
pub fn Frame() -> impl IntoView {
    let location = use_location();
    let place = Memo::new(move |_| Place::of(&location.pathname.get()));
    let jump = Jump(RwSignal::new(false));
    provide_context(jump);
    close_on_navigation(location.pathname, jump);
    viewing::stay();
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <Guard/>
        <div class="app">
            <Sidebar place=place/>
            <Contexts place=place/>
            <div>
                <TopBar place=place/>
                <viewing::Banner/>
                <LimitBanner place=place/>
                <main class="page" id="main">
                    <Outlet/>
                </main>
            </div>
        </div>
    }
}

/// Says on the pages of a team that it is at or near a limit.
#[component]
fn LimitBanner(place: Memo<Place>) -> impl IntoView {
    let session = expect_context::<Session>();
    session.part(nothing, move |visitor| {
        let alerts = visitor.alerts;
        drawn(move || {
            let here = place.get();
            let Scope::Team(team) = here.scope.clone() else { return None };
            let shown = |alert: &MyAlert| match alert.page {
                AlertPage::Limits => (Kind::Quotas, "See limits"),
                AlertPage::Keys => (Kind::Keys, "See keys"),
                AlertPage::Billing => (Kind::Billing, "See billing"),
            };
            // The page that shows it says it itself, and so does the overview.
            let says = |alert: &MyAlert| here.kind == Some(shown(alert).0) || here.kind == Some(Kind::Overview);
            let alert = alerts.iter().find(|alert| alert.team == team && !says(alert))?;
            let kind = if alert.reached { NoteKind::Danger } else { NoteKind::Warn };
            let (page, label) = shown(alert);
            let href = here.href(page);
            let view = view! {
                <div class="page limit-note">
                    <Note kind=kind title=alert.sentence.clone()><a class="btn sm" href=href>{label}</a></Note>
                </div>
            };
            Some(view.into_any())
        })
    })
}

/// How often a page asks whether its reader still may what it shows.
const ASK_EVERY_MS: u64 = 3_000;

/// Sends the signed-out to the log-in page, and back afterwards. Where the reader's rights change while the page is open, it shows what
/// they still may.
#[component]
fn Guard() -> impl IntoView {
    let session = expect_context::<Session>();
    let location = use_location();
    let shown = StoredValue::new(String::new());
    Effect::new(move |_| watch(ASK_EVERY_MS, GetStanding {}, shown, move || session.rights_changed()));
    session.part(nothing, move |visitor| {
        shown.set_value(visitor.standing);
        let signed_out = visitor.guarded && visitor.me.is_none();
        let address = || login_address(&location.pathname.get_untracked(), &location.search.get_untracked());
        signed_out.then(|| view! { <Redirect path=address()/> }).into_any()
    })
}

/// On phones the sidebar is a popover; a link in it leads to a page, so it closes. So does whatever else lies over the page. Focus moves
/// to the new page's heading.
fn close_on_navigation(path: Memo<String>, Jump(palette): Jump) {
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            for id in [sidebar::ID, switcher::ID, account_menu::ID] {
                browser::hide_popover(id);
            }
            palette.set(false);
            // The heading of the new page stands a moment later.
            browser::after(50, browser::focus_heading);
        }
        now
    });
}
