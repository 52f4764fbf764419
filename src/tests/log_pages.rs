//! The pages of the call log, as browsers see them.

use super::support::{
    TestApp,
    accounts::browser,
    app::Client,
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, MINUTE_MS, UnixMs},
        usage::{Outcome, UsageEvent},
    },
    server_fns::call_logs::{CallLogPage, CallPage, ExportState},
    service::{
        Caller, Services,
        metering::{
            book,
            testing::{START, call_id, event},
        },
    },
    wire,
};

const LOG: &str = "/t/atlas-search/logs";

/// Books calls of a person, one a minute.
async fn db_calls(
    services: &Services,
    team: &TeamView,
    person: &Caller,
    numbers: std::ops::Range<u64>,
    change: impl Fn(u64, &mut UsageEvent),
) -> Vec<UsageEvent> {
    let of = |n: u64| {
        let mut event = event(n);
        (event.call.id, event.call.team, event.call.user, event.call.test) = (call_id(n), team.id, person.user.id, false);
        event.call.at = START.plus(n.cast_signed() * MINUTE_MS);
        event.call.user_name.clone_from(&person.user.name);
        change(n, &mut event);
        event
    };
    let events: Vec<UsageEvent> = numbers.map(of).collect();
    book(&services.store, &events).await.unwrap();
    events
}

/// Maya owns the team, Noor is a member, Vera looks; the time is three days after the first call.
async fn place(services: &Services) -> (TeamView, Caller, Caller, Caller) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let (noor, vera) = (db_person(services, "Noor", false).await, db_person(services, "Vera", false).await);
    db_join(services, &atlas, &noor, Role::Member).await;
    db_join(services, &atlas, &vera, Role::Viewer).await;
    services.clock.advance(START.plus(3 * DAY_MS).since(services.clock.now()).max(0));
    (atlas, maya, noor, vera)
}

async fn asked(browser: &Client, asked: &str) -> CallLogPage {
    let reply = browser.form("/fn/list_calls", &[("team", "atlas-search"), ("asked", asked)], false).await;
    assert_eq!(reply.status, 200, "{asked}: {}", reply.text());
    wire::read(&reply.text()).unwrap()
}

fn rows(page: &CallLogPage) -> usize {
    page.days.iter().map(|day| day.lines.len()).sum()
}

#[tokio::test]
async fn everybody_sees_the_calls_that_their_role_allows() {
    on_each_database(|services| async move {
        let (atlas, maya, noor, vera) = place(&services).await;
        db_calls(&services, &atlas, &maya, 0..5, |_, _| {}).await;
        db_calls(&services, &atlas, &noor, 5..8, |_, _| {}).await;
        let stranger = db_person(&services, "Olu", false).await;
        let app = TestApp::new(&services);
        for (who, status, calls, says) in [
            (&maya, 200, "8 calls", "Every call of this team"),
            (&noor, 200, "3 calls", "Your own calls in this team"),
            (&vera, 403, "", "Your role does not let you"),
            (&stranger, 404, "", "Nothing here"),
        ] {
            let browser = browser(&app, who).await;
            let page = browser.page(LOG).await;
            assert_eq!(page.status.as_u16(), status, "{}", who.user.name);
            let text = page.text();
            assert!(text.contains(says) && text.contains(calls), "{}: {text}", who.user.name);
            // The way there is shown to those whom it is open for.
            if status != 404 {
                assert_eq!(
                    text.contains("href=\"/t/atlas-search/logs\" aria-current=\"page\""),
                    status == 200,
                    "{}",
                    who.user.name
                );
            }
            let one = browser.page(&format!("{LOG}/{}", call_id(0))).await;
            let expected = if who.user.id == maya.user.id {
                200
            } else if status == 200 {
                404
            } else {
                status
            };
            assert_eq!(one.status.as_u16(), expected, "{}", who.user.name);
        }
        let noors = browser(&app, &noor).await;
        assert_eq!(noors.page(&format!("{LOG}?member={}", maya.user.id)).await.status, 403);
        assert_eq!(noors.page("/me/logs").await.status, 200);
        let signed_out = app.browser().page(LOG).await;
        assert_eq!(signed_out.header("location"), "/login?next=/t/atlas-search/logs");
    })
    .await;
}

