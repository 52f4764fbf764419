//! Single calls are deleted after the days that their organization keeps them, and the books still balance: between two transactions, with
//! calls that come late, and with a spool that comes back.

use axum::http::Method;
use serde_json::json;

use super::support::{
    TestApp, invariants, on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        ids::GrantId,
        limit_scopes::Scope,
        money::NanoUsd,
        roles::Role,
        teams::TeamView,
        time::{DAY_MS, UnixMs},
        usage::{TestCalls, UsageEvent},
        usage_filter::UsageFilter,
    },
    service::{
        Caller, Services,
        members::MemberQuery,
        metering::{
            book,
            testing::{START, call_id, event},
        },
        organizations::OrganizationPatch,
        usage::CallQuery,
    },
    storage::{self, RowExt},
};

/// Calls of three days, most of them on the first.
fn calls(team: &TeamView, person: &Caller) -> Vec<UsageEvent> {
    let of = |n: u64| {
        let mut event = event(n);
        (event.call.id, event.call.team, event.call.user) = (call_id(n), team.id, person.user.id);
        let day = if n < 700 { 0 } else { n.cast_signed() % 3 };
        event.call.at = START.floor_to(DAY_MS).plus(day * DAY_MS + n.cast_signed() * 61_000);
        event
    };
    (0..900).map(of).collect()
}

async fn db_book(services: &Services, events: &[UsageEvent]) -> usize {
    let mut new = 0;
    for batch in events.chunks(256) {
        new += book(&services.store, batch).await.unwrap();
    }
    new
}

/// How many events there are, and how many the statistics know.
async fn counts(services: &Services, person: &Caller, team: &TeamView) -> (i64, i64) {
    let mut c = services.store.reader().await.unwrap();
    let row = sqlx::query("SELECT COUNT(*) AS n FROM usage_events").fetch_one(&mut *c).await.unwrap();
    let all = UsageFilter::of(TestCalls::Include);
    let known = services.count_calls(person, &team.slug, false, all, UnixMs(0), START.plus(400 * DAY_MS).floor_to(DAY_MS)).await;
    (row.int("n").unwrap(), known.unwrap())
}

/// Maya's team, whose organization keeps calls for 30 days, on a day when the first two of three are older.
async fn place(services: &Services) -> (TeamView, Caller, Vec<UsageEvent>) {
    let maya = db_person(services, "Maya", true).await;
    let atlas = team(services, &maya).await;
    let events = calls(&atlas, &maya);
    assert_eq!(db_book(services, &events).await, events.len());
    let now = START.floor_to(DAY_MS).plus(32 * DAY_MS + 1);
    services.clock.advance(now.since(services.clock.now()).max(0));
    assert_eq!(services.clock.now(), now, "the clock began before");
    (atlas, maya, events)
}

async fn keep(services: &Services, maya: &Caller, days: i64) {
    let patch = OrganizationPatch { call_log_days: Some(days), ..OrganizationPatch::default() };
    services.update_organization(maya, "northwind-labs", patch).await.unwrap();
}

#[tokio::test]
async fn old_calls_go_and_the_books_balance_at_every_moment() {
    on_each_database(|services| async move {
        let (atlas, maya, events) = place(&services).await;
        assert_eq!(services.purge_old_calls().await.unwrap(), 0, "calls are kept for ever unless somebody says otherwise");
        keep(&services, &maya, 30).await;
        let all = events.len() as i64;
        let border = START.floor_to(DAY_MS).plus(2 * DAY_MS);
        let left = events.iter().filter(|event| event.call.at >= border).count() as i64;

        // Cut off after its first transaction, in the middle of a day.
        let some = services.purge_some(atlas.id, border).await.unwrap().unwrap() as i64;
        assert!(some > 0 && some < 700, "{some} of the first day's");
        assert_eq!(counts(&services, &maya, &atlas).await, (all - some, all));
        invariants::check(&services).await;
        services.check_books().await.unwrap();

        assert_eq!(services.purge_old_calls().await.unwrap() as i64, all - some - left);
        assert_eq!(counts(&services, &maya, &atlas).await, (left, all), "statistics stay");
        invariants::check(&services).await;
        assert!(services.check_books().await.unwrap().differences.is_empty());
        assert_eq!(services.purge_old_calls().await.unwrap(), 0);

        let query = CallQuery { test: TestCalls::Include, ..CallQuery::default() };
        let log = services.list_calls(&maya, &atlas.slug, query).await.unwrap();
        assert!(log.items.iter().all(|call| call.at >= border) && !log.items.is_empty());
        let gone = services.get_call(&maya, &atlas.slug, events[0].call.id).await;
        assert!(gone.is_err(), "a deleted call has no page");
    })
    .await;
}

