//! The pages in groups. A browser loads a group's code with the first of its pages: what an admin page needs is not carried by
//! everybody who signs in. On the server nothing is split; it writes the group's address into the page, so that the browser loads
//! it together with the rest.

use leptos::{lazy, prelude::*};
use leptos_router::LazyRoute;

use super::{
    AccountPage, ConfirmPage, ForgotPage, Frame, KeysPage, LoginPage, NewTeamPage, OverviewPage, ResetPage, SignupPage,
    TeamsPage,
    admin::{ModelsPage, ProvidersPage},
};

/// Pages of one group, each with the type that the route table names.
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

            impl LazyRoute for $route {
                fn data() -> Self {
                    Self
                }

                async fn view(_: Self) -> AnyView {
                    $load($select::$route).await
                }

                async fn preload() {
                    // Made by `lazy` in the browser's half only.
                    #[cfg(feature = "hydrate")]
                    $preload().await;
                }
            }
        )+
    };
}

group!(door_pages, __preload_door_pages, Door {
    Login => LoginPage,
    Signup => SignupPage,
    Forgot => ForgotPage,
    Reset => ResetPage,
    Confirm => ConfirmPage,
});

// Around all pages of those who are signed in.
group!(frame_pages, __preload_frame_pages, Around { Framed => Frame });

group!(team_pages, __preload_team_pages, Team {
    Teams => TeamsPage,
    NewTeam => NewTeamPage,
});

group!(overview_pages, __preload_overview_pages, Figures { Overview => OverviewPage });

group!(key_pages, __preload_key_pages, ApiKeys { Keys => KeysPage });

group!(account_pages, __preload_account_pages, Own { Account => AccountPage });

group!(admin_pages, __preload_admin_pages, Admin {
    Providers => ProvidersPage,
    Models => ModelsPage,
});
