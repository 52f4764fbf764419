//! The settings page of a team and its danger zone, as browsers with and without script use them.

use axum::{body::Body, http::Method};

use super::{
    member_pages::{browser, invite, place},
    support::{
        TestApp,
        accounts::{PASSWORD, Visit, first_admin},
        app::Client,
        on_each_database,
        people::{db_join, db_person, new_team, team},
    },
};
use crate::domain::{roles::Role, time::MINUTE_MS};

const SETTINGS: &str = "/t/atlas-search/settings";

/// Sends a plain form that is refused, and gives the page that it comes back to.
async fn refused(app: &TestApp, browser: &Client, path: &str, fields: &[(&str, &str)], from: &str) -> String {
    let url = &app.services.settings.public_url;
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = browser.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("accept", "text/html").header("referer", format!("{url}{from}"));
    let answer = browser.send(request.body(Body::from(text)).unwrap()).await;
    browser.page(answer.header("location").trim_start_matches(url.as_str())).await.text()
}

#[tokio::test]
async fn the_settings_page_shows_what_each_role_may_do() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        for (at, changes, owns) in [(0, true, true), (1, true, false), (2, false, false), (3, false, false)] {
            let page = browser(&app, &people[at]).await.page(SETTINGS).await;
            assert_eq!(page.status, 200);
            let (text, who) = (page.text(), &people[at].user.name);
            assert!(text.contains("Settings, Atlas Search · Tallygate") && text.contains("4 members."), "{text}");
            assert_eq!(text.contains("Save settings"), changes, "{who}");
            assert_eq!(text.contains("Settings are for owner and admins."), !changes, "{who}");
            assert_eq!(text.contains("Set by the owner, Maya."), changes && !owns, "{who}");
            for owning in ["Save seats", "dialog=transfer", "dialog=delete"] {
                assert_eq!(text.contains(owning), owns, "{owning} for {who}");
            }
            assert_eq!(text.contains("dialog=leave"), at != 0, "the owner does not leave");
        }
        // What a role lacks does not open by its address.
        invite(&browser(&app, &people[0]).await, "hannah@northwind.example", false).await;
        for person in &people[1..] {
            for closed in ["dialog=transfer", "dialog=delete", "dialog=seats&seats=4"] {
                let page = browser(&app, person).await.page(&format!("{SETTINGS}?{closed}")).await.text();
                assert!(!page.contains("<dialog") && !page.contains("hannah@"), "{closed} for {}", person.user.name);
            }
        }
        let stranger = browser(&app, &db_person(&services, "Sam", false).await).await.page(SETTINGS).await;
        assert_eq!(stranger.status, 404);
        assert!(!stranger.text().contains("Atlas Search"));
        let signed_out = app.browser().page(SETTINGS).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/t/atlas-search/settings"));
    })
    .await;
}

#[tokio::test]
async fn settings_are_saved_with_and_without_script() {
    on_each_database(|services| async move {
        let (app, atlas, people) = place(&services).await;
        let ada = browser(&app, &people[1]).await;
        for (plain, name) in [(true, "Atlas </title><b>One</b> & Co"), (false, "Atlas Two")] {
            let fields = [("team", "atlas-search"), ("name", name), ("ranking_open", "true")];
            let saved = ada.form("/fn/save_team_settings", &fields, plain).await;
            let expected = (if plain { 302 } else { 200 }, "/t/atlas-search/settings?done=saved");
            assert_eq!((saved.status.as_u16(), saved.header("location")), expected, "{}", saved.text());
            let page = ada.page(saved.header("location")).await.text();
            assert!(page.contains("Settings saved.") && page.contains("value=\"/t/atlas-search\""), "{page}");
            assert!(!page.contains("<b>One"), "names are text: {page}");
            let title = name.replace('&', "&amp;").replace('<', "&lt;");
            assert!(page.contains(&format!("<title>Settings, {title} · Tallygate</title>")), "{page}");
            let view = services.get_team(&people[1], "atlas-search").await.unwrap();
            assert_eq!((view.name.as_str(), view.self_service, view.ranking_open), (name, false, true));
            assert_eq!((view.slug, view.seats, view.mode), (atlas.slug.clone(), atlas.seats, atlas.mode), "nothing else moves");
        }
        let long = "A".repeat(10_000);
        for name in ["", "  ", &long, "Atlas\u{202e}"] {
            let wrong = ada.form("/fn/save_team_settings", &[("team", "atlas-search"), ("name", name)], false).await;
            assert_eq!(wrong.status, 422, "{}", wrong.text());
        }
        let fields = [("team", "atlas-search"), ("name", "Atlas\u{200b}Three"), ("self_service", "true")];
        let back = refused(&app, &ada, "/fn/save_team_settings", &fields, SETTINGS).await;
        assert!(back.contains("Atlas\u{200b}Three") && back.contains("aria-invalid=\"true\""), "{back}");
        assert_eq!(services.get_team(&people[1], "atlas-search").await.unwrap().name, "Atlas Two", "nothing half-done");
    })
    .await;
}

