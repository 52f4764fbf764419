//! X08, X09: what is searched for is text, also where databases have letters of their own, and however long it is.

use std::time::{Duration, Instant};

use serde_json::json;

use super::support::{
    TestApp,
    accounts::browser,
    on_each_database,
    people::{db_person, team},
};

#[tokio::test]
async fn a_null_byte_finds_nothing_and_breaks_nothing() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let app = TestApp::new(&services);
        let (api, maya) = (app.api(&maya).await, browser(&app, &maya).await);
        api.post("/api/v1/teams/atlas-search/keys", json!({ "name": "a key" })).await.expect(201);
        for path in
            ["/api/v1/teams/atlas-search/keys?q=a%00", "/api/v1/teams/atlas%00search", "/t/atlas%00search", "/t/x/keys?q=%00"]
        {
            assert_eq!(maya.page(path).await.status, 400, "{path}");
        }
        let list = async |team: &str, text: &str| {
            let fields = [("team", team), ("text", text), ("mine", "false"), ("status", ""), ("cursor", "")];
            maya.form("/fn/list_keys", &fields, false).await
        };
        let found = list("atlas-search", "a").await;
        assert!(found.status == 200 && found.text().contains("a key"));
        let nothing = list("atlas-search", "a\0").await;
        assert!(nothing.status == 200 && !nothing.text().contains("a key"), "{}", nothing.text());
        let status = list("atlas\0search", "").await.status.as_u16();
        assert!(matches!(status, 404 | 422), "{status}");
        for body in [json!({ "name": "a\0b" }), json!({ "name": "a", "kind": "person\0" })] {
            api.post("/api/v1/teams/atlas-search/keys", body).await.expect(422);
        }
        let login = json!({ "email": "ma\0ya@northwind.example", "password": "a\0b long enough" });
        assert!(app.program().post("/api/v1/auth/login", login).await.status.is_client_error());
    })
    .await;
}

#[tokio::test]
async fn wildcards_are_letters_and_cost_nothing() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        for n in 0..30 {
            let name = format!("{} {n}", "ab".repeat(25));
            api.post("/api/v1/teams/atlas-search/keys", json!({ "name": name })).await.expect(201);
        }
        for list in ["teams/atlas-search/keys", "teams/atlas-search/members"] {
            let found = api.get(&format!("/api/v1/{list}?q=a")).await.expect(200);
            assert!(!found["items"].as_array().unwrap().is_empty(), "{list} has something to find");
            for pattern in ["%25", "a_a", "%25a%25", "%5C", "%27%20OR%20%271%27=%271", "a%25%27--"] {
                let reply = api.get(&format!("/api/v1/{list}?q={pattern}")).await;
                let found = reply.text();
                assert!(
                    matches!(reply.status.as_u16(), 400 | 422) || found.contains("\"items\":[]"),
                    "{list} {pattern}: {} {found}",
                    reply.status
                );
                assert!(!found.to_lowercase().contains("select"), "{found}");
            }
            // As many as fit into an address.
            for pattern in ["%25".repeat(2_500), "%25_".repeat(1_900), "a%25".repeat(1_900)] {
                let started = Instant::now();
                let status = api.get(&format!("/api/v1/{list}?q={pattern}")).await.status.as_u16();
                assert!(matches!(status, 200 | 400 | 422), "{list}: {status}");
                assert!(started.elapsed() < Duration::from_secs(3), "{list}: {:?}", started.elapsed());
            }
        }
    })
    .await;
}
