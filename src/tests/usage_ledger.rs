//! What statistics say was charged is what the ledger took: by members, by models, by keys, and in total.

use proptest::{prelude::*, strategy::ValueTree as _};

use super::support::{
    invariants, on_each_database,
    people::{db_person, team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        money::{DOLLAR, NanoUsd},
        plan_changes::Wanted,
        time::{DAY_MS, MINUTE_MS, UnixMs},
        usage::{TestCalls, UsageEvent},
        usage_filter::{Dimension, UsageFilter, Values},
        usage_statistics::RankBy,
        usage_sums::Sums,
    },
    service::{
        metering::{
            book,
            testing::{START, event},
        },
        usage::statistics::{RangeWords, StatisticsQuery, UsageOf},
    },
    storage::RowExt as _,
};

/// Days that the calls are spread over, all in one billing month.
const DAYS: i64 = 5;
const CALLS: u64 = 400;

/// Start and length of a range in minutes, its zone, what is filtered by, and of which call the values are taken.
fn any_asked() -> impl Strategy<Value = (i64, i64, &'static str, Vec<Dimension>, usize)> {
    let zone = prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Asia/Kathmandu"), Just("America/New_York")];
    let filter = prop::sample::subsequence(Dimension::ALL.to_vec(), 0..=2);
    (-1_000..DAYS * 1_440, 1..8 * 1_440_i64, zone, filter, 0..CALLS as usize)
}

#[tokio::test]
async fn sums_of_members_models_and_keys_are_the_total_and_the_ledgers() {
    on_each_database(async |services| {
        services.clock.advance(START.since(services.clock.now()).max(0));
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        services.change_plan(&maya, "atlas-search", &Wanted::Plan("Starter".into(), Some(1))).await.unwrap();
        services.adjust_balance(&maya, "atlas-search", 500 * DOLLAR, "Goodwill").await.unwrap();
        let spread = |n: u64| {
            let mut event = event(n);
            (event.call.team, event.call.test, event.call.billed) = (atlas.id, false, true);
            event.call.at = START.plus((n * 7_919).cast_signed() % (DAYS * 1_440) * MINUTE_MS);
            event
        };
        let events: Vec<UsageEvent> = (0..CALLS).map(spread).collect();
        services.clock.advance((DAYS + 1) * DAY_MS);
        for batch in events.chunks(61) {
            book(&services.store, batch).await.unwrap();
        }

        let of = UsageOf::Team("atlas-search");
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut asked = vec![(0, 8 * 1_440, "UTC", vec![], 0)];
        asked.extend((0..25).map(|_| any_asked().new_tree(&mut runner).unwrap().current()));
        for (from, length, zone, filter, like) in asked {
            let from = START.plus(from * MINUTE_MS);
            let to = from.plus(length * MINUTE_MS);
            let values = Values::of_event(&events[like], str::to_owned);
            let filter = filter
                .iter()
                .fold(UsageFilter::of(TestCalls::Include), |all, by| all.only(*by, Some(values.get(*by).to_owned())));
            let words = RangeWords { from: Some(from.0), to: Some(to.0), zone, ..RangeWords::default() };
            let query = StatisticsQuery::parse(words, filter, services.clock.now()).unwrap();
            let total = services.usage_statistics(&maya, of, &query).await.unwrap().total.sums;
            for by in [Dimension::Member, Dimension::Model, Dimension::Key] {
                let mut sum = Sums::default();
                let rows = services.usage_ranking(&maya, of, by, RankBy::Cost, &query).await.unwrap();
                rows.iter().for_each(|row| sum.add(&row.sums));
                assert_eq!(sum, total, "{by:?} {query:?}");
            }
            let charged = events.iter().filter(|event| {
                (query.range.from..query.range.to).contains(&event.call.at)
                    && query.filter.takes(&Values::of_event(event, str::to_owned), false)
            });
            assert_eq!(charged.map(|event| event.end.cost.0).sum::<i64>(), total.cost, "{query:?}");
        }

        let words = RangeWords { range: "28d", ..RangeWords::default() };
        let query = StatisticsQuery::parse(words, UsageFilter::default(), services.clock.now()).unwrap();
        let total = services.usage_statistics(&maya, of, &query).await.unwrap().total.sums;
        let mut c = services.store.reader().await.unwrap();
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS charged FROM ledger WHERE team_id = $1 AND kind = 'usage_charge'",
        )
        .bind(atlas.id.to_string())
        .fetch_one(&mut *c)
        .await
        .unwrap();
        assert_eq!((total.requests, NanoUsd(-row.int("charged").unwrap())), (CALLS.cast_signed(), NanoUsd(total.cost)));
        assert!(total.cost > 0);
        drop(c);
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn lists_of_keys_teams_and_organizations_tell_the_calls_of_the_month() {
    on_each_database(async |services| {
        services.clock.advance(START.since(services.clock.now()).max(0));
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let new = |name: &str| NewApiKey { name: name.into(), kind: KeyKind::Person, expires_at: None };
        let used = services.create_key(&maya, "atlas-search", new("nightly")).await.unwrap().id;
        let unused = services.create_key(&maya, "atlas-search", new("weekly")).await.unwrap().id;
        // Two of three are the team's, the others a stranger's; one of four was before the month.
        let spread = |n: u64| {
            let mut event = event(n);
            if !n.is_multiple_of(3) {
                (event.call.team, event.call.user) = (atlas.id, maya.user.id);
                event.call.key = n.is_multiple_of(2).then_some(used);
            }
            event.call.at = if n.is_multiple_of(4) { event.call.at.plus(-20 * DAY_MS) } else { event.call.at };
            event
        };
        let events: Vec<UsageEvent> = (0..CALLS).map(spread).collect();
        services.clock.advance(3 * DAY_MS);
        for batch in events.chunks(61) {
            book(&services.store, batch).await.unwrap();
        }

        let (year, month, _) = services.clock.now().civil();
        let month = UnixMs::from_civil(year, month, 1);
        let ours: Vec<_> = events.iter().filter(|event| event.call.team == atlas.id && event.call.at >= month).collect();
        let spent: i64 = ours.iter().map(|event| event.end.cost.0).sum();
        let last = ours.iter().map(|event| event.call.at).max();
        assert!(spent > 0 && events.iter().any(|event| event.call.at < month), "the scene has calls on both sides");

        let listed = services.list_teams(&maya).await.unwrap();
        assert_eq!((listed[0].spent, listed[0].last_call_at), (spent, last));
        let seen = services.get_organization_overview(&maya, &listed[0].organization_slug).await.unwrap();
        let row = &seen.teams[0];
        assert_eq!((row.requests, row.spent, row.last_call_at, seen.spent()), (ours.len() as i64, spent, last, spent));
        let members = services.list_organization_members(&maya, &listed[0].organization_slug, Default::default()).await.unwrap();
        let row = &members.page.items[0];
        assert_eq!((row.spent, row.share_bp), (spent, 10_000), "all of it is hers");

        let keys = services.list_keys(&maya, "atlas-search", Default::default()).await.unwrap().items;
        let of = |id| keys.iter().find(|key| key.id == id).map(|key| (key.spent, key.last_used_at)).unwrap();
        let its: Vec<_> = ours.iter().filter(|event| event.call.key == Some(used)).collect();
        assert_eq!(of(used), (its.iter().map(|event| event.end.cost.0).sum(), its.iter().map(|event| event.call.at).max()));
        assert_eq!(of(unused), (0, None));
    })
    .await;
}
