//! The management API as a program uses it.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::{
    TestApp,
    accounts::PASSWORD,
    on_each_database,
    people::{db_join, db_person, team},
};
use crate::domain::{roles::Role, time::DAY_MS};

/// From an empty platform to a metered call, over REST alone.
#[tokio::test]
async fn a_platform_is_set_up_and_called_over_the_api() {
    on_each_database(|services| async move {
        let token = services.issue_setup_token().await.unwrap().unwrap();
        let app = TestApp::new(&services);
        let maya = app.browser();
        let account = json!({ "email": "Maya@northwind.example", "password": PASSWORD, "name": "Maya Okafor" });
        assert_eq!(maya.post("/api/v1/auth/signup", account.clone()).await.status, 422, "without the set-up token");
        let mut with_token = account;
        with_token["setup_token"] = token.into();
        let signed_up = maya.post("/api/v1/auth/signup", with_token).await.expect(200);
        assert_eq!(signed_up["user"]["platform_admin"], true);

        let org = maya.post("/api/v1/organizations", json!({ "name": "Northwind Labs" })).await.expect(201);
        let provider = json!({ "name": "sim", "kind": "simulated", "simulation": { "first_token_ms": 0, "per_token_ms": 0 } });
        maya.post("/api/v1/catalog/providers", provider).await.expect(201);
        let model = json!({
            "name": "labs/chat-small", "aliases": ["chat"], "tier": "general", "input_price": 1_000_000_000, "output_price": 2_000_000_000,
            "context_window": 8_000, "max_output": 1_000, "deployments": [{ "provider": "sim", "model": "x" }],
        });
        maya.post("/api/v1/catalog/models", model).await.expect(201);
        assert_eq!(maya.get("/api/v1/catalog/models/labs/chat-small").await.expect(200)["modality"], "chat");
        let atlas = maya.post("/api/v1/teams", json!({ "name": "Atlas Search", "organization": org["id"] })).await.expect(201);
        assert_eq!((&atlas["role"], &atlas["organization"]), (&json!("owner"), &json!("northwind-labs")));
        let key = maya.post("/api/v1/teams/atlas-search/keys", json!({ "name": "ci" })).await.expect(201);

        let call = json!({ "model": "chat", "messages": [{ "role": "user", "content": "Hello" }] });
        let gateway = app.key(key["key"].as_str().unwrap());
        let answer = gateway.post("/v1/chat/completions", call.clone()).await;
        assert_eq!(answer.header("x-tallygate-context"), "atlas-search");
        let id = answer.header("x-request-id").to_owned();
        answer.expect(200);
        app.services.book_ended_calls().await.unwrap();
        let logs = maya.get("/api/v1/teams/atlas-search/logs").await.expect(200);
        assert_eq!((&logs["items"][0]["id"], &logs["items"][0]["status"]), (&json!(id), &json!(200)));
        let usage = maya.get("/api/v1/teams/atlas-search/usage").await.expect(200);
        assert_eq!((&usage["total"]["requests"], &usage["total"]["succeeded"]), (&json!(1), &json!(1)));
        assert_eq!(usage["total"]["cost"], logs["items"][0]["cost"]);
        let members = maya.get("/api/v1/teams/atlas-search/usage/members").await.expect(200);
        assert_eq!((&members["items"][0]["name"], &members["items"][0]["share"]), (&json!("Maya Okafor"), &json!(10_000)));

        let state = "/api/v1/organizations/northwind-labs/models/labs/chat-small";
        maya.json(Method::PUT, state, json!({ "state": "closed" })).await.expect(200);
        gateway.post("/v1/chat/completions", call.clone()).await.expect(404);
        maya.json(Method::PUT, state, json!({ "state": "ajar" })).await.expect(422);
        maya.json(Method::PUT, state, json!({ "state": "open" })).await.expect(200);
        let path = format!("/api/v1/teams/atlas-search/keys/{}", key["id"].as_str().unwrap());
        maya.delete(&path).await.expect(204);
        gateway.post("/v1/chat/completions", call).await.expect(401);
    })
    .await;
}

