//! Plans and seats: what acts now, what at renewal, and who has to agree.

use super::{atlas, balance, call, check, counted, put, raw};
use crate::{
    domain::{
        field_errors::FieldErrors,
        money::DOLLAR,
        plan_changes::{Next, Wanted},
        roles::Role,
        time::{DAY_MS, UnixMs},
    },
    service::{Caller, ServiceError, Services},
    tests::support::{
        on_each_database,
        people::{db_join, db_person},
    },
};

/// Moves the clock to a moment.
fn go_to(services: &Services, at: UnixMs) {
    services.clock.advance(at.since(services.clock.now()));
}

fn fields(error: ServiceError) -> FieldErrors {
    match error {
        ServiceError::Invalid(fields) => fields,
        other => panic!("{other:?}"),
    }
}

async fn amounts(services: &Services, caller: &Caller) -> Vec<(String, i64, i64)> {
    let page = services.list_ledger(caller, "atlas-search", &Default::default(), &Default::default()).await.unwrap();
    page.items.into_iter().rev().map(|line| (line.kind.as_str().to_owned(), line.amount, line.balance_after)).collect()
}

#[tokio::test]
async fn seats_bring_credit_for_the_rest_of_the_period() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        go_to(&services, UnixMs::from_civil(2027, 4, 16));
        let preview = services.preview_plan(&maya, "atlas-search", &Wanted::Plan("pro".into(), Some(4))).await.unwrap();
        // Half of April: 4 × $40 of usage for 4 × $30.
        assert_eq!((preview.proration.credit.0, preview.proration.fee.0), (80 * DOLLAR, 60 * DOLLAR));
        let changed = put(&services, &maya, "Pro", 4).await;
        assert_eq!((changed.preview, changed.waits), (preview, false));
        go_to(&services, UnixMs::from_civil(2027, 4, 26));
        put(&services, &maya, "Pro", 7).await;
        let half = 80 * DOLLAR;
        // 5 of 30 days for 3 seats.
        let part = 20 * DOLLAR;
        assert_eq!(
            amounts(&services, &maya).await,
            [("seat_credit".to_owned(), half, half), ("seat_credit".to_owned(), part, half + part)]
        );
        assert_eq!(counted(&services, team.id).await, Some(half + part), "calls can use it at once");
        assert_eq!(services.get_team(&maya, "atlas-search").await.unwrap().seats, Some(7));
        let statement = services.get_statement(&maya, "atlas-search", UnixMs::from_civil(2027, 4, 16)).await.unwrap();
        assert_eq!(statement.fee(), 60 * DOLLAR + 15 * DOLLAR);
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn at_renewal_credit_expires_and_comes_anew_also_after_months_of_rest() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        raw(&services, "UPDATE teams SET anchor_day = 31 WHERE kind = 'team'".into()).await.unwrap();
        go_to(&services, UnixMs::from_civil(2027, 1, 31));
        put(&services, &maya, "Starter", 2).await;
        assert!(call(&services, team.id, 1, 5 * DOLLAR).await);
        services.adjust_balance(&maya, "atlas-search", 3 * DOLLAR, "Goodwill").await.unwrap();
        assert_eq!(services.renew_due().await.unwrap(), 0, "nothing is due");
        // February, March and April pass without anybody.
        go_to(&services, UnixMs::from_civil(2027, 4, 30).plus(5));
        assert_eq!(services.renew_due().await.unwrap(), 1);
        assert_eq!(services.renew_due().await.unwrap(), 0, "a second time changes nothing");
        let starts: Vec<_> =
            services.list_statements(&maya, "atlas-search").await.unwrap().iter().rev().map(|p| p.start.civil()).collect();
        assert_eq!(starts, [(2027, 1, 31), (2027, 2, 28), (2027, 3, 31), (2027, 4, 30)]);
        let found: Vec<i64> = amounts(&services, &maya).await.iter().map(|(_, amount, _)| amount / DOLLAR).collect();
        assert_eq!(found, [20, -5, 3, -15, 20, -20, 20, -20, 20]);
        assert_eq!(balance(&services, &maya).await, 23 * DOLLAR, "what was paid in besides lasts");
        assert_eq!(counted(&services, team.id).await, Some(23 * DOLLAR));
        let mut opening = 0;
        for start in starts {
            let start = UnixMs::from_civil(start.0, start.1, start.2);
            let statement = services.get_statement(&maya, "atlas-search", start).await.unwrap();
            assert_eq!(statement.opening, opening, "each begins as the one before ended");
            let sums = statement.credited + statement.charged + statement.adjusted + statement.expired;
            assert_eq!(statement.closing, statement.opening + sums);
            assert_eq!(
                statement.lines.iter().map(|line| line.amount).sum::<i64>(),
                sums,
                "a statement is its part of the ledger"
            );
            assert_eq!(statement.fee(), 20 * DOLLAR);
            opening = statement.closing;
        }
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn fewer_seats_and_a_smaller_plan_wait_for_renewal() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        for name in ["Cy", "Dee"] {
            db_join(&services, &team, &db_person(&services, name, false).await, Role::Member).await;
        }
        put(&services, &maya, "Pro", 6).await;
        let before = balance(&services, &maya).await;
        let error = services.change_plan(&maya, "atlas-search", &Wanted::Plan("Pro".into(), Some(2))).await.unwrap_err();
        assert!(fields(error).get("seats").unwrap().contains("3 members"));
        for email in ["first@northwind.example", "second@northwind.example"] {
            services.invite_members(&maya, "atlas-search", vec![(email.into(), Role::Member)], "").await.unwrap();
            services.clock.advance(1_000);
        }
        let changed = put(&services, &maya, "Starter", 4).await;
        let losing: Vec<_> = changed.preview.without_seat.iter().map(|invitation| invitation.email.as_str()).collect();
        assert_eq!(losing, ["second@northwind.example"], "the newest loses its seat");
        let view = services.get_billing(&maya, "atlas-search").await.unwrap();
        assert_eq!((view.plan.as_deref(), view.seats, view.balance), (Some("Pro"), Some(6), Some(before)));
        assert!(matches!(&view.next, Next::Change(next) if next.plan == "Starter" && next.seats == 4));
        // Changed back before it acts.
        assert!(matches!(put(&services, &maya, "Pro", 6).await.preview.next, Next::Same));
        assert_eq!(balance(&services, &maya).await, before, "nothing was credited twice");
        put(&services, &maya, "Starter", 4).await;
        go_to(&services, view.period.end);
        assert_eq!(services.renew_due().await.unwrap(), 1);
        let view = services.get_billing(&maya, "atlas-search").await.unwrap();
        assert_eq!((view.plan.as_deref(), view.seats, view.balance), (Some("Starter"), Some(4), Some(40 * DOLLAR)));
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_is_cancelled_runs_to_its_end() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        let none = services.change_plan(&maya, "atlas-search", &Wanted::End).await;
        assert!(matches!(none, Err(ServiceError::Conflict("no_plan", _))));
        put(&services, &maya, "Starter", 1).await;
        services.change_plan(&maya, "atlas-search", &Wanted::End).await.unwrap();
        assert!(services.snapshot().team(team.id).unwrap().billing.is_balance(), "it is paid until then");
        let end = services.get_billing(&maya, "atlas-search").await.unwrap().period.end;
        go_to(&services, end);
        services.renew_due().await.unwrap();
        let view = services.get_billing(&maya, "atlas-search").await.unwrap();
        assert_eq!((view.plan, view.balance), (None, Some(0)));
        assert!(!services.snapshot().team(team.id).unwrap().billing.is_balance());
        // Another one begins anew.
        services.clock.advance(3 * DAY_MS);
        put(&services, &maya, "Starter", 1).await;
        assert!(services.snapshot().team(team.id).unwrap().billing.is_balance());
        assert!(call(&services, team.id, 1, DOLLAR).await);
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn plans_and_more_seats_wait_for_a_platform_admin() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        let cy = db_person(&services, "Cy", false).await;
        db_join(&services, &team, &cy, Role::Admin).await;
        raw(&services, format!("UPDATE teams SET owner_user_id = '{}' WHERE id = '{}'", cy.user.id, team.id)).await.unwrap();
        assert!(put(&services, &cy, "Pro", 3).await.waits);
        assert!(put(&services, &cy, "Pro", 5).await.waits);
        assert_eq!(services.get_billing(&cy, "atlas-search").await.unwrap().plan, None);
        let waiting = services.list_plan_requests(&maya).await.unwrap();
        assert_eq!(waiting.len(), 1, "a new request replaces the one before");
        assert_eq!((waiting[0].wanted.seats, waiting[0].asked_by.as_str()), (5, "Cy"));
        assert!(matches!(services.list_plan_requests(&cy).await, Err(ServiceError::NotFound)));
        assert!(services.decide_plan_request(&cy, waiting[0].id, true, "").await.is_err());
        assert!(services.decide_plan_request(&maya, waiting[0].id, false, "").await.is_err(), "declining takes a reason");
        services.decide_plan_request(&maya, waiting[0].id, true, "").await.unwrap();
        let again = services.decide_plan_request(&maya, waiting[0].id, false, "Too many").await;
        assert!(matches!(again, Err(ServiceError::Conflict("request_decided", _))), "the first decision wins");
        let view = services.get_billing(&cy, "atlas-search").await.unwrap();
        assert_eq!((view.plan.as_deref(), view.seats, view.request), (Some("Pro"), Some(5), None));
        // Fewer seats need nobody.
        assert!(!put(&services, &cy, "Pro", 4).await.waits);
        assert!(put(&services, &cy, "Pro", 9).await.waits);
        services.withdraw_plan_request(&cy, "atlas-search").await.unwrap();
        // On a plan that is marked so, the owner decides.
        let plan = services.get_plan(&maya, "pro").await.unwrap().plan;
        let amounts = (Some(plan.seat_price), Some(plan.included_usage));
        let new = crate::domain::plans::NewPlan::check("Pro", amounts.0, amounts.1, true, true).unwrap();
        services.update_plan(&maya, "pro", new).await.unwrap();
        assert!(!put(&services, &cy, "Pro", 9).await.waits);
        assert_eq!(services.get_billing(&cy, "atlas-search").await.unwrap().seats, Some(9));
        check(&services).await;
    })
    .await;
}

