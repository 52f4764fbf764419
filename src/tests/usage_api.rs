//! Statistics, rankings, the call log and its files over the management API: bad input is refused with a sentence, cursors open only what
//! they were made for, everybody sees what the table of roles allows.

use serde_json::{Value, json};

use super::support::{
    TestApp,
    app::Client,
    on_each_database,
    people::{db_join, db_person, new_team, team},
};
use crate::{
    domain::{
        ids::{KeyId, UserId},
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, MINUTE_MS},
        usage::UsageEvent,
    },
    service::{
        Caller, Services,
        metering::{
            book,
            testing::{START, call_id, event},
        },
    },
};

/// Books calls of a person, one a minute, all answered.
async fn db_calls(services: &Services, team: &TeamView, person: &Caller, numbers: std::ops::Range<u64>) -> Vec<UsageEvent> {
    let of = |n: u64| {
        let mut event = event(n);
        (event.call.id, event.call.team, event.call.user) = (call_id(n), team.id, person.user.id);
        event.call.at = START.plus(n.cast_signed() * MINUTE_MS);
        event.call.user_name.clone_from(&person.user.name);
        event
    };
    let events: Vec<UsageEvent> = numbers.map(of).collect();
    book(&services.store, &events).await.unwrap();
    events
}

async fn at_the_time(services: &Services) {
    services.clock.advance(START.plus(3 * DAY_MS).since(services.clock.now()).max(0));
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_log_is_turned_forth_and_back_and_cursors_open_nothing_else() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        at_the_time(&services).await;
        db_calls(&services, &atlas, &maya, 0..60).await;
        let other = services.create_team(&maya, new_team("Beacon", "northwind-labs")).await.unwrap();
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let logs = "/api/v1/teams/atlas-search/logs";

        let first = api.get(&format!("{logs}?test=include&limit=20")).await.expect(200);
        assert_eq!(first["previous_cursor"], Value::Null);
        let next = first["next_cursor"].as_str().unwrap().to_owned();
        let second = api.get(&format!("{logs}?test=include&limit=20&cursor={next}")).await.expect(200);
        let third = api
            .get(&format!("{logs}?test=include&limit=20&cursor={}", second["next_cursor"].as_str().unwrap()))
            .await
            .expect(200);
        assert_eq!(third["next_cursor"], Value::Null);
        let back = third["previous_cursor"].as_str().unwrap();
        let again = api.get(&format!("{logs}?test=include&limit=20&cursor={back}")).await.expect(200);
        assert_eq!(ids(&again), ids(&second));
        let back = again["previous_cursor"].as_str().unwrap();
        let start = api.get(&format!("{logs}?test=include&limit=20&cursor={back}")).await.expect(200);
        assert_eq!((ids(&start), &start["previous_cursor"]), (ids(&first), &Value::Null));
        let all: Vec<String> = [&first, &second, &third].into_iter().flat_map(ids).collect();
        let mut sorted = all.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((all.len(), sorted.len()), (60, 60), "every call once");

        let tampered = format!("{}0", &next[..next.len() - 1]);
        let tampered = if tampered == next { format!("{}1", &next[..next.len() - 1]) } else { tampered };
        for (list, query) in [
            (logs, format!("test=include&cursor={tampered}")),
            (logs, format!("test=only&cursor={next}")),
            (logs, format!("test=include&model=model-1&cursor={next}")),
            (logs, "cursor=%27%20OR%201=1".to_owned()),
            (&*format!("/api/v1/teams/{}/logs", other.slug), format!("test=include&cursor={next}")),
        ] {
            api.get(&format!("{list}?{query}")).await.expect(422);
        }
    })
    .await;
}

/// Calls from page to page until the end, and the way back from the last page, where it says one. Backwards, each page from its end.
async fn walk(api: &Client, list: &str, cursor: &str, from: Option<String>) -> (Vec<String>, Option<String>) {
    let (mut found, mut next) = (vec![], from);
    loop {
        let at = next.map(|next| format!("{list}&cursor={next}")).unwrap_or(list.to_owned());
        let page = api.get(&at).await.expect(200);
        let rows = ids(&page);
        found.extend(if cursor == "next_cursor" { rows } else { rows.into_iter().rev().collect() });
        let text = |name: &str| page[name].as_str().map(str::to_owned);
        next = text(cursor);
        if next.is_none() {
            return (found, text("previous_cursor"));
        }
    }
}

