//! Statistics: whatever range, zone, interval, filter and grouping is asked for, they are the sums of the single events.

use std::collections::HashMap;

use proptest::{prelude::*, strategy::ValueTree as _};

use crate::{
    domain::{
        teams::TeamView,
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage::{TestCalls, UsageEvent},
        usage_asked::UsageGroup,
        usage_buckets::Span,
        usage_filter::{Dimension, UsageFilter, Values},
        usage_statistics::{MeasuredInterval, Measures, RankBy},
        usage_sums::{Cell, Sums},
    },
    service::{
        Caller, Services,
        metering::{
            book,
            testing::{START, event, user},
        },
        usage::statistics::{RangeWords, StatisticsQuery, UsageOf},
    },
    storage,
    tests::support::{
        invariants, on_each_database,
        people::{db_person, team},
    },
};

/// What events of a number are spread over, besides what they bring along.
const PROVIDERS: [&str; 3] = ["", "north", "so\"uth' --"];
const ENDPOINTS: [&str; 2] = ["chat/completions", "embeddings"];
/// Days that events are spread over.
const DAYS: u64 = 40;

/// Events of a team over forty days, with all dimensions varied and first bytes.
fn events(team: &TeamView, numbers: std::ops::Range<u64>) -> Vec<UsageEvent> {
    let varied = |n: u64| {
        let mut event = event(n);
        event.call.team = team.id;
        event.call.at = START.plus(((n * 7_919) % (DAYS * 24 * 60)).cast_signed() * 60_000 + (n % 60_000).cast_signed());
        event.call.endpoint = ENDPOINTS[(n % 7 / 5) as usize].into();
        event.end.provider_name = PROVIDERS[(n % 11 % 3) as usize].into();
        event.end.first_token_ms = (!n.is_multiple_of(3)).then_some(event.end.latency_ms / 3);
        event
    };
    numbers.map(varied).collect()
}

async fn db_book(services: &Services, events: &[UsageEvent]) {
    // In several batches of odd sizes: rows are raised again and again.
    for batch in events.chunks(97) {
        assert_eq!(book(&services.store, batch).await.unwrap(), batch.len());
    }
}

/// A range of events, a zone, an interval, and what is filtered by: the values of one of the events.
#[derive(Clone, Debug)]
struct Asked {
    from: i64,
    length: i64,
    zone: &'static str,
    bucket: &'static str,
    test: TestCalls,
    filter: Vec<Dimension>,
    like: usize,
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let zone = prop_oneof![
        Just("UTC"),
        Just("Europe/Berlin"),
        Just("Asia/Kolkata"),
        Just("Asia/Kathmandu"),
        Just("America/New_York"),
        Just("Australia/Lord_Howe"),
    ];
    let bucket = prop_oneof![Just(""), Just("1h"), Just("6h"), Just("1d"), Just("1w")];
    let test = prop_oneof![Just(TestCalls::Exclude), Just(TestCalls::Include), Just(TestCalls::Only)];
    let filter = prop::sample::subsequence(Dimension::ALL.to_vec(), 0..=3);
    (-3 * DAY_MS..(DAYS as i64) * DAY_MS, 1..35 * DAY_MS, zone, bucket, test, filter, 0..1_000_usize)
        .prop_map(|(from, length, zone, bucket, test, filter, like)| Asked { from, length, zone, bucket, test, filter, like })
}

fn values(event: &UsageEvent) -> Values {
    Values::of_event(event, str::to_owned)
}

impl Asked {
    fn query(&self, events: &[UsageEvent], now: UnixMs) -> StatisticsQuery {
        let like = values(&events[self.like % events.len()]);
        let filter = self
            .filter
            .iter()
            .fold(UsageFilter::of(self.test), |filter, dimension| filter.only(*dimension, Some(like.get(*dimension).to_owned())));
        let from = START.plus(self.from);
        let words = RangeWords {
            from: Some(from.0),
            to: Some(from.0 + self.length),
            bucket: self.bucket,
            zone: self.zone,
            ..RangeWords::default()
        };
        StatisticsQuery::parse(words, filter, now).unwrap()
    }
}

