//! The audit log: who reads which part of it, how it is searched and exported, and that nothing in it ever changes.

use std::time::Duration;

use super::support::{
    TestApp, invariants, on_each_database,
    people::{db_join, db_person, model, new_team, simulated, team},
};
use crate::{
    domain::{
        audit::{AuditFilter, AuditOutcome, AuditRow},
        page::PageRequest,
        roles::Role,
        time::HOUR_MS,
    },
    service::{Caller, ServiceError, Services, audit::AuditOf, catalog::ProviderInput, teams::TeamPatch},
};

fn atlas() -> AuditOf {
    AuditOf::Team("atlas-search".into())
}

fn northwind() -> AuditOf {
    AuditOf::Organization("northwind-labs".into())
}

async fn read(services: &Services, caller: &Caller, of: AuditOf, filter: AuditFilter) -> Vec<AuditRow> {
    services.list_audit(caller, &of, &filter, &PageRequest { limit: Some(100), cursor: None }).await.unwrap().items
}

fn actions(rows: &[AuditRow]) -> Vec<&str> {
    rows.iter().map(|row| row.action.as_str()).collect()
}

fn rename(name: &str) -> TeamPatch {
    TeamPatch { name: Some(name.into()), ..TeamPatch::default() }
}

#[tokio::test]
async fn everybody_reads_what_is_theirs_and_nobody_more() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let people = [("Ada", Role::Admin), ("Mel", Role::Member), ("Vera", Role::Viewer)];
        let view = team(&services, &maya).await;
        let other = services.create_team(&maya, new_team("Beacon", "northwind-labs")).await.unwrap();
        let mut joined = vec![];
        for (name, role) in people {
            let person = db_person(&services, name, false).await;
            db_join(&services, &view, &person, role).await;
            joined.push(person);
        }
        let org_admin = db_person(&services, "Olu", false).await;
        services.add_organization_member(&maya, "northwind-labs", "olu@northwind.example", "admin").await.unwrap();
        let stranger = db_person(&services, "Noor", false).await;
        let own = db_person(&services, "Pat", false).await;

        let may = async |caller: &Caller, of: AuditOf| match services
            .list_audit(caller, &of, &AuditFilter::default(), &PageRequest::default())
            .await
        {
            Ok(_) => 200,
            Err(ServiceError::NotFound) => 404,
            Err(ServiceError::Denied(_) | ServiceError::Forbidden(_)) => 403,
            Err(other) => panic!("{other}"),
        };
        for (who, of_team, of_organization, of_platform) in [
            (&maya, 200, 200, 200),
            (&joined[0], 200, 403, 404),
            (&joined[1], 403, 403, 404),
            (&joined[2], 403, 403, 404),
            (&org_admin, 200, 200, 404),
            (&stranger, 404, 404, 404),
        ] {
            let name = &who.user.name;
            assert_eq!(may(who, atlas()).await, of_team, "{name}");
            assert_eq!(may(who, northwind()).await, of_organization, "{name}");
            assert_eq!(may(who, AuditOf::Platform).await, of_platform, "{name}");
        }
        assert_eq!(may(&own, AuditOf::Team("me".into())).await, 200);
        let of_team = read(&services, &joined[0], atlas(), AuditFilter::default()).await;
        assert!(of_team.iter().all(|row| row.team == Some(view.id)), "{:?}", actions(&of_team));
        let of_organization = read(&services, &org_admin, northwind(), AuditFilter::default()).await;
        assert!(of_organization.iter().any(|row| row.team == Some(other.id)), "its teams' too");
        assert!(of_organization.iter().all(|row| row.action != "account.create"));
    })
    .await;
}

#[tokio::test]
async fn entries_are_found_by_who_what_and_when_and_show_what_changed() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let ada = db_person(&services, "Ada", false).await;
        let view = team(&services, &maya).await;
        db_join(&services, &view, &ada, Role::Admin).await;
        services.clock.advance(HOUR_MS);
        let later = services.clock.now();
        for n in 0..5 {
            services.update_team(&ada, "atlas-search", rename(&format!("Atlas {n}"))).await.unwrap();
            services.clock.advance(1_000);
        }
        let filter = |change: fn(&mut AuditFilter)| {
            let mut filter = AuditFilter::default();
            change(&mut filter);
            filter
        };
        let all = read(&services, &maya, atlas(), AuditFilter::default()).await;
        assert_eq!(all.len(), 6);
        assert_eq!(
            read(&services, &maya, atlas(), AuditFilter { actor: Some(ada.user.id), ..AuditFilter::default() }).await.len(),
            5
        );
        assert_eq!(actions(&read(&services, &maya, atlas(), filter(|f| f.action = "team.create".into())).await), ["team.create"]);
        assert_eq!(read(&services, &maya, atlas(), filter(|f| f.action = "team".into())).await.len(), 6);
        assert!(read(&services, &maya, atlas(), filter(|f| f.action = "tea".into())).await.is_empty());
        assert!(read(&services, &maya, atlas(), filter(|f| f.action = "%".into())).await.is_empty(), "wildcards are text");
        assert_eq!(read(&services, &maya, atlas(), AuditFilter { from: Some(later), ..AuditFilter::default() }).await.len(), 5);
        assert_eq!(read(&services, &maya, atlas(), AuditFilter { to: Some(later), ..AuditFilter::default() }).await.len(), 1);
        let target = AuditFilter { target_kind: "team".into(), target_id: view.id.to_string(), ..AuditFilter::default() };
        assert_eq!(read(&services, &maya, AuditOf::Platform, target).await.len(), 6);

        let newest = &all[0];
        assert_eq!((newest.actor_name.as_str(), newest.outcome, newest.changes.len()), ("Ada", AuditOutcome::Done, 1));
        let change = &newest.changes[0];
        assert_eq!((change.field.as_str(), change.old.as_str(), change.new.as_str()), ("name", "Atlas 3", "Atlas 4"));

        let (mut seen, mut cursor) = (vec![], None);
        loop {
            let page = PageRequest { limit: Some(4), cursor };
            let page = services.list_audit(&maya, &atlas(), &AuditFilter::default(), &page).await.unwrap();
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    })
    .await;
}

