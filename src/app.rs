//! The document around every page, what pages share, and the route table.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    PossibleRouteMatch, SsrMode,
    components::{ParentRoute, Redirect, Route, Router, Routes},
    hooks::use_location,
    path,
};

use crate::{
    components::{Message, Toaster, Toasts},
    pages::{
        Frame,
        data::{PageData, Standing, nothing},
        failure::set_status,
        lazy,
        watch::bump,
    },
    server_fns::accounts::{GetVisitor, Visitor},
};

/// The HTML document. Server only: the browser hydrates its body.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    use leptos_meta::{HashedStylesheet, MetaTags};

    use crate::components::SPRITE;

    let page = use_context::<PageOptions>().unwrap_or_default();
    let charts = page.charts_src.map(|source| view! { <meta name="charts-src" content=source/> });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=page.theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="same-origin"/>
                {charts}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <HashedStylesheet id="style" options=options.clone()/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                // After the app: hydration walks the body from its first child.
                <div hidden=true inner_html=SPRITE></div>
            </body>
        </html>
    }
}

/// How the reader wants to see the pages; kept in a cookie that the server reads, so nothing flashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The cookie's name.
    pub const COOKIE: &'static str = "theme";

    /// Reads the cookie's value; anything unknown is the system's choice.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The word in the cookie and in the markup.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// What the server tells the document of this request; given as context beside the services.
#[derive(Clone, Debug, Default)]
pub struct PageOptions {
    /// From the theme cookie.
    pub theme: Theme,
    /// Address of the chart engine, `/assets/charts-….js`.
    pub charts_src: Option<String>,
}

/// Who is signed in; one question for all pages.
#[derive(Clone, Copy)]
pub struct Session {
    /// Asked anew when a visitor goes from the pages around signing in to the others, or back.
    asked: PageData<Visitor>,
    changes: RwSignal<u32>,
    standing: Standing,
}

impl Session {
    fn new() -> Self {
        let location = use_location();
        let guarded = Memo::new(move |_| is_guarded(&location.pathname.read()));
        let viewing =
            Memo::new(move |_| viewing(&location.pathname.read(), &location.query.read().get("as").unwrap_or_default()));
        let changes = RwSignal::new(0);
        let standing = Standing(RwSignal::new(0));
        provide_context(standing);
        Self {
            standing,
            asked: PageData::load_again(
                move || changes.get(),
                move || GetVisitor { guarded: guarded.get(), viewing: viewing.get() },
            ),
            changes,
        }
    }

    /// A part of the frame that shows who is signed in. Where that is not known, it shows nobody.
    pub fn part(self, skeleton: fn() -> AnyView, draw: impl Fn(Visitor) -> AnyView + Send + Sync + 'static) -> AnyView {
        self.asked.part(skeleton, |_| nothing(), draw)
    }

    /// Asks anew, after something that belongs to the person has changed: a name, a team.
    pub fn refresh(self) {
        bump(self.changes);
    }

    /// Asks anew who this is, and with it what the page shows, after others have changed what this person may do.
    pub fn rights_changed(self) {
        // Everything that is loaded depends on it, and so does the session itself.
        bump(self.standing.0);
    }
}

/// The team that the address of a page shows, and whom as: `{team}/{user}`; empty for most pages.
pub fn viewing(path: &str, member: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some("t"), Some(team)) if !member.is_empty() => format!("{team}/{member}"),
        _ => String::new(),
    }
}

/// Pages that need somebody signed in.
fn is_guarded(path: &str) -> bool {
    let first = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    matches!(first, "me" | "t" | "o" | "teams" | "admin" | "account" | "search")
}

/// Everything inside the body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let toaster = Toaster::new();
    provide_context(toaster);
    view! {
        <Router>
            <Pages/>
        </Router>
        <Toasts toaster=toaster/>
    }
}

/// Where a page is. One type for all: the router makes code for each type of path, and it is code that every page loads.
macro_rules! at {
    ($path:tt) => {
        Arc::new(path!($path)) as Arc<dyn PossibleRouteMatch + Send + Sync>
    };
}