/// What the events of a time say.
fn brute(events: &[UsageEvent], query: &StatisticsQuery, from: UnixMs, to: UnixMs) -> Cell {
    let mut cell = Cell::default();
    for event in events.iter().filter(|event| (from..to).contains(&event.call.at)) {
        if query.filter.takes(&values(event), event.call.test) {
            cell.count(event);
        }
    }
    cell
}

#[tokio::test]
async fn statistics_are_those_of_the_single_events() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let events = events(&team, 0..900);
        db_book(&services, &events).await;
        services.clock.advance(START.plus(45 * DAY_MS).since(services.clock.now()));
        let now = services.clock.now();

        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..60 {
            let asked = any_asked().new_tree(&mut runner).unwrap().current();
            let query = asked.query(&events, now);
            for of in [UsageOf::Team(&team.slug), UsageOf::Platform] {
                let told = services.usage_statistics(&owner, of, &query).await.unwrap();
                assert_eq!(told.total, Measures::from(&brute(&events, &query, told.from, told.to)), "{asked:?}");
                let before = brute(&events, &query, told.previous_from, told.previous_to);
                assert_eq!(told.previous, Measures::from(&before), "{asked:?}");
                assert_eq!((told.intervals[0].start, told.intervals.last().unwrap().end), (told.from, told.to));
                for (interval, next) in told.intervals.iter().zip(told.intervals.iter().skip(1)) {
                    assert_eq!(interval.end, next.start);
                }
                for interval in &told.intervals {
                    let cell = brute(&events, &query, interval.start, interval.end);
                    assert_eq!(interval.measures, Measures::from(&cell), "{asked:?} {interval:?}");
                }
            }
            check_rankings(&services, &owner, &team, &events, &query).await;
            check_series(&services, &owner, &team, &events, &query).await;
        }
        invariants::check(&services).await;
    })
    .await;
}

async fn check_rankings(services: &Services, owner: &Caller, team: &TeamView, events: &[UsageEvent], query: &StatisticsQuery) {
    for by in Dimension::ALL {
        let rows = services.usage_ranking(owner, UsageOf::Team(&team.slug), by, RankBy::Cost, query).await.unwrap();
        let mut expected: HashMap<String, Sums> = HashMap::new();
        for event in events.iter().filter(|event| (query.range.from..query.range.to).contains(&event.call.at)) {
            if query.filter.takes(&values(event), event.call.test) {
                expected.entry(values(event).get(by).to_owned()).or_default().add(&Sums::of_event(event));
            }
        }
        let told: HashMap<String, Sums> =
            rows.iter().filter(|row| row.sums != Sums::default()).map(|row| (row.id.clone(), row.sums)).collect();
        assert_eq!(told, expected, "{by:?} {query:?}");
        assert!(rows.windows(2).all(|pair| pair[0].sums.cost >= pair[1].sums.cost));
    }
}

/// Groups by interval, and what they leave.
async fn check_series(services: &Services, owner: &Caller, team: &TeamView, events: &[UsageEvent], query: &StatisticsQuery) {
    let groups = Dimension::ALL.map(UsageGroup::Of).into_iter().map(|by| (UsageOf::Team(&team.slug), by));
    for (of, by) in groups.chain([(UsageOf::Platform, UsageGroup::Team)]) {
        let told = services.usage_series(owner, of, by, RankBy::Requests, 3, query).await.unwrap();
        let value = |event: &UsageEvent| match by {
            UsageGroup::Of(dimension) => values(event).get(dimension).to_owned(),
            UsageGroup::Team => event.call.team.to_string(),
        };
        let mut expected: HashMap<(String, usize), Sums> = HashMap::new();
        for event in events.iter().filter(|event| query.filter.takes(&values(event), event.call.test)) {
            let holds = |part: &MeasuredInterval| (part.start..part.end).contains(&event.call.at);
            if let Some(place) = told.all.intervals.iter().position(holds) {
                expected.entry((value(event), place)).or_default().add(&Sums::of_event(event));
            }
        }
        assert!(told.groups.len() <= 3);
        for (place, part) in told.all.intervals.iter().enumerate() {
            let mut all = told.rest(place);
            for group in &told.groups {
                let sums = expected.get(&(group.ranked.id.clone(), place)).copied().unwrap_or_default();
                assert_eq!(group.intervals[place], sums, "{by:?} {} {part:?} {query:?}", group.ranked.id);
                all.add(&group.intervals[place]);
            }
            assert_eq!(all, part.measures.sums, "{by:?} {part:?}");
        }
        for group in &told.groups {
            let mut sum = Sums::default();
            group.intervals.iter().for_each(|part| sum.add(part));
            assert_eq!(sum, group.ranked.sums, "{by:?} {}", group.ranked.id);
        }
        let report = services.usage_statistics(owner, of, query).await.unwrap();
        assert_eq!(told.all, report);
        let mut before = Sums::default();
        told.before.iter().for_each(|part| before.add(&part.measures.sums));
        assert_eq!(before, report.previous.sums);
    }
}

