//! What somebody has used of each limit that applies to them, in the management API by session and by key, and in the personal view.

use serde_json::{Value, json};

use super::support::{
    TestApp,
    accounts::browser,
    limits::{budget, db_limit, rpm},
    on_each_database,
    people::{Place, db_join, db_person, new_team},
};
use crate::{
    domain::{
        ids::{KeyId, TeamId},
        limit_scopes::Scope,
        money::{DOLLAR, NanoUsd},
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage::Outcome,
    },
    service::{
        Caller, Services,
        budget_requests::{BudgetOf, NewBudgetRequest},
        metering::{book, testing::event},
    },
};

const OWN: &str = "/api/v1/teams/atlas-search/usage/me?range=period";

/// A dollar a day on the fourteen days before today, and counted.
async fn db_dollars(services: &Services, team: &TeamView, person: &Caller, key: Option<KeyId>) {
    let today = services.clock.now().floor_to(DAY_MS);
    let organization = services.snapshot().team(team.id).unwrap().organization;
    let events = (1..=14).map(|ago| {
        let mut event = event(7_000 + ago);
        event.call.at = today.plus(-ago.cast_signed() * DAY_MS + HOUR_MS);
        (event.call.team, event.call.organization, event.call.user, event.call.key) =
            (team.id, organization, person.user.id, key);
        event.call.user_name.clone_from(&person.user.name);
        (event.call.test, event.end.outcome, event.end.cost) = (false, Outcome::Completed, NanoUsd(DOLLAR));
        event
    });
    book(&services.store, &events.collect::<Vec<_>>()).await.unwrap();
    services.recover_counters().await.unwrap();
}

/// The limit of a scope and window in an answer.
fn limit<'v>(answer: &'v Value, scope: &str, window: &str) -> &'v Value {
    let limits = answer["limits"].as_array().unwrap();
    limits.iter().find(|limit| limit["scope"] == scope && limit["window"] == window).unwrap_or(&Value::Null)
}

fn organization_of(services: &Services, team: TeamId) -> Scope {
    Scope::Organization(services.snapshot().team(team).unwrap().organization.unwrap())
}

#[tokio::test]
async fn own_usage_names_every_limit_that_applies_and_when_it_ends() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let Place { maya, noor, team, .. } = &place;
        let app = TestApp::new(&services);
        let api = app.api(noor).await;
        let key = api.post("/api/v1/teams/atlas-search/keys", json!({ "name": "nightly" })).await.expect(201);
        let id = KeyId::parse(key["id"].as_str().unwrap()).unwrap();
        db_dollars(&services, team, noor, Some(id)).await;
        // 21 November, an hour before midnight: fourteen dollars are spent, and each further day costs one.
        assert_eq!(services.clock.now().civil(), (2026, 11, 21));
        db_limit(&services, team.id, organization_of(&services, team.id), budget(500 * DOLLAR)).await;
        db_limit(&services, team.id, Scope::Team(team.id), budget(30 * DOLLAR)).await;
        db_limit(&services, team.id, Scope::Member(team.id, noor.user.id), budget(16 * DOLLAR)).await;
        db_limit(&services, team.id, Scope::Key(id), budget(15 * DOLLAR)).await;

        let own = api.get(OWN).await.expect(200);
        assert_eq!((&own["total"]["requests"], &own["total"]["cost"]), (&json!(14), &json!(14 * DOLLAR)));
        let resets = UnixMs::from_civil(2026, 12, 1).0;
        let expect = |answer: &Value, scope: &str, name: &str, dollars: i64, ends: Option<u8>| {
            let limit = limit(answer, scope, "period");
            let told = json!({ "scope": scope, "name": name, "window": "period", "limit": dollars * DOLLAR, "used": 14 * DOLLAR,
                "left": (dollars - 14) * DOLLAR, "resets_at": resets, "ends_at": limit["ends_at"] });
            assert_eq!(*limit, told);
            let day = limit["ends_at"].as_i64().map(|at| UnixMs(at).civil().2);
            assert_eq!(day, ends, "{scope}");
        };
        let shared = json!({ "scope": "organization", "name": "Northwind Labs", "window": "period", "limit": 500 * DOLLAR,
            "used": null, "left": null, "resets_at": resets, "ends_at": null });
        let program = app.key(key["key"].as_str().unwrap());
        let by_key = program.get(OWN).await.expect(200);
        for answer in [&own, &by_key] {
            expect(answer, "key", "nightly", 15, Some(22));
            expect(answer, "member", "Noor", 16, Some(23));
            expect(answer, "team", "Atlas Search", 30, None);
            assert_eq!(*limit(answer, "organization", "period"), shared);
            assert_eq!(answer["limits"].as_array().unwrap().len(), 4);
        }
        // Who runs the organization sees what it uses; nobody but the key's holder its limits.
        let ran = app.api(maya).await.get(OWN).await.expect(200);
        assert_eq!(limit(&ran, "organization", "period")["left"], json!(486 * DOLLAR));
        assert_eq!((limit(&ran, "key", "period"), limit(&ran, "member", "period")), (&Value::Null, &Value::Null));
        let viewer = db_person(&services, "Vera", false).await;
        db_join(&services, team, &viewer, Role::Viewer).await;
        app.api(&viewer).await.get(OWN).await.expect(403);
    })
    .await;
}

