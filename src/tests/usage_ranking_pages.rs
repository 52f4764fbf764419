//! The ranking of a usage page, and what stands out: who sees it, and how much of others.

use super::support::{
    TestApp,
    accounts::Visit,
    app::Client,
    on_each_database,
    people::{db_join, db_person, new_team, team},
};
use crate::{
    domain::{
        money::{DOLLAR, NanoUsd},
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage::{Outcome, UsageEvent},
    },
    service::{
        Caller, Services,
        metering::{
            book,
            testing::{START, event},
        },
    },
};

const PAGE: &str = "/t/atlas-search/usage";
const RANKING: &str = "/api/v1/teams/atlas-search/usage/members";
/// Days of calls; the last is the unusual one.
const DAYS: u64 = 50;

async fn browser(app: &TestApp, person: &Caller) -> Client {
    let browser = app.browser();
    let visit = Visit::from("127.0.0.1");
    let session = visit.session(&app.services);
    app.services.open_session(&session, Some(&person.user), &visit).await.unwrap();
    browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
    browser
}

/// One call a day of some dollars.
fn calls(team: &TeamView, person: &Caller, first: u64, dollars: impl Fn(u64) -> i64) -> Vec<UsageEvent> {
    let of = |day: u64| {
        let mut event = event(first + day);
        (event.call.team, event.call.user, event.call.test) = (team.id, person.user.id, false);
        event.call.model_name = "labs/chat".into();
        event.call.at = START.floor_to(DAY_MS).plus(day.cast_signed() * DAY_MS + 9 * HOUR_MS);
        event.end.outcome = Outcome::Completed;
        (event.end.cost, event.end.list_cost) = (NanoUsd(dollars(day) * DOLLAR), NanoUsd(dollars(day) * DOLLAR));
        event
    };
    (0..DAYS).map(of).collect()
}

/// Maya's team with an admin, two members and a viewer. Mo spends four times as much as usual on the last day.
async fn place(services: &Services) -> (TestApp, TeamView, Vec<Caller>, UnixMs) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let mut people = vec![maya];
    for (name, role) in [("Ada", Role::Admin), ("=Mo+1", Role::Member), ("Vera", Role::Viewer), ("Lin", Role::Member)] {
        let person = db_person(services, name, false).await;
        db_join(services, &atlas, &person, role).await;
        people.push(person);
    }
    let mut events = calls(&atlas, &people[2], 0, |day| if day == DAYS - 1 { 41 } else { 10 });
    events.extend(calls(&atlas, &people[4], 1_000, |_| 12));
    assert_eq!(book(&services.store, &events).await.unwrap(), events.len());
    let last = START.floor_to(DAY_MS).plus((DAYS.cast_signed() - 1) * DAY_MS);
    services.clock.advance(last.plus(12 * HOUR_MS).since(services.clock.now()));
    (TestApp::new(services), atlas, people, last)
}

#[tokio::test]
async fn who_stands_out_is_named_with_words_and_the_way_to_the_calls() {
    on_each_database(|services| async move {
        let (app, _, people, last) = place(&services).await;
        let mo = people[2].user.id.to_string();
        for who in [&people[0], &people[1]] {
            let api = app.api(who).await;
            let ranking = api.get(&format!("{RANKING}?range=7d")).await.expect(200);
            let rows = ranking["items"].as_array().unwrap();
            assert_eq!(rows.len(), 2);
            let of = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap()["marks"].as_array().unwrap().clone();
            assert_eq!(of(&people[4].user.id.to_string()).len(), 0);
            let marks = of(&mo);
            assert_eq!((marks.len(), &marks[0]["from"]), (1, &last.0.into()));
            assert_eq!((&marks[0]["cost"], &marks[0]["usual"]), (&(41 * DOLLAR).into(), &(10 * DOLLAR).into()));
            assert!(marks[0]["words"].as_str().unwrap().starts_with("4.1 × the usual for a "), "{marks:?}");
            assert_eq!(marks[0]["model"], "labs/chat");

            let page = browser(&app, who).await.page(PAGE).await.text();
            assert!(page.contains("Unusual") && page.contains("4.1 × the usual for a "), "{page}");
            assert!(page.contains(&format!("logs?from={}&amp;to={}&amp;member={mo}", last.0, last.0 + DAY_MS)), "{page}");
            assert!(page.contains(&format!("quotas?tab=members&amp;dialog=cap&amp;id={mo}")), "{page}");
        }
        let report = app.api(&people[2]).await.get("/api/v1/teams/atlas-search/usage?range=7d").await.expect(200);
        assert_eq!(report["marks"].as_array().unwrap().len(), 1, "22 to 53 dollars of the whole team: {}", report["marks"]);
        let overview = browser(&app, &people[1]).await.page("/t/atlas-search").await.text();
        assert!(overview.contains("Unusual spending: =Mo+1"), "{overview}");
    })
    .await;
}

