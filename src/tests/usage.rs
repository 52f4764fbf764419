//! Statistics and call log: figures are those of the single events, whatever range, interval and filter is asked for, and everybody
//! sees what the table of roles allows.

use proptest::{prelude::*, strategy::ValueTree as _};

use crate::{
    domain::{
        page::PageRequest,
        roles::{Action, Role},
        teams::TeamView,
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage::{Figures, Outcome, TestCalls, UsageEvent},
        usage_range::{FINEST_MS, UsageRange},
    },
    service::{
        Caller, ServiceError, Services,
        metering::{
            book,
            testing::{START, event},
        },
        usage::{CallQuery, GroupBy},
    },
    tests::support::{
        invariants, on_each_database,
        people::{db_join, db_person, team},
    },
};

/// Books made-up events of a team whose calls are those of its owner.
async fn db_events(services: &Services, team: &TeamView, numbers: std::ops::Range<u64>) -> Vec<UsageEvent> {
    let events: Vec<UsageEvent> = numbers
        .map(|n| {
            let mut event = event(n);
            event.call.team = team.id;
            event
        })
        .collect();
    assert_eq!(book(&services.store, &events).await.unwrap(), events.len());
    assert_eq!(book(&services.store, &events).await.unwrap(), 0, "a second time changes nothing");
    events
}

fn counts(test: TestCalls, event: &UsageEvent) -> bool {
    match test {
        TestCalls::Exclude => !event.call.test,
        TestCalls::Include => true,
        TestCalls::Only => event.call.test,
    }
}

/// Figures by brute force.
fn figures<'e>(events: impl Iterator<Item = &'e UsageEvent>) -> Figures {
    let mut sum = Figures::default();
    for UsageEvent { end, .. } in events {
        sum.requests += 1;
        match end.outcome {
            Outcome::Completed => sum.succeeded += 1,
            Outcome::UpstreamError | Outcome::UpstreamTimeout | Outcome::Interrupted => sum.failed += 1,
            Outcome::Refused => sum.refused += 1,
            Outcome::Cancelled | Outcome::UpstreamRejected => {}
        }
        sum.prompt_tokens += end.tokens.prompt.cast_signed();
        sum.completion_tokens += end.tokens.completion.cast_signed();
        sum.cost += end.cost.0;
        sum.estimated += i64::from(end.estimated);
    }
    sum
}

/// Whether a percentile is told to within 1/64 of the exact one.
fn is_percentile<'e>(told: Option<i64>, share: f64, events: impl Iterator<Item = &'e UsageEvent>) -> bool {
    let answered = events.filter(|event| !matches!(event.end.outcome, Outcome::Refused | Outcome::Interrupted));
    let mut latencies: Vec<i64> = answered.map(|event| event.end.latency_ms).collect();
    latencies.sort_unstable();
    match (told, latencies.len()) {
        (None, 0) => true,
        (Some(told), count @ 1..) => {
            let exact = latencies[(count as f64 * share).ceil() as usize - 1];
            (told - exact).abs() * 64 <= exact
        }
        _ => false,
    }
}

fn any_query() -> impl Strategy<Value = (i64, i64, &'static str, TestCalls)> {
    let test = prop_oneof![Just(TestCalls::Exclude), Just(TestCalls::Include), Just(TestCalls::Only)];
    (-3 * HOUR_MS..2 * DAY_MS, 1..3 * DAY_MS, prop_oneof![Just("15m"), Just("1h"), Just("6h"), Just("1d"), Just("")], test)
}

#[tokio::test]
async fn figures_are_those_of_the_single_events() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let events = db_events(&services, &team, 0..700).await;
        invariants::check(&services).await;
        invariants::check_append_only(&services).await;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..40 {
            let (after, length, bucket, test) = any_query().new_tree(&mut runner).unwrap().current();
            let from = START.plus(after);
            let range = UsageRange::parse(Some(from.0), Some(from.0 + length), bucket, START.plus(10 * DAY_MS)).unwrap();
            check_range(&services, &owner, &team, &events, range, test).await;
        }
    })
    .await;
}

async fn check_range(
    services: &Services,
    owner: &Caller,
    team: &TeamView,
    events: &[UsageEvent],
    range: UsageRange,
    test: TestCalls,
) {
    let within = |from: UnixMs, to: UnixMs| {
        let (from, to) = (from.max(range.from), to.min(range.to));
        events.iter().filter(move |event| event.call.at >= from && event.call.at < to && counts(test, event))
    };
    let all = || within(range.from, range.to);
    let report = services.usage_report(owner, &team.slug, range, test).await.unwrap();
    assert_eq!(report.total.figures, figures(all()), "{range:?} {test:?}");
    assert!(is_percentile(report.total.p50_ms, 0.5, all()) && is_percentile(report.total.p95_ms, 0.95, all()));
    assert_eq!(report.buckets.len(), range.starts().count());
    for bucket in &report.buckets {
        let of_bucket = || within(bucket.start, bucket.start.plus(range.bucket_ms));
        assert_eq!(bucket.figures, figures(of_bucket()), "{range:?} {test:?} {:?}", bucket.start);
        assert!(is_percentile(bucket.p50_ms, 0.5, of_bucket()) && is_percentile(bucket.p95_ms, 0.95, of_bucket()));
    }
    for group in [GroupBy::Member, GroupBy::Model, GroupBy::Key] {
        let shares = services.usage_by(owner, &team.slug, range, test, group).await.unwrap();
        let mut total = Figures::default();
        for share in &shares {
            let id_of = |event: &UsageEvent| match group {
                GroupBy::Member => event.call.user.to_string(),
                GroupBy::Model => event.call.model.map(|_| event.call.model_name.clone()).unwrap_or_default(),
                GroupBy::Key => event.call.key.map(|id| id.to_string()).unwrap_or_default(),
            };
            assert_eq!(share.figures, figures(all().filter(|event| id_of(event) == share.id)), "{group:?} {}", share.id);
            total.add(&share.figures);
        }
        assert_eq!(total, report.total.figures, "sums over {group:?} are the team's total");
    }
}