#[tokio::test]
async fn a_filter_a_chip_and_a_count_say_the_same() {
    on_each_database(|services| async move {
        let (atlas, maya, noor, _) = place(&services).await;
        let mut events = db_calls(&services, &atlas, &maya, 0..35, |_, _| {}).await;
        events.extend(db_calls(&services, &atlas, &noor, 35..55, |_, _| {}).await);
        let app = TestApp::new(&services);
        let browser = browser(&app, &maya).await;
        // A point of a chart: an interval in milliseconds, with a filter of its own.
        let (from, to) = (START.floor_to(15 * MINUTE_MS), START.floor_to(15 * MINUTE_MS).plus(30 * MINUTE_MS));
        let refused = |event: &UsageEvent| (from..to).contains(&event.call.at) && event.end.outcome == Outcome::Refused;
        for (query, takes) in [
            (
                format!("from={}&to={}&limit=100", from.0, to.0),
                Box::new(|event: &UsageEvent| (from..to).contains(&event.call.at)) as Box<dyn Fn(&UsageEvent) -> bool>,
            ),
            (format!("from={}&to={}&limit=100&outcome=refused", from.0, to.0), Box::new(refused)),
            (format!("limit=100&member={}", noor.user.id), Box::new(|event: &UsageEvent| event.call.user == noor.user.id)),
            (
                "limit=100&model=model-1".to_owned(),
                Box::new(|event: &UsageEvent| event.call.model_name == "model-1" && event.call.model.is_some()),
            ),
        ] {
            let page = asked(&browser, &query).await;
            let expected = events.iter().filter(|event| takes(event)).count();
            assert!(expected > 0, "{query}");
            assert_eq!(rows(&page), expected, "{query}");
            let calls = if expected == 1 { "1 call".to_owned() } else { format!("{expected} calls") };
            assert_eq!(page.count, calls, "{query}: by the statistics");
            assert!(!page.chips.is_empty());
            for chip in &page.chips {
                assert!(chip.without.len() < page.newest.len(), "{chip:?}");
            }
        }
        let single = asked(&browser, "min_tokens=1&max_cost=0.5&code=rate_limit_exceeded").await;
        assert!(single.problem.is_empty() && single.count.is_empty(), "statistics know nothing of single calls");
        assert_eq!(single.chips.len(), 3);
        let none = asked(&browser, "model=nothing").await;
        assert_eq!((rows(&none), none.begun, none.summary.as_str()), (0, true, "No calls"));
        let text = browser.page(&format!("{LOG}?model=nothing&code=x")).await.text();
        assert!(text.contains("No calls with these filters") && text.contains("Clear all"), "{text}");
        // Days are the viewer's.
        let kolkata = asked(&browser, "zone=Asia/Kolkata&limit=100").await;
        assert_eq!((rows(&kolkata), kolkata.zone.as_str()), (55, "Asia/Kolkata"));
    })
    .await;
}

#[tokio::test]
async fn pages_are_turned_by_links_that_work_without_script() {
    on_each_database(|services| async move {
        let (atlas, maya, ..) = place(&services).await;
        db_calls(&services, &atlas, &maya, 0..60, |_, _| {}).await;
        let app = TestApp::new(&services);
        let browser = browser(&app, &maya).await;
        let first = asked(&browser, "").await;
        assert_eq!((rows(&first), first.summary.as_str(), first.newer.is_none()), (25, "25 of 60 calls", true));
        assert!(first.tail.contains("seen="), "{}", first.tail);
        let query = |link: &Option<String>| link.clone().unwrap().split_once('?').unwrap().1.to_owned();
        let second = asked(&browser, &query(&first.older)).await;
        let third = asked(&browser, &query(&second.older)).await;
        assert_eq!((rows(&third), third.older.is_none()), (10, true));
        let again = asked(&browser, &query(&third.newer)).await;
        assert_eq!(again.days, second.days);
        let text = browser.page(&first.older.clone().unwrap()).await.text();
        assert!(text.contains("rel=\"prev\"") && text.contains("rel=\"next\""), "{text}");
        // Changed by hand, or of another filter.
        for wrong in
            ["cursor=nonsense".to_owned(), format!("{}0", query(&first.older)), format!("{}&model=model-1", query(&first.older))]
        {
            let page = asked(&browser, &wrong).await;
            assert!(page.problem.contains("changed by hand") && rows(&page) == 0, "{wrong}: {}", page.problem);
        }
        let text = browser.page(&format!("{LOG}?cursor=o.1.2.3")).await;
        assert!(text.status == 200 && text.text().contains("Go to the newest calls"));
    })
    .await;
}

