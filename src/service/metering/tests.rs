//! The way of a call through spool and booking, on both engines, with everything that can go wrong between them.

use std::{collections::HashMap, fs, path::Path};

use proptest::prelude::*;

use super::{
    AdmittedCall, Meter, MeterUnavailable, book, record,
    spool::{Spool, Urgency},
    testing::{call_id, completed, event, facts},
};
use crate::{
    domain::{
        ids::CallId,
        money::NanoUsd,
        time::UnixMs,
        usage::{CallRow, Outcome, TestCalls, Tokens, UsageEvent},
    },
    service::{Clock, Services, metering::charge},
    storage::usage::{CallFilter, find_event, list_calls},
    tests::support::{invariants, on_each_database},
};

/// All booked calls of the made-up teams.
async fn booked(services: &Services) -> HashMap<CallId, CallRow> {
    let mut c = services.store.reader().await.unwrap();
    let mut rows = HashMap::new();
    for team in 0..2 {
        let filter = CallFilter {
            team: super::testing::team(team),
            user: None,
            key: None,
            texts: Default::default(),
            outcome: None,
            status: None,
            id: None,
            bounds: Default::default(),
            test: TestCalls::Include,
            from: UnixMs(0),
            to: UnixMs(i64::MAX),
            place: None,
            limit: i64::MAX,
            searched: i64::MAX,
        };
        rows.extend(list_calls(&mut c, &filter).await.unwrap().rows.into_iter().map(|row| (row.id, row)));
    }
    rows
}

/// What the platform bears of a call.
async fn loss(services: &Services, n: u64) -> NanoUsd {
    let mut c = services.store.reader().await.unwrap();
    let row = sqlx::query("SELECT loss FROM usage_events WHERE id = $1").bind(call_id(n).to_string()).fetch_one(&mut *c).await;
    NanoUsd(crate::storage::RowExt::int(&row.unwrap(), "loss").unwrap())
}

fn metered(services: &Services, dir: &Path) -> Services {
    services.clone().with_meter(Meter::open(dir, services.clock.clone()).unwrap())
}

fn used(prompt: u64, completion: u64) -> Tokens {
    Tokens { prompt, cached: 0, completion }
}

/// The spool of a process that was killed: its bytes, without the tidying of a process that ends by itself.
fn killed(call: AdmittedCall) {
    std::mem::forget(call);
}