#[tokio::test]
async fn the_log_finds_calls_by_each_filter() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        at_the_time(&services).await;
        let events = db_calls(&services, &atlas, &maya, 0..90).await;
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let tokens = |event: &UsageEvent| event.end.tokens.prompt + event.end.tokens.completion;
        let key = events.iter().find_map(|event| event.call.key).unwrap();
        type Takes = Box<dyn Fn(&UsageEvent) -> bool>;
        let filters: [(String, Takes); 11] = [
            ("outcome=refused".into(), Box::new(|event: &UsageEvent| event.end.outcome.as_str() == "refused")),
            ("status=429".into(), Box::new(|event: &UsageEvent| event.end.status == 429)),
            ("model=model-2".into(), Box::new(|event: &UsageEvent| event.call.model_name == "model-2")),
            ("provider=mock".into(), Box::new(|_: &UsageEvent| true)),
            ("endpoint=embeddings".into(), Box::new(|_: &UsageEvent| false)),
            ("code=upstream_error".into(), Box::new(|_: &UsageEvent| false)),
            (format!("key={key}"), Box::new(move |event: &UsageEvent| event.call.key == Some(key))),
            (
                "min_tokens=9000&max_tokens=15000".into(),
                Box::new(move |event: &UsageEvent| (9_000..=15_000).contains(&tokens(event))),
            ),
            ("min_latency=20000".into(), Box::new(|event: &UsageEvent| event.end.latency_ms >= 20_000)),
            ("max_cost=10000000".into(), Box::new(|event: &UsageEvent| event.end.cost.0 <= 10_000_000)),
            (format!("id={}", events[7].call.id), {
                let id = events[7].call.id;
                Box::new(move |event: &UsageEvent| event.call.id == id)
            }),
        ];
        for (query, takes) in filters {
            // A page looks at 60 calls here, so that rare ones take several, also of none.
            let list = format!("/api/v1/teams/atlas-search/logs?test=include&limit=7&{query}");
            let found = walk(&api, &list, "next_cursor", None).await;
            let mut expected: Vec<_> =
                events.iter().filter(|event| takes(event)).map(|event| (event.call.at, event.call.id)).collect();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let expected: Vec<String> = expected.into_iter().map(|(_, id)| id.to_string()).collect();
            assert_eq!(found.0, expected, "{query}");
            // And the same way back.
            let Some(last) = found.1 else { continue };
            let mut back = walk(&api, &list, "previous_cursor", Some(last)).await.0;
            back.reverse();
            assert_eq!(back, expected[..back.len()], "{query}");
            assert!(expected.len() - back.len() <= 7, "{query}: all but the last page");
        }
        let call = &events[7];
        let detail = api.get(&format!("/api/v1/teams/atlas-search/logs/{}", call.call.id)).await.expect(200);
        assert_eq!((&detail["id"], &detail["provider"]), (&json!(call.call.id.to_string()), &json!("mock")));
        assert_eq!(detail["list_cost"], json!(call.end.list_cost.0));
        api.get("/api/v1/teams/atlas-search/logs/nonsense").await.expect(404);

        for query in ["min_tokens=5&max_tokens=4", "outcome=fine", "key=x", "user='", "id=1", "from=5&to=5", "test=all"] {
            api.get(&format!("/api/v1/teams/atlas-search/logs?{query}")).await.expect(422);
        }
        let long = "%25_%27".repeat(1_000);
        let none = api.get(&format!("/api/v1/teams/atlas-search/logs?model={long}")).await;
        assert!(matches!(none.status.as_u16(), 200 | 414), "{}", none.status);
    })
    .await;
}