/// The route table. Pages are rendered as a whole before they are sent: status, title and every list work without script.
#[component]
fn Pages() -> impl IntoView {
    provide_context(Session::new());
    view! {
        <Routes fallback=NotFound>
            <Route path=at!("/") view=|| view! { <Redirect path="/teams"/> }/>
            <Route path=at!("/login") view=lazy::Login::PAGE ssr=SsrMode::Async/>
            <Route path=at!("/signup") view=lazy::Signup::PAGE ssr=SsrMode::Async/>
            <Route path=at!("/forgot") view=lazy::Forgot::PAGE ssr=SsrMode::Async/>
            <Route path=at!("/reset") view=lazy::Reset::PAGE ssr=SsrMode::Async/>
            <Route path=at!("/confirm") view=lazy::Confirm::PAGE ssr=SsrMode::Async/>
            <Route path=at!("/invite") view=lazy::Invite::PAGE ssr=SsrMode::Async/>
            <ParentRoute path=at!("") view=Frame ssr=SsrMode::Async>
                <Route path=at!("/teams") view=lazy::Teams::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/teams/new") view=lazy::NewTeam::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team") view=lazy::Overview::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/keys") view=lazy::Keys::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/playground") view=lazy::Playground::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/models/explain") view=lazy::Explain::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/models") view=lazy::TeamModels::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/members") view=lazy::Members::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/settings") view=lazy::TeamSettings::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/billing") view=lazy::TeamBilling::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/billing/statements/:start") view=lazy::TeamStatement::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/logs") view=lazy::CallLogs::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/logs/:call") view=lazy::OneCall::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/logs") view=lazy::CallLogs::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/logs/:call") view=lazy::OneCall::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/billing") view=lazy::TeamBilling::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/plans") view=lazy::Plans::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/audit") view=lazy::TeamAudit::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/models/requests") view=lazy::TeamRequests::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/models") view=lazy::OrganizationModels::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/groups") view=lazy::OrganizationGroups::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/groups") view=lazy::PlatformGroups::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/requests") view=lazy::OrganizationRequests::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/audit") view=lazy::PlatformAudit::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/outbox") view=lazy::Outbox::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/audit") view=lazy::OrganizationAudit::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/search") view=lazy::Search::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me") view=lazy::Own::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/usage") view=lazy::Usage::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/usage") view=lazy::Usage::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/usage") view=lazy::Usage::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/usage") view=lazy::Usage::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/t/:team/quotas") view=lazy::Quotas::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/quotas") view=lazy::Quotas::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/limits") view=lazy::OrganizationLimits::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/keys") view=lazy::Keys::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/playground") view=lazy::Playground::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/models/explain") view=lazy::Explain::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/me/models") view=lazy::TeamModels::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/account") view=lazy::AccountSettings::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin") view=|| view! { <Redirect path="/admin/providers"/> }/>
                <Route path=at!("/admin/providers") view=lazy::Providers::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/models") view=lazy::Models::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/tiers") view=lazy::Tiers::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/users") view=lazy::Users::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/users/:user") view=lazy::User::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/orgs") view=lazy::Organizations::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/system") view=lazy::System::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org") view=lazy::Organization::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/members") view=lazy::OrganizationMembers::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/o/:org/settings") view=lazy::OrganizationSettings::PAGE ssr=SsrMode::Async/>
                <Route path=at!("/admin/models/import") view=lazy::PriceList::PAGE ssr=SsrMode::Async/>
            </ParentRoute>
        </Routes>
    }
}

/// What has no page, and what this person may not know of.
#[component]
pub fn NotFound() -> impl IntoView {
    set_status(404);
    view! {
        <main class="page" id="main">
            <Message title="Nothing here" text="This page does not exist, or you have no access to it.">
                <a class="btn" href="/">"Go to my teams"</a>
            </Message>
        </main>
    }
}