#[tokio::test]
async fn sums_by_whatever_are_the_teams_total() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        db_book(&services, &events(&team, 0..400)).await;
        services.clock.advance(START.plus(45 * DAY_MS).since(services.clock.now()));
        let words = RangeWords { range: "90d", zone: "Asia/Kolkata", ..RangeWords::default() };
        let query = StatisticsQuery::parse(words, UsageFilter::of(TestCalls::Include), services.clock.now()).unwrap();
        let total = services.usage_statistics(&owner, UsageOf::Team(&team.slug), &query).await.unwrap().total.sums;
        assert_eq!(total.requests, 400);
        for by in Dimension::ALL {
            let rows = services.usage_ranking(&owner, UsageOf::Team(&team.slug), by, RankBy::Tokens, &query).await.unwrap();
            let mut sum = Sums::default();
            rows.iter().for_each(|row| sum.add(&row.sums));
            assert_eq!(sum, total, "{by:?}");
            assert!((9_990..=10_000).contains(&rows.iter().filter_map(|row| row.share_bp).sum::<i64>()));
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_booked_before_is_filled_in_at_the_next_start() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let events = events(&team, 0..300);
        db_book(&services, &events[..200]).await;
        let mut tx = services.store.begin().await.unwrap();
        for table in ["usage_series", "usage_ranks", "usage_pages"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *tx).await.unwrap();
        }
        sqlx::query("UPDATE usage_booking SET filled = 0, filled_to = ''").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!services.find_broken_invariants().await.unwrap().is_empty(), "what is missing is seen");

        assert_eq!(services.fill_statistics().await.unwrap(), 200);
        assert_eq!(services.fill_statistics().await.unwrap(), 0, "once");
        db_book(&services, &events[200..]).await;
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn rankings_that_were_kept_in_another_way_are_filled_in_from_the_pages_of_days() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        let events = events(&team, 0..300);
        db_book(&services, &events[..200]).await;
        let mut tx = services.store.begin().await.unwrap();
        sqlx::query("DELETE FROM usage_ranks").execute(&mut *tx).await.unwrap();
        sqlx::query("UPDATE usage_booking SET ranks_filled = 0").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!services.find_broken_invariants().await.unwrap().is_empty(), "what is missing is seen");

        services.fill_statistics().await.unwrap();
        invariants::check(&services).await;
        db_book(&services, &events[200..]).await;
        services.fill_statistics().await.unwrap();
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_batch_writes_few_statements_worth_of_rows() {
    on_each_database(async |services| {
        let owner = db_person(&services, "Maya", true).await;
        let team = team(&services, &owner).await;
        // A batch of the busiest half second: everybody calls in the same quarter of an hour.
        let mut batch = events(&team, 0..256);
        for (n, event) in (0..).zip(&mut batch) {
            event.call.at = START.floor_to(Span::Stretch.ms()).plus(HOUR_MS);
            event.call.user = user(n % 200);
        }
        book(&services.store, &batch).await.unwrap();
        let mut c = services.store.reader().await.unwrap();
        let mut rows = 0;
        for table in ["usage_series", "usage_ranks", "usage_pages"] {
            let sql = format!("SELECT COUNT(*) AS n FROM {table}");
            let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *c).await.unwrap();
            rows += storage::RowExt::int(&row, "n").unwrap();
        }
        println!("rows of a batch of {}: {rows}", batch.len());
        assert!(rows < 20 * 256, "{rows} rows of statistics for {} events", batch.len());
        drop(c);
        invariants::check(&services).await;
    })
    .await;
}
