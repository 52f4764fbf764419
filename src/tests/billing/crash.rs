//! A crash over the end of a period: each call is paid from the period that it was admitted in, whatever was booked before.

use std::path::Path;

use super::{atlas, balance, check, counted, ended, facts, put, reserve};
use crate::{
    domain::{
        ids::TeamId,
        money::{DOLLAR, NanoUsd},
        plan_changes::Wanted,
        time::UnixMs,
        usage::{CallFacts, Tokens},
    },
    service::{
        Caller, Services,
        metering::{Meter, charge},
        quota::Quota,
    },
    tests::support::on_each_database,
};

const USED: Tokens = Tokens { prompt: 10, cached: 0, completion: 5 };

/// A process over the same database and the same spool, with nothing in memory.
fn process(services: &Services, folder: &Path) -> Services {
    let mut next = services.clone().with_meter(Meter::open(folder, services.clock.clone()).unwrap());
    next.quota = Quota::default();
    next
}

/// What a start does before calls are admitted.
async fn start(services: &Services) {
    services.recover_calls().await.unwrap();
    services.recover_counters().await.unwrap();
    services.load_balances().await.unwrap();
}

/// Admits a call that has reserved a lot, and lets it end where `cost` says so.
async fn admit(services: &Services, call: CallFacts, cost: Option<i64>) {
    let hold = reserve(services, call.team, DOLLAR / 100).await.unwrap();
    let mut open = services.meter.admit(call, hold).unwrap();
    match cost {
        Some(cost) => {
            let end = ended(open.facts().clone(), cost).end;
            open.finish(end);
        }
        None => {
            if open.facts().stream {
                open.checkpoint(USED);
            }
            // The process is killed with it.
            std::mem::forget(open);
        }
    }
}

/// Calls of which some end and some do not, before and after the end of the period; nothing is booked. Gives what those before are
/// charged.
async fn calls_over_the_end(services: &Services, team: TeamId, end: UnixMs) -> i64 {
    services.clock.advance(end.since(services.clock.now()) - 10);
    let now = services.clock.now();
    let stream = CallFacts { stream: true, ..facts(2, team, now) };
    let (streamed, _) = charge(&stream, USED);
    assert!(streamed > NanoUsd(0));
    admit(services, facts(1, team, now), Some(2_000)).await;
    admit(services, stream, None).await;
    admit(services, CallFacts { stream: false, ..facts(3, team, now) }, None).await;
    services.clock.advance(1_000);
    2_000 + streamed.0
}

async fn on_a_plan(services: &Services) -> (Caller, TeamId, UnixMs) {
    let (maya, team) = atlas(services).await;
    put(services, &maya, "Starter", 1).await;
    services.adjust_balance(&maya, "atlas-search", 5 * DOLLAR, "Goodwill").await.unwrap();
    let end = services.get_billing(&maya, "atlas-search").await.unwrap().period.end;
    (maya, team.id, end)
}

#[tokio::test]
async fn calls_that_a_crash_left_unbooked_are_paid_from_their_own_period() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let dying = process(&services, folder.path());
        let (maya, team, end) = on_a_plan(&dying).await;
        let first = dying.get_billing(&maya, "atlas-search").await.unwrap().period.start;
        let before = calls_over_the_end(&dying, team, end).await;
        // Admitted before anything was renewed, in the new period; its booking renews the plan.
        admit(&dying, facts(4, team, dying.clock.now()), Some(500)).await;
        // The next process dies, too, before it has booked more than what had ended.
        let second = process(&services, folder.path());
        assert_eq!(second.book_ended_calls().await.unwrap(), 2);
        let third = process(&services, folder.path());
        start(&third).await;
        let of = async |start| third.get_statement(&maya, "atlas-search", start).await.unwrap();
        assert_eq!(of(first).await.charged, -before, "November pays for what was admitted in November");
        assert_eq!((of(end).await.charged, of(end).await.credited), (-500, 10 * DOLLAR));
        let left = 15 * DOLLAR - 500;
        assert_eq!(balance(&third, &maya).await, left, "the new credit and what was paid in, less the one call");
        assert_eq!(counted(&third, team).await, Some(left), "and no more than that can be used");
        third.clock.advance(60_000);
        third.renew_due().await.unwrap();
        assert_eq!(balance(&third, &maya).await, left);
        check(&third).await;
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_ends_over_a_crash_pays_its_last_calls_and_leaves_what_lasts() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let dying = process(&services, folder.path());
        let (maya, team, end) = on_a_plan(&dying).await;
        dying.change_plan(&maya, "atlas-search", &Wanted::End).await.unwrap();
        calls_over_the_end(&dying, team, end).await;
        admit(&dying, facts(4, team, dying.clock.now()), Some(500)).await;
        let next = process(&services, folder.path());
        start(&next).await;
        next.renew_due().await.unwrap();
        let view = next.get_billing(&maya, "atlas-search").await.unwrap();
        assert_eq!((view.plan, view.balance), (None, Some(5 * DOLLAR - 500)), "only the call after its end is paid besides");
        assert_eq!(counted(&next, team).await, Some(5 * DOLLAR - 500));
        check(&next).await;
    })
    .await;
}

#[tokio::test]
async fn credit_that_was_kept_at_a_renewal_is_not_there_for_the_calls_of_the_next_process() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let dying = process(&services, folder.path());
        let (maya, team, end) = on_a_plan(&dying).await;
        calls_over_the_end(&dying, team, end).await;
        dying.renew_due().await.unwrap();
        assert!(balance(&dying, &maya).await > 15 * DOLLAR, "what open calls hold is kept");
        let next = process(&services, folder.path());
        start(&next).await;
        assert_eq!((balance(&next, &maya).await, counted(&next, team).await), (15 * DOLLAR, Some(15 * DOLLAR)));
        check(&next).await;
    })
    .await;
}

#[tokio::test]
async fn a_call_that_is_open_when_its_plan_ends_is_paid_from_the_plans_credit() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let services = process(&services, folder.path());
        let (maya, team, end) = on_a_plan(&services).await;
        services.change_plan(&maya, "atlas-search", &Wanted::End).await.unwrap();
        services.clock.advance(end.since(services.clock.now()) - 10);
        let hold = reserve(&services, team, 3_000).await.unwrap();
        let open = services.meter.admit(facts(1, team, services.clock.now()), hold).unwrap();
        for _ in 0..2 {
            services.clock.advance(60_000);
            services.renew_due().await.unwrap();
            assert_eq!(balance(&services, &maya).await, 5 * DOLLAR + 3_000, "its reserve is kept as long as it is open");
        }
        let end_of_call = ended(open.facts().clone(), 2_000).end;
        open.finish(end_of_call);
        services.book_ended_calls().await.unwrap();
        services.renew_due().await.unwrap();
        assert_eq!(balance(&services, &maya).await, 5 * DOLLAR, "what was paid in besides is untouched");
        check(&services).await;
    })
    .await;
}
