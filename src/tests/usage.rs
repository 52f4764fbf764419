//! The call log shows every call once, and everybody sees of statistics and log what the table of roles allows.

use crate::{
    domain::{
        page::PageRequest,
        roles::{Action, Role},
        teams::TeamView,
        time::DAY_MS,
        usage::{TestCalls, UsageEvent},
        usage_filter::{Dimension, UsageFilter},
        usage_statistics::{Measures, RankBy},
    },
    service::{
        Caller, ServiceError, Services,
        metering::{
            book,
            testing::{START, event},
        },
        usage::{
            CallQuery,
            statistics::{RangeWords, StatisticsQuery, UsageOf},
        },
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

/// A range up to three days after the first calls.
fn asked(range: &'static str) -> StatisticsQuery {
    let words = RangeWords { range, ..RangeWords::default() };
    StatisticsQuery::parse(words, UsageFilter::of(TestCalls::Exclude), START.plus(3 * DAY_MS)).unwrap()
}

fn counts(test: TestCalls, event: &UsageEvent) -> bool {
    match test {
        TestCalls::Exclude => !event.call.test,
        TestCalls::Include => true,
        TestCalls::Only => event.call.test,
    }
}

#[tokio::test]
async fn the_log_shows_every_call_once_page_by_page() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let events = db_events(&services, &team, 0..230).await;
        invariants::check_append_only(&services).await;
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

        let week = asked("7d");
        let of = UsageOf::Team(&team.slug);
        let ranked = async |person: &Caller, by| services.usage_ranking(person, of, by, RankBy::Cost, &week).await;
        let all = CallQuery { test: TestCalls::Include, ..CallQuery::default() };
        for person in [&owner, &admin, &member, &viewer] {
            services.usage_statistics(person, of, &week).await.unwrap();
            services.get_team_burn(person, &team.slug).await.unwrap();
            ranked(person, Dimension::Model).await.unwrap();
        }
        for person in [&owner, &admin] {
            ranked(person, Dimension::Member).await.unwrap();
            assert_eq!(services.list_calls(person, &team.slug, all.clone()).await.unwrap().items.len(), 24);
        }
        for person in [&member, &viewer] {
            let refused = ranked(person, Dimension::Member).await;
            assert!(matches!(refused, Err(ServiceError::Denied(Action::ViewEveryonesUsage))));
        }
        let own = services.list_calls(&member, &team.slug, all.clone()).await.unwrap();
        assert_eq!(own.items.len(), 4, "a member's log is the member's own");
        let others = CallQuery { user: Some(owner.user.id), ..all.clone() };
        assert!(matches!(services.list_calls(&member, &team.slug, others).await, Err(ServiceError::Denied(_))));
        assert!(matches!(services.list_calls(&viewer, &team.slug, all.clone()).await, Err(ServiceError::Denied(_))));
        assert!(matches!(services.list_calls(&stranger, &team.slug, all).await, Err(ServiceError::NotFound)));
        assert!(matches!(services.usage_statistics(&stranger, of, &week).await, Err(ServiceError::NotFound)));
        assert!(matches!(services.get_team_burn(&stranger, &team.slug).await, Err(ServiceError::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn a_team_without_calls_has_zeros_and_no_percentiles() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let told = services.usage_statistics(&owner, UsageOf::Team("me"), &asked("24h")).await.unwrap();
        assert_eq!((told.total, told.total.sums.success_rate_bp()), (Measures::default(), None));
        assert!(told.intervals.len() >= 24 && told.intervals.iter().all(|interval| interval.measures == Measures::default()));
        assert!(services.list_calls(&owner, &team.slug, CallQuery::default()).await.unwrap().items.is_empty());
    })
    .await;
}