#[tokio::test]
async fn alert_addresses_are_checked_kept_and_audited() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let ada = browser(&app, &people[1]).await;
        let fields = |emails: &'static str| [("team", "atlas-search"), ("name", "Atlas Search"), ("alert_emails", emails)];
        let held = async || services.get_team(&people[1], "atlas-search").await.unwrap().alert_emails;
        let saved =
            ada.form("/fn/save_team_settings", &fields("Ops@Northwind.example,\r\nfinance@northwind.example"), true).await;
        assert_eq!(saved.header("location"), "/t/atlas-search/settings?done=saved", "{}", saved.text());
        assert_eq!(held().await, ["ops@northwind.example", "finance@northwind.example"]);
        let page = ada.page(SETTINGS).await.text();
        assert!(page.contains("ops@northwind.example\nfinance@northwind.example</textarea>"), "{page}");
        let members = browser(&app, &people[2]).await.page(SETTINGS).await.text();
        assert!(!members.contains("ops@northwind.example"), "for those who may change them: {members}");
        for wrong in
            ["nobody", "a@x.example b@x.example c@x.example d@x.example e@x.example f@x.example", "ops@@northwind.example"]
        {
            let refused = refused(&app, &ada, "/fn/save_team_settings", &fields(wrong), SETTINGS).await;
            assert!(refused.contains("aria-invalid=\"true\""), "{wrong}: {refused}");
            assert_eq!(held().await.len(), 2, "{wrong}");
        }
        // The same by REST, and only by those who may.
        let path = "/api/v1/teams/atlas-search";
        let body = serde_json::json!({"alert_emails": ["On-Call@northwind.example"]});
        let answer = app.api(&people[1]).await.json(Method::PATCH, path, body.clone()).await.expect(200);
        assert_eq!(answer["alert_emails"], serde_json::json!(["on-call@northwind.example"]));
        app.api(&people[2]).await.json(Method::PATCH, path, body).await.expect(403);
        let seen = app.api(&people[2]).await.get(path).await.expect(200);
        assert_eq!(seen["alert_emails"], serde_json::json!([]));
        let log = ada.page("/t/atlas-search/audit").await.text();
        assert!(log.contains("Alert emails") && log.contains("on-call@northwind.example"), "{log}");
        ada.form("/fn/save_team_settings", &fields(""), true).await;
        assert_eq!(held().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn seats_of_a_plan_are_read_here_and_changed_with_it() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        services.set_discount(&people[0], "atlas-search", 1_250).await.unwrap();
        let wanted = crate::domain::plan_changes::Wanted::Plan("Pro".into(), Some(9));
        services.change_plan(&people[0], "atlas-search", &wanted).await.unwrap();
        let page = async |at: usize| browser(&app, &people[at]).await.page(SETTINGS).await.text();
        let owners = page(0).await;
        assert!(owners.contains("<dd>Pro<") && owners.contains("12.50% off all usage."), "{owners}");
        assert!(owners.contains("Change plan or seats") && owners.contains("href=\"/t/atlas-search/billing\""), "{owners}");
        assert!(!owners.contains("name=\"seats\""), "no form that can not be sent");
        let admins = page(1).await;
        assert!(admins.contains("Set by the owner, Maya.") && admins.contains("Open billing"), "{admins}");
        assert!(!page(2).await.contains("off all usage"), "members do not see the billing");
        // The form of a page that was open before says where to go.
        let fields = [("team", "atlas-search"), ("seats", "12")];
        let stale = browser(&app, &people[0]).await.form("/fn/set_team_seats", &fields, false).await;
        assert_eq!(stale.status, 409);
        assert!(stale.text().contains("its seats are changed under Billing"), "{}", stale.text());
    })
    .await;
}

