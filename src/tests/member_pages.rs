//! The pages of a team's people, as browsers with and without script use them.

use axum::{body::Body, http::Method};

pub(super) use super::support::accounts::browser;
use super::support::{
    TestApp,
    accounts::{PASSWORD, mailed_token},
    app::{Client, Reply},
    on_each_database,
    people::{db_join, db_person, new_team, simulated, team},
};
use crate::{
    domain::{
        authorization::TeamState,
        catalog::NewModel,
        model_access::AccessDraft,
        roles::Role,
        teams::{AccessMode, TeamView},
        time::{DAY_MS, SECOND_MS},
    },
    service::{Caller, Services},
    wire,
};

const MEMBERS: &str = "/t/atlas-search/members";
const HANNAH: &str = "hannah@northwind.example";

/// The same with Olga, who runs the organization, a provider, models that it serves, and what the team of a short name makes of them.
pub(super) async fn place_with_models(
    services: &Services,
    models: &[NewModel],
    team: &str,
    states: &[(&str, TeamState)],
) -> (TestApp, Vec<Caller>, Caller) {
    let (app, _, people) = place(services).await;
    let mut simulated = simulated("sim");
    simulated.simulation.first_token_ms = 0;
    services.create_provider(&people[0], simulated).await.unwrap();
    for model in models {
        services.create_model(&people[0], model.clone()).await.unwrap();
    }
    if team != "atlas-search" {
        let mut name = team.to_owned();
        name[0..1].make_ascii_uppercase();
        services.create_team(&people[0], new_team(&name, "northwind-labs")).await.unwrap();
    }
    let models = states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect();
    let draft = AccessDraft { mode: AccessMode::Restrict, models: Some(models), ..AccessDraft::default() };
    services.set_team_access(&people[0], team, &draft, true).await.unwrap();
    let olga = db_person(services, "Olga", false).await;
    services.add_organization_member(&people[0], "northwind-labs", "olga@northwind.example", "admin").await.unwrap();
    (app, people, olga)
}

/// Maya's team with somebody in each other role, and an admin of nothing.
pub(super) async fn place(services: &Services) -> (TestApp, TeamView, Vec<Caller>) {
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

pub(super) async fn invite(browser: &Client, emails: &str, plain: bool) -> Reply {
    let fields = [("team", "atlas-search"), ("emails", emails), ("role", "member"), ("note", "See you")];
    browser.form("/fn/invite_members", &fields, plain).await
}

/// The token of the newest mail with an invitation.
pub(super) async fn mailed(app: &TestApp, email: &str) -> String {
    app.services.deliver_mails_once().await.unwrap();
    mailed_token(&app.services, email, "/invite/")
}

/// Follows the mailed link, and gives the page that it leads to.
pub(super) async fn open(browser: &Client, token: &str) -> String {
    let opened = browser.page(&format!("/invite/{token}")).await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, "/invite"));
    let page = browser.page("/invite").await.text();
    assert!(!page.contains(token), "the page holds no token");
    page
}

