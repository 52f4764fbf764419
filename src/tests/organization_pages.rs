//! The pages of the organizations and of the platform's settings, as those who run them use them with and without script.

use super::{
    member_pages::browser,
    support::{
        TestApp,
        app::Client,
        on_each_database,
        people::{db_join, db_person, new_team, team},
    },
};
use crate::{
    domain::{
        accounts::SignUpPolicy,
        platform::PersonalModels,
        roles::{OrgRole, Role},
    },
    service::{Caller, Services},
    storage,
};

const ORG: &str = "/o/northwind-labs";
const MEMBERS: &str = "/o/northwind-labs/members";
const SETTINGS: &str = "/o/northwind-labs/settings";
const ORGS: &str = "/admin/orgs";
const SYSTEM: &str = "/admin/system";

/// Maya runs the platform, its organization and a team; Olga administrates the organization, Mo is in the team, Noor has an account.
struct Place {
    app: TestApp,
    maya: Caller,
    olga: Caller,
    mo: Caller,
    noor: Caller,
}

impl Place {
    async fn new(services: &Services) -> Self {
        let maya = db_person(services, "Maya", true).await;
        let atlas = team(services, &maya).await;
        let [olga, mo, noor] = [
            db_person(services, "Olga", false).await,
            db_person(services, "Mo", false).await,
            db_person(services, "Noor", false).await,
        ];
        services.add_organization_member(&maya, "northwind-labs", "olga@northwind.example", "admin").await.unwrap();
        db_join(services, &atlas, &mo, Role::Member).await;
        Self { app: TestApp::new(services), maya, olga, mo, noor }
    }
}

async fn role(services: &Services, person: &Caller) -> Option<OrgRole> {
    let mut c = services.store.reader().await.unwrap();
    let org = storage::organizations::find(&mut c, "northwind-labs").await.unwrap().unwrap();
    storage::organizations::find_role(&mut c, org.id, person.user.id).await.unwrap()
}

#[tokio::test]
async fn an_organizations_pages_open_to_its_admins_and_the_platforms() {
    on_each_database(|services| async move {
        let Place { app, maya, olga, mo, noor } = Place::new(&services).await;
        let [maya, olga, mo, noor] =
            [browser(&app, &maya).await, browser(&app, &olga).await, browser(&app, &mo).await, browser(&app, &noor).await];
        for (who, status) in [(&maya, 200), (&olga, 200), (&mo, 403), (&noor, 404)] {
            for page in [ORG, MEMBERS, SETTINGS] {
                let reply = who.page(page).await;
                assert_eq!(reply.status.as_u16(), status, "{page}");
                assert_eq!(reply.text().contains("Northwind Labs · Tallygate"), status == 200, "{page}: {}", reply.text());
                assert!(status != 404 || !reply.text().contains("Northwind"), "{page}");
            }
            let is_platform_admin = std::ptr::eq(who, &maya);
            for page in [ORGS, SYSTEM] {
                assert_eq!(who.page(page).await.status.as_u16(), if is_platform_admin { 200 } else { 404 }, "{page}");
            }
        }
        assert_eq!(maya.page("/o/nothing-here").await.status, 404);
        let signed_out = app.browser().page(ORG).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/o/northwind-labs"));

        let overview = olga.page(ORG).await.text();
        assert!(overview.contains("Atlas Search") && overview.contains("None this month"), "{overview}");
        assert!(!overview.contains("dialog=recover"), "recovering is the platform's");
        assert!(maya.page(ORG).await.text().contains("dialog=recover&amp;team=atlas-search"));
        // The way there stands in the frame of whoever may go it.
        for (who, leads) in [(&maya, true), (&olga, true), (&mo, false)] {
            assert_eq!(who.page("/teams").await.text().contains("href=\"/o/northwind-labs\""), leads);
        }
    })
    .await;
}

