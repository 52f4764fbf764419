//! The pages of the audit log, as browsers see them.

use super::support::{
    TestApp,
    accounts::Visit,
    app::Client,
    on_each_database,
    people::{db_join, db_person, model, simulated, team},
};
use crate::{
    domain::{
        roles::{OrgRole, Role},
        teams::TeamView,
        time::{DAY_MS, HOUR_MS},
    },
    service::{Caller, Services, teams::TeamPatch},
    storage,
};

const OF_TEAM: &str = "/t/atlas-search/audit";
const OF_ORGANIZATION: &str = "/o/northwind-labs/audit";
const OF_PLATFORM: &str = "/admin/audit";

/// A browser that somebody signed in with.
async fn browser(app: &TestApp, person: &Caller) -> Client {
    let browser = app.browser();
    let visit = Visit::from("127.0.0.1");
    let session = visit.session(&app.services);
    app.services.open_session(&session, Some(&person.user), &visit).await.unwrap();
    browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
    browser
}

/// Maya's team with somebody in each other role.
async fn place(services: &Services) -> (TestApp, TeamView, Vec<Caller>) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let mut people = vec![maya];
    for (name, role) in [("Ada", Role::Admin), ("Mo", Role::Member), ("Vera", Role::Viewer)] {
        let person = db_person(services, name, false).await;
        db_join(services, &atlas, &person, role).await;
        people.push(person);
    }
    (TestApp::new(services), atlas, people)
}

fn rename(name: &str) -> TeamPatch {
    TeamPatch { name: Some(name.into()), ..TeamPatch::default() }
}

#[tokio::test]
async fn each_log_opens_for_those_who_may_read_it() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let olu = db_person(&services, "Olu", false).await;
        services.add_organization_member(&people[0], "northwind-labs", "olu@northwind.example", "admin").await.unwrap();
        let stranger = db_person(&services, "Noor", false).await;
        for (who, of_team, of_organization, of_platform) in [
            (&people[0], 200, 200, 200),
            (&people[1], 200, 403, 404),
            (&people[2], 403, 403, 404),
            (&people[3], 403, 403, 404),
            (&olu, 200, 200, 404),
            (&stranger, 404, 404, 404),
        ] {
            let browser = browser(&app, who).await;
            for (path, status) in [(OF_TEAM, of_team), (OF_ORGANIZATION, of_organization), (OF_PLATFORM, of_platform)] {
                let page = browser.page(path).await;
                assert_eq!(page.status.as_u16(), status, "{path} for {}", who.user.name);
                let text = page.text();
                assert_eq!(text.contains("Created team"), status == 200, "{path} for {}: {text}", who.user.name);
                assert_eq!(text.contains("Export CSV"), status == 200);
                // The way there is shown to those whom it is open for.
                if path == OF_TEAM && status != 404 {
                    assert_eq!(text.contains(&format!("href=\"{OF_TEAM}\"")), status == 200, "{}: {text}", who.user.name);
                }
            }
        }
        let olus = browser(&app, &olu).await.page("/o/northwind-labs").await.text();
        assert!(olus.contains(&format!("href=\"{OF_ORGANIZATION}\"")), "{olus}");
        let maya = browser(&app, &people[0]).await;
        for (path, title) in [
            (OF_TEAM, "Audit log, Atlas Search · Tallygate"),
            (OF_ORGANIZATION, "Audit log, Northwind Labs · Tallygate"),
            (OF_PLATFORM, "Audit log, Platform · Tallygate"),
        ] {
            assert!(maya.page(path).await.text().contains(title), "{title}");
        }
        for nothing in ["/t/no-such-team/audit", "/o/no-such-organization/audit", "/t/me/audit"] {
            assert_eq!(maya.page(nothing).await.status, 404, "{nothing}");
        }
        let signed_out = app.browser().page(OF_ORGANIZATION).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/o/northwind-labs/audit"));
    })
    .await;
}