#[tokio::test]
async fn the_members_page_shows_what_each_role_may_do() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        invite(&browser(&app, &people[0]).await, HANNAH, false).await;
        for (at, manages) in [(0, true), (1, true), (2, false), (3, false)] {
            let page = browser(&app, &people[at]).await.page(MEMBERS).await;
            assert_eq!(page.status, 200);
            let text = page.text();
            assert!(text.contains("4 members and 1 pending invitation."), "{text}");
            assert!(text.contains("mo@northwind.example") && text.contains("Members, Atlas Search · Tallygate"));
            for managing in ["dialog=invite", "Pending invitations", HANNAH, "dialog=remove", "Change role", "Spend this month"] {
                assert_eq!(text.contains(managing), manages, "{managing} for {}", people[at].user.name);
            }
            assert_eq!(text.contains("dialog=leave"), at != 0, "the owner does not leave");
        }
        // What a role lacks does not open by its address.
        let mo = browser(&app, &people[2]).await;
        for closed in ["dialog=invite", &format!("dialog=remove&user={}", people[3].user.id)] {
            assert!(!mo.page(&format!("{MEMBERS}?{closed}")).await.text().contains("<dialog"), "{closed}");
        }
        let ada = browser(&app, &people[1]).await;
        assert!(ada.page(&format!("{MEMBERS}?dialog=invite")).await.text().contains("One per line, up to 20."));
        let owner = ada.page(&format!("{MEMBERS}?dialog=remove&user={}", people[0].user.id)).await.text();
        assert!(!owner.contains("<dialog"), "nobody removes the owner");
        let found = ada.page(&format!("{MEMBERS}?q=VERA&sort=-name")).await.text();
        assert!(found.contains("1 member<") && found.contains("vera@northwind.example") && !found.contains(">Mo<"), "{found}");
        assert!(found.contains("aria-sort=\"descending\""));

        let stranger = db_person(&services, "Sam", false).await;
        let hidden = browser(&app, &stranger).await.page(MEMBERS).await;
        assert_eq!(hidden.status, 404);
        assert!(!hidden.text().contains("maya@") && !hidden.text().contains("Atlas Search"));
        assert_eq!(browser(&app, &people[0]).await.page("/t/nothing-here/members").await.status, 404);
        let signed_out = app.browser().page(MEMBERS).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/t/atlas-search/members"));
    })
    .await;
}

#[tokio::test]
async fn from_invitation_to_removal_with_and_without_script() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let maya = browser(&app, &people[0]).await;
        for (plain, email) in [(true, HANNAH), (false, "kofi@northwind.example")] {
            let done = if plain { 302 } else { 200 };
            let sent = invite(&maya, &format!("{email}\nmo@northwind.example"), plain).await;
            assert_eq!(sent.status.as_u16(), done, "{}", sent.text());
            if plain {
                assert_eq!(sent.header("location"), "/t/atlas-search/members?dialog=invited");
                let results = maya.page(sent.header("location")).await.text();
                assert!(results.contains("1 invited, 1 not"), "{results}");
                assert!(results.contains("This address belongs to a member of Atlas Search."));
                assert!(!maya.page(sent.header("location")).await.text().contains("1 invited"), "shown once");
            } else {
                assert!(sent.text().contains("/invite/"), "links to copy");
            }
            let newcomer = app.browser();
            let token = mailed(&app, email).await;
            let page = open(&newcomer, &token).await;
            assert!(page.contains("Join Atlas Search as member") && page.contains("Create account and join"), "{page}");
            assert!(page.contains("Invited by Maya.") && page.contains(email));
            let short = newcomer.form("/fn/sign_up_and_join", &[("name", "New"), ("password", "short")], false).await;
            assert_eq!(short.status, 422, "{}", short.text());
            let fields = [("name", "Newcomer"), ("password", PASSWORD)];
            let joined = newcomer.form("/fn/sign_up_and_join", &fields, plain).await;
            assert_eq!((joined.status.as_u16(), joined.header("location")), (done, "/t/atlas-search"), "{}", joined.text());
            let listed = newcomer.page(MEMBERS).await.text();
            assert!(listed.contains("Newcomer") && listed.matches("> (you)<").count() == 1, "{listed}");
            let again = open(&newcomer, &token).await;
            assert!(again.contains("You are in Atlas Search") && again.contains("Open Atlas Search"), "{again}");
            assert!(open(&app.browser(), &token).await.contains("This invitation was used already; it works once."));

            let listed = services.list_members(&people[0], "atlas-search", crate::service::members::MemberQuery::default()).await;
            let user = listed.unwrap().page.items.into_iter().find(|row| row.email == email).expect("a member").user.to_string();
            let role = |role: &'static str| {
                [("team", "atlas-search"), ("user", user.as_str()), ("role", role)].map(|(k, v)| (k.to_owned(), v.to_owned()))
            };
            let post = async |by: &Client, path: &str, fields: &[(String, String)]| {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                by.form(path, &fields, plain).await
            };
            assert_eq!(post(&maya, "/fn/set_member_role", &role("viewer")).await.status.as_u16(), done);
            assert_eq!(newcomer.page(MEMBERS).await.text().matches("role viewer").count(), 2, "Vera and the newcomer");
            // Nobody raises themselves, and nobody becomes owner this way.
            for (by, word) in [(&newcomer, "admin"), (&maya, "owner"), (&maya, "nonsense")] {
                let refused = post(by, "/fn/set_member_role", &role(word)).await;
                assert!(plain || refused.status.is_client_error(), "{word}");
            }
            assert_eq!(newcomer.page(MEMBERS).await.text().matches("role viewer").count(), 2, "a viewer still");
            let asked = maya.page(&format!("{MEMBERS}?dialog=remove&user={user}")).await.text();
            assert!(asked.contains("Newcomer loses access now.") && asked.contains("stays in statistics."), "{asked}");
            let removed = post(&maya, "/fn/remove_member", &role("viewer")[..2]).await;
            assert_eq!((removed.status.as_u16(), removed.header("location")), (done, MEMBERS), "{}", removed.text());
            assert_eq!(newcomer.page(MEMBERS).await.status, 404, "gone with the next request");
        }
        let leaver = browser(&app, &people[2]).await;
        assert!(leaver.page(&format!("{MEMBERS}?dialog=leave")).await.text().contains("You lose access now."));
        let left = leaver.form("/fn/leave_team", &[("team", "atlas-search")], true).await;
        assert_eq!((left.status.as_u16(), left.header("location")), (302, "/teams"));
        let stays = maya.form("/fn/leave_team", &[("team", "atlas-search")], false).await;
        assert_eq!(stays.status, 409, "the owner transfers first");
    })
    .await;
}

