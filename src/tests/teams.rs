//! Teams: who may make them, what strangers see, how addresses are chosen.

use super::support::{
    TestApp,
    accounts::browser,
    app::Client,
    limits::{budget, db_limit},
    on_each_database,
    people::{self, Place, new_team},
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        limit_scopes::Scope,
        money::{DOLLAR, NanoUsd},
        roles::{Action, Role},
        usage::Outcome,
    },
    server_fns::{accounts::Visitor, organization_overview::OrganizationOverviewPage, teams::TeamsPage},
    service::{
        ServiceError,
        metering::{book, testing::event},
        teams::TeamPatch,
    },
    wire,
};

#[tokio::test]
async fn the_creator_owns_the_team_and_strangers_see_nothing() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        let noor = people::db_person(&services, "Noor", false).await;
        let team = people::team(&services, &maya).await;
        assert_eq!((team.slug.as_str(), team.organization.as_str(), team.members), ("atlas-search", "Northwind Labs", 1));
        assert_eq!(team.standing.role, Some(Role::Owner));

        for name in ["atlas-search", &team.id.to_string(), "no-such-team", "'; DROP TABLE teams; --"] {
            assert!(matches!(services.get_team(&noor, name).await, Err(ServiceError::NotFound)), "{name}");
        }
        assert!(services.list_teams(&noor).await.unwrap().is_empty());

        people::db_join(&services, &team, &noor, Role::Viewer).await;
        assert_eq!(services.get_team(&noor, "atlas-search").await.unwrap().standing.role, Some(Role::Viewer));
        let refused =
            services.update_team(&noor, "atlas-search", TeamPatch { name: Some("Mine".into()), ..TeamPatch::default() }).await;
        assert!(matches!(refused, Err(ServiceError::Denied(Action::ManageLimits))));
    })
    .await;
}

#[tokio::test]
async fn team_addresses_are_unique_and_never_shadow_a_page() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        people::team(&services, &maya).await;
        let second = services.create_team(&maya, people::new_team("Atlas Search", "northwind-labs")).await.unwrap();
        assert_eq!(second.slug, "atlas-search-2", "a name may repeat, its address may not");
        let reserved = services.create_team(&maya, people::new_team("New", "northwind-labs")).await.unwrap();
        assert_eq!(reserved.slug, "team");
        let mut taken = people::new_team("Other", "northwind-labs");
        taken.slug = Some("atlas-search".into());
        let refused = services.create_team(&maya, taken).await.unwrap_err();
        assert!(
            matches!(&refused, ServiceError::Invalid(fields) if fields.get("slug").unwrap().contains("taken")),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn members_create_teams_only_where_the_organization_allows_it() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        let noor = people::db_person(&services, "Noor", false).await;
        let team = people::team(&services, &maya).await;
        let unknown = services.create_team(&noor, people::new_team("Side", "northwind-labs")).await.unwrap_err();
        let nowhere = services.create_team(&noor, people::new_team("Side", "no-such-org")).await.unwrap_err();
        assert_eq!(format!("{unknown:?}"), format!("{nowhere:?}"), "a foreign organization reads as a missing one");
        people::db_join(&services, &team, &noor, Role::Member).await;
        let refused = services.create_team(&noor, people::new_team("Side", "northwind-labs")).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Forbidden(_)));
        let mut tx = services.store.begin().await.unwrap();
        sqlx::raw_sql("UPDATE organizations SET members_create_teams = 1").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let side = services.create_team(&noor, people::new_team("Side", "northwind-labs")).await.unwrap();
        assert_eq!(side.owner, noor.user.id);
    })
    .await;
}

#[tokio::test]
async fn a_personal_space_is_its_persons_alone() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        let noor = people::db_person(&services, "Noor", false).await;
        let own = services.get_team(&noor, "me").await.unwrap();
        assert_eq!((own.id, own.standing.role), (noor.user.personal_team, Some(Role::Owner)));
        let foreign = services.get_team(&maya, &own.id.to_string()).await;
        assert!(matches!(foreign, Err(ServiceError::NotFound)), "not even for a platform admin");
        let renamed = services.update_team(&noor, "me", TeamPatch { name: Some("Mine".into()), ..TeamPatch::default() }).await;
        assert!(matches!(renamed, Err(ServiceError::Conflict("personal_space", _))));
    })
    .await;
}