#[tokio::test]
async fn a_finished_call_is_booked_once_and_its_segment_goes() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let services = metered(&services, dir.path());
        let mut call = services.meter.admit_uncounted(facts(1, true)).unwrap();
        call.checkpoint(used(10, 1));
        let end = completed(call.facts(), used(10, 5));
        let cost = end.cost;
        call.finish(end);
        services.meter.refused(event(2).call, event(2).end);
        assert_eq!(services.book_ended_calls().await.unwrap(), 2);
        assert_eq!(services.book_ended_calls().await.unwrap(), 0);
        let rows = booked(&services).await;
        assert_eq!(rows.len(), 2);
        let row = &rows[&call_id(1)];
        assert_eq!((row.outcome, row.cost, row.completion_tokens, row.estimated), (Outcome::Completed, cost.0, 5, false));
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_dropped_stream_is_cancelled_with_what_it_had_used_and_a_dropped_plain_call_is_interrupted() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let services = metered(&services, dir.path());
        let mut call = services.meter.admit_uncounted(facts(1, true)).unwrap();
        call.checkpoint(used(100, 7));
        let (cost, _) = charge(call.facts(), used(100, 7));
        drop(call);
        drop(services.meter.admit_uncounted(facts(2, false)).unwrap());
        services.book_ended_calls().await.unwrap();
        let rows = booked(&services).await;
        let row = &rows[&call_id(1)];
        assert_eq!((row.outcome, row.completion_tokens, row.cost, row.estimated), (Outcome::Cancelled, 7, cost.0, true));
        // The client of a plain call can not drop it: its process ended, or there was a panic.
        let row = &rows[&call_id(2)];
        assert_eq!((row.outcome, row.cost, row.prompt_tokens, row.estimated), (Outcome::Interrupted, 0, 900, true));
        let (bears, _) = charge(&facts(2, false), used(900, 0));
        assert!(bears > NanoUsd(0));
        assert_eq!((loss(&services, 2).await, loss(&services, 1).await), (bears, NanoUsd(0)));
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_process_left_is_booked_before_calls_are_admitted() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let before = metered(&services, dir.path());
        let mut stream = before.meter.admit_uncounted(facts(1, true)).unwrap();
        stream.checkpoint(used(50, 1));
        stream.checkpoint(used(50, 20));
        let mut plain = before.meter.admit_uncounted(facts(2, false)).unwrap();
        plain.checkpoint(used(50, 0));
        let ended = before.meter.admit_uncounted(facts(3, false)).unwrap();
        let end = completed(ended.facts(), used(9, 9));
        ended.finish(end);
        killed(stream);
        killed(plain);
        killed(before.meter.admit_uncounted(facts(5, false)).unwrap());
        killed(before.meter.admit_uncounted(facts(6, true)).unwrap());

        let after = metered(&services, dir.path());
        assert_eq!(after.meter.admit_uncounted(facts(4, true)).err(), Some(MeterUnavailable), "nothing is admitted before");
        let found = after.recover_calls().await.unwrap();
        assert_eq!((found.ended, found.interrupted), (1, 4));
        after.meter.admit_uncounted(facts(4, true)).unwrap();

        let rows = booked(&services).await;
        let (cost, _) = charge(&facts(1, true), used(50, 20));
        assert_eq!((rows[&call_id(1)].outcome, rows[&call_id(1)].cost), (Outcome::Interrupted, cost.0));
        assert_eq!((rows[&call_id(2)].outcome, rows[&call_id(2)].cost), (Outcome::Interrupted, 0));
        assert_eq!(rows[&call_id(3)].outcome, Outcome::Completed);
        assert!(cost > NanoUsd(0));
        assert_eq!((loss(&services, 1).await, loss(&services, 3).await), (NanoUsd(0), NanoUsd(0)));
        let bears = |n, stream, tokens| charge(&facts(n, stream), tokens).0;
        assert_eq!(loss(&services, 2).await, bears(2, false, used(50, 0)), "what its checkpoint says");
        for (n, stream) in [(5, false), (6, true)] {
            assert_eq!((rows[&call_id(n)].outcome, rows[&call_id(n)].cost), (Outcome::Interrupted, 0));
            assert_eq!(loss(&services, n).await, bears(n, stream, used(900, 0)), "its prompt, as far as the body's length tells");
        }
        invariants::check(&services).await;
        assert_eq!(spool_files(dir.path()).len(), 1, "the first process' segment is gone, the present one stands");
    })
    .await;
}