/// Keys are renamed, rotated and listed in pages; unknown and malformed ones are 404.
#[tokio::test]
async fn keys_are_managed_in_pages() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        team(&services, &maya).await;
        let app = TestApp::new(&services);
        let api = app.api(&maya).await;
        let keys = "/api/v1/teams/atlas-search/keys";
        let ends = services.clock.now().0 + DAY_MS;
        for n in 0..5 {
            api.post(keys, json!({ "name": format!("key {n}"), "expires_at": ends, "kind": "application" })).await.expect(201);
        }
        let (mut names, mut cursor) = (vec![], String::new());
        loop {
            let page = api.get(&format!("{keys}?limit=2&cursor={cursor}")).await.expect(200);
            names.extend(page["items"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(names.len(), 5);
        names.dedup();
        assert_eq!(names.len(), 5, "{names:?}");

        let listed = api.get(&format!("{keys}?q=key%203")).await.expect(200);
        let path = format!("{keys}/{}", listed["items"][0]["id"].as_str().unwrap());
        api.json(Method::PATCH, &path, json!({ "name": "renamed", "expires_at": null })).await.expect(204);
        let after = api.get(&format!("{keys}?q=renamed")).await.expect(200);
        assert_eq!(after["items"][0]["expires_at"], Value::Null);
        assert!(after.to_string().contains("…") && !after.to_string().contains("\"key\""), "no secret in lists");
        let rotated = api.post(&format!("{path}/rotate"), json!({})).await.expect(201);
        assert!(rotated["key"].as_str().unwrap().starts_with("tg_"));

        api.delete(&format!("{keys}/not-an-id")).await.expect(404);
        // D09, X08: bounds and odd input.
        assert_eq!(api.get(&format!("{keys}?limit=1000000000")).await.expect(200)["items"].as_array().unwrap().len(), 5);
        for query in ["limit=1e9", "offset=-1", "limit=-1", "sort=name;DROP", "mine=perhaps"] {
            assert_eq!(api.get(&format!("{keys}?{query}")).await.status, 400, "{query}");
        }
        api.get(&format!("{keys}?cursor=%27%20OR%201=1")).await.expect(422);
        assert_eq!(
            api.get(&format!("{keys}?q=%25")).await.expect(200)["items"],
            json!([]),
            "a wildcard is a letter like all others"
        );
        for expires_at in [json!(0), json!(-1), json!(253_402_300_800_000_i64)] {
            api.post(keys, json!({ "name": "k", "expires_at": expires_at })).await.expect(422);
        }
        for body in
            [json!({ "name": "k", "owner": "x" }), json!({ "name": 1 }), json!([]), json!({ "name": "k", "expires_at": "soon" })]
        {
            assert_eq!(api.post(keys, body.clone()).await.status, 400, "{body}");
        }
        for query in ["from=0", "from=9e18", "to=-5", "bucket=1ms", "group_by=password", "test=all"] {
            let status = api.get(&format!("/api/v1/teams/atlas-search/usage?{query}")).await.status.as_u16();
            assert!(matches!(status, 400 | 422), "{query}: {status}");
        }
    })
    .await;
}

/// Management tokens act as their person, within their scope, until they are revoked or end.
#[tokio::test]
async fn tokens_act_within_their_scope() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let atlas = team(&services, &maya).await;
        let app = TestApp::new(&services);
        let write = app.api(&maya).await;
        let read = app.api_of_scope(&maya, "read").await;
        read.get("/api/v1/teams/atlas-search").await.expect(200);
        for (method, path, body) in [
            (Method::POST, "/api/v1/teams", json!({ "name": "X", "organization": "northwind-labs" })),
            (Method::PATCH, "/api/v1/teams/atlas-search", json!({ "name": "X" })),
            (Method::POST, "/api/v1/teams/atlas-search/keys", json!({ "name": "k" })),
            (Method::POST, "/api/v1/me/tokens", json!({ "name": "k", "scope": "write" })),
        ] {
            read.json(method, path, body).await.expect(403);
        }
        let made = write
            .post("/api/v1/me/tokens", json!({ "name": "ci", "scope": "write", "expires_at": services.clock.now().0 + 1_000 }))
            .await
            .expect(201);
        let ci = app.key(made["token"].as_str().unwrap());
        ci.get("/api/v1/me").await.expect(200);
        services.clock.advance(1_000);
        ci.get("/api/v1/me").await.expect(401);
        assert!(!write.get("/api/v1/me/tokens").await.text().contains("tgm_"));
        write.delete(&format!("/api/v1/me/tokens/{}", made["id"].as_str().unwrap())).await;

        let viewer = db_person(&services, "Vera", false).await;
        db_join(&services, &atlas, &viewer, Role::Viewer).await;
        let vera = app.api(&viewer).await;
        let refused = vera.post("/api/v1/teams/atlas-search/keys", json!({ "name": "k" })).await;
        let body = refused.expect(403);
        assert_eq!((&body["code"], &body["status"]), (&json!("not_allowed"), &json!(403)));
        vera.get("/api/v1/teams/atlas-search/usage").await.expect(200);
        vera.get("/api/v1/teams/atlas-search/usage/members").await.expect(403);
        vera.get("/api/v1/teams/me").await.expect(200);
    })
    .await;
}

/// Every path of the document is served, refuses the signed-out, and stands on the page; the document is OpenAPI 3.1.
#[tokio::test]
async fn the_document_describes_what_is_served() {
    on_each_database(|services| async move {
        let app = TestApp::new(&services);
        let program = app.program();
        let document = program.get("/api/v1/openapi.json").await.expect(200);
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let page = program.page("/api/docs").await.text();
        let mut operations = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            assert!(page.contains(&path.replace('<', "&lt;")), "{path}");
            for method in methods.as_object().unwrap().keys() {
                operations += 1;
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let concrete = path.replace(['{', '}'], "");
                let reply = program.json(method.clone(), &format!("/api/v1{concrete}"), json!({})).await;
                let expected = match path.as_str() {
                    "/auth/signup" | "/auth/login" => 400,
                    "/auth/logout" => 204,
                    "/invitations/{token}" | "/invitations/{token}/decline" | "/invitations/{token}/ask" => 404,
                    _ => 401,
                };
                assert_eq!(reply.status, expected, "{method} {path}: {}", reply.text());
                assert!(!reply.headers.contains_key("set-cookie"));
            }
        }
        assert!(operations > 40, "the matrix of doors has a row for each: {operations}");
    })
    .await;
}