#[tokio::test]
async fn an_export_holds_everything_defused_and_is_itself_noted() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        for n in 0..120 {
            services.clock.advance(1_000);
            services.update_team(&maya, "atlas-search", rename(&format!("=cmd|'/C calc'!A{n}"))).await.unwrap();
        }
        let app = TestApp::new(&services);
        let client = app.api(&maya).await;
        let reply = client.get("/api/v1/teams/atlas-search/audit.csv").await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/csv; charset=utf-8"));
        let text = reply.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 122, "head, creation, 120 changes, and this export");
        assert!(lines[0].starts_with("time,actor,"));
        assert!(lines[1].contains("audit.export"), "{}", lines[1]);
        assert!(lines[2].contains(",\"'=cmd|'/C calc'!A119\","), "{}", lines[2]);
        assert!(text.split([',', '\n']).all(|cell| !cell.trim_start_matches('"').starts_with(['=', '+', '@'])));
        let filtered = client.get("/api/v1/teams/atlas-search/audit.csv?action=team.create").await.text();
        assert_eq!(filtered.lines().count(), 2);
        client.get("/api/v1/teams/atlas-search/audit?actor=nobody").await.expect(422);
        client.get("/api/v1/teams/atlas-search/audit?team_id=x").await.expect(400);
        let page = client.get("/api/v1/audit?limit=2").await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let stranger = app.api(&db_person(&services, "Noor", false).await).await;
        for path in
            ["/api/v1/teams/atlas-search/audit.csv", "/api/v1/organizations/northwind-labs/audit.csv", "/api/v1/audit.csv"]
        {
            stranger.get(path).await.expect(404);
        }
    })
    .await;
}

#[tokio::test]
async fn refused_attempts_are_noted_once_in_a_while() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let mel = db_person(&services, "Mel", false).await;
        let view = team(&services, &maya).await;
        db_join(&services, &view, &mel, Role::Member).await;
        let denied = AuditFilter { actor: Some(mel.user.id), ..AuditFilter::default() };
        let count = async |wanted: usize| {
            for _ in 0..400 {
                if read(&services, &maya, atlas(), denied.clone()).await.len() >= wanted {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let rows = read(&services, &maya, atlas(), denied.clone()).await;
            assert_eq!(rows.len(), wanted, "{:?}", actions(&rows));
            rows
        };
        for _ in 0..20 {
            assert!(matches!(services.update_team(&mel, "atlas-search", rename("Mine")).await, Err(ServiceError::Denied(_))));
        }
        // Looking is no attempt at a change.
        assert!(services.list_audit(&mel, &atlas(), &AuditFilter::default(), &PageRequest::default()).await.is_err());
        let rows = count(1).await;
        assert_eq!((rows[0].action.as_str(), rows[0].outcome), ("limit.manage", AuditOutcome::Denied));
        services.clock.advance(HOUR_MS);
        assert!(services.update_team(&mel, "atlas-search", rename("Mine")).await.is_err());
        count(2).await;
    })
    .await;
}

#[tokio::test]
async fn entries_hold_no_secret_and_can_not_be_changed() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let canary = "sk-canary-4f1d";
        let provider = ProviderInput {
            name: "private".into(),
            kind: "openai".into(),
            base_url: "https://127.0.0.1:1/v1".into(),
            secret: canary.into(),
            ..ProviderInput::default()
        };
        services.create_provider(&maya, provider).await.unwrap();
        services.create_provider(&maya, simulated("simulator")).await.unwrap();
        services.create_model(&maya, model("small", "simulator")).await.unwrap();
        let rows = read(&services, &maya, AuditOf::Platform, AuditFilter::default()).await;
        assert!(actions(&rows).contains(&"provider.create"));
        assert!(!serde_json::to_string(&rows).unwrap().contains("canary"));
        for sql in ["UPDATE audit_log SET outcome = 'done'", "DELETE FROM audit_log"] {
            let mut tx = services.store.begin().await.unwrap();
            assert!(sqlx::query(sql).execute(&mut *tx).await.is_err(), "{sql}");
        }
        invariants::check(&services).await;
    })
    .await;
}