#[tokio::test]
async fn a_recovery_that_is_cut_short_is_repeated_without_counting_twice() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let before = metered(&services, dir.path());
        let ends: Vec<UsageEvent> = (0..40)
            .map(|n| {
                let call = before.meter.admit_uncounted(facts(n, n % 2 == 0)).unwrap();
                let end = completed(call.facts(), used(n, n));
                let event = UsageEvent { call: call.facts().clone(), end: end.clone() };
                if n % 3 == 0 {
                    killed(call)
                } else {
                    call.finish(end)
                }
                event
            })
            .collect();
        // As if an earlier recovery had booked a part and was killed before its segments were removed.
        let part: Vec<_> = ends.iter().filter(|event| event.call.id != call_id(0)).skip(5).take(9).cloned().collect();
        let part: Vec<_> = part.into_iter().enumerate().filter(|(n, _)| n % 2 == 0).map(|(_, event)| event).collect();
        book(&services.store, &part).await.unwrap();
        for _ in 0..2 {
            let after = metered(&services, dir.path());
            after.recover_calls().await.unwrap();
            assert_eq!(booked(&services).await.len(), 40);
            invariants::check(&services).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_an_earlier_version_left_in_the_spool_is_booked() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open_sized(&dir.path().join("spool"), 8 << 20).unwrap();
        let (old, long) = (facts(1, true), facts(2, true));
        let mut end = completed(&old, used(3, 1));
        spool.append(&record::open(&old), Urgency::OrRefuse).unwrap();
        spool.append(&record::end_without_phases(old.id, &end), Urgency::Keep).unwrap();
        // As it is kept, so it is read: whoever wrote the spool, the table's texts have an end.
        end.message = "Ü\0語".repeat(5_000);
        spool.append(&record::open(&long), Urgency::OrRefuse).unwrap();
        spool.append(&record::end(long.id, &end), Urgency::Keep).unwrap();
        drop(spool);
        let after = metered(&services, dir.path());
        assert_eq!(after.recover_calls().await.unwrap().ended, 2);
        let mut c = after.store.reader().await.unwrap();
        let read = async |c: &mut crate::storage::AnyConnection, id| find_event(c, id).await.unwrap().unwrap().end;
        let (unknown, cut) = (read(&mut c, old.id).await, read(&mut c, long.id).await);
        assert_eq!((unknown.upstream_ms, unknown.message.as_str()), (None, ""));
        assert_eq!((unknown.outcome, unknown.cost), (end.outcome, end.cost));
        assert_eq!(cut.upstream_ms, end.upstream_ms);
        assert_eq!(cut.message, format!("{}Ü…", "Ü語".repeat(249)));
        drop(c);
        invariants::check(&after).await;
    })
    .await;
}

#[tokio::test]
async fn booking_waits_for_the_database_and_drops_nothing() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let services = metered(&services, dir.path());
        // A missing table stands for a database that answers with errors.
        raw(&services, "ALTER TABLE usage_rollups RENAME TO away").await;
        for n in 0..300 {
            let call = services.meter.admit_uncounted(facts(n, false)).unwrap();
            let end = completed(call.facts(), used(1, 1));
            call.finish(end);
        }
        assert!(services.book_ended_calls().await.is_err());
        assert!(services.book_ended_calls().await.is_err());
        assert_eq!(booked(&services).await.len(), 0, "events and sums go together or not at all");
        raw(&services, "ALTER TABLE away RENAME TO usage_rollups").await;
        assert_eq!(services.book_ended_calls().await.unwrap(), 300);
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn one_event_that_the_database_never_takes_does_not_hold_up_the_others() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let services = metered(&services, dir.path());
        for n in 0..5 {
            let mut facts = facts(n, false);
            facts.model_name = "nul\0and ' quotes".into();
            let call = services.meter.admit_uncounted(facts).unwrap();
            let mut end = completed(call.facts(), used(1, u64::MAX));
            if n == 3 {
                end.loss = NanoUsd(-1);
            }
            call.finish(end);
        }
        assert_eq!(services.book_ended_calls().await.unwrap(), 4);
        assert_eq!(booked(&services).await.len(), 4);
        let aside = fs::read_to_string(dir.path().join("spool/unbookable.jsonl")).unwrap();
        assert!(aside.lines().count() == 1 && aside.contains(&call_id(3).to_string()));
        invariants::check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn the_task_books_by_itself_and_empties_the_spool_when_it_is_stopped() {
    on_each_database(async |services| {
        let dir = tempfile::tempdir().unwrap();
        let services = metered(&services, dir.path());
        let stop = tokio_util::sync::CancellationToken::new();
        let task = tokio::spawn({
            let (services, stop) = (services.clone(), stop.clone());
            async move { services.run_booking(stop).await }
        });
        let finish = |n| {
            let call = services.meter.admit_uncounted(facts(n, false)).unwrap();
            let end = completed(call.facts(), used(1, 1));
            call.finish(end);
        };
        finish(1);
        let started = std::time::Instant::now();
        while booked(&services).await.is_empty() {
            assert!(started.elapsed().as_secs() < 2, "a call is visible within two seconds");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        finish(2);
        stop.cancel();
        task.await.unwrap();
        assert_eq!(booked(&services).await.len(), 2);
    })
    .await;
}

#[test]
fn an_unwritable_spool_refuses_calls_and_keeps_ends() {
    let dir = tempfile::tempdir().unwrap();
    // A segment size of nothing makes every write open a new file, which fails once the folder is gone.
    let meter = Meter::over(Spool::open_sized(&dir.path().join("spool"), 0).unwrap(), Clock::manual(UnixMs(0)));
    let running = meter.admit_uncounted(facts(1, false)).unwrap();
    let aside = dir.path().join("aside");
    fs::rename(dir.path().join("spool"), &aside).unwrap();
    assert_eq!(meter.admit_uncounted(facts(2, false)).err(), Some(MeterUnavailable));
    let end = completed(running.facts(), used(1, 1));
    running.finish(end);
    assert_eq!(meter.admit_uncounted(facts(3, false)).err(), Some(MeterUnavailable));
    fs::rename(&aside, dir.path().join("spool")).unwrap();
    killed(meter.admit_uncounted(facts(4, false)).unwrap());
    let all: Vec<u8> = spool_files(dir.path()).iter().flat_map(|path| fs::read(path).unwrap()).collect();
    let kinds: Vec<_> =
        records(&all).iter().map(|record| matches!(record, record::Record::End(id, _) if *id == call_id(1))).collect();
    assert_eq!(kinds, [false, true, false], "opened, ended while it could not be written, opened");
}

#[test]
fn a_closed_meter_admits_nothing() {
    assert_eq!(Meter::closed().admit_uncounted(facts(1, false)).err(), Some(MeterUnavailable));
}

fn records(bytes: &[u8]) -> Vec<record::Record> {
    let mut found = vec![];
    let mut at = 0;
    while let record::Frame::Whole(record, length) = record::read(&bytes[at..]) {
        found.push(record);
        at += length;
    }
    found
}

fn spool_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir.join("spool")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "spool"));
    files.sort();
    files
}