#[tokio::test]
async fn organizations_are_listed_made_and_changed() {
    on_each_database(|services| async move {
        let Place { app, maya, olga, .. } = Place::new(&services).await;
        let (admin, olga) = (browser(&app, &maya).await, browser(&app, &olga).await);
        let list = admin.page(ORGS).await.text();
        assert!(list.contains("1 organization with 1 team, $0.00 this month.") && list.contains("3, 2 admins"), "{list}");
        assert!(admin.page(&format!("{ORGS}?dialog=create")).await.text().contains("You become its first admin"));
        for (name, slug, says) in [
            ("Southwind", "northwind-labs", "The address “northwind-labs” is taken. Choose another."),
            (" ", "", "Enter a name for the organization."),
        ] {
            let fields = [("name", name), ("slug", slug)];
            let back = admin.refused_form(&format!("{ORGS}?dialog=create"), "/fn/create_organization", &fields).await;
            assert!(back.contains(says) && back.contains("aria-invalid=\"true\"") && back.contains("<dialog"), "{back}");
            assert!(back.contains(&format!("value=\"{slug}\"")), "what was typed stays");
        }
        for (plain, name, slug) in [(true, "Southwind", "/o/southwind"), (false, "Eastwind", "/o/eastwind")] {
            let made = admin.form("/fn/create_organization", &[("name", name), ("slug", "")], plain).await;
            assert_eq!((made.status.as_u16(), made.header("location")), (if plain { 302 } else { 200 }, slug), "{}", made.text());
            assert!(admin.page(slug).await.text().contains("No teams yet"));
        }
        assert!(admin.page(ORGS).await.text().contains("3 organizations with 1 team"));

        let form = [("org", "northwind-labs"), ("name", "Northwind"), ("members_create_teams", "true")];
        let back =
            olga.refused_form(SETTINGS, "/fn/update_organization", &[("org", "northwind-labs"), ("name", "\u{202e}x")]).await;
        assert!(back.contains("Leave out invisible and direction-changing characters."), "{back}");
        let saved = olga.form("/fn/update_organization", &form, true).await;
        assert_eq!((saved.status.as_u16(), saved.header("location")), (302, "/o/northwind-labs/settings?done=saved"));
        let page = olga.page(saved.header("location")).await.text();
        assert!(page.contains("Settings saved.") && page.contains("Settings, Northwind · Tallygate"), "{page}");
        let now = services.get_organization(&maya, "northwind-labs").await.unwrap();
        assert_eq!((now.members_create_teams, now.open_unrestricted_models), (true, false), "what is not ticked is off");
    })
    .await;
}

#[tokio::test]
async fn members_are_added_promoted_and_removed_on_the_page() {
    on_each_database(|services| async move {
        let Place { app, maya, olga, mo, noor } = Place::new(&services).await;
        let admin = browser(&app, &olga).await;
        let page = admin.page(MEMBERS).await.text();
        assert!(
            page.contains("3 members")
                && page.contains("Olga<span class=\"you\"> (you)<")
                && page.contains("mo@northwind.example"),
            "{page}"
        );
        let found = admin.page(&format!("{MEMBERS}?q=MO@&sort=-name")).await.text();
        assert!(found.contains("1 member<") && !found.contains("maya@") && found.contains("aria-sort=\"descending\""), "{found}");
        assert!(admin.page(&format!("{MEMBERS}?dialog=add")).await.text().contains("Of somebody with an account."));
        let add = |email: &'static str| [("org", "northwind-labs"), ("email", email), ("role", "member")];
        for (email, says) in [
            ("nobody@x.example", "No account has this address. Invite it to one of the organization&#x27;s teams."),
            ("mo@northwind.example", "Mo belongs to Northwind Labs already."),
        ] {
            let back = admin.refused_form(&format!("{MEMBERS}?dialog=add"), "/fn/add_organization_member", &add(email)).await;
            assert!(back.replace('\'', "&#x27;").contains(says) && back.contains(&format!("value=\"{email}\"")), "{back}");
        }
        for plain in [true, false] {
            let done = if plain { 302 } else { 200 };
            let added = admin.form("/fn/add_organization_member", &add("noor@northwind.example"), plain).await;
            assert_eq!((added.status.as_u16(), added.header("location")), (done, MEMBERS), "{}", added.text());
            let user = noor.user.id.to_string();
            let set = |role: &'static str| [("org", "northwind-labs"), ("user", user.as_str()), ("role", role)];
            let asked = admin.page(&format!("{MEMBERS}?dialog=promote&user={user}")).await.text();
            assert!(asked.contains("Make Noor an admin?"), "{asked}");
            let confirmed = [&set("admin")[..], &[("confirmed", "true")]].concat();
            assert_eq!(admin.form("/fn/set_organization_role", &confirmed, plain).await.header("location"), MEMBERS);
            assert_eq!(role(&services, &noor).await, Some(OrgRole::Admin));
            for wrong in ["owner", "", "ADMIN"] {
                assert_eq!(admin.form("/fn/set_organization_role", &set(wrong), false).await.status, 422, "{wrong}");
            }
            assert_eq!(admin.form("/fn/set_organization_role", &set("member"), plain).await.status.as_u16(), done);
            assert_eq!(role(&services, &noor).await, Some(OrgRole::Member));
            let asked = admin.page(&format!("{MEMBERS}?dialog=remove&user={user}")).await.text();
            assert!(asked.contains("Remove Noor?") && asked.contains("They are in none of its teams."), "{asked}");
            let removed = admin.form("/fn/remove_organization_member", &set("")[..2], plain).await;
            assert_eq!((removed.status.as_u16(), removed.header("location")), (done, MEMBERS), "{}", removed.text());
            assert_eq!(role(&services, &noor).await, None);
        }
        let blocked = admin.page(&format!("{MEMBERS}?dialog=remove&user={}", mo.user.id)).await.text();
        assert!(blocked.contains("Mo is in Atlas Search. Remove them there first: that stops their keys."), "{blocked}");
        assert!(!blocked.contains("Remove member"), "nothing to press");
        // Who steps down, or out, has nothing to see here any more.
        let own = olga.user.id.to_string();
        let out = admin.form("/fn/remove_organization_member", &[("org", "northwind-labs"), ("user", &own)], true).await;
        assert_eq!(out.header("location"), "/teams");
        assert_eq!(admin.page(MEMBERS).await.status, 404);
        let last = browser(&app, &maya).await;
        let maya = maya.user.id.to_string();
        let set = [("org", "northwind-labs"), ("user", maya.as_str()), ("role", "member")];
        assert_eq!(last.form("/fn/set_organization_role", &set, false).await.status, 409, "one admin stays");
    })
    .await;
}