/// Pages that stay open ask for this mark, and load anew when it changes.
#[tokio::test]
async fn an_open_page_notices_what_its_reader_no_longer_may() {
    on_each_database(|services| async move {
        let (app, atlas, people) = place(&services).await;
        let mo = browser(&app, &people[2]).await;
        let mark = async || mo.form("/fn/get_standing", &[], false).await.text();
        let page = mo.page(MEMBERS).await.text();
        let member = mark().await;
        assert!(page.contains(&wire::read::<String>(&member).unwrap()), "the page knows its mark");
        assert_eq!(mark().await, member, "nothing happened");
        let began = services.store.changes();
        let mut aside = services.store.begin_aside().await.unwrap();
        sqlx::query("UPDATE sessions SET last_seen_at = last_seen_at").execute(&mut *aside).await.unwrap();
        aside.commit().await.unwrap();
        assert_eq!(services.store.changes(), began, "what happens all the time is no change");
        services.set_member_role(&people[0], &atlas.slug, people[2].user.id, Role::Viewer).await.unwrap();
        let viewer = mark().await;
        assert_ne!(viewer, member, "another role");
        services.remove_member(&people[0], &atlas.slug, people[2].user.id).await.unwrap();
        assert!(![member, viewer].contains(&mark().await), "another team less");
        mo.form("/fn/log_out", &[], false).await;
        assert_eq!(mark().await, app.browser().form("/fn/get_standing", &[], false).await.text(), "nobody");
    })
    .await;
}