async fn raw(services: &Services, sql: &'static str) {
    let mut tx = services.store.begin().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Wherever the last bytes are cut or spoiled: what reads back is a beginning of what was written, and nothing else.
    #[test]
    fn a_torn_spool_gives_each_call_at_most_once(cut in 0usize..6_000, spoil in proptest::option::of(0usize..6_000)) {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open_sized(&dir.path().join("spool"), 2_000).unwrap();
        for n in 0..6 {
            let event = event(n);
            spool.append(&record::open(&event.call), Urgency::OrRefuse).unwrap();
            spool.append(&record::end(event.call.id, &event.end), Urgency::Keep).unwrap();
        }
        drop(spool);
        let last = spool_files(dir.path()).pop().unwrap();
        let mut bytes = fs::read(&last).unwrap();
        bytes.truncate(cut);
        if let Some(at) = spoil.filter(|at| *at < bytes.len()) {
            bytes[at] ^= 0xff;
        }
        fs::write(&last, &bytes).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(on_each_database(async |services| {
            let after = metered(&services, dir.path());
            after.recover_calls().await.unwrap();
            // On PostgreSQL the spool was emptied by SQLite's turn: there is nothing then, and that is no fault.
            let rows = booked(&services).await;
            for row in rows.values() {
                let number = (0..6).find(|n| call_id(*n) == row.id).expect("a call that was made");
                prop_assert_whole(row, &event(number));
            }
            invariants::check(&services).await;
        }));
    }
}

/// A row is the call as it ended, or interrupted.
fn prop_assert_whole(row: &CallRow, event: &UsageEvent) {
    if row.outcome != event.end.outcome {
        assert_eq!(row.outcome, Outcome::Interrupted);
        return;
    }
    assert_eq!((row.cost, row.at), (event.end.cost.0, event.call.at));
}
