//! The document around every page, what pages share, and the route table.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    Lazy, SsrMode,
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
    matches!(first, "me" | "t" | "o" | "teams" | "admin" | "account")
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

/// The route table. Pages are rendered as a whole before they are sent: status, title and every list work without script.
#[component]
fn Pages() -> impl IntoView {
    provide_context(Session::new());
    view! {
        <Routes fallback=NotFound>
            <Route path=path!("/") view=|| view! { <Redirect path="/teams"/> }/>
            <Route path=path!("/login") view={Lazy::<lazy::Login>::new()} ssr=SsrMode::Async/>
            <Route path=path!("/signup") view={Lazy::<lazy::Signup>::new()} ssr=SsrMode::Async/>
            <Route path=path!("/forgot") view={Lazy::<lazy::Forgot>::new()} ssr=SsrMode::Async/>
            <Route path=path!("/reset") view={Lazy::<lazy::Reset>::new()} ssr=SsrMode::Async/>
            <Route path=path!("/confirm") view={Lazy::<lazy::Confirm>::new()} ssr=SsrMode::Async/>
            <Route path=path!("/invite") view={Lazy::<lazy::Invite>::new()} ssr=SsrMode::Async/>
            <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                <Route path=path!("/teams") view={Lazy::<lazy::Teams>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/teams/new") view={Lazy::<lazy::NewTeam>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team") view={Lazy::<lazy::Overview>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/keys") view={Lazy::<lazy::Keys>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/playground") view={Lazy::<lazy::Playground>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/models/explain") view={Lazy::<lazy::Explain>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/models") view={Lazy::<lazy::TeamModels>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/members") view={Lazy::<lazy::Members>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/settings") view={Lazy::<lazy::TeamSettings>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/billing") view={Lazy::<lazy::TeamBilling>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/billing/statements/:start") view={Lazy::<lazy::TeamStatement>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me/billing") view={Lazy::<lazy::TeamBilling>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/plans") view={Lazy::<lazy::Plans>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/audit") view={Lazy::<lazy::TeamAudit>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/models/requests") view={Lazy::<lazy::TeamRequests>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/models") view={Lazy::<lazy::OrganizationModels>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/groups") view={Lazy::<lazy::OrganizationGroups>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/groups") view={Lazy::<lazy::PlatformGroups>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/requests") view={Lazy::<lazy::OrganizationRequests>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/audit") view={Lazy::<lazy::PlatformAudit>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/outbox") view={Lazy::<lazy::Outbox>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/audit") view={Lazy::<lazy::OrganizationAudit>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me") view={Lazy::<lazy::Overview>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/t/:team/quotas") view={Lazy::<lazy::Quotas>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me/quotas") view={Lazy::<lazy::Quotas>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/limits") view={Lazy::<lazy::OrganizationLimits>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me/keys") view={Lazy::<lazy::Keys>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me/playground") view={Lazy::<lazy::Playground>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me/models/explain") view={Lazy::<lazy::Explain>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/me/models") view={Lazy::<lazy::TeamModels>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/account") view={Lazy::<lazy::AccountSettings>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin") view=|| view! { <Redirect path="/admin/providers"/> }/>
                <Route path=path!("/admin/providers") view={Lazy::<lazy::Providers>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/models") view={Lazy::<lazy::Models>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/tiers") view={Lazy::<lazy::Tiers>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/users") view={Lazy::<lazy::Users>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/users/:user") view={Lazy::<lazy::User>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/orgs") view={Lazy::<lazy::Organizations>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/system") view={Lazy::<lazy::System>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org") view={Lazy::<lazy::Organization>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/members") view={Lazy::<lazy::OrganizationMembers>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/o/:org/settings") view={Lazy::<lazy::OrganizationSettings>::new()} ssr=SsrMode::Async/>
                <Route path=path!("/admin/models/import") view={Lazy::<lazy::PriceList>::new()} ssr=SsrMode::Async/>
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