#[tokio::test]
async fn pending_invitations_are_copied_sent_anew_and_revoked() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let maya = browser(&app, &people[0]).await;
        invite(&maya, HANNAH, false).await;
        let first = mailed(&app, HANNAH).await;
        let page = maya.page(MEMBERS).await.text();
        assert!(
            page.contains("Invited by Maya, now") && page.contains("Mail sent") && page.contains("Expires in 7 days"),
            "{page}"
        );
        let id = services.list_invitations(&people[0], "atlas-search").await.unwrap()[0].id.to_string();
        let fields = [("team", "atlas-search"), ("id", id.as_str())];
        let copied = maya.form("/fn/copy_invitation_link", &fields, true).await;
        assert_eq!((copied.status.as_u16(), copied.header("location")), (302, "/t/atlas-search/members?dialog=link"));
        let shown = maya.page(copied.header("location")).await.text();
        assert!(shown.contains(&format!("{}/invite/", app.services.settings.public_url)), "{shown}");
        let mo = browser(&app, &people[2]).await;
        for path in ["/fn/copy_invitation_link", "/fn/resend_invitation", "/fn/revoke_invitation"] {
            assert_eq!(mo.form(path, &fields, false).await.status, 403, "{path}");
        }
        app.services.clock.advance(6 * DAY_MS + 1);
        // Her session is over by then.
        let maya = browser(&app, &people[0]).await;
        let soon = maya.page(MEMBERS).await.text();
        assert!(soon.contains("Expires in 23 h"), "{soon}");
        assert_eq!(maya.form("/fn/resend_invitation", &fields, false).await.status, 200);
        let second = mailed(&app, HANNAH).await;
        assert_ne!(first, second);
        let old = app.browser();
        old.page(&format!("/invite/{first}")).await;
        assert_eq!(old.page("/invite").await.status, 404, "the old link is dead");
        assert_eq!(maya.form("/fn/revoke_invitation", &fields, false).await.status, 200);
        assert!(!maya.page(MEMBERS).await.text().contains(HANNAH));
        let revoked = open(&app.browser(), &second).await;
        assert!(revoked.contains("This invitation was withdrawn.") && !revoked.contains("Atlas") && !revoked.contains("Maya"));
    })
    .await;
}