#[tokio::test]
async fn fewer_seats_name_the_invitations_that_lose_theirs_first() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let maya = browser(&app, &people[0]).await;
        let seats = async |seats: &str, confirmed: bool, plain: bool| {
            let fields = [("team", "atlas-search"), ("seats", seats), ("confirmed", if confirmed { "true" } else { "false" })];
            maya.form("/fn/set_team_seats", &fields, plain).await
        };
        let held = async || services.get_team(&people[0], "atlas-search").await.unwrap().seats;
        for email in ["older@northwind.example", "newer@northwind.example"] {
            invite(&maya, email, false).await;
            services.clock.advance(1_000);
        }
        for plain in [true, false] {
            assert_eq!(seats("6", false, plain).await.header("location"), "/t/atlas-search/settings?done=seats");
            assert_eq!(held().await, Some(6), "all fit");
            let asked = seats("5", false, plain).await;
            assert_eq!(asked.header("location"), "/t/atlas-search/settings?dialog=seats&seats=5", "{}", asked.text());
            assert_eq!(held().await, Some(6), "asked first");
            let dialog = maya.page(asked.header("location")).await.text();
            assert!(dialog.contains("Reduce to 5 seats?") && dialog.contains("1 invitation loses its seat."), "{dialog}");
            assert!(dialog.contains("newer@northwind.example") && !dialog.contains("older@northwind.example"), "newest first");
            assert_eq!(seats("5", true, plain).await.header("location"), "/t/atlas-search/settings?done=seats");
            assert_eq!(held().await, Some(5));
        }
        let fewer = seats("3", true, false).await;
        assert_eq!(fewer.status, 422);
        assert!(fewer.text().contains("Atlas Search has 4 members, more than 3 seats."), "{}", fewer.text());
        for wrong in ["many", "2.5", "0", "-1", "99999999999999999999"] {
            assert_eq!(seats(wrong, true, false).await.status, 422, "{wrong}");
        }
        let back = refused(&app, &maya, "/fn/set_team_seats", &[("team", "atlas-search"), ("seats", "3")], SETTINGS).await;
        assert!(back.contains("value=\"3\"") && back.contains("more than 3 seats"), "what was typed stays: {back}");
        assert_eq!(held().await, Some(5));
        assert_eq!(seats("", false, true).await.status, 302);
        assert_eq!(held().await, None, "unlimited");
    })
    .await;
}