#[tokio::test]
async fn a_rare_call_is_searched_for_a_page_at_a_time() {
    on_each_database(|services| async move {
        let (atlas, maya, ..) = place(&services).await;
        let rare = |n: u64, event: &mut UsageEvent| event.end.latency_ms = if n == 0 { 5_000_000 } else { 1_000 };
        db_calls(&services, &atlas, &maya, 0..150, rare).await;
        let app = TestApp::new(&services);
        let browser = browser(&app, &maya).await;
        let (mut query, mut pages) = ("min_latency=4000000".to_owned(), 0);
        loop {
            let page = asked(&browser, &query).await;
            pages += 1;
            assert!(pages < 10, "it ends");
            if rows(&page) == 1 {
                assert!(pages > 1, "what is not indexed is not searched for to the end at once");
                break;
            }
            assert!(page.searched.starts_with("None among the calls back to 18 Nov"), "{}", page.searched);
            query = page.older.expect("there is more to search").split_once('?').unwrap().1.to_owned();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_asked_wrongly_gets_a_sentence_and_nothing_is_run() {
    on_each_database(|services| async move {
        let (atlas, maya, ..) = place(&services).await;
        let hostile = "=cmd|' /C calc'!A0 <script>alert(1)</script>";
        db_calls(&services, &atlas, &maya, 0..2, |_, event| event.call.user_name = hostile.into()).await;
        let app = TestApp::new(&services);
        let browser = browser(&app, &maya).await;
        for (query, says) in [
            ("from=2026-11-20&to=2026-11-01", "From lies after To"),
            ("from=2026-02-30", "There is no such day"),
            ("from=yesterday", "Enter a day"),
            ("zone=Mars/Base", "time zone database"),
            ("range=eternity", "Use 24h"),
            ("min_tokens=many", "Tokens is a whole number"),
            ("min_cost=-1", "Cost is an amount"),
            ("min_tokens=5&max_tokens=4", "The least is more than the most"),
            ("member='%20OR%201=1", "not the id of a person"),
            ("id=x", "not the id of a call"),
            ("outcome=perfect", "no such status"),
            ("test=perhaps", "test keys"),
        ] {
            let page = asked(&browser, query).await;
            assert!(page.problem.contains(says) && rows(&page) == 0, "{query}: {}", page.problem);
        }
        for value in ["'", "%", "_", "\"; DROP TABLE usage_events; --", "\u{202e}", &"x".repeat(10_000)] {
            for name in ["model", "provider", "endpoint", "code"] {
                let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
                let page = asked(&browser, &query).await;
                assert!(page.problem.is_empty() && rows(&page) == 0, "{name}={value}");
            }
        }
        let text = browser.page(LOG).await.text();
        assert!(text.contains("&lt;script&gt;alert(1)") && !text.contains("<script>alert(1)"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn one_call_tells_what_happened_and_what_it_cost() {
    on_each_database(|services| async move {
        let (atlas, maya, ..) = place(&services).await;
        let told = "Call refused: <b>Atlas</b> has used 60 of its 60 requests. An owner or admin of Atlas can change it.";
        let events = db_calls(&services, &atlas, &maya, 0..5, |n, event| {
            if n == 1 {
                (event.end.outcome, event.end.status, event.end.code) = (Outcome::Refused, 429, "rate_limit_exceeded".into());
                (event.end.attempts, event.end.first_token_ms, event.end.latency_ms) = (0, None, 0);
                (event.end.upstream_ms, event.end.message) = (None, told.into());
            } else {
                (event.end.outcome, event.end.status, event.end.code) = (Outcome::Completed, 200, String::new());
                (event.end.attempts, event.end.first_token_ms, event.end.latency_ms) = (2, Some(500), 2_000);
                (event.end.upstream_ms, event.end.message) = (Some(300), String::new());
            }
            match n {
                // From before it was kept; of a clock that was set back; without an answer.
                2 => event.end.upstream_ms = None,
                3 => event.end.upstream_ms = Some(-20),
                4 => (event.end.attempts, event.end.first_token_ms) = (1, None),
                _ => {}
            }
        })
        .await;
        let app = TestApp::new(&services);
        let browser = browser(&app, &maya).await;
        let one = async |n: u64| {
            let id = call_id(n).to_string();
            let reply = browser.form("/fn/get_call", &[("team", "atlas-search"), ("call", &id)], false).await;
            wire::read::<CallPage>(&reply.text()).unwrap()
        };
        let good = one(0).await;
        assert_eq!((good.status, good.word.as_str(), good.total.as_str()), (200, "Completed", "2.00 s"));
        let phases = |page: &CallPage| page.phases.iter().map(|phase| (phase.kind.clone(), phase.share_bp)).collect::<Vec<_>>();
        let of = |phases: &[(&str, u16)]| phases.iter().map(|(kind, share)| ((*kind).to_owned(), *share)).collect::<Vec<_>>();
        assert_eq!(phases(&good), of(&[("queue", 1_500), ("wait", 1_000), ("answer", 7_500)]));
        assert_eq!((good.phases[0].label.as_str(), good.said.as_str()), ("Queued, with attempts that failed", ""));
        assert_eq!(phases(&one(2).await), of(&[("wait", 2_500), ("answer", 7_500)]), "the two are not told apart");
        assert_eq!(phases(&one(3).await), of(&[("queue", 0), ("wait", 2_500), ("answer", 7_500)]));
        let silent = one(4).await;
        assert_eq!(phases(&silent), of(&[("queue", 1_500), ("wait", 8_500)]));
        assert_eq!(silent.phases[0].label, "Queued, until sent to the provider");
        assert!(good.facts.iter().any(|fact| fact.value.starts_with("2 attempts")), "{:?}", good.facts);
        let charged = good.sums.iter().find(|(.., charged)| *charged).unwrap();
        assert_eq!(charged.1.trim_start_matches('$').parse::<f64>().unwrap(), events[0].end.cost.0 as f64 / 1e9);
        let refused = one(1).await;
        assert!(refused.phases.is_empty() && refused.prices.is_empty() && refused.meaning.contains("was not sent"));
        assert_eq!((refused.word.as_str(), refused.error.as_str()), ("Refused", "rate_limit_exceeded"));
        assert_eq!(refused.said, told);
        let text = browser.page(&format!("{LOG}/{}", call_id(1))).await.text();
        assert!(text.contains("The client was told") && text.contains("&lt;b&gt;Atlas") && !text.contains("<b>Atlas"), "{text}");
        let text = browser.page(&format!("{LOG}/{}", call_id(0))).await.text();
        assert!(text.contains("Copy call id") && text.contains(&call_id(0).to_string()), "{text}");
        for nothing in ["nonsense", &call_id(77).to_string()] {
            assert_eq!(browser.page(&format!("{LOG}/{nothing}")).await.status, 404);
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_says_how_far_it_has_come_and_few_are_fetched_at_once() {
    on_each_database(|services| async move {
        let (atlas, maya, noor, _) = place(&services).await;
        db_calls(&services, &atlas, &maya, 0..30, |_, _| {}).await;
        let app = TestApp::new(&services);
        let (mayas, noors) = (browser(&app, &maya).await, browser(&app, &noor).await);
        let page = asked(&mayas, "").await;
        let state = async |browser: &Client, export: &str| {
            let reply = browser.form("/fn/get_export_progress", &[("export", export)], false).await;
            wire::read::<Option<ExportState>>(&reply.text()).unwrap()
        };
        assert_eq!(state(&mayas, &page.export).await, None);
        let (label, name, href) = &page.files[0];
        assert_eq!((label.as_str(), name.as_str()), ("CSV", "calls.csv"));
        let file = mayas.get(href).await;
        assert_eq!((file.status.as_u16(), file.text().lines().count()), (200, 31));
        let whole = state(&mayas, &page.export).await.unwrap();
        assert_eq!((whole.text.as_str(), whole.share_bp, whole.over), ("File complete: 30 calls", Some(10_000), true));
        assert_eq!(state(&noors, &page.export).await, None, "nobody else's");
        assert_eq!(mayas.get(&page.files[1].2).await.text().lines().count(), 30);

        let held: Vec<_> = (0..3).map(|n| services.begin_export(&maya, &format!("held-{n}"), None).unwrap()).collect();
        let refused = mayas.get(href).await;
        assert_eq!(refused.status, 429, "{}", refused.text());
        assert_eq!(noors.get("/api/v1/teams/atlas-search/logs.csv").await.status, 200, "others fetch theirs");
        drop(held);
        let stopped = state(&mayas, "held-1").await.unwrap();
        assert!(stopped.over && stopped.text.starts_with("Stopped after 0 calls"), "{}", stopped.text);
        assert_eq!(mayas.get(href).await.status, 200);
        // A name is not kept for ever.
        services.clock.advance(11 * MINUTE_MS);
        drop(services.begin_export(&maya, "later", None).unwrap());
        assert_eq!(state(&mayas, "held-1").await, None);
        assert!(services.clock.now() > UnixMs(0));
    })
    .await;
}