#[tokio::test]
async fn the_link_of_an_invitation_shows_each_of_its_states() {
    on_each_database(|services| async move {
        let (app, atlas, people) = place(&services).await;
        let maya = browser(&app, &people[0]).await;
        // Hannah has an account, made with an earlier invitation.
        invite(&maya, HANNAH, false).await;
        let hannah = app.browser();
        open(&hannah, &mailed(&app, HANNAH).await).await;
        hannah.form("/fn/sign_up_and_join", &[("name", "Hannah"), ("password", PASSWORD)], true).await;
        hannah.form("/fn/leave_team", &[("team", "atlas-search")], true).await;
        invite(&maya, HANNAH, false).await;
        let token = mailed(&app, HANNAH).await;

        // Somebody else is signed in, and switches.
        let shared = browser(&app, &db_person(&services, "Lena", false).await).await;
        let other = open(&shared, &token).await;
        assert!(other.contains("You are signed in as lena@northwind.example.") && other.contains("Switch account"), "{other}");
        assert_eq!(shared.form("/fn/accept_invitation", &[], false).await.status, 403);
        assert_eq!(shared.form("/fn/decline_invitation", &[], false).await.status, 403);
        let switched = shared.form("/fn/switch_account", &[], true).await;
        assert_eq!((switched.status.as_u16(), switched.header("location")), (302, "/invite"));
        assert!(shared.page("/invite").await.text().contains("Sign in and join"));
        let wrong = shared.form("/fn/sign_in_and_join", &[("password", "not the password")], false).await;
        assert_eq!(wrong.status, 401);
        let joined = shared.form("/fn/sign_in_and_join", &[("password", PASSWORD)], true).await;
        assert_eq!((joined.status.as_u16(), joined.header("location")), (302, "/t/atlas-search"));
        shared.form("/fn/leave_team", &[("team", "atlas-search")], true).await;

        // The right account joins with one press; a second press finds it done.
        invite(&maya, HANNAH, false).await;
        let ready = open(&hannah, &mailed(&app, HANNAH).await).await;
        assert!(ready.contains("Join team") && ready.contains("Decline"), "{ready}");
        let accepted = hannah.form("/fn/accept_invitation", &[], true).await;
        assert_eq!((accepted.status.as_u16(), accepted.header("location")), (302, "/t/atlas-search"));
        assert!(hannah.cookie("invite_link").is_none());
        hannah.form("/fn/leave_team", &[("team", "atlas-search")], true).await;

        // Declined.
        invite(&maya, HANNAH, false).await;
        let token = mailed(&app, HANNAH).await;
        open(&hannah, &token).await;
        let declined = hannah.form("/fn/decline_invitation", &[], true).await;
        assert_eq!(declined.header("location"), "/invite?declined=1");
        assert!(hannah.page("/invite?declined=1").await.text().contains("You declined"));
        assert!(open(&hannah, &token).await.contains("This invitation was declined."));

        // No seat.
        invite(&maya, HANNAH, false).await;
        let token = mailed(&app, HANNAH).await;
        let patch = crate::service::teams::TeamPatch { seats: Some(Some(4)), ..Default::default() };
        services.update_team(&people[0], &atlas.slug, patch).await.unwrap();
        let full = open(&hannah, &token).await;
        assert!(full.contains("Atlas Search uses 4 of 4 seats.") && full.contains("Notify Maya (owner)"), "{full}");
        assert!(maya.page(MEMBERS).await.text().contains("No seat"));

        // Over; a new link is asked for once.
        app.services.clock.advance(8 * DAY_MS);
        let over = open(&app.browser(), &token).await;
        assert!(over.contains("Invitation expired") && over.contains("Ask Maya for a new link"), "{over}");
        let asking = app.browser();
        open(&asking, &token).await;
        assert_eq!(asking.form("/fn/ask_about_invitation", &[], true).await.header("location"), "/invite");
        assert!(asking.page("/invite").await.text().contains("A mail is on its way."));
        assert_eq!(asking.form("/fn/ask_about_invitation", &[], false).await.status, 429);

        // Unknown.
        let nobody = app.browser();
        let unknown = nobody.page("/invite").await;
        assert_eq!(unknown.status, 404);
        nobody.set_cookie("invite_link", &"A".repeat(43));
        assert_eq!(nobody.page("/invite").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_refused_invitation_form_comes_back_with_what_was_typed() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let maya = browser(&app, &people[0]).await;
        let many: Vec<String> = (0..21).map(|n| format!("p{n}@x.example")).collect();
        let fields = [("team", "atlas-search"), ("emails", &*many.join("\n")), ("role", "member"), ("note", "")];
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let from = format!("{}{MEMBERS}?dialog=invite", app.services.settings.public_url);
        let request =
            maya.request(Method::POST, "/fn/invite_members").header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("accept", "text/html").header("referer", &from);
        let refused = maya.send(request.body(Body::from(text)).unwrap()).await;
        let back = refused.header("location").trim_start_matches(app.services.settings.public_url.as_str()).to_owned();
        let page = maya.page(&back).await.text();
        assert!(page.contains("Invite at most 20 addresses at once.") && page.contains("p20@x.example"), "{page}");
        assert!(services.list_invitations(&people[0], "atlas-search").await.unwrap().is_empty(), "nothing half-done");
    })
    .await;
}

/// Every open page asks every few seconds.
#[tokio::test]
async fn an_open_page_asks_nothing_of_storage_while_nothing_happens() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let (mo, nobody) = (browser(&app, &people[2]).await, app.browser());
        let mark = async |who: &Client| who.form("/fn/get_standing", &[], false).await.text();
        let member = mark(&mo).await;
        services.store.close().await;
        assert_eq!(mark(&mo).await, member, "without a database");
        assert!(!nobody.form("/fn/get_standing", &[], false).await.text().contains(&member));
        services.clock.advance(31 * SECOND_MS);
        assert_ne!(mo.form("/fn/get_standing", &[], false).await.status, 200, "a session may have ended by now");
    })
    .await;
}
