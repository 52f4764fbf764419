//! What people and platform admins do over REST to accounts and organizations: fields that are not theirs change nothing.

use axum::http::Method;
use serde_json::json;

use super::support::{
    TestApp,
    accounts::{PASSWORD, first_admin, mailed_token},
    on_each_database,
    people::{db_person, team},
};

#[tokio::test]
async fn own_accounts_are_changed_field_by_field() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let app = TestApp::new(&services);
        let maya = app.browser();
        let login = json!({ "email": "maya@northwind.example", "password": PASSWORD });
        maya.post("/api/v1/auth/login", login.clone()).await.expect(200);
        let before = maya.get("/api/v1/me").await.expect(200);
        for foreign in ["email_verified", "email_confirmed", "role", "is_admin", "platform_admin", "id", "balance", "disabled_at"]
        {
            let mut body = json!({ "name": "Maya" });
            body[foreign] = json!(1);
            maya.json(Method::PATCH, "/api/v1/me", body).await.expect(400);
        }
        assert_eq!(maya.get("/api/v1/me").await.expect(200), before);
        let changed = maya.json(Method::PATCH, "/api/v1/me", json!({ "name": " Maya O. " })).await.expect(200);
        assert_eq!(changed["name"], "Maya O.");
        assert_eq!(maya.get("/api/v1/me").await.expect(200)["name"], "Maya O.");

        let other = app.browser();
        other.post("/api/v1/auth/login", login).await.expect(200);
        let sessions = maya.get("/api/v1/me/sessions").await.expect(200);
        let rows = sessions["items"].as_array().unwrap();
        assert_eq!((rows.len(), rows.iter().filter(|row| row["this"] == true).count()), (2, 1));
        assert_eq!(maya.delete("/api/v1/me/sessions").await.expect(200)["ended"], 1);
        other.get("/api/v1/me").await.expect(401);
        maya.delete("/api/v1/me/sessions/0000").await.expect(404);

        maya.post("/api/v1/me/email", json!({ "email": "maya@labs.example", "password": "wrong password" })).await.expect(422);
        maya.post("/api/v1/me/email", json!({ "email": "maya@labs.example", "password": PASSWORD })).await.expect(202);
        services.deliver_mails_once().await.unwrap();
        let token = mailed_token(&services, "maya@labs.example", "/confirm/");
        services.confirm_email(None, &token).await.unwrap();
        maya.get("/api/v1/me").await.expect(401);
        let login = json!({ "email": "maya@labs.example", "password": PASSWORD });
        maya.post("/api/v1/auth/login", login).await.expect(200);
        let new = "completely different words";
        maya.post("/api/v1/me/password", json!({ "current_password": PASSWORD, "password": new })).await.expect(204);
        maya.get("/api/v1/me").await.expect(200);
        let end = json!({ "confirm": "maya@labs.example", "password": new });
        let refused = maya.json(Method::DELETE, "/api/v1/me", end).await.expect(409);
        assert_eq!(refused["code"], "last_platform_admin");
    })
    .await;
}

