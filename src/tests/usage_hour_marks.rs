//! Hours that stand out: on the usage pages of a team, its organization and the platform, with words and the way to the calls.

use super::support::{
    TestApp,
    accounts::Visit,
    app::Client,
    on_each_database,
    people::{db_join, db_person, team},
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

async fn browser(app: &TestApp, person: &Caller) -> Client {
    let browser = app.browser();
    let visit = Visit::from("127.0.0.1");
    let session = visit.session(&app.services);
    app.services.open_session(&session, Some(&person.user), &visit).await.unwrap();
    browser.set_cookie("sid", &session.id().expect("a session has an id").to_string());
    browser
}

/// A call a day at the same hour, of some dollars.
fn calls(team: &TeamView, person: &Caller, first: u64, days: u64, dollars: impl Fn(u64) -> i64) -> Vec<UsageEvent> {
    let of = |day: u64| {
        let mut event = event(first + day);
        (event.call.team, event.call.user, event.call.test) = (team.id, person.user.id, false);
        event.call.model_name = "labs/chat".into();
        event.call.at = START.floor_to(DAY_MS).plus(day.cast_signed() * DAY_MS + 9 * HOUR_MS);
        event.end.outcome = Outcome::Completed;
        (event.end.cost, event.end.list_cost) = (NanoUsd(dollars(day) * DOLLAR), NanoUsd(dollars(day) * DOLLAR));
        event
    };
    (0..days).map(of).collect()
}

/// Maya's team, in which Mo's last call costs 4.1 times the usual; then the hour of that call, and half a day later.
async fn place(services: &Services, days: u64) -> (TestApp, Vec<Caller>, UnixMs) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let mut people = vec![maya];
    for (name, role) in [("Mo", Role::Member), ("Vera", Role::Viewer), ("Lin", Role::Member)] {
        let person = db_person(services, name, false).await;
        db_join(services, &atlas, &person, role).await;
        people.push(person);
    }
    let mut events = calls(&atlas, &people[1], 0, days, |day| if day == days - 1 { 41 } else { 10 });
    events.extend(calls(&atlas, &people[3], 1_000, days, |_| 0));
    assert_eq!(book(&services.store, &events).await.unwrap(), events.len());
    let hour = START.floor_to(DAY_MS).plus((days.cast_signed() - 1) * DAY_MS + 9 * HOUR_MS);
    services.clock.advance(hour.plus(3 * HOUR_MS).since(services.clock.now()));
    (TestApp::new(services), people, hour)
}

/// The weekday of a time in UTC.
fn weekday(at: UnixMs) -> &'static str {
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][usize::from(at.weekday())]
}

#[tokio::test]
async fn an_hour_that_stands_out_is_told_with_the_way_to_its_calls() {
    on_each_database(|services| async move {
        let (app, people, hour) = place(&services, 50).await;
        let day = weekday(hour);
        let way = format!("from={}&amp;to={}", hour.0, hour.0 + HOUR_MS);
        let words = format!("4.1 × the usual for 09:00 on a {day}");
        let owner = browser(&app, &people[0]).await;
        for asked in
            ["range=24h&bucket=1h", "range=7d&bucket=1h", "range=24h&bucket=15m", "range=24h&bucket=1h&model=labs%2Fchat"]
        {
            let text = owner.page(&format!("{PAGE}?{asked}")).await.text();
            assert!(text.contains(&words) && text.contains("(stands out)"), "{asked}: {text}");
            assert!(text.contains("/t/atlas-search/logs?") && text.contains(&way), "{asked}: {text}");
        }
        // Of one member: read of the pages of days.
        let mo = format!("{PAGE}?range=24h&bucket=1h&member={}", people[1].user.id);
        for who in [&people[0], &people[1]] {
            let text = browser(&app, who).await.page(&mo).await.text();
            assert!(text.contains(&words) && text.contains(&way), "{text}");
        }
        let lin = format!("{PAGE}?range=24h&bucket=1h&member={}", people[3].user.id);
        assert!(!owner.page(&lin).await.text().contains("× the usual for"), "nothing was charged for Lin");
        // A viewer sees the sums of the team, but no calls: the way leads into the hour.
        let text = browser(&app, &people[2]).await.page(&format!("{PAGE}?range=24h&bucket=1h")).await.text();
        assert!(text.contains(&words) && text.contains(&way) && !text.contains("logs?from"), "{text}");
        let platform = owner.page("/admin/usage?range=24h&bucket=1h").await.text();
        assert!(platform.contains(&words), "{platform}");
        // Other intervals and figures have none of it.
        for asked in ["range=24h&bucket=6h", "range=24h&bucket=1h&metric=requests"] {
            let text = owner.page(&format!("{PAGE}?{asked}")).await.text();
            assert!(!text.contains("usual for 09:00"), "{asked}: {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_hour_is_told_by_the_clock_of_the_reader() {
    on_each_database(|services| async move {
        let (app, people, hour) = place(&services, 50).await;
        let owner = browser(&app, &people[0]).await;
        let day = weekday(hour);
        for (zone, clock) in [("Asia%2FKolkata", "14:30"), ("Asia%2FTokyo", "18:00")] {
            let text = owner.page(&format!("{PAGE}?range=7d&bucket=1h&zone={zone}")).await.text();
            assert!(text.contains(&format!("4.1 × the usual for {clock} on a {day}")), "{text}");
            assert!(text.contains(&format!("from={}&amp;to={}", hour.0, hour.0 + HOUR_MS)), "the hour's own calls: {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn where_few_weeks_are_known_all_days_say_what_is_usual() {
    on_each_database(|services| async move {
        let (app, people, _) = place(&services, 10).await;
        let text = browser(&app, &people[0]).await.page(&format!("{PAGE}?range=24h&bucket=1h")).await.text();
        assert!(text.contains("4.1 × the usual for 09:00"), "{text}");
        assert!(!text.contains("usual for 09:00 on a"), "ten days know no weekdays: {text}");
    })
    .await;
}