#[tokio::test]
async fn a_team_is_handed_over_with_its_name_and_a_password_and_deleted_with_its_name() {
    on_each_database(|services| async move {
        let visit = Visit::from("127.0.0.1");
        let maya = visit.caller(&first_admin(&services).await);
        let (ada, vera) = (db_person(&services, "Ada", false).await, db_person(&services, "Vera", false).await);
        let app = TestApp::new(&services);
        for plain in [true, false] {
            let done = if plain { 302 } else { 200 };
            let atlas = match plain {
                true => team(&services, &maya).await,
                false => services.create_team(&maya, new_team("Atlas Search", "northwind-labs")).await.unwrap(),
            };
            assert_eq!(atlas.slug, "atlas-search", "free again after a deletion");
            let owner = browser(&app, &maya).await;
            let alone = owner.page(&format!("{SETTINGS}?dialog=transfer")).await.text();
            assert!(alone.contains("Nobody can take over yet."), "{alone}");
            db_join(&services, &atlas, &ada, Role::Admin).await;
            db_join(&services, &atlas, &vera, Role::Viewer).await;
            let dialog = owner.page(&format!("{SETTINGS}?dialog=transfer")).await.text();
            assert!(dialog.contains("Ada (admin, no calls yet)") && !dialog.contains("Vera ("), "{dialog}");
            assert!(!dialog.contains("Your password"), "it was entered just now");
            services.clock.advance(10 * MINUTE_MS);
            let dialog = owner.page(&format!("{SETTINGS}?dialog=transfer")).await.text();
            assert!(dialog.contains("Your password") && dialog.contains("Both of you get a mail."), "{dialog}");

            let (to, viewer) = (ada.user.id.to_string(), vera.user.id.to_string());
            let fields = |to: &str, name: &str, password: &str| {
                [("team", "atlas-search"), ("to", to), ("confirm_name", name), ("password", password)]
                    .map(|(field, value)| (field, value.to_owned()))
            };
            for (to, name, password, problem) in [
                (to.as_str(), "Atlas", PASSWORD, "Type the name of the team"),
                (&to, "Atlas Search", "", "Enter your password"),
                (&to, "Atlas Search", "not the password", "This is not your password."),
                (&viewer, "Atlas Search", PASSWORD, "A viewer can not own a team."),
                (&maya.user.id.to_string(), "Atlas Search", PASSWORD, "You own this team already."),
                ("", "Atlas Search", PASSWORD, "Choose a member of the team."),
            ] {
                let fields = fields(to, name, password);
                let fields: Vec<(&str, &str)> = fields.iter().map(|(field, value)| (*field, value.as_str())).collect();
                let wrong = owner.form("/fn/transfer_team", &fields, false).await;
                assert_eq!(wrong.status, 422, "{problem}");
                assert!(wrong.text().contains(problem), "{}", wrong.text());
            }
            let wrong = fields(&to, "Atlas Sear", PASSWORD);
            let wrong: Vec<(&str, &str)> = wrong.iter().map(|(field, value)| (*field, value.as_str())).collect();
            let back = refused(&app, &owner, "/fn/transfer_team", &wrong, &format!("{SETTINGS}?dialog=transfer")).await;
            assert!(back.contains("value=\"Atlas Sear\"") && back.contains("Type the name of the team"), "{back}");
            assert!(!back.contains(PASSWORD), "passwords are typed again");
            assert_eq!(services.get_team(&maya, "atlas-search").await.unwrap().owner, maya.user.id, "nothing half-done");

            let right = fields(&to, "Atlas Search", PASSWORD);
            let right: Vec<(&str, &str)> = right.iter().map(|(field, value)| (*field, value.as_str())).collect();
            let handed = owner.form("/fn/transfer_team", &right, plain).await;
            let expected = (done, "/t/atlas-search/settings?done=transferred");
            assert_eq!((handed.status.as_u16(), handed.header("location")), expected, "{}", handed.text());
            let page = owner.page(handed.header("location")).await.text();
            assert!(page.contains("The team has a new owner.") && page.contains("owned by Ada."), "{page}");
            assert!(page.contains("dialog=leave") && !page.contains("dialog=delete"), "an admin from now on");

            let ada = browser(&app, &ada).await;
            let preview = ada.page(&format!("{SETTINGS}?dialog=delete")).await.text();
            assert!(
                preview.contains("3 people lose access.") && preview.contains("Usage stays with Northwind Labs"),
                "{preview}"
            );
            let wrong = [("team", "atlas-search"), ("confirm_name", "atlas search")];
            assert_eq!(ada.form("/fn/delete_team", &wrong, false).await.status, 422);
            let back = refused(&app, &ada, "/fn/delete_team", &wrong, &format!("{SETTINGS}?dialog=delete")).await;
            assert!(back.contains("value=\"atlas search\"") && back.contains("<dialog"), "{back}");
            let deleted = ada.form("/fn/delete_team", &[("team", "atlas-search"), ("confirm_name", "Atlas Search")], plain).await;
            assert_eq!((deleted.status.as_u16(), deleted.header("location")), (done, "/teams"), "{}", deleted.text());
            assert_eq!(ada.page(SETTINGS).await.status, 404);
        }
    })
    .await;
}