#[tokio::test]
async fn files_hold_every_call_and_run_nothing() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        at_the_time(&services).await;
        let mut events = db_calls(&services, &atlas, &maya, 0..1).await;
        for n in 1..2_300 {
            let mut event = event(n);
            (event.call.team, event.call.user) = (atlas.id, maya.user.id);
            event.call.user_name = "=HYPERLINK(\"http://x\")".into();
            events.push(event);
        }
        for batch in events[1..].chunks(500) {
            book(&services.store, batch).await.unwrap();
        }
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let file = api.get("/api/v1/teams/atlas-search/logs.csv?test=include").await;
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        let text = file.text();
        assert_eq!(text.lines().count(), 2_301, "a line for each call and one for the head");
        assert!(!text.contains(",=HYPERLINK"));
        let lines = api.get("/api/v1/teams/atlas-search/logs.ndjson?test=include").await.text();
        let mut ids: Vec<String> =
            lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 2_300);
        // Browsers ask for compression, which asks for more behind the end of a file.
        let browser = app.api(&maya).await.with("accept-encoding", "gzip");
        for path in ["logs.csv?test=include", "logs.ndjson?test=include", "audit.csv", "ledger.csv"] {
            let file = browser.get(&format!("/api/v1/teams/atlas-search/{path}")).await;
            assert_eq!((file.status.as_u16(), file.header("content-encoding")), (200, "gzip"), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn everybody_sees_what_their_role_allows() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        at_the_time(&services).await;
        let jonas = db_person(&services, "Jonas", false).await;
        let vera = db_person(&services, "Vera", false).await;
        db_join(&services, &atlas, &jonas, Role::Member).await;
        db_join(&services, &atlas, &vera, Role::Viewer).await;
        db_calls(&services, &atlas, &maya, 0..30).await;
        db_calls(&services, &atlas, &jonas, 30..40).await;
        let app = TestApp::new(&services);
        let usage = "/api/v1/teams/atlas-search/usage";
        let member = app.api(&jonas).await;
        let all = "range=7d&test=include";

        let total = app.api(&vera).await.get(&format!("{usage}?{all}")).await.expect(200);
        assert_eq!(total["total"]["requests"], 40, "sums are everybody's");
        for query in ["group_by=member", "group_by=key", &format!("member={}", maya.user.id)] {
            app.api(&vera).await.get(&format!("{usage}?{all}&{query}")).await.expect(403);
        }
        app.api(&vera).await.get(&format!("{usage}/me?{all}")).await.expect(403);
        assert_eq!(requests(&member, &format!("{usage}/me?{all}")).await, 10);
        assert_eq!(requests(&member, &format!("{usage}?{all}&member={}", jonas.user.id)).await, 10);
        member.get(&format!("{usage}?{all}&member={}", maya.user.id)).await.expect(403);
        member.get(&format!("{usage}/members?{all}")).await.expect(403);
        let keys = member.get(&format!("{usage}?{all}&group_by=key&order_by=requests")).await.expect(200);
        let of_keys: i64 = keys["items"].as_array().unwrap().iter().map(|row| row["requests"].as_i64().unwrap()).sum();
        assert_eq!(of_keys, 10, "of whatever key: what the member did with it");
        let own: Vec<String> = ids(&member.get("/api/v1/teams/atlas-search/logs?test=include").await.expect(200));
        assert_eq!(own.len(), 10);
        let foreign = call_id(3);
        member.get(&format!("/api/v1/teams/atlas-search/logs/{foreign}")).await.expect(404);

        // The owner sees who left, with name and place.
        let ranked = app.api(&maya).await.get(&format!("{usage}/members?{all}&order_by=requests")).await.expect(200);
        let names: Vec<&str> = ranked["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Maya", "Jonas"]);
        assert_eq!((&ranked["items"][0]["share"], &ranked["items"][1]["gone"]), (&json!(7_500), &json!(false)));
        member.post("/api/v1/teams/atlas-search/leave", json!({})).await.expect(204);
        let ranked = app.api(&maya).await.get(&format!("{usage}/members?{all}&order_by=requests")).await.expect(200);
        assert_eq!((&ranked["items"][1]["name"], &ranked["items"][1]["gone"]), (&json!("Jonas"), &json!(true)));
    })
    .await;
}