#[tokio::test]
async fn the_doctor_finds_keys_that_work_for_nobody_in_the_team() {
    on_each_database(|services| async move {
        let maya = people::db_person(&services, "Maya", true).await;
        let mel = people::db_person(&services, "Mel", false).await;
        let team = people::team(&services, &maya).await;
        people::db_join(&services, &team, &mel, Role::Member).await;
        let key = |kind| NewApiKey { name: "key".into(), kind, expires_at: None };
        services.create_key(&maya, "atlas-search", key(KeyKind::Application)).await.unwrap();
        services.create_key(&mel, "atlas-search", key(KeyKind::Person)).await.unwrap();
        let strays = async || {
            let broken = services.find_broken_invariants().await.unwrap();
            broken.iter().find_map(|rule| rule.contains("INV-12").then(|| rule.split(' ').next().unwrap_or_default().to_owned()))
        };
        assert_eq!(strays().await, None);
        services.suspend_user(&maya, mel.user.id, "On leave.").await.unwrap();
        assert_eq!(strays().await, None, "a suspension is no departure");
        services.unsuspend_user(&maya, mel.user.id, "").await.unwrap();
        people::db_leave(&services, team.id, &mel).await;
        assert_eq!(strays().await.as_deref(), Some("1"), "the team's own key needs nobody");
        let mut tx = services.store.begin().await.unwrap();
        sqlx::query("UPDATE teams SET deleted_at = 1 WHERE slug = 'atlas-search'").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(strays().await.as_deref(), Some("2"));
    })
    .await;
}

#[tokio::test]
async fn lists_of_teams_tell_how_much_of_their_budget_is_spent() {
    on_each_database(|services| async move {
        let Place { maya, noor, team, .. } = Place::new(&services).await;
        let beacon = services.create_team(&maya, new_team("A beacon", "northwind-labs")).await.unwrap();
        let mut calls = vec![event(1), event(2)];
        for (call, cost) in calls.iter_mut().zip([9, 5]) {
            (call.call.team, call.call.user, call.call.at) = (team.id, noor.user.id, services.clock.now());
            call.call.organization = services.snapshot().team(team.id).unwrap().organization;
            (call.call.test, call.end.outcome, call.end.cost) = (false, Outcome::Completed, NanoUsd(cost * DOLLAR));
        }
        book(&services.store, &calls).await.unwrap();
        services.recover_counters().await.unwrap();
        db_limit(&services, team.id, Scope::Team(team.id), budget(20 * DOLLAR)).await;

        let app = TestApp::new(&services);
        let (maya, noor) = (browser(&app, &maya).await, browser(&app, &noor).await);
        let asked = async |who: &Client, name: &str, fields: &[(&str, &str)]| {
            who.form(&format!("/fn/{name}"), fields, false).await.text()
        };
        let page: TeamsPage = wire::read(&asked(&maya, "list_teams", &[]).await).unwrap();
        let said: Vec<_> =
            page.rows.iter().map(|row| (row.name.as_str(), row.budget.text.as_str(), row.budget.percent)).collect();
        assert_eq!(
            said,
            [("Atlas Search", "70% of $20.00", Some(70)), ("A beacon", "No limit", None)],
            "the one called last comes first"
        );
        let page: OrganizationOverviewPage =
            wire::read(&asked(&maya, "get_organization_overview", &[("org", "northwind-labs")]).await).unwrap();
        let said: Vec<_> = page.teams.iter().map(|row| (row.slug.as_str(), row.budget.percent)).collect();
        assert_eq!(said, [("atlas-search", Some(70)), (beacon.slug.as_str(), None)]);
        let visitor: Visitor = wire::read(&asked(&noor, "get_visitor", &[("guarded", "true")]).await).unwrap();
        assert_eq!(visitor.budgets, [("atlas-search".to_owned(), 70)]);
    })
    .await;
}
