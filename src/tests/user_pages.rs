//! The pages of the accounts, as platform admins use them with and without script.

use super::{
    member_pages::browser,
    support::{
        TestApp,
        app::Reply,
        on_each_database,
        people::{db_join, db_person, team},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        roles::Role,
        teams::TeamView,
    },
    service::{Caller, Services},
    storage,
};

const USERS: &str = "/admin/users";

/// Maya runs the platform and owns a team; Noor is a member of it, Vera has only an account.
struct Place {
    app: TestApp,
    team: TeamView,
    maya: Caller,
    noor: Caller,
    vera: Caller,
}

impl Place {
    async fn new(services: &Services) -> Self {
        let maya = db_person(services, "Maya", true).await;
        let team = team(services, &maya).await;
        let noor = db_person(services, "Noor", false).await;
        db_join(services, &team, &noor, Role::Member).await;
        let vera = db_person(services, "Vera", false).await;
        Self { app: TestApp::new(services), team, maya, noor, vera }
    }
}

/// Somebody as they are now: what ends sessions counts against those from before.
async fn now(services: &Services, person: &Caller) -> Caller {
    let found = storage::users::find(&mut services.store.reader().await.unwrap(), person.user.id).await.unwrap();
    Caller { user: found.expect("an account"), ..person.clone() }
}

fn page_of(person: &Caller) -> String {
    format!("{USERS}/{}", person.user.id)
}

#[tokio::test]
async fn accounts_are_listed_found_and_shown_to_platform_admins_alone() {
    on_each_database(|services| async move {
        let Place { app, team, maya, noor, vera } = Place::new(&services).await;
        services.suspend_user(&maya, vera.user.id, "Left the company.").await.unwrap();
        let admin = browser(&app, &maya).await;
        let list = admin.page(USERS).await;
        assert_eq!(list.status, 200);
        let text = list.text();
        assert!(
            text.contains("Users, Platform · Tallygate") && text.contains("> (you)<") && text.contains("3 accounts"),
            "{text}"
        );
        assert!(text.contains("noor@northwind.example") && text.contains("1, owns 1") && text.contains("badge danger"));
        assert!(text.contains(&page_of(&noor)));
        for (query, found) in [("q=NOOR", "Noor"), ("show=suspended", "Vera"), ("show=admins", "> (you)<")] {
            let text = admin.page(&format!("{USERS}?{query}")).await.text();
            assert!(text.contains("1 account<") && text.contains(found), "{query}: {text}");
        }
        assert!(admin.page(&format!("{USERS}?q=nobody")).await.text().contains("No account matches."));
        assert_eq!(admin.page(&format!("{USERS}?cursor=nonsense")).await.status, 422);

        let detail = admin.page(&page_of(&noor)).await.text();
        assert!(
            detail.contains("Noor, Users · Tallygate") && detail.contains("Atlas Search") && detail.contains("Northwind Labs")
        );
        for offered in ["dialog=suspend", "dialog=sessions", "dialog=reset", "dialog=make-admin"] {
            assert!(detail.contains(offered), "{offered}");
        }
        assert!(!detail.contains("dialog=recover"), "Noor owns nothing");
        let suspended = admin.page(&page_of(&vera)).await.text();
        assert!(suspended.contains("“Left the company.”") && suspended.contains("dialog=reinstate"), "{suspended}");
        assert!(!suspended.contains("dialog=reset") && !suspended.contains("dialog=make-admin"));
        let own = admin.page(&page_of(&maya)).await.text();
        assert!(own.contains(&format!("dialog=recover&amp;team={}", team.slug)) && own.contains("href=\"/account\""), "{own}");
        assert!(!own.contains("dialog=suspend") && !own.contains("dialog=sessions"), "not oneself");
        assert!(!admin.page(&format!("{}?dialog=suspend", page_of(&maya))).await.text().contains("<dialog"));
        assert_eq!(admin.page(&format!("{USERS}/nobody")).await.status, 404);

        let stranger = browser(&app, &noor).await;
        for hidden in [USERS.to_owned(), page_of(&vera), format!("{}?dialog=recover&team=atlas-search", page_of(&maya))] {
            let reply = stranger.page(&hidden).await;
            assert_eq!(reply.status, 404, "{hidden}");
            assert!(!reply.text().contains("vera@"), "{hidden}");
        }
        let signed_out = app.browser().page(USERS).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/admin/users"));
    })
    .await;
}