#[tokio::test]
async fn no_limits_are_none_and_zero_is_all_used() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let Place { noor, team, .. } = &place;
        let app = TestApp::new(&services);
        let api = app.api(noor).await;
        assert_eq!(api.get(OWN).await.expect(200)["limits"], json!([]));
        db_limit(&services, team.id, Scope::Member(team.id, noor.user.id), budget(0)).await;
        db_limit(&services, team.id, Scope::Team(team.id), rpm(60)).await;
        let own = api.get(OWN).await.expect(200);
        let zero = limit(&own, "member", "period");
        assert_eq!(
            (&zero["limit"], &zero["used"], &zero["left"], &zero["ends_at"]),
            (&json!(0), &json!(0), &json!(0), &Value::Null)
        );
        let window = limit(&own, "team", "rpm");
        assert_eq!((&window["limit"], &window["used"], &window["left"]), (&json!(60), &json!(0), &json!(60)));
        assert_eq!((&window["resets_at"], &window["ends_at"]), (&Value::Null, &Value::Null));
        // Of a grouping there are rows, and no limits.
        let rows = api.get("/api/v1/teams/atlas-search/usage/me?group_by=model").await.expect(200);
        assert!(rows["items"].is_array() && rows["limits"].is_null());
    })
    .await;
}

#[tokio::test]
async fn a_person_in_no_team_has_a_personal_space_and_a_first_step() {
    on_each_database(|services| async move {
        let sam = db_person(&services, "Sam", false).await;
        let app = TestApp::new(&services);
        let page = browser(&app, &sam).await.page("/me").await;
        let text = page.text();
        assert_eq!(page.status, 200);
        for words in
            ["<title>Overview, Personal · Tallygate</title>", "No calls yet in any context.", "Personal", "Send the first call"]
        {
            assert!(text.contains(words), "{words} in {text}");
        }
        assert!(!text.contains("note danger"), "nothing is wrong: {text}");
        let signed_out = app.browser().page("/me").await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/me"));
    })
    .await;
}

#[tokio::test]
async fn the_context_that_refuses_calls_comes_first_with_its_sentence() {
    on_each_database(|services| async move {
        let place = Place::new(&services).await;
        let Place { maya, noor, team, .. } = &place;
        let beacon = services.create_team(maya, new_team("Beacon", "northwind-labs")).await.unwrap();
        db_join(&services, &beacon, noor, Role::Member).await;
        let look = services.create_team(maya, new_team("Lookout", "northwind-labs")).await.unwrap();
        db_join(&services, &look, noor, Role::Viewer).await;
        let app = TestApp::new(&services);
        let api = app.api(noor).await;
        for slug in ["atlas-search", "beacon"] {
            api.post(&format!("/api/v1/teams/{slug}/keys"), json!({ "name": format!("{slug}-key") })).await.expect(201);
        }
        db_dollars(&services, team, noor, None).await;
        db_limit(&services, team.id, Scope::Member(team.id, noor.user.id), budget(20 * DOLLAR)).await;
        db_limit(&services, beacon.id, Scope::Member(beacon.id, noor.user.id), budget(0)).await;
        let more = NewBudgetRequest { of: BudgetOf::Member, amount: NanoUsd(25 * DOLLAR), until: None, reason: "more".into() };
        services.request_budget(noor, "atlas-search", more).await.unwrap();

        let view = services.get_own_view(noor).await.unwrap();
        let order: Vec<_> = view.contexts.iter().map(|context| (context.slug.as_str(), context.blocked.is_some())).collect();
        assert_eq!(order, [("beacon", true), ("atlas-search", false), ("me", false), ("lookout", false)]);
        assert_eq!(
            view.contexts[0].blocked.as_deref(),
            Some("Call refused: Noor in Beacon has spent $0.00 of its $0.00 monthly budget. It resets on 1 Dec 2026, 00:00 UTC. An owner or admin of Beacon can change it.")
        );
        assert_eq!((view.days.costs.iter().sum::<i64>(), view.days.costs.len()), (14 * DOLLAR, 28));
        assert_eq!((view.contexts[1].spent, view.keys.len()), (NanoUsd(14 * DOLLAR), 2));
        assert!(view.contexts[3].is_onlooker() && view.contexts[3].limits.is_empty());

        let text = browser(&app, noor).await.page("/me").await.text();
        let mut at = 0;
        for words in [
            "$14.00 in 28 days, in 4 contexts.",
            "Which context pays for its calls?",
            "/t/beacon/keys?dialog=create",
            "note danger",
            "Call refused: Noor in Beacon has spent",
            "Where you work",
            "Calls refused",
            "Atlas Search",
            "of $20.00",
            "70%",
            "At this pace your cap ends on 27 Nov, 4 days before it resets.",
            "As a viewer you make no calls.",
            "Your spend on each day since 25 Oct (UTC): $14.00 in total",
            "Your keys",
            "Your requests",
            "A budget of $25.00",
        ] {
            at += text[at..].find(words).unwrap_or_else(|| panic!("{words} in its place, in {text}"));
        }
        assert!(!text.contains("/t/lookout/keys?dialog=create"), "a viewer makes no keys");
    })
    .await;
}