#[tokio::test]
async fn entries_tell_what_was_and_what_is() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        services.clock.advance(HOUR_MS);
        services.update_team(&people[1], "atlas-search", rename("<b>Atlas</b>")).await.unwrap();
        services.set_member_role(&people[0], "atlas-search", people[2].user.id, Role::Viewer).await.unwrap();
        services.create_provider(&people[0], simulated("sim")).await.unwrap();
        services.create_model(&people[0], model("small", "sim")).await.unwrap();
        let maya = browser(&app, &people[0]).await;
        let text = maya.page(OF_TEAM).await.text();
        assert!(text.contains("<del>Atlas Search<") && text.contains("<ins>&lt;b&gt;Atlas&lt;/b&gt;<"), "{text}");
        assert!(text.contains("<del>member<") && text.contains("<ins>viewer<"), "{text}");
        assert!(text.contains("Changed role") && text.contains("Sun 22 Nov 2026") && text.contains("Sat 21 Nov 2026"), "{text}");
        assert!(text.contains("System") && !text.contains(">Added model"), "{text}");
        let all = maya.page(OF_PLATFORM).await.text();
        assert!(
            !text.contains("Keys revoked") && !text.contains("Member in"),
            "neither nothing nor the place that one is in: {text}"
        );
        assert!(all.contains(">Added model") && all.contains("<ins>$1.00<") && all.contains("Member in "), "{all}");

        // A change by a page says where from.
        let user = people[3].user.id.to_string();
        let fields = [("team", "atlas-search"), ("user", user.as_str()), ("role", "member")];
        assert_eq!(maya.form("/fn/set_member_role", &fields, false).await.status, 200);
        let text = maya.page(OF_TEAM).await.text();
        assert!(text.contains(">Page<small>127.0.0.1<"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn filters_and_pages_narrow_the_list_and_the_file_alike() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        for n in 0..30 {
            services.clock.advance(1_000);
            services.update_team(&people[1], "atlas-search", rename(&format!("Atlas {n}"))).await.unwrap();
        }
        services.clock.advance(DAY_MS);
        services.set_member_role(&people[0], "atlas-search", people[2].user.id, Role::Viewer).await.unwrap();
        let maya = browser(&app, &people[0]).await;
        let first = maya.page(OF_TEAM).await.text();
        assert!(first.contains("The newest 25 entries") && first.contains("<ins>Atlas 29<"), "{first}");
        let older = link(&first, "cursor=");
        let second = maya.page(&older).await.text();
        assert!(
            second.contains("7 older entries") && second.contains("Created team") && second.contains("rel=\"prev\""),
            "{second}"
        );
        assert!(!second.contains("<ins>Atlas 29<"));

        let ada = people[1].user.id;
        let mo = people[2].user.id;
        let filters: [(&str, usize, &str); 8] = [
            ("person=mAY", 2, "Created team"),
            ("action=member", 1, "Changed role"),
            ("action=member.set_role&outcome=done", 1, "Members: changed role"),
            ("object=mo", 1, "Changed role"),
            ("from=2026-11-22&to=2026-11-22", 1, "Changed role"),
            ("to=2026-11-21&person=Maya", 1, "Created team"),
            (&format!("actor={ada}&from=2026-11-21"), 30, "Ada"),
            (&format!("target={mo}&person=Maya"), 1, "Changed role"),
        ];
        let mut files = vec![];
        for (query, count, shown) in filters {
            let text = maya.page(&format!("{OF_TEAM}?{query}")).await.text();
            let summary = match count {
                1 => ">1 entry<".to_owned(),
                30 => ">The newest 25 entries<".to_owned(),
                n => format!(">{n} entries<"),
            };
            assert!(text.contains(&summary) && text.contains(shown), "{query}: {text}");
            assert!(text.contains("Remove the filter"), "{query}: {text}");
            files.push((link(&text, "audit.csv"), count));
        }
        for (file, count) in files {
            // The same rows, all of them, under a head; beside the export itself, where that fits.
            let rows = maya.get(&file).await.text().lines().skip(1).filter(|line| !line.contains("audit.export")).count();
            assert_eq!(rows, count, "{file}");
        }
        // Each of these files stands in the log itself.
        assert!(maya.page(&format!("{OF_TEAM}?action=audit.export")).await.text().contains("8 entries"));
        let none = maya.page(&format!("{OF_TEAM}?person=%25")).await.text();
        assert!(none.contains("Nothing recorded in this range") && none.contains("Clear filters"), "{none}");
        for (wrong, sentence) in [
            ("from=yesterday", "From must be a date such as 2026-11-20."),
            ("to=2026-02-30", "To must be a date such as 2026-11-20."),
            ("from=2026-11-23&to=2026-11-21", "From lies after To."),
            ("actor=nobody", "This is not an account."),
            ("outcome=maybe", "The result is done or denied."),
        ] {
            let text = maya.page(&format!("{OF_TEAM}?{wrong}")).await.text();
            assert!(text.contains(sentence) && !text.contains("<ins>"), "{wrong}: {text}");
        }
    })
    .await;
}

/// The address of a link on a page that holds some words.
fn link(page: &str, words: &str) -> String {
    let found = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).find(|href| href.contains(words));
    found.unwrap_or_else(|| panic!("a link with {words}: {page}")).replace("&amp;", "&")
}

#[tokio::test]
async fn refused_attempts_carry_a_lock_and_people_without_account_have_no_link() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let mut tx = services.store.begin().await.unwrap();
        let org = storage::organizations::find(&mut tx, "northwind-labs").await.unwrap().unwrap();
        storage::organizations::put_member(&mut tx, org.id, people[1].user.id, OrgRole::Admin, services.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(services.set_member_role(&people[1], "atlas-search", people[0].user.id, Role::Member).await.is_err());
        let fields = [("email", "nobody@x.example"), ("password", "not the password")];
        app.browser().form("/fn/log_in", &fields, false).await;
        let maya = browser(&app, &people[0]).await;
        let mut text = String::new();
        for _ in 0..400 {
            text = maya.page(&format!("{OF_PLATFORM}?outcome=denied")).await.text();
            if text.contains("Tried to manage members") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(text.contains("Tried to manage members") && text.contains("#i-lock") && text.contains("<ins>member<"), "{text}");
        assert!(text.contains("Sign-in refused") && text.contains("<span class=\"mute\">Nobody signed in<"), "{text}");
    })
    .await;
}