#[tokio::test]
async fn platform_admins_manage_accounts_organizations_and_settings() {
    on_each_database(|services| async move {
        let maya = db_person(&services, "Maya", true).await;
        let noor = db_person(&services, "Noor", false).await;
        team(&services, &maya).await;
        let app = TestApp::new(&services);
        let (admin, person) = (app.api(&maya).await, app.api(&noor).await);
        let noor_path = format!("/api/v1/users/{}", noor.user.id);
        let members = "/api/v1/organizations/northwind-labs/members";
        for path in ["/api/v1/users", &noor_path, "/api/v1/platform/settings", "/api/v1/platform/mails", "/api/v1/audit", members]
        {
            person.get(path).await.expect(404);
            admin.get(path).await.expect(200);
        }
        let found = admin.get("/api/v1/users?search=noor&suspended=false").await.expect(200);
        assert_eq!(found["items"][0]["id"], noor.user.id.to_string());
        admin.get("/api/v1/users/not-an-id").await.expect(404);

        admin.post(members, json!({ "email": "noor@northwind.example", "role": "member" })).await.expect(201);
        admin.json(Method::PATCH, &format!("{members}/{}", noor.user.id), json!({ "role": "admin" })).await.expect(204);
        person.get(members).await.expect(200);
        let changed =
            person.json(Method::PATCH, "/api/v1/organizations/northwind-labs", json!({ "members_create_teams": true })).await;
        assert_eq!(changed.expect(200)["members_create_teams"], true);
        person.json(Method::PATCH, "/api/v1/organizations/northwind-labs", json!({ "balance": 1 })).await.expect(400);
        admin.delete(&format!("{members}/{}", maya.user.id)).await.expect(409);

        let recover = json!({ "to": noor.user.id.to_string(), "reason": "The owner left." });
        person.post("/api/v1/teams/atlas-search/recover", recover.clone()).await.expect(404);
        admin.post("/api/v1/teams/atlas-search/recover", recover).await.expect(204);
        assert_eq!(person.get("/api/v1/teams/atlas-search").await.expect(200)["role"], "owner");

        let settings = admin.json(Method::PATCH, "/api/v1/platform/settings", json!({ "sign_up": "domain" })).await;
        assert_eq!(settings.expect(422)["errors"][0]["field"], "sign_up_domains");
        let body = json!({ "sign_up": "domain", "sign_up_domains": ["northwind.example"], "personal_models": "general" });
        let settings = admin.json(Method::PATCH, "/api/v1/platform/settings", body).await.expect(200);
        assert_eq!((&settings["sign_up"], &settings["personal_models"]), (&json!("domain"), &json!("general")));

        admin.post(&format!("{noor_path}/password-reset"), json!({})).await.expect(202);
        let suspended = admin.json(Method::PATCH, &noor_path, json!({ "suspended": true, "reason": "a test" })).await.expect(200);
        assert!(suspended["suspended_at"].is_i64());
        person.get("/api/v1/me").await.expect(401);
        admin.json(Method::PATCH, &noor_path, json!({ "suspended": true, "reason": "a test" })).await.expect(200);
        admin.json(Method::PATCH, &noor_path, json!({ "suspended": false })).await.expect(200);
        person.get("/api/v1/me").await.expect(200);
        admin.delete(&format!("{noor_path}/sessions")).await.expect(204);
        admin.json(Method::PATCH, &noor_path, json!({ "email": "x@y.example" })).await.expect(400);
        let reading = app.api_of_scope(&maya, "read").await;
        reading.json(Method::PATCH, &noor_path, json!({ "suspended": true, "reason": "a test" })).await.expect(403);
    })
    .await;
}

#[tokio::test]
async fn the_account_page_changes_the_address_and_signs_browsers_out_without_javascript() {
    on_each_database(|services| async move {
        first_admin(&services).await;
        let app = TestApp::new(&services);
        let login = json!({ "email": "maya@northwind.example", "password": PASSWORD });
        let (maya, other) = (app.browser(), app.browser());
        maya.post("/api/v1/auth/login", login.clone()).await.expect(200);
        other.post("/api/v1/auth/login", login).await.expect(200);
        let page = maya.page("/account").await.text();
        assert_eq!(page.matches("This browser").count(), 1, "{page}");
        assert!(page.contains("Sign out everywhere else") && page.contains("Change email") && page.contains("Delete account"));
        let asks = maya.page("/account?dialog=delete").await.text();
        assert!(asks.contains("Type ") && asks.contains(" to confirm"), "{asks}");

        let wrong = [("email", "maya@labs.example"), ("email_password", "not the password")];
        let refused = maya.form("/fn/change_email", &wrong, true).await;
        assert_eq!(refused.status.as_u16(), 302, "{}", refused.text());
        assert!(services.mailer.sent().iter().all(|mail| mail.recipient != "maya@labs.example"));
        let right = [("email", "maya@labs.example"), ("email_password", PASSWORD)];
        assert_eq!(maya.form("/fn/change_email", &right, true).await.header("location"), "/account?done=email");
        services.deliver_mails_once().await.unwrap();
        mailed_token(&services, "maya@labs.example", "/confirm/");

        assert_eq!(maya.form("/fn/end_other_sessions", &[], true).await.header("location"), "/account?done=sessions");
        other.get("/api/v1/me").await.expect(401);
        let delete = [("confirm", "maya@northwind.example"), ("password", PASSWORD)];
        assert_eq!(maya.form("/fn/delete_account", &delete, false).await.status.as_u16(), 409, "the only platform admin");
        maya.get("/api/v1/me").await.expect(200);
    })
    .await;
}
