//! The pages of statistics, as browsers see them.

use super::support::{
    TestApp,
    accounts::Visit,
    app::Client,
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        ids::{ModelId, uuid_v7},
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, HOUR_MS},
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

const OF_TEAM: &str = "/t/atlas-search/usage";

async fn browser(app: &TestApp, person: &Caller) -> Client {
    let browser = app.browser();
    let visit = Visit::from("127.0.0.1");
    let session = visit.session(&app.services);
    app.services.open_session(&session, Some(&person.user), &visit).await.unwrap();
    browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
    browser
}

/// Calls of a person, one a day from the start on.
fn calls(team: &TeamView, person: &Caller, model: &str, numbers: std::ops::Range<u64>) -> Vec<UsageEvent> {
    let of = |n: u64| {
        let mut event = event(n);
        (event.call.team, event.call.user, event.call.test) = (team.id, person.user.id, false);
        (event.call.model, event.call.model_name) = (Some(ModelId::from(uuid_v7(START, [5; 10]))), model.into());
        event.call.at = START.plus((n % 20).cast_signed() * DAY_MS + 9 * HOUR_MS);
        event.end.outcome = Outcome::Completed;
        event
    };
    numbers.map(of).collect()
}

/// Maya's team with somebody in each other role, and calls of Mo and Ada twenty days long.
async fn place(services: &Services) -> (TestApp, TeamView, Vec<Caller>) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let mut people = vec![maya];
    for (name, role) in [("Ada", Role::Admin), ("Mo", Role::Member), ("Vera", Role::Viewer)] {
        let person = db_person(services, name, false).await;
        db_join(services, &atlas, &person, role).await;
        people.push(person);
    }
    let mut events = calls(&atlas, &people[1], "labs/chat", 0..40);
    events.extend(calls(&atlas, &people[2], "labs/\"100%\" <b>", 40..60));
    assert_eq!(book(&services.store, &events).await.unwrap(), 60);
    services.clock.advance(START.plus(20 * DAY_MS).since(services.clock.now()));
    (TestApp::new(services), atlas, people)
}

#[tokio::test]
async fn everybody_sees_the_trend_and_only_some_who_made_it() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let stranger = db_person(&services, "Noor", false).await;
        for (who, page, by_member, platform) in [
            (&people[0], 200, 200, 200),
            (&people[1], 200, 200, 404),
            (&people[2], 200, 403, 404),
            (&people[3], 200, 403, 404),
            (&stranger, 404, 404, 404),
        ] {
            let browser = browser(&app, who).await;
            let name = &who.user.name;
            for (path, status) in [
                (OF_TEAM, page),
                ("/t/atlas-search/usage?group_by=member", by_member),
                ("/admin/usage", platform),
                ("/me/usage", 200),
            ] {
                assert_eq!(browser.page(path).await.status.as_u16(), status, "{path} for {name}");
            }
            let text = browser.page(OF_TEAM).await.text();
            assert_eq!(text.contains("labs/chat"), page == 200, "{name}: {text}");
            assert_eq!(text.contains("group_by=member"), by_member == 200, "the menu offers what opens, for {name}");
            // A viewer has no call log, so nothing leads there.
            let leads = text.contains("/t/atlas-search/logs?from=");
            assert_eq!(leads, page == 200 && name != "Vera", "{name}");
        }
        // One's own calls can be told apart by key.
        let own = format!("{OF_TEAM}?member={}&group_by=key", people[2].user.id);
        let text = browser(&app, &people[2]).await.page(&own).await.text();
        assert!(text.contains("Remove the filter Member Mo"), "{text}");
        let other = format!("{OF_TEAM}?member={}", people[1].user.id);
        assert_eq!(browser(&app, &people[2]).await.page(&other).await.status.as_u16(), 403);
    })
    .await;
}

