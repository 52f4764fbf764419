//! Random sequences of credits, charges, renewals, changes and crashes keep ledger, balance, events and counters equal.

use proptest::prelude::*;

use super::{atlas, balance, call, check, counted, put, reserve};
use crate::{
    domain::{
        money::{DOLLAR, NanoUsd},
        plan_changes::Wanted,
        time::{DAY_MS, HOUR_MS},
    },
    service::{metering, quota::Quota},
    tests::support::on_each_database,
};

#[derive(Clone, Debug)]
enum Step {
    Call(i64),
    /// Held, and dropped by the crash that may follow.
    Open(i64),
    Adjust(i64),
    Seats(&'static str, i64),
    End,
    Wait(i64),
    Renew,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..20 * DOLLAR).prop_map(Step::Call),
        1 => (1..5 * DOLLAR).prop_map(Step::Open),
        2 => (-30 * DOLLAR..30 * DOLLAR).prop_map(Step::Adjust),
        2 => (prop::sample::select(vec!["Starter", "Pro", "Enterprise"]), 1..6i64).prop_map(|(plan, seats)| Step::Seats(plan, seats)),
        1 => Just(Step::End),
        3 => (1..40 * 24i64).prop_map(|hours| Step::Wait(hours * HOUR_MS)),
        3 => Just(Step::Renew),
        1 => Just(Step::Crash),
    ]
}

#[test]
fn whatever_happens_the_books_balance() {
    let config = ProptestConfig { cases: 6, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    proptest!(config, |(steps in prop::collection::vec(step(), 1..40))| {
        runtime.block_on(on_each_database(|services| {
            let steps = steps.clone();
            async move {
                let mut services = services;
                let (maya, team) = atlas(&services).await;
                put(&services, &maya, "Pro", 2).await;
                let mut held = vec![];
                for (n, step) in steps.into_iter().enumerate() {
                    let now = balance(&services, &maya).await;
                    assert!(now >= 0, "a balance never falls below zero");
                    match step {
                        Step::Call(cost) => {
                            let booked = call(&services, team.id, n as u64, cost).await;
                            assert!(!booked || cost <= now, "more was admitted than there is");
                        }
                        Step::Open(cost) => held.extend(reserve(&services, team.id, cost).await.ok()),
                        Step::Adjust(amount) => {
                            let done = services.adjust_balance(&maya, "atlas-search", amount, "Random").await;
                            assert!(done.is_ok() || amount <= 0, "{done:?}");
                        }
                        Step::Seats(plan, seats) => {
                            let _refused = services.change_plan(&maya, "atlas-search", &Wanted::Plan(plan.into(), Some(seats))).await;
                        }
                        Step::End => _ = services.change_plan(&maya, "atlas-search", &Wanted::End).await,
                        Step::Wait(ms) => {
                            services.clock.advance(ms.min(40 * DAY_MS));
                            services.renew_due().await.unwrap();
                        }
                        Step::Renew => _ = services.renew_due().await.unwrap(),
                        Step::Crash => {
                            // Another process, without what was held, begins with what is stored.
                            held.clear();
                            services.quota = Quota::default();
                            services.load_balances().await.unwrap();
                        }
                    }
                    if held.is_empty() {
                        assert_eq!(counted(&services, team.id).await, Some(balance(&services, &maya).await));
                    }
                }
                held.into_iter().for_each(|hold| hold.settle(0, NanoUsd(0)));
                assert_eq!(metering::book(&services.store, &[]).await.unwrap(), 0);
                check(&services).await;
            }
        }));
    });
}