#[tokio::test]
async fn an_account_is_suspended_and_reinstated_with_a_reason() {
    on_each_database(|services| async move {
        let Place { app, maya, noor, .. } = Place::new(&services).await;
        let admin = browser(&app, &maya).await;
        let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
        services.create_key(&noor, "atlas-search", new).await.unwrap();
        let (page, id) = (page_of(&noor), noor.user.id.to_string());
        let post = async |path: &str, fields: &[(&str, &str)], plain: bool| -> Reply {
            let fields: Vec<(&str, &str)> = [("user", id.as_str())].into_iter().chain(fields.iter().copied()).collect();
            admin.form(path, &fields, plain).await
        };
        for plain in [true, false] {
            let done = if plain { 302 } else { 200 };
            let noors = browser(&app, &now(&services, &noor).await).await;
            assert_eq!(noors.page("/teams").await.status, 200);
            let asked = admin.page(&format!("{page}?dialog=suspend")).await.text();
            assert!(asked.contains("Suspend Noor?") && asked.contains("1 key pauses with its next call."), "{asked}");
            assert!(asked.contains("1 browser is signed in. All are signed out now."), "{asked}");
            if plain {
                let fields = [("user", id.as_str()), ("reason", " ")];
                let back = admin.refused_form(&format!("{page}?dialog=suspend"), "/fn/suspend_user", &fields).await;
                assert!(back.contains("Enter a reason, which other platform admins will read."), "{back}");
                assert!(back.contains("aria-invalid=\"true\""));
                let long = "very ".repeat(120);
                let fields = [("user", id.as_str()), ("reason", long.as_str())];
                let back = admin.refused_form(&format!("{page}?dialog=suspend"), "/fn/suspend_user", &fields).await;
                assert!(
                    back.contains("Use at most 500 characters.") && back.contains("very very"),
                    "what was typed stays: {back}"
                );
            } else {
                assert_eq!(post("/fn/suspend_user", &[("reason", "")], false).await.status, 422);
            }
            let suspended = post("/fn/suspend_user", &[("reason", "Keys\nleaked.")], plain).await;
            assert_eq!((suspended.status.as_u16(), suspended.header("location")), (done, page.as_str()), "{}", suspended.text());
            assert_eq!(noors.page("/teams").await.status, 302, "signed out with the next request");
            assert!(admin.page(&page).await.text().contains("“Keys leaked.”"));
            assert_eq!(post("/fn/suspend_user", &[("reason", "again")], false).await.status, 409);
            assert!(admin.page(&format!("{page}?dialog=reinstate")).await.text().contains("End the suspension of Noor?"));
            let back = post("/fn/unsuspend_user", &[("reason", "")], plain).await;
            assert_eq!((back.status.as_u16(), back.header("location")), (done, page.as_str()), "{}", back.text());
            assert!(!admin.page(&page).await.text().contains("Keys leaked."));
        }
    })
    .await;
}