#[tokio::test]
async fn figures_are_those_of_the_calls_and_lead_to_them() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let browser = browser(&app, &people[0]).await;
        let text = browser.page(&format!("{OF_TEAM}?metric=requests&range=28d")).await.text();
        assert!(text.contains("Requests by model"), "{text}");
        assert!(text.contains("60 in total"), "{text}");
        assert!(text.contains("Show as table"));
        let file = browser.page("/api/v1/teams/atlas-search/usage.csv?range=28d&group_by=model").await.text();
        let sum: i64 = file
            .lines()
            .skip(1)
            .filter(|line| line.contains(",All,"))
            .map(|line| line.split(',').nth(4).unwrap().parse::<i64>().unwrap())
            .sum();
        assert_eq!(sum, 60, "{file}");
        let members = browser.page(&format!("{OF_TEAM}?group_by=member&metric=requests&range=28d")).await.text();
        assert!(members.contains("66.6%") && members.contains("33.3%"), "{members}");
        for metric in ["tokens", "success", "latency", "first_token", "no-such-figure"] {
            let page = browser.page(&format!("{OF_TEAM}?metric={metric}")).await;
            assert_eq!(page.status.as_u16(), 200);
            let text = page.text();
            assert!(["NaN", ">inf", "$inf", " inf"].iter().all(|word| !text.contains(word)), "{metric}");
        }
        let form = browser.page(&format!("{OF_TEAM}?add=filter")).await.text();
        assert!(form.contains("name=\"outcome\"") && form.contains("labs/&quot;100%&quot; &lt;b&gt;"), "{form}");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_said_and_hostile_values_are_only_values() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let browser = browser(&app, &people[0]).await;
        for (query, says) in [
            ("from=2026-11-20&to=2026-11-01", "Choose a start before the end"),
            ("from=2999-01-01", "Choose a start before the end"),
            ("from=1926-01-01", "Choose at most 400 days"),
            ("from=yesterday", "Enter a day such as"),
            ("zone=Mars/Base", "Use a name of the time zone database"),
            ("range=forever", "Use 24h, 7d, 28d, 90d"),
            ("group_by=mood", "Use member, key, model"),
            ("member=%27%20OR%201=1", "This is not the id of a person"),
            ("outcome=well", "Use completed"),
            ("bucket=5s", "Use 15m, 1h"),
        ] {
            let page = browser.page(&format!("{OF_TEAM}?{query}")).await;
            assert_eq!(page.status.as_u16(), 200, "{query}");
            let text = page.text();
            assert!(text.contains(says), "{query}: {text}");
        }
        let long = "x".repeat(4_000);
        for value in ["%27%3B--", "%25%25%25", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E", &long] {
            let page = browser.page(&format!("{OF_TEAM}?model={value}")).await;
            assert_eq!(page.status.as_u16(), 200, "{value}");
            let text = page.text();
            assert!(text.contains("with these filters."), "{text}");
            assert!(text.contains("Clear filters") && !text.contains("<script>alert"));
        }
        // Values with quotes and signs are found.
        let found = browser.page(&format!("{OF_TEAM}?model=labs/%22100%25%22%20%3Cb%3E&metric=requests")).await.text();
        assert!(found.contains("20 in total"), "{found}");
    })
    .await;
}

#[tokio::test]
async fn zones_are_named_and_a_team_without_calls_is_friendly() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let browser = browser(&app, &people[0]).await;
        let utc = browser.page(OF_TEAM).await.text();
        assert!(utc.contains(" UTC."), "{utc}");
        let asked = browser.page(&format!("{OF_TEAM}?zone=Asia/Kolkata")).await.text();
        assert!(asked.contains("Asia/Kolkata") && !asked.contains(" UTC."), "{asked}");
        browser.set_cookie("zone", "Europe/Berlin");
        assert!(browser.page(OF_TEAM).await.text().contains("Europe/Berlin"));
        browser.set_cookie("zone", "Mars/Base");
        assert!(browser.page(OF_TEAM).await.text().contains(" UTC."), "a cookie that is no zone is no problem");
        // Clocks are put back inside of the range.
        let days = browser.page(&format!("{OF_TEAM}?zone=Europe/Berlin&from=2026-10-24&to=2026-10-26&bucket=1h")).await;
        assert_eq!(days.status.as_u16(), 200);

        let empty = browser.page("/me/usage").await.text();
        assert!(
            empty.contains("No calls between") && empty.contains("$0.00") && empty.contains("–") && !empty.contains("NaN"),
            "{empty}"
        );
    })
    .await;
}