#[tokio::test]
async fn members_see_a_ranking_only_where_it_is_opened_and_nobody_elses_name() {
    on_each_database(|services| async move {
        let (app, atlas, people, _) = place(&services).await;
        let (lin, mo) = (&people[4], people[2].user.id.to_string());
        let page = browser(&app, lin).await.page(PAGE).await.text();
        assert!(page.contains("The owner and the admins see who used what."), "{page}");
        app.api(lin).await.get(&format!("{RANKING}?range=28d")).await.expect(403);
        app.api(lin).await.get("/api/v1/teams/atlas-search/usage/ranking.csv").await.expect(403);

        let opened = serde_json::json!({"ranking_open": true});
        app.api(&people[0]).await.json(axum::http::Method::PATCH, "/api/v1/teams/atlas-search", opened).await.expect(200);
        let ranking = app.api(lin).await.get(&format!("{RANKING}?range=28d")).await.expect(200);
        let rows = ranking["items"].as_array().unwrap();
        assert_eq!(rows.len(), 2);
        let other = rows.iter().find(|row| row["id"] == "").unwrap();
        assert!(other["name"].as_str().unwrap().starts_with("Member ") && other["marks"] == serde_json::json!([]), "{other}");
        let page = browser(&app, lin).await.page(PAGE).await.text();
        assert!(page.contains("The names of others are left out.") && page.contains("Member "), "{page}");
        assert!(!page.contains(&mo) && !page.contains("=Mo+1") && !page.contains("Unusual"), "{page}");
        // A viewer has no place in it.
        app.api(&people[3]).await.get(RANKING).await.expect(403);
        assert_eq!(atlas.slug, "atlas-search");
    })
    .await;
}

#[tokio::test]
async fn who_left_stays_greyed_who_comes_back_is_one_row_and_files_run_nothing() {
    on_each_database(|services| async move {
        let (app, atlas, people, _) = place(&services).await;
        let (maya, mo) = (&people[0], &people[2]);
        services.remove_member(maya, "atlas-search", mo.user.id).await.unwrap();
        let page = browser(&app, maya).await.page(PAGE).await.text();
        assert!(page.contains("Left ") && page.contains("=Mo+1"), "{page}");
        assert!(!page.contains(&format!("dialog=cap&amp;id={}", mo.user.id)), "nobody limits who is gone");
        db_join(&services, &atlas, mo, Role::Member).await;
        let page = browser(&app, maya).await.page(PAGE).await.text();
        assert!(!page.contains("Left "), "{page}");
        let ranking = app.api(maya).await.get(&format!("{RANKING}?range=28d")).await.expect(200);
        assert_eq!(ranking["items"].as_array().unwrap().len(), 2);
        let file = browser(&app, maya).await.page("/api/v1/teams/atlas-search/usage/ranking.csv?range=28d").await.text();
        assert_eq!(file.lines().count(), 3, "{file}");
        assert!(file.contains(",\"'=Mo+1\","), "{file}");
        for (rank, title) in [("key", "Key ranking"), ("model", "Model ranking"), ("%27;--", "Member ranking")] {
            let page = browser(&app, maya).await.page(&format!("{PAGE}?rank={rank}&order_by=tokens")).await.text();
            assert!(page.contains(title) && page.contains("aria-sort=\"descending\""), "{page}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_organization_ranks_its_teams_and_each_leads_to_its_own_page() {
    on_each_database(|services| async move {
        let (app, atlas, people, last) = place(&services).await;
        let maya = &people[0];
        let research = services.create_team(maya, new_team("Research", "northwind-labs")).await.unwrap();
        let events = calls(&research, maya, 2_000, |day| if day % 2 == 0 { 30 } else { 20 });
        assert_eq!(book(&services.store, &events).await.unwrap(), events.len());

        // Seven days, the last of them the 50th day: 41 + 6 × 10 + 7 × 12 dollars, and 3 × 30 + 4 × 20.
        let range = format!("from={}&to={}", last.0 - 6 * DAY_MS, last.0 + DAY_MS / 2);
        let address = format!("/api/v1/organizations/northwind-labs/usage/ranking.csv?group_by=team&{range}");
        let file = browser(&app, maya).await.page(&address).await.text();
        let rows: Vec<Vec<&str>> = file.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 2, "{file}");
        assert_eq!((rows[0][2], rows[0][11]), (atlas.id.to_string().as_str(), "185"), "{file}");
        assert_eq!((rows[1][2], rows[1][11]), (research.id.to_string().as_str(), "170"), "{file}");
        let whole = app.api(maya).await.get(&format!("/api/v1/organizations/northwind-labs/usage?{range}")).await.expect(200);
        assert_eq!(whole["total"]["cost"], 355 * DOLLAR, "teams are the whole");

        for place in ["/o/northwind-labs/usage", "/admin/usage"] {
            let page = browser(&app, maya).await.page(&format!("{place}?rank=team&{range}")).await.text();
            assert!(page.contains("Team ranking") && page.contains("2 teams, by spend"), "{page}");
            let own = format!("/t/{}/usage?from={}&amp;to={}", research.id, last.0 - 6 * DAY_MS, last.0 + DAY_MS / 2);
            assert!(page.contains(&own), "{page}");
        }
        // A team is not made of teams.
        let page = browser(&app, maya).await.page(&format!("{PAGE}?rank=team")).await.text();
        assert!(page.contains("Member ranking") && !page.contains("Team ranking"), "{page}");
        let refused = app.api(maya).await.get("/api/v1/teams/atlas-search/usage/ranking.csv?group_by=team").await;
        assert_eq!(refused.status, 422);

        services.delete_team(maya, "research", "Research").await.unwrap();
        let page = browser(&app, maya).await.page(&format!("/o/northwind-labs/usage?rank=team&{range}")).await.text();
        assert!(page.contains("Deleted") && !page.contains(&format!("/t/{}/usage", research.id)), "{page}");
    })
    .await;
}