#[tokio::test]
async fn sessions_passwords_and_the_role_are_changed_on_the_page() {
    on_each_database(|services| async move {
        let Place { app, maya, noor, .. } = Place::new(&services).await;
        let admin = browser(&app, &maya).await;
        let (page, id) = (page_of(&noor), noor.user.id.to_string());
        let noors = browser(&app, &now(&services, &noor).await).await;
        let asked = admin.page(&format!("{page}?dialog=sessions")).await.text();
        assert!(asked.contains("1 browser is signed in. The next action in each leads to the sign-in."), "{asked}");
        let ended = admin.form("/fn/end_user_sessions", &[("user", &id)], true).await;
        assert_eq!((ended.status.as_u16(), ended.header("location")), (302, page.as_str()));
        assert_eq!(noors.page("/teams").await.status, 302);

        assert!(admin.page(&format!("{page}?dialog=reset")).await.text().contains("A link goes to noor@northwind.example."));
        assert_eq!(admin.form("/fn/start_password_reset", &[("user", &id)], true).await.header("location"), page);
        services.deliver_mails_once().await.unwrap();
        super::support::accounts::mailed_token(&services, "noor@northwind.example", "/reset/");

        let own = maya.user.id.to_string();
        let last = admin.form("/fn/set_platform_admin", &[("user", &own), ("admin", "false")], false).await;
        assert_eq!(last.status, 409, "one stays");
        assert!(admin.page(&format!("{page}?dialog=make-admin")).await.text().contains("Make Noor a platform admin?"));
        let made = admin.form("/fn/set_platform_admin", &[("user", &id), ("admin", "true")], true).await;
        assert_eq!((made.status.as_u16(), made.header("location")), (302, page.as_str()));
        let noors = browser(&app, &now(&services, &noor).await).await;
        assert_eq!(noors.page(USERS).await.status, 200);
        // Who gives the role up is led away from where there is nothing to see any more.
        let given_up = admin.form("/fn/set_platform_admin", &[("user", &own), ("admin", "false")], true).await;
        assert_eq!(given_up.header("location"), "/teams");
        assert_eq!(admin.page(USERS).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn ownership_is_recovered_with_a_reason_and_after_a_preview() {
    on_each_database(|services| async move {
        let Place { app, team, maya, noor, vera } = Place::new(&services).await;
        let admin = browser(&app, &maya).await;
        let dialog = format!("{}?dialog=recover&team={}", page_of(&maya), team.slug);
        let asked = admin.page(&dialog).await.text();
        assert!(asked.contains("Recover ownership of Atlas Search") && asked.contains("Noor (member)"), "{asked}");
        assert!(asked.contains("Maya becomes admin of it.") && asked.contains("Both get a mail with your reason."));
        let (owner, to) = (maya.user.id.to_string(), noor.user.id.to_string());
        let form = |to: &'static str, email: &'static str, reason: &'static str| {
            [
                ("user", owner.clone()),
                ("team", team.slug.clone()),
                ("to", to.into()),
                ("email", email.into()),
                ("reason", reason.into()),
            ]
        };
        let send = async |fields: &[(&str, String)], plain: bool| -> Reply {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            admin.form("/fn/recover_ownership", &fields, plain).await
        };
        for (fields, says) in [
            (form("", "nobody@x.example", "Why"), "No account has this address."),
            (form("", "nonsense", "Why"), "nonsense"),
            (form("", "vera@northwind.example", ""), "Enter a reason, which the old and the new owner will read."),
            (form("nobody", "", "Why"), "There is no such account."),
            (form("somebody", "vera@northwind.example", "Why"), "Choose another account above for this one"),
        ] {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let back = admin.refused_form(&dialog, "/fn/recover_ownership", &fields).await;
            assert!(back.contains(says) && back.contains("aria-invalid=\"true\"") && back.contains("<dialog"), "{says}: {back}");
        }
        services.suspend_user(&maya, vera.user.id, "a test").await.unwrap();
        let fields = form("", "vera@northwind.example", "Why");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let back = admin.refused_form(&dialog, "/fn/recover_ownership", &fields).await;
        assert!(back.contains("Vera is suspended. Choose somebody else."), "{back}");
        services.unsuspend_user(&maya, vera.user.id, "").await.unwrap();
        assert_eq!(services.get_team(&maya, &team.slug).await.unwrap().owner, maya.user.id, "nothing was changed so far");

        let done = send(&form("", "VERA@northwind.example", "Maya is away for good."), true).await;
        assert_eq!((done.status.as_u16(), done.header("location")), (302, page_of(&maya).as_str()), "{}", done.text());
        assert_eq!(services.get_team(&maya, &team.slug).await.unwrap().owner, vera.user.id);
        let mut fields = form("", "", "Vera, too.");
        fields[0].1 = vera.user.id.to_string();
        fields[2].1 = to;
        let done = send(&fields, false).await;
        assert_eq!((done.status.as_u16(), done.header("location")), (200, page_of(&vera).as_str()), "{}", done.text());
        assert_eq!(services.get_team(&maya, &team.slug).await.unwrap().owner, noor.user.id);
        services.deliver_mails_once().await.unwrap();
        let told = services.mailer.sent().into_iter().filter(|mail| mail.text.contains("> Vera, too.")).count();
        assert_eq!(told, 2, "the old and the new owner");
    })
    .await;
}
