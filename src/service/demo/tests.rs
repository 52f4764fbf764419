//! The demo data: complete, repeatable, balanced.

use std::{collections::HashMap, os::unix::fs::PermissionsExt, sync::Arc};

use super::{people, usage};
use crate::{
    domain::{
        ids::TeamId,
        time::{DAY_MS, UnixMs},
        usage::{Figures, Outcome, TestCalls, UsageEvent},
        usage_buckets::Intervals,
        usage_filter::{Dimension, UsageFilter},
        usage_statistics::RankBy,
    },
    service::{
        Caller, Services, Settings,
        api_keys::KeyQuery,
        usage::statistics::{RangeWords, StatisticsQuery, UsageOf},
        vault::Secret,
    },
    storage::{self, usage::UsageScope},
    tests::support::{invariants, on_each_database},
};

pub(super) fn in_folder(services: &Services, folder: &tempfile::TempDir) -> Services {
    let settings = Settings { data_dir: folder.path().to_owned(), ..(*services.settings).clone() };
    Services { settings: Arc::new(settings), ..services.clone() }
}

#[tokio::test]
async fn demo_data_is_complete_balanced_and_written_once() {
    on_each_database(async |services| {
        let folder = tempfile::tempdir().unwrap();
        let services = in_folder(&services, &folder);
        // Long enough for an outage and a weekend; what the sixty days hold is counted below without a database.
        let demo = services.seed_demo_days(7, 20).await.unwrap();
        assert_eq!(demo.accounts.len(), 14);
        let mode = std::fs::metadata(folder.path().join("demo.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        invariants::check(&services).await;

        let mut c = services.store.reader().await.unwrap();
        let credentials = storage::users::find_credentials(&mut c, &demo.accounts[0].email).await.unwrap().unwrap();
        let verdict =
            services.passwords.verify(Secret::new(demo.password.clone()), Some(credentials.password_hash)).await.unwrap();
        assert_eq!(verdict, crate::service::accounts::passwords::Verdict::Right);
        drop(c);
        let owner = Caller::system(credentials.user);
        let key = services.snapshot().authenticate(&demo.key, services.clock.now()).unwrap();
        services.snapshot().authorize(&key, &demo.model, services.clock.now()).unwrap();

        let callers = people::read(&services).await.unwrap();
        let made =
            |days| usage::events(7, services.clock.now(), days, &callers).filter(|event| event.call.organization.is_some());
        let since = |days: i64| {
            let from = Some(services.clock.now().0 - days * DAY_MS);
            let words = RangeWords { from, bucket: "1d", ..RangeWords::default() };
            StatisticsQuery::parse(words, UsageFilter::of(TestCalls::Include), services.clock.now()).unwrap()
        };
        let lately = since(22);
        let mut calls = 0;
        for team in ["atlas-search", "support-automation", "research"] {
            let of = UsageOf::Team(team);
            calls += services.usage_statistics(&owner, of, &lately).await.unwrap().total.sums.requests;
            assert!(services.usage_ranking(&owner, of, Dimension::Member, RankBy::Cost, &lately).await.unwrap().len() >= 4);
        }
        assert_eq!(calls, made(20).count() as i64, "what was made is booked");
        let mut all: HashMap<TeamId, Figures> = HashMap::new();
        for event in made(60) {
            let figures = all.entry(event.call.team).or_default();
            figures.requests += 1;
            figures.succeeded += i64::from(event.end.outcome == Outcome::Completed);
            figures.failed += i64::from(event.end.outcome.is_failure());
        }
        assert!(all.len() == 3 && (30_000..60_000).contains(&all.values().map(|figures| figures.requests).sum::<i64>()));
        for figures in all.values() {
            let rate = figures.success_rate_bp().unwrap();
            assert!((9_700..9_990).contains(&rate), "{figures:?}: {rate}");
        }
        assert_eq!(services.list_keys(&owner, "atlas-search", KeyQuery::default()).await.unwrap().items.len(), 13);

        services.clock.advance(3 * DAY_MS);
        assert_eq!(services.seed_demo(8).await.unwrap(), demo, "a second run prints the first one's");
        let later = since(70);
        let mut after = 0;
        for team in ["atlas-search", "support-automation", "research"] {
            after += services.usage_statistics(&owner, UsageOf::Team(team), &later).await.unwrap().total.sums.requests;
        }
        assert_eq!(after, calls, "and writes nothing");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_cut_short_is_taken_up_again() {
    on_each_database(async |services| {
        let folder = tempfile::tempdir().unwrap();
        let services = in_folder(&services, &folder);
        let progress = services.write_demo_people(7, 6).await.unwrap();
        let callers = people::read(&services).await.unwrap();
        let events: Vec<_> = usage::events(7, progress.now, 6, &callers).collect();
        let again: Vec<_> = usage::events(7, progress.now, 6, &callers).collect();
        assert!(events == again, "the same seed gives the same events");
        assert!(events.iter().any(|event| event.end.outcome == Outcome::UpstreamError));
        for UsageEvent { call, end } in &events {
            assert_eq!(end.upstream_ms.is_some(), end.attempts > 0, "{call:?}");
            assert!(end.upstream_ms <= end.first_token_ms.or(Some(end.latency_ms)), "{call:?} {end:?}");
            let is_ours = end.outcome.is_failure() || end.outcome == Outcome::Refused;
            assert_eq!(!end.message.is_empty(), is_ours, "{call:?} {end:?}");
        }
        crate::service::metering::book(&services.store, &events[..900]).await.unwrap();
        services.clock.advance(DAY_MS);
        services.seed_demo(9).await.unwrap();
        let mut c = services.store.reader().await.unwrap();
        let row = sqlx::query("SELECT COUNT(*) AS n FROM usage_events").fetch_one(&mut *c).await.unwrap();
        assert_eq!(storage::RowExt::int(&row, "n").unwrap(), events.len() as i64);
        drop(c);
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn demo_data_is_refused_where_people_are() {
    on_each_database(async |services| {
        crate::tests::support::people::db_person(&services, "Ada", true).await;
        assert!(services.seed_demo(7).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn many_calls_are_exactly_as_many_as_asked_for_and_balanced() {
    on_each_database(async |services| {
        let folder = tempfile::tempdir().unwrap();
        let services = in_folder(&services, &folder);
        services.seed_demo_days(7, 1).await.unwrap();
        services.seed_demo_calls(7, 3_000).await.unwrap();
        invariants::check(&services).await;
        let mut c = services.store.reader().await.unwrap();
        let team = storage::teams::find(&mut c, "load").await.unwrap().unwrap();
        let whole = Intervals::whole(UnixMs(0), services.clock.now().floor_to(DAY_MS));
        let scope = UsageScope::Team(team.id);
        let members = storage::usage::sum_by(&mut c, scope, &UsageFilter::default(), Dimension::Member, &whole).await.unwrap();
        assert_eq!(members.values().map(|sums| sums.requests).sum::<i64>(), 3_000);
        assert!(members.len() > 150, "{} members called", members.len());
        drop(c);
        services.seed_demo_calls(7, 3_000).await.unwrap();
        invariants::check(&services).await;
    })
    .await;
}
