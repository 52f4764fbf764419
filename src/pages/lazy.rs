//! The pages in groups. A browser loads a group's code with the first of its pages: what an admin page needs is not carried by
//! everybody who signs in. Code that several groups share becomes a file for each combination; `script/pack.mjs` makes one file of all that
//! a group needs. On the server nothing is split; it writes the group's address into the page, so that the browser loads it together with
//! the rest.

use std::pin::Pin;

use leptos::{lazy, prelude::*};
use leptos_router::ChooseView;

use super::{
    AccountPage, AuditPage, BillingPage, CallLogsPage, CallPage, ConfirmPage, ExplainPage, ForgotPage, GroupsPage, InvitePage,
    KeysPage, LoginPage, MembersPage, NewTeamPage, OrganizationLimitsPage, OrganizationMembersPage, OrganizationModelsPage,
    OrganizationPage, OrganizationSettingsPage, OutboxPage, OverviewPage, OwnPage, Palette, PlaygroundPage, QuotasPage,
    RequestsPage, ResetPage, SearchPage, SignupPage, StatementPage, TeamModelsPage, TeamSettingsPage, TeamsPage, UsagePage,
    admin::{ModelsPage, OrganizationsPage, PlansPage, PriceListPage, ProvidersPage, SystemPage, TiersPage, UserPage, UsersPage},
};

/// The texts and tables of a page travel in its group's file as well. For that the linker's data is laid out anew, every file's beginning
/// aligned, and where the result does not fit into the place of the former, all of it stays in the file that every page loads. Nothing
/// reads this, so it is in no file: it only makes the place larger.
#[cfg(feature = "hydrate")]
#[used]
static ROOM: [u8; 64 * 1024] = [b'.'; 64 * 1024];

type Loading<T> = Pin<Box<dyn Future<Output = T>>>;

/// A page in its group. One type for all pages: the router makes code for each type of view that the route table names, and it is code
/// that every page loads.
#[derive(Clone, Copy)]
pub struct Page {
    load: fn() -> Loading<AnyView>,
    #[cfg(feature = "hydrate")]
    preload: fn() -> Loading<()>,
}

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        (self.load)().await
    }

    async fn preload(&self) {
        #[cfg(feature = "hydrate")]
        (self.preload)().await;
    }
}

/// Pages of one group, each with the name that the route table uses.
macro_rules! group {
    ($load:ident, $preload:ident, $select:ident { $($route:ident => $page:ident),+ $(,)? }) => {
        #[derive(Clone, Copy)]
        enum $select { $($route),+ }

        #[lazy]
        fn $load(page: $select) -> AnyView {
            match page { $($select::$route => view! { <$page/> }.into_any()),+ }
        }

        $(
            #[doc = concat!("The route of [`", stringify!($page), "`].")]
            pub struct $route;

            impl $route {
                /// What the route table takes.
                pub const PAGE: Page = Page {
                    load: || Box::pin($load($select::$route)),
                    // Made by `lazy` in the browser's half only.
                    #[cfg(feature = "hydrate")]
                    preload: || Box::pin($preload()),
                };
            }
        )+
    };
}

// What a visitor meets first.
group!(login_pages, __preload_login_pages, Front { Login => LoginPage });

group!(door_pages, __preload_door_pages, Door {
    Signup => SignupPage,
    Forgot => ForgotPage,
    Reset => ResetPage,
    Confirm => ConfirmPage,
    Invite => InvitePage,
});

group!(team_pages, __preload_team_pages, TeamList {
    Teams => TeamsPage,
    NewTeam => NewTeamPage,
});

group!(home_pages, __preload_home_pages, Home { Overview => OverviewPage });

// What one uses oneself.
group!(own_pages, __preload_own_pages, OfOneself { Own => OwnPage });

group!(key_pages, __preload_key_pages, ApiKeys { Keys => KeysPage });

group!(playground_pages, __preload_playground_pages, Try { Playground => PlaygroundPage });

group!(explain_pages, __preload_explain_pages, Why { Explain => ExplainPage });

group!(member_pages, __preload_member_pages, Team { Members => MembersPage });

group!(model_pages, __preload_model_pages, OfModels { TeamModels => TeamModelsPage });

group!(settings_pages, __preload_settings_pages, Settings { TeamSettings => TeamSettingsPage });

group!(account_pages, __preload_account_pages, Account { AccountSettings => AccountPage });

group!(platform_pages, __preload_platform_pages, Platform {
    Providers => ProvidersPage,
});

group!(catalog_pages, __preload_catalog_pages, Catalog { Models => ModelsPage });

group!(tier_pages, __preload_tier_pages, OfTiers { Tiers => TiersPage });

group!(price_pages, __preload_price_pages, Prices { PriceList => PriceListPage });

group!(user_pages, __preload_user_pages, Accounts {
    Users => UsersPage,
    User => UserPage,
});

group!(organization_pages, __preload_organization_pages, Organizational {
    Organizations => OrganizationsPage,
    Organization => OrganizationPage,
    OrganizationSettings => OrganizationSettingsPage,
    System => SystemPage,
});

group!(organization_member_pages, __preload_organization_member_pages, OfOrganization {
    OrganizationMembers => OrganizationMembersPage,
});

// What may be used, and what is.
group!(quota_pages, __preload_quota_pages, Limits {
    Quotas => QuotasPage,
    OrganizationLimits => OrganizationLimitsPage,
});

// Asking for models, and deciding.
group!(request_pages, __preload_request_pages, Requests {
    TeamRequests => RequestsPage,
    OrganizationRequests => RequestsPage,
});

// What an organization takes in of the catalog.
group!(asset_pages, __preload_asset_pages, AssetSet { OrganizationModels => OrganizationModelsPage });

group!(group_pages, __preload_group_pages, AccessGroups {
    OrganizationGroups => GroupsPage,
    PlatformGroups => GroupsPage,
});

// Single calls.
group!(log_pages, __preload_log_pages, OfCalls {
    CallLogs => CallLogsPage,
    OneCall => CallPage,
});

group!(search_pages, __preload_search_pages, Find { Search => SearchPage });

/// Draws the palette, which opens over any page.
#[lazy]
fn palette_pages() -> fn() -> AnyView {
    || view! { <Palette/> }.into_any()
}

/// Loads the palette's code, and gives out what draws it. The server opens none.
pub fn load_palette(draw: RwSignal<Option<fn() -> AnyView>>) {
    #[cfg(feature = "hydrate")]
    leptos::task::spawn_local(async move { draw.set(Some(palette_pages().await)) });
    #[cfg(not(feature = "hydrate"))]
    let _ = (draw, palette_pages);
}

// Money of a team.
group!(billing_pages, __preload_billing_pages, Money {
    TeamBilling => BillingPage,
    TeamStatement => StatementPage,
});

group!(plan_pages, __preload_plan_pages, Offer { Plans => PlansPage });

// What was done, and what was mailed.
group!(record_pages, __preload_record_pages, Record {
    TeamAudit => AuditPage,
    OrganizationAudit => AuditPage,
    PlatformAudit => AuditPage,
    Outbox => OutboxPage,
});

// What was used, over time.
group!(usage_pages, __preload_usage_pages, OfUsage { Usage => UsagePage });