#[tokio::test]
async fn the_log_shows_every_call_once_page_by_page() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let events = db_events(&services, &team, 0..230).await;
        for test in TestCalls::ALL {
            let mut expected: Vec<_> =
                events.iter().filter(|event| counts(test, event)).map(|e| (e.call.at, e.call.id)).collect();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let mut query = CallQuery { test, page: PageRequest { limit: Some(40), cursor: None }, ..CallQuery::default() };
            let mut seen = vec![];
            loop {
                let page = services.list_calls(&owner, &team.slug, query.clone()).await.unwrap();
                seen.extend(page.items.iter().map(|row| (row.at, row.id)));
                match page.next_cursor {
                    Some(cursor) => query.page.cursor = Some(cursor),
                    None => break,
                }
            }
            assert_eq!(seen, expected, "{test:?}");
        }
        for model in ["model-1", "model-1' OR '1'='1", "%", "nul\0"] {
            let query = CallQuery {
                model: model.into(),
                test: TestCalls::Include,
                page: PageRequest { limit: Some(100), cursor: None },
                ..CallQuery::default()
            };
            let page = services.list_calls(&owner, &team.slug, query).await.unwrap();
            assert!(page.items.iter().all(|row| row.model == model) && page.items.is_empty() == (model != "model-1"));
        }
        for cursor in ["x", "1.x", "1", ".", "99999999999999999999.019ab0e3-0000-7000-8000-000000000000", "' OR 1=1 --"] {
            let query = CallQuery { page: PageRequest { limit: None, cursor: Some(cursor.into()) }, ..CallQuery::default() };
            assert!(matches!(services.list_calls(&owner, &team.slug, query).await, Err(ServiceError::Invalid(_))), "{cursor}");
        }
    })
    .await;
}

#[tokio::test]
async fn everybody_sees_what_the_table_of_roles_allows() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let [admin, member, viewer, stranger] = ["Lena", "Jonas", "Vera", "Sven"];
        let [admin, member, viewer, stranger] = [
            db_person(&services, admin, false).await,
            db_person(&services, member, false).await,
            db_person(&services, viewer, false).await,
            db_person(&services, stranger, false).await,
        ];
        db_join(&services, &team, &admin, Role::Admin).await;
        db_join(&services, &team, &member, Role::Member).await;
        db_join(&services, &team, &viewer, Role::Viewer).await;
        let mut events = db_events(&services, &team, 0..20).await;
        for (n, event) in (100..).zip(&mut events[..4]) {
            event.call.id = crate::service::metering::testing::call_id(n);
            event.call.user = member.user.id;
        }
        book(&services.store, &events[..4]).await.unwrap();

        let range = UsageRange::preset("7d", START.plus(3 * DAY_MS));
        let all = CallQuery { test: TestCalls::Include, ..CallQuery::default() };
        for person in [&owner, &admin, &member, &viewer] {
            services.usage_report(person, &team.slug, range, TestCalls::Exclude).await.unwrap();
            services.usage_by(person, &team.slug, range, TestCalls::Exclude, GroupBy::Model).await.unwrap();
            services.spent_this_month(person, &team.slug).await.unwrap();
        }
        for person in [&owner, &admin] {
            services.usage_by(person, &team.slug, range, TestCalls::Exclude, GroupBy::Member).await.unwrap();
            assert_eq!(services.list_calls(person, &team.slug, all.clone()).await.unwrap().items.len(), 24);
        }
        for person in [&member, &viewer] {
            for group in [GroupBy::Member, GroupBy::Key] {
                let refused = services.usage_by(person, &team.slug, range, TestCalls::Exclude, group).await;
                assert!(matches!(refused, Err(ServiceError::Denied(Action::ViewEveryonesUsage))));
            }
        }
        let own = services.list_calls(&member, &team.slug, all.clone()).await.unwrap();
        assert_eq!(own.items.len(), 4, "a member's log is the member's own");
        let others = CallQuery { user: Some(owner.user.id), ..all.clone() };
        assert!(matches!(services.list_calls(&member, &team.slug, others).await, Err(ServiceError::Denied(_))));
        assert!(matches!(services.list_calls(&viewer, &team.slug, all.clone()).await, Err(ServiceError::Denied(_))));
        assert!(matches!(services.list_calls(&stranger, &team.slug, all).await, Err(ServiceError::NotFound)));
        assert!(matches!(
            services.usage_report(&stranger, &team.slug, range, TestCalls::Exclude).await,
            Err(ServiceError::NotFound)
        ));
    })
    .await;
}

#[tokio::test]
async fn a_team_without_calls_has_zeros_and_no_percentiles() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let report = services.usage_report(&owner, "me", UsageRange::preset("24h", START), TestCalls::Include).await.unwrap();
        assert_eq!((report.total.figures, report.total.p50_ms, report.total.p95_ms), (Figures::default(), None, None));
        assert_eq!(report.total.figures.success_rate_bp(), None);
        assert_eq!(report.buckets.len() as i64, report.to.since(report.from) / FINEST_MS);
        assert!(services.list_calls(&owner, &team.slug, CallQuery::default()).await.unwrap().items.is_empty());
    })
    .await;
}