/// The order of two addresses on a page.
async fn is_before(browser: &Client, page: &str, first: &str, second: &str) -> bool {
    let text = browser.page(page).await.text();
    let at = |address: &str| text.find(address).unwrap_or_else(|| panic!("{address} on {page}: {text}"));
    at(first) < at(second)
}

#[tokio::test]
async fn lists_of_an_organization_are_sorted_and_go_on() {
    on_each_database(|services| async move {
        let Place { app, maya, olga, .. } = Place::new(&services).await;
        for n in 0..30 {
            let name = format!("P{n:02}");
            db_person(&services, &name, false).await;
            let email = format!("p{n:02}@northwind.example");
            services.add_organization_member(&maya, "northwind-labs", &email, "member").await.unwrap();
        }
        let admin = browser(&app, &olga).await;
        let first = admin.page(&format!("{MEMBERS}?sort=name")).await.text();
        assert!(first.contains("25 of 33 members") && first.contains("p10@") && !first.contains("p29@"), "{first}");
        let older = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let older = older.split('"').next().unwrap().replace("&amp;", "&");
        let second = admin.page(&older).await.text();
        assert!(second.contains("8 of 33 members") && second.contains("p29@") && !second.contains("p10@"), "{older}: {second}");
        assert!(is_before(&admin, MEMBERS, "olga@", "mo@").await, "admins come first");
        assert!(is_before(&admin, &format!("{MEMBERS}?sort=-name"), "p29@", "p28@").await);
        services.create_team(&olga, new_team("Beta", "northwind-labs")).await.unwrap();
        assert!(admin.page(ORG).await.text().contains("Beta"));
        assert_eq!(admin.page(&format!("{MEMBERS}?cursor=nonsense!")).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn the_platforms_settings_are_saved_each_on_its_own() {
    on_each_database(|services| async move {
        let Place { app, maya, .. } = Place::new(&services).await;
        let admin = browser(&app, &maya).await;
        let page = admin.page(SYSTEM).await.text();
        for shown in [
            "From the configuration until it is saved here.",
            "Are files: no mail server is configured",
            env!("CARGO_PKG_VERSION"),
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        let settings = async || services.platform_settings(&maya).await.unwrap();
        // The other card is not touched.
        let saved = admin.form("/fn/update_platform_settings", &[("personal_models", "general")], true).await;
        assert_eq!((saved.status.as_u16(), saved.header("location")), (302, "/admin/system?done=personal"), "{}", saved.text());
        let now = settings().await;
        assert_eq!((now.personal_models, now.sign_up_from_configuration), (PersonalModels::General, true));

        for (domains, says) in [
            ("", "Enter at least one domain that may sign up."),
            ("not a domain", "Enter domains such as company.example, with commas between them."),
        ] {
            let fields = [("sign_up", "domain"), ("sign_up_domains", domains)];
            let back = admin.refused_form(SYSTEM, "/fn/update_platform_settings", &fields).await;
            assert!(back.contains(says) && back.contains("aria-invalid=\"true\"") && back.contains(domains), "{back}");
        }
        assert!(settings().await.sign_up_from_configuration, "nothing half-done");
        let fields = [("sign_up", "domain"), ("sign_up_domains", "Northwind.example\r\nlabs.example")];
        let saved = admin.form("/fn/update_platform_settings", &fields, false).await;
        assert_eq!(saved.header("location"), "/admin/system?done=sign-up", "{}", saved.text());
        let now = settings().await;
        assert_eq!((now.sign_up.policy, now.personal_models), (SignUpPolicy::Domain, PersonalModels::General));
        assert_eq!(now.sign_up.domains, ["northwind.example", "labs.example"]);
        let page = admin.page("/admin/system?done=sign-up").await.text();
        assert!(page.contains("Who may sign up is saved.") && page.contains("northwind.example\nlabs.example"), "{page}");
        assert_eq!(admin.form("/fn/update_platform_settings", &[("sign_up", "nobody")], false).await.status, 422);
        assert_eq!(admin.form("/fn/update_platform_settings", &[("personal_models", "all")], false).await.status, 422);
    })
    .await;
}
