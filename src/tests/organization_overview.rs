//! An organization's overview: what its teams used of its money, and which budgets are nearly spent.

use super::support::{
    TestApp,
    accounts::browser,
    app::Client,
    limits::{budget, db_limit},
    on_each_database,
    people::{Place, new_team},
};
use crate::{
    domain::{
        charts::Delta,
        ids::TeamId,
        limit_scopes::Scope,
        money::{DOLLAR, NanoUsd},
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage::Outcome,
    },
    server_fns::organization_overview::OrganizationOverviewPage,
    service::{
        Services,
        metering::{book, testing::event},
    },
    wire,
};

const ORG: &str = "/o/northwind-labs";

/// Calls of a team, each with its time, how it ended and its dollars.
async fn db_calls(services: &Services, team: TeamId, first: u64, calls: &[(UnixMs, Outcome, i64)]) {
    let organization = services.snapshot().team(team).unwrap().organization;
    let events = calls.iter().zip(first..).map(|((at, outcome, dollars), n)| {
        let mut event = event(n);
        (event.call.at, event.call.team, event.call.organization, event.call.test) = (*at, team, organization, false);
        (event.end.outcome, event.end.cost) = (*outcome, NanoUsd(dollars * DOLLAR));
        event
    });
    book(&services.store, &events.collect::<Vec<_>>()).await.unwrap();
    services.recover_counters().await.unwrap();
}

async fn read(who: &Client) -> OrganizationOverviewPage {
    let answer = who.form("/fn/get_organization_overview", &[("org", "northwind-labs")], false).await;
    wire::read(&answer.text()).unwrap()
}

#[tokio::test]
async fn its_figures_are_those_of_its_teams_this_month_and_in_the_one_before() {
    on_each_database(|services| async move {
        let Place { maya, team: atlas, .. } = Place::new(&services).await;
        let app = TestApp::new(&services);
        let maya_at = browser(&app, &maya).await;
        let empty = read(&maya_at).await;
        assert!(empty.money.is_none() && empty.notes.is_empty() && empty.teams.len() == 1, "{empty:?}");
        assert!(!maya_at.page(ORG).await.text().contains("Key figures"), "there is nothing to show yet");

        let beacon = services.create_team(&maya, new_team("Beacon", "northwind-labs")).await.unwrap();
        let now = services.clock.now();
        let (before, ago) = (UnixMs::from_civil(2026, 10, 5), |days: i64| now.plus(-days * DAY_MS));
        let atlas_calls = [
            (before, Outcome::Completed, 20),
            // Later in that month than it is in this one: not compared.
            (UnixMs::from_civil(2026, 10, 31), Outcome::Completed, 500),
            (ago(3), Outcome::Completed, 10),
            (ago(2), Outcome::Completed, 10),
            (ago(2), Outcome::UpstreamError, 0),
            (now.plus(-HOUR_MS), Outcome::Completed, 10),
        ];
        db_calls(&services, atlas.id, 10, &atlas_calls).await;
        db_calls(&services, beacon.id, 30, &[(ago(1), Outcome::Completed, 10)]).await;

        let page = read(&maya_at).await;
        let said = |page: &OrganizationOverviewPage| -> Vec<_> {
            let team = |row: &crate::server_fns::organization_overview::OrganizationTeamLine| {
                let change = row.change.as_ref().map(|Delta { up, text, was, .. }| (*up, text.clone(), was.clone()));
                (row.name.clone(), row.spent.clone(), row.share.clone(), change, row.success.clone(), row.failing)
            };
            page.teams.iter().map(team).collect()
        };
        let change = |text: &str, was: &str| Some((true, text.to_owned(), format!("from {was}")));
        let atlas_row = ("Atlas Search".into(), "$30.00".into(), "75%".into(), change("50.0%", "$20.00"), "75%".into(), true);
        let beacon_row = ("Beacon".into(), "$10.00".into(), "25%".into(), change("new", "$0.00"), "100%".into(), false);
        assert_eq!(said(&page), [atlas_row.clone(), beacon_row]);
        assert!(
            page.lead.starts_with("2 teams, ")
                && page.lead.contains("1–21 Nov 2026 (UTC), month to date. Compared with 1–21 Oct"),
            "{}",
            page.lead
        );
        let money = page.money.unwrap();
        let kpis: Vec<_> = money.kpis.iter().map(|kpi| (kpi.label.as_str(), kpi.value.as_str())).collect();
        assert_eq!(kpis[..2], [("Spend", "$40.00"), ("Requests", "5")]);
        assert_eq!(kpis[3], ("Success rate", "80"));
        assert_eq!(money.kpi_hrefs[0], format!("{ORG}/usage?range=period"));
        let text = maya_at.page(ORG).await.text();
        for part in ["Key figures", "Spend against budget", "Show as table", "Monthly budget", "75%", "from $20.00"] {
            assert!(text.contains(part), "{part}: {text}");
        }

        // What a deleted team spent was spent.
        let mut tx = services.store.begin().await.unwrap();
        sqlx::query("UPDATE teams SET deleted_at = 1 WHERE name = 'Beacon'").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let page = read(&maya_at).await;
        assert_eq!(said(&page), [atlas_row]);
        assert_eq!(page.money.unwrap().kpis[0].value, "$40.00");
    })
    .await;
}

#[tokio::test]
async fn budgets_that_are_nearly_spent_are_told_above_everything() {
    on_each_database(|services| async move {
        let Place { maya, team: atlas, .. } = Place::new(&services).await;
        let app = TestApp::new(&services);
        let maya_at = browser(&app, &maya).await;
        let organization = Scope::Organization(services.snapshot().team(atlas.id).unwrap().organization.unwrap());
        let now = services.clock.now();
        // Two dollars a day for a fortnight: 28 in November.
        let calls: Vec<_> = (1..=14).map(|ago| (now.floor_to(DAY_MS).plus(-ago * DAY_MS), Outcome::Completed, 2)).collect();
        db_calls(&services, atlas.id, 50, &calls).await;
        let set = async |scope, dollars: i64| db_limit(&services, atlas.id, scope, budget(dollars * DOLLAR)).await;
        let notes = async || -> Vec<(String, String, bool)> {
            let page = read(&maya_at).await;
            page.notes.into_iter().map(|note| (note.title, note.text, note.reached)).collect()
        };

        set(organization, 1_000).await;
        set(Scope::Team(atlas.id), 36).await;
        assert_eq!(notes().await, [], "neither is near");
        set(Scope::Team(atlas.id), 35).await;
        assert_eq!(notes().await, [("Atlas Search has spent 80% of its budget.".into(), String::new(), false)]);
        set(organization, 40).await;
        let said = notes().await;
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!((said[0].0.as_str(), said[0].2), ("70% of the November budget is spent.", false));
        assert!(said[0].1.starts_with("At the current pace it runs out on 27 Nov, 4 days before it resets."), "{said:?}");
        let text = maya_at.page(ORG).await.text();
        assert!(text.contains("note warn") && text.contains("/o/northwind-labs/limits"), "{text}");

        set(Scope::Team(atlas.id), 28).await;
        set(organization, 28).await;
        let said = notes().await;
        assert_eq!(
            said[0].0,
            "Northwind Labs has spent $28.00 of its $28.00 monthly budget. It resets on 1 Dec 2026, 00:00 UTC. \
             An admin of Northwind Labs can change it."
        );
        assert_eq!(
            (said[0].2, &said[1]),
            (true, &("Atlas Search has spent its budget.".into(), "Its calls are refused.".into(), true))
        );
        assert!(maya_at.page(ORG).await.text().contains("note danger"));
    })
    .await;
}
