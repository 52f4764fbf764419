//! Warnings at 80 % and 100 %: once for each period and threshold.

use super::support::{
    TestApp, accounts, on_each_database,
    people::{db_join, db_person, team},
};
use crate::{
    domain::{
        limit_forms::AllowanceChange,
        limits::Limits,
        money::{DOLLAR, NanoUsd},
        roles::Role,
        teams::TeamView,
        time::DAY_MS,
        usage::Outcome,
    },
    service::{
        Caller, Services,
        limits::{How, LimitsOf},
        metering::{book, testing::event},
    },
};

/// Subjects of the mails to somebody.
async fn mails(services: &Services, to: &Caller) -> Vec<String> {
    let mut c = services.store.reader().await.unwrap();
    let rows = sqlx::query("SELECT subject FROM mails WHERE recipient = $1 ORDER BY id")
        .bind(&to.user.email)
        .fetch_all(&mut *c)
        .await
        .unwrap();
    rows.iter().map(|row| sqlx::Row::get(row, "subject")).collect()
}

/// Books a call of a team, a moment later.
async fn spend(services: &Services, team: &TeamView, n: u64, dollars: i64) {
    services.clock.advance(1);
    let mut call = event(n);
    (call.call.team, call.call.at, call.call.test) = (team.id, services.clock.now(), false);
    (call.end.outcome, call.end.status) = (Outcome::Completed, 200);
    (call.end.cost, call.end.list_cost) = (NanoUsd(dollars * DOLLAR), NanoUsd(dollars * DOLLAR));
    assert_eq!(book(&services.store, &[call]).await.unwrap(), 1);
}

const NEAR: &str = "Atlas Search has used 80% of a limit";
const REACHED: &str = "Atlas Search has reached a limit";

#[tokio::test]
async fn a_budget_warns_once_at_each_threshold_and_anew_in_the_next_period() {
    on_each_database(|services| async move {
        let (maya, noor) = (db_person(&services, "Maya", true).await, db_person(&services, "Noor", false).await);
        let team = team(&services, &maya).await;
        db_join(&services, &team, &noor, Role::Member).await;
        let budget = AllowanceChange { budget: Some(Some(NanoUsd(10 * DOLLAR))), ..AllowanceChange::default() };
        services.put_limits(&maya, &team.slug, LimitsOf::Team, budget, How::default()).await.unwrap();
        spend(&services, &team, 1, 7).await;
        assert_eq!(services.send_alerts().await.unwrap(), 0);
        spend(&services, &team, 2, 1).await;
        assert_eq!((services.send_alerts().await.unwrap(), services.send_alerts().await.unwrap()), (1, 0));
        assert_eq!(mails(&services, &maya).await, [NEAR]);
        let alerts = services.list_own_alerts(&maya).await.unwrap();
        assert!(
            !alerts[0].reached && alerts[0].sentence.starts_with("Atlas Search has spent $8.00 of its $10.00 budget."),
            "{alerts:?}"
        );
        spend(&services, &team, 3, 2).await;
        assert_eq!((services.send_alerts().await.unwrap(), services.send_alerts().await.unwrap()), (1, 0));
        assert_eq!(mails(&services, &maya).await, [NEAR, REACHED]);
        assert_eq!(mails(&services, &noor).await, Vec::<String>::new(), "members are not written to");
        assert!(services.list_own_alerts(&noor).await.unwrap()[0].reached, "but they see it");

        let page = accounts::browser(&TestApp::new(&services), &noor).await.page("/t/atlas-search/keys").await;
        assert!(page.text().contains("Atlas Search has spent $10.00 of its $10.00 budget."), "{}", page.text());

        services.clock.advance(31 * DAY_MS);
        assert_eq!(services.send_alerts().await.unwrap(), 0, "a new period begins with nothing spent");
        assert_eq!(services.list_own_alerts(&maya).await.unwrap(), vec![]);
        spend(&services, &team, 4, 10).await;
        assert_eq!((services.send_alerts().await.unwrap(), services.send_alerts().await.unwrap()), (1, 0));
        assert_eq!(mails(&services, &maya).await, [NEAR, REACHED, REACHED], "whoever gets there at once is told once");
    })
    .await;
}

#[tokio::test]
async fn a_daily_window_warns_once_a_day() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let team = team(&services, &maya).await;
        let limits = AllowanceChange { limits: Some(Limits { rpd: Some(2), ..Limits::default() }), ..AllowanceChange::default() };
        services.put_limits(&maya, &team.slug, LimitsOf::Team, limits, How::default()).await.unwrap();
        spend(&services, &team, 1, 0).await;
        spend(&services, &team, 2, 0).await;
        assert_eq!((services.send_alerts().await.unwrap(), services.send_alerts().await.unwrap()), (1, 0));
        // Over midnight the window goes on: it is the same fullness.
        let now = services.clock.now();
        services.clock.advance(now.floor_to(DAY_MS).plus(DAY_MS + 1).since(now));
        spend(&services, &team, 3, 0).await;
        assert_eq!(services.send_alerts().await.unwrap(), 0);
        services.clock.advance(DAY_MS);
        spend(&services, &team, 4, 0).await;
        spend(&services, &team, 5, 0).await;
        assert_eq!(services.send_alerts().await.unwrap(), 1);
        assert_eq!(mails(&services, &maya).await, [REACHED, REACHED]);
    })
    .await;
}
