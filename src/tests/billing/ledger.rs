//! The ledger: nothing is lost, posted twice or changed, and open calls keep what they reserved.

use super::{atlas, balance, bound, call, check, counted, ended, facts, put, raw, reserve};
use crate::{
    domain::{
        ledger::LedgerFilter,
        money::{DOLLAR, NanoUsd},
        page::PageRequest,
        time::DAY_MS,
    },
    service::metering::{self, Meter},
    tests::support::on_each_database,
};

#[tokio::test]
async fn calls_are_charged_once_and_read_as_one_line_a_day() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        put(&services, &maya, "Pro", 2).await;
        let full = balance(&services, &maya).await;
        let events: Vec<_> = (0..9)
            .map(|n| {
                // Three days of three calls.
                let at = services.clock.now().plus(n / 3 * DAY_MS);
                ended(facts(n as u64, team.id, at), 1_000_000 * (n + 1))
            })
            .collect();
        for part in [&events[..4], &events[2..7], &events[..], &events[5..]] {
            metering::book(&services.store, part).await.unwrap();
        }
        let all: i64 = (1..=9).map(|n| n * 1_000_000).sum();
        assert_eq!(balance(&services, &maya).await, full - all);
        let page = services.list_ledger(&maya, "atlas-search", &LedgerFilter::default(), &PageRequest::default()).await.unwrap();
        let usage: Vec<i64> = page.items.iter().rev().skip(1).map(|line| line.amount / -1_000_000).collect();
        assert_eq!(usage, [1 + 2 + 3, 4 + 5 + 6, 7 + 8 + 9]);
        for line in &page.items[..3] {
            let models = services.list_line_models(&maya, "atlas-search", line.line).await.unwrap();
            assert_eq!(models.iter().map(|model| model.figures.cost).sum::<i64>(), -line.amount, "a line opens into its models");
            assert_eq!(models.len(), 3);
        }
        // Page by page it is the same.
        let (mut cursor, mut lines) = (None, vec![]);
        loop {
            let page = PageRequest { limit: Some(1), cursor };
            let mut page = services.list_ledger(&maya, "atlas-search", &LedgerFilter::default(), &page).await.unwrap();
            lines.append(&mut page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(lines.len(), 4);
        // Nothing of this went through the counters: they start anew from what is stored.
        services.load_balances().await.unwrap();
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_balance_that_is_used_up_admits_nothing_until_the_next_period() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        put(&services, &maya, "Starter", 1).await;
        let full = balance(&services, &maya).await;
        assert!(call(&services, team.id, 1, full - 10).await);
        assert!(!call(&services, team.id, 2, 11).await);
        assert!(call(&services, team.id, 3, 10).await);
        assert!(!call(&services, team.id, 4, 0).await, "an empty balance lets nothing pass");
        let end = services.get_billing(&maya, "atlas-search").await.unwrap().period.end;
        services.clock.advance(end.since(services.clock.now()));
        services.renew_due().await.unwrap();
        assert!(call(&services, team.id, 5, 10 * DOLLAR).await);
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn calls_that_are_open_at_renewal_are_paid_with_the_credit_of_their_period() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let services = services.clone().with_meter(Meter::open(folder.path(), services.clock.clone()).unwrap());
        let (maya, team) = atlas(&services).await;
        put(&services, &maya, "Starter", 1).await;
        let full = balance(&services, &maya).await;
        let end = services.get_billing(&maya, "atlas-search").await.unwrap().period.end;
        services.clock.advance(end.since(services.clock.now()) - 10);
        let hold = reserve(&services, team.id, 3_000).await.unwrap();
        let open = services.meter.admit_uncounted(facts(1, team.id, services.clock.now())).unwrap();
        services.clock.advance(60_000);
        services.renew_due().await.unwrap();
        assert_eq!(balance(&services, &maya).await, 10 * DOLLAR + 3_000, "its reserve is spared");
        services.renew_due().await.unwrap();
        assert_eq!(balance(&services, &maya).await, 10 * DOLLAR + 3_000, "as long as it is open");
        hold.settle(10, NanoUsd(2_000));
        let end_of_call = ended(open.facts().clone(), 2_000).end;
        open.finish(end_of_call);
        services.book_ended_calls().await.unwrap();
        services.renew_due().await.unwrap();
        assert_eq!(balance(&services, &maya).await, 10 * DOLLAR, "the rest expires, and nothing of the new credit is used");
        assert_eq!(counted(&services, team.id).await, Some(10 * DOLLAR));
        let periods = services.list_statements(&maya, "atlas-search").await.unwrap();
        let statement = services.get_statement(&maya, "atlas-search", periods[1].start).await.unwrap();
        assert_eq!(
            (statement.charged, statement.expired),
            (-2_000, -(full - 3_000)),
            "the call is on its own period's statement"
        );
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_call_of_the_next_period_begins_it_when_it_is_booked() {
    on_each_database(|services| async move {
        let folder = tempfile::tempdir().unwrap();
        let services = services.clone().with_meter(Meter::open(folder.path(), services.clock.clone()).unwrap());
        let (maya, team) = atlas(&services).await;
        put(&services, &maya, "Starter", 1).await;
        let end = services.get_billing(&maya, "atlas-search").await.unwrap().period.end;
        services.clock.advance(end.since(services.clock.now()) + 1);
        let hold = reserve(&services, team.id, 500).await.unwrap();
        let open = services.meter.admit_uncounted(facts(1, team.id, services.clock.now())).unwrap();
        hold.settle(10, NanoUsd(500));
        let end_of_call = ended(open.facts().clone(), 500).end;
        open.finish(end_of_call);
        services.book_ended_calls().await.unwrap();
        let statement = services.get_statement(&maya, "atlas-search", end).await.unwrap();
        assert_eq!((statement.credited, statement.charged), (10 * DOLLAR, -500));
        services.clock.advance(10_000);
        services.renew_due().await.unwrap();
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_what_would_falsify_the_ledger() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        put(&services, &maya, "Starter", 1).await;
        let id = team.id;
        let entry = |seq: i64, amount: i64, after: i64, kind: &str, reference: &str| {
            format!(
                "INSERT INTO ledger (team_id, seq, line, at, kind, amount, balance_after, description, reference, actor_name, period_start)
                 SELECT team_id, {seq}, {seq}, at, '{kind}', {amount}, balance_after + {after}, '', '{reference}', '', period_start
                 FROM ledger WHERE team_id = '{id}' AND seq = 1"
            )
        };
        for (sql, why) in [
            ("UPDATE ledger SET amount = 1".to_owned(), "an entry changed"),
            ("DELETE FROM ledger".to_owned(), "an entry removed"),
            ("UPDATE seat_fees SET amount = 1".to_owned(), "a fee changed"),
            ("DELETE FROM seat_fees".to_owned(), "a fee removed"),
            (entry(2, 5, 6, "adjustment", "x"), "a balance that does not follow"),
            (entry(3, 5, 5, "adjustment", "x"), "a gap"),
            (entry(2, -5, -5, "seat_credit", "x"), "credit below zero"),
            (entry(2, 5, 5, "expiry", "x"), "an expiry above zero"),
        ] {
            assert!(raw(&services, sql).await.is_err(), "the database let through: {why}");
        }
        raw(&services, entry(2, 5, 5, "adjustment", "x")).await.unwrap();
        let mut again = entry(3, 5, 10, "adjustment", "x");
        assert!(raw(&services, again.clone()).await.is_err(), "the same reference twice");
        again = again.replace("seq = 1", "seq = 9");
        raw(&services, again).await.unwrap();
        // The ledger has an entry now that the balance does not know: the comparison finds it, and puts nothing right.
        let found = services.check_books().await.unwrap();
        assert!(found.differences.iter().any(|difference| difference.contains("Atlas Search")), "{found:?}");
        assert_eq!(services.last_book_check(), found);
        assert!(!services.find_broken_invariants().await.unwrap().is_empty());
        assert_eq!(services.check_books().await.unwrap().differences, found.differences, "it stays");
    })
    .await;
}

#[tokio::test]
async fn a_counter_that_says_something_else_raises_the_alarm() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        put(&services, &maya, "Starter", 1).await;
        check(&services).await;
        let (book, bound) = bound(&services, team.id).await;
        services.quota.credit(book, bound.scope, NanoUsd(1));
        let found = services.check_books().await.unwrap();
        assert!(found.differences.iter().any(|difference| difference.contains("counters")), "{found:?}");
    })
    .await;
}