#[tokio::test]
async fn discounts_and_adjustments_have_bounds_and_are_the_platforms() {
    on_each_database(|services| async move {
        let (maya, team) = atlas(&services).await;
        let cy = db_person(&services, "Cy", false).await;
        db_join(&services, &team, &cy, Role::Admin).await;
        for wrong in [-1, 10_001, 10_100, i64::MAX, i64::MIN] {
            let error = services.set_discount(&maya, "atlas-search", wrong).await.unwrap_err();
            assert!(fields(error).get("discount_bp").unwrap().contains("100 %"));
        }
        for right in [0, 10_000, 1_250] {
            services.set_discount(&maya, "atlas-search", right).await.unwrap();
        }
        assert_eq!(services.snapshot().team(team.id).unwrap().discount_bp, 1_250, "the next call has it");
        let early = services.adjust_balance(&maya, "atlas-search", DOLLAR, "Too early").await;
        assert!(matches!(early, Err(ServiceError::Conflict("no_plan", _))));
        put(&services, &maya, "Starter", 2).await;
        let before = balance(&services, &maya).await;
        for (amount, reason) in [(0, "None"), (i64::MIN, "Least"), (i64::MAX, "Most"), (DOLLAR, ""), (DOLLAR, "  ")] {
            assert!(services.adjust_balance(&maya, "atlas-search", amount, reason).await.is_err(), "{amount} {reason:?}");
        }
        assert!(matches!(
            services.adjust_balance(&cy, "atlas-search", DOLLAR, "Mine").await,
            Err(ServiceError::Forbidden(_) | ServiceError::NotFound | ServiceError::ForbiddenAs(..))
        ));
        services.adjust_balance(&maya, "atlas-search", 10 * DOLLAR, "Outage of 3 May").await.unwrap();
        services.adjust_balance(&maya, "atlas-search", -4 * DOLLAR, "Typed too much").await.unwrap();
        assert_eq!(balance(&services, &maya).await, before + 6 * DOLLAR);
        // What is held can not be taken away.
        let hold = super::reserve(&services, team.id, before).await.unwrap();
        let error = services.adjust_balance(&maya, "atlas-search", -7 * DOLLAR, "Refund").await.unwrap_err();
        assert!(fields(error).get("amount").unwrap().contains("$6.00"));
        hold.cancel();
        assert_eq!(counted(&services, team.id).await, Some(before + 6 * DOLLAR), "a refusal leaves no trace");
        check(&services).await;
    })
    .await;
}