async fn requests(client: &Client, path: &str) -> i64 {
    client.get(path).await.expect(200)["total"]["requests"].as_i64().unwrap()
}

#[tokio::test]
async fn ranges_and_filters_that_make_no_sense_are_refused_with_a_sentence() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        at_the_time(&services).await;
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let now = services.clock.now().0;
        for query in [
            format!("from={}&to={}", now, now - DAY_MS),
            format!("from={}&to={}", now + DAY_MS, now + 2 * DAY_MS),
            "from=0".to_owned(),
            format!("from={}", now - 36_500 * DAY_MS),
            "range=100y".to_owned(),
            format!("range=7d&from={now}"),
            "zone=Mars/Base".to_owned(),
            format!("zone={}", "x".repeat(5_000)),
            "outcome=fine".to_owned(),
            "member=%27".to_owned(),
            "group_by=password".to_owned(),
            "group_by=member&order_by=name".to_owned(),
        ] {
            let refused = api.get(&format!("/api/v1/teams/atlas-search/usage?{query}")).await;
            assert_eq!(refused.status, 422, "{query}");
            let sentence = refused.value()["errors"][0]["message"].as_str().unwrap().to_owned();
            assert!(sentence.ends_with('.') && sentence.len() < 120, "{query}: {sentence}");
        }
        // A team without calls: zeros and nothing else.
        let empty = api.get("/api/v1/teams/atlas-search/usage?range=28d&zone=Europe/Berlin").await.expect(200);
        assert_eq!((&empty["total"]["cost"], &empty["total"]["p99_ms"]), (&json!(0), &Value::Null));
        assert_eq!((empty["buckets"].as_array().unwrap().len() > 27, &empty["zone"]), (true, &json!("Europe/Berlin")));
        for filter in ["model=%25", "provider=%27%20OR%201=1--"] {
            let none = api.get(&format!("/api/v1/teams/atlas-search/usage?{filter}")).await.expect(200);
            assert_eq!(none["total"]["requests"], 0);
        }
        let org = api.get("/api/v1/organizations/northwind-labs/usage?group_by=model").await.expect(200);
        assert_eq!(org["items"], json!([]));
        api.get("/api/v1/usage?range=24h&bucket=15m").await.expect(200);
        let last = api.get("/api/v1/teams/atlas-search/usage?range=last_period").await.expect(200);
        let this = api.get("/api/v1/teams/atlas-search/usage?range=period").await.expect(200);
        assert_eq!((&last["to"], &last["from"]), (&this["from"], &this["previous"]["start"]), "months follow each other");
    })
    .await;
}

#[tokio::test]
async fn a_key_sees_its_own_usage_and_nothing_else() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let keys = "/api/v1/teams/atlas-search/keys";
        let key = api.post(keys, json!({ "name": "ci" })).await.expect(201);
        at_the_time(&services).await;
        let mut events = db_calls(&services, &atlas, &maya, 0..20).await;
        let id = KeyId::parse(key["id"].as_str().unwrap()).unwrap();
        for (n, event) in (500..).zip(&mut events[..5]) {
            (event.call.id, event.call.key, event.call.test) = (call_id(n), Some(id), false);
        }
        book(&services.store, &events[..5]).await.unwrap();
        let program = app.key(key["key"].as_str().unwrap());
        let own = "usage/me?range=7d";
        for team in ["atlas-search", "me", &atlas.id.to_string()] {
            assert_eq!(requests(&program, &format!("/api/v1/teams/{team}/{own}")).await, 5);
        }
        program.get(&format!("/api/v1/teams/{}/{own}", UserId::from(uuid::Uuid::nil()))).await.expect(404);
        program.get(&format!("/api/v1/teams/atlas-search/{own}&group_by=member")).await.expect(422);
        for closed in ["usage", "usage/members", "logs"] {
            program.get(&format!("/api/v1/teams/atlas-search/{closed}")).await.expect(401);
        }
        api.delete(&format!("{keys}/{id}")).await.expect(204);
        program.get(&format!("/api/v1/teams/atlas-search/{own}")).await.expect(401);
    })
    .await;
}