#[tokio::test]
async fn what_comes_late_is_booked_once_and_what_comes_again_not_at_all() {
    on_each_database(|services| async move {
        let (atlas, maya, events) = place(&services).await;
        keep(&services, &maya, 30).await;
        services.purge_old_calls().await.unwrap();
        let (left, known) = counts(&services, &maya, &atlas).await;

        // An old spool comes back: all of it was booked before, most of it deleted since.
        assert_eq!(db_book(&services, &events).await, 0);
        assert_eq!(counts(&services, &maya, &atlas).await, (left, known));
        // And with it a call that nobody knew, of a day that is deleted.
        let mut late = events[3].clone();
        late.call.id = call_id(5_000);
        assert_eq!(db_book(&services, &[events[2].clone(), late.clone(), late.clone()]).await, 1);
        assert_eq!(counts(&services, &maya, &atlas).await, (left + 1, known + 1));
        invariants::check(&services).await;
        assert_eq!(services.purge_old_calls().await.unwrap(), 1);
        assert_eq!(counts(&services, &maya, &atlas).await, (left, known + 1));
        assert_eq!(db_book(&services, &[late]).await, 0);
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn budgets_in_total_and_the_last_activity_know_deleted_calls() {
    on_each_database(|services| async move {
        let (atlas, maya, _) = place(&services).await;
        let (own, of_team) = (services.random.id_at::<GrantId>(START), services.random.id_at::<GrantId>(START));
        let granted = |n: u64| {
            let mut event = event(n);
            (event.call.id, event.call.team, event.call.user, event.call.test) = (call_id(n), atlas.id, maya.user.id, false);
            event.call.at = START.floor_to(DAY_MS).plus(n.cast_signed());
            (event.call.grant, event.call.team_grant) =
                if n.is_multiple_of(2) { (Some(own), None) } else { (None, Some(of_team)) };
            event.end.cost = NanoUsd(1_000 + n.cast_signed());
            event.end.list_cost = event.end.cost;
            event
        };
        let events: Vec<UsageEvent> = (10_000..10_030).map(granted).collect();
        assert_eq!(db_book(&services, &events).await, 30);
        let model = events.iter().find_map(|event| event.call.model).unwrap();
        let told = async || {
            let mut c = services.store.reader().await.unwrap();
            let mut spent = vec![];
            for scope in [Scope::Grant(own), Scope::Grant(of_team), Scope::TeamModel(atlas.id, model)] {
                spent.push(storage::usage::sum_spent(&mut c, scope, UnixMs(0)).await.unwrap());
            }
            let anchor = storage::billing::anchor_day(&mut c, atlas.id).await.unwrap();
            let mut counters = storage::usage::counters::list_charged_grants(&mut c, anchor, UnixMs(0)).await.unwrap();
            counters.sort_by_key(|(_, _, grant, _)| *grant);
            (spent, format!("{counters:?}"))
        };
        let before = told().await;
        assert!(before.0.iter().all(|spent| *spent > 0) && before.1.contains(&own.to_string()), "{before:?}");
        keep(&services, &maya, 30).await;
        services.clock.advance(40 * DAY_MS);
        assert_eq!(services.purge_old_calls().await.unwrap(), 930, "all of them");
        let after = told().await;
        assert_eq!(after.0, before.0);
        assert_eq!(after.1, before.1);
        let members = services.list_members(&maya, &atlas.slug, MemberQuery::default()).await.unwrap();
        assert!(format!("{members:?}").contains("last_active_at: Some("), "{members:?}");
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_else_removes_a_call_and_a_day_that_does_not_agree_stays() {
    on_each_database(|services| async move {
        let (atlas, maya, events) = place(&services).await;
        keep(&services, &maya, 30).await;
        let run = async |sql: &'static str| {
            let mut tx = services.store.begin().await.unwrap();
            let done = sqlx::raw_sql(sql).execute(&mut *tx).await;
            match done {
                Ok(_) => tx.commit().await.is_ok(),
                Err(_) => false,
            }
        };
        assert!(!run("DELETE FROM usage_events").await, "events are append-only");
        assert!(!run("UPDATE usage_events SET cost = 0").await);
        assert!(
            run("UPDATE usage_rollups SET requests = requests + 1 WHERE start_at = (SELECT MIN(start_at) FROM usage_rollups)")
                .await
        );
        assert_eq!(services.purge_old_calls().await.unwrap(), 0, "sums of the oldest day are wrong");
        assert_eq!(counts(&services, &maya, &atlas).await.0, events.len() as i64);
        assert!(
            run("UPDATE usage_rollups SET requests = requests - 1 WHERE start_at = (SELECT MIN(start_at) FROM usage_rollups)")
                .await
        );
        assert!(services.purge_old_calls().await.unwrap() > 0);
        assert!(!run("DELETE FROM usage_events").await, "also of days of which some were deleted");
        // What was noted is compared, too.
        assert!(run("UPDATE usage_purged SET cost = cost + 1").await);
        assert!(!services.find_broken_invariants().await.unwrap().is_empty());
        assert!(run("UPDATE usage_purged SET cost = cost - 1").await);
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn admins_of_the_organization_say_how_long_calls_are_kept() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let noor = db_person(&services, "Noor", false).await;
        db_join(&services, &atlas, &noor, Role::Admin).await;
        let app = TestApp::new(&services);
        let (mayas, noors) = (app.api(&maya).await, app.api(&noor).await);
        let path = "/api/v1/organizations/northwind-labs";
        assert_eq!(mayas.get(path).await.expect(200)["call_log_days"], 0);
        for (days, status) in [(29, 422), (3_651, 422), (-1, 422), (30, 200), (3_650, 200), (0, 200), (90, 200)] {
            mayas.json(Method::PATCH, path, json!({"call_log_days": days})).await.expect(status);
        }
        noors.json(Method::PATCH, path, json!({"call_log_days": 30})).await.expect(403);
        assert_eq!(mayas.json(Method::PATCH, path, json!({"name": "Northwind"})).await.expect(200)["call_log_days"], 90);
        let audit = mayas.get(&format!("{path}/audit?action=organization.update")).await.text();
        assert!(audit.contains("call_log_days"), "{audit}");
        let browser = super::support::accounts::browser(&app, &maya).await;
        let page = browser.page("/o/northwind-labs/settings").await.text();
        assert!(page.contains("Keep single calls for (days)") && page.contains("value=\"90\""), "{page}");
        let fields = [("org", "northwind-labs"), ("name", "Northwind"), ("call_log_days", "12")];
        assert_eq!(browser.form("/fn/update_organization", &fields, false).await.status, 422);
        let fields = [("org", "northwind-labs"), ("name", "Northwind"), ("call_log_days", "")];
        assert_eq!(browser.form("/fn/update_organization", &fields, false).await.status, 200);
        assert_eq!(services.call_log_days(&maya, &atlas.slug).await.unwrap(), 0);
    })
    .await;
}
