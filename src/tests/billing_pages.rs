//! Billing as browsers and programs use it: page, ledger, statement, plans, and what each role sees.

use axum::http::Method;
use serde_json::json;

use super::{
    member_pages::{browser, place},
    support::{
        on_each_database,
        people::{db_join, db_person},
    },
};
use crate::domain::{money::DOLLAR, roles::Role, time::DAY_MS};

const BILLING: &str = "/t/atlas-search/billing";

#[tokio::test]
async fn an_owner_asks_for_a_plan_and_a_platform_admin_approves_it() {
    on_each_database(|services| async move {
        let (app, team, people) = place(&services).await;
        let (maya, ada) = (&people[0], &people[1]);
        let mut tx = services.store.begin().await.unwrap();
        let sql = "UPDATE teams SET owner_user_id = $1 WHERE id = $2";
        sqlx::query(sql).bind(ada.user.id.to_string()).bind(team.id.to_string()).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let zoe = db_person(&services, "Zoe", false).await;
        db_join(&services, &team, &zoe, Role::Admin).await;
        let (owner, admin) = (browser(&app, ada).await, browser(&app, maya).await);
        let page = owner.page(BILLING).await.text();
        assert!(page.contains("No plan") && page.contains("No movements yet"), "{page}");
        // What it does is shown before it is saved.
        let review = owner.page(&format!("{BILLING}?dialog=review&plan=Pro&seats=9")).await.text();
        assert!(review.contains("Pro with 9 seats") && review.contains("rest of the period"), "{review}");
        let sent = owner.form("/fn/change_plan", &[("team", "atlas-search"), ("plan", "Pro"), ("seats", "9")], true).await;
        assert!(sent.header("location").ends_with("done=asked"), "{}", sent.header("location"));
        let plans = admin.page("/admin/plans").await.text();
        assert!(plans.contains("Waiting for you") && plans.contains("Pro with 9 seats"), "{plans}");
        let id = services.list_plan_requests(maya).await.unwrap()[0].id.to_string();
        admin.form("/fn/decide_plan_request", &[("id", &id), ("approve", "true")], true).await;
        let page = owner.page(BILLING).await.text();
        assert!(page.contains("Seat credit") && page.contains("Pro: 9 seats"), "{page}");
        let view = services.get_billing(ada, "atlas-search").await.unwrap();
        let statement = owner.page(&format!("{BILLING}/statements/{}", view.period.start.0)).await;
        assert_eq!(statement.status, 200);
        assert!(statement.text().contains("Balance after") && statement.text().contains("Seats in all"));
        // Who only manages reads; members have no such page.
        let reader = browser(&app, &zoe).await.page(BILLING).await.text();
        assert!(reader.contains("Set by the owner, Ada.") && !reader.contains("dialog=change"), "{reader}");
        assert_eq!(browser(&app, &people[2]).await.page(BILLING).await.status, 403);
        let stranger = browser(&app, &db_person(&services, "Sam", false).await).await.page(BILLING).await;
        assert_eq!(stranger.status, 404);
    })
    .await;
}

#[tokio::test]
async fn programs_read_and_change_the_money() {
    on_each_database(|services| async move {
        let (app, _, people) = place(&services).await;
        let boss = &people[0];
        let api = app.api(boss).await;
        let team = "/api/v1/teams/atlas-search";
        let plans = api.get("/api/v1/catalog/plans").await.expect(200);
        assert_eq!(plans[0]["name"], "Starter");
        let body = json!({"plan": "Starter", "seats": 10, "preview": true});
        let preview = api.json(Method::PUT, &format!("{team}/billing"), body).await.expect(200);
        assert_eq!(preview["state"], "preview");
        let body = json!({"plan": "Starter", "seats": 10});
        let done = api.json(Method::PUT, &format!("{team}/billing"), body).await.expect(200);
        assert_eq!((&done["state"], &done["credit"]), (&json!("done"), &preview["credit"]));
        let billing = api.get(&format!("{team}/billing")).await.expect(200);
        assert_eq!((&billing["plan"], &billing["seats"], &billing["balance"]), (&json!("Starter"), &json!(10), &done["credit"]));
        let few = api.json(Method::PUT, &format!("{team}/billing"), json!({"seats": 1})).await;
        few.expect(422);
        let adjust = json!({"amount": 2 * DOLLAR, "reason": "=HYPERLINK(\"x\")"});
        api.post(&format!("{team}/adjustments"), adjust).await.expect(200);
        for wrong in [10_100, -1] {
            api.json(Method::PUT, &format!("{team}/discount"), json!({"discount_bp": wrong})).await.expect(422);
        }
        let ledger = api.get(&format!("{team}/ledger?limit=1")).await.expect(200);
        assert_eq!((&ledger["items"][0]["kind"], &ledger["items"][0]["amount"]), (&json!("adjustment"), &json!(2 * DOLLAR)));
        let next = ledger["next_cursor"].as_str().unwrap().to_owned();
        let older = api.get(&format!("{team}/ledger?limit=1&cursor={next}")).await.expect(200);
        assert_eq!(older["items"][0]["kind"], "seat_credit");
        assert_eq!(older["next_cursor"], json!(null));
        api.get(&format!("{team}/ledger?kind=nothing")).await.expect(422);
        let csv = api.get(&format!("{team}/ledger.csv")).await.text();
        assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""), "a spreadsheet runs nothing: {csv}");
        assert_eq!(csv.lines().count(), 3);
        // The statement is the ledger of its period.
        let statements = api.get(&format!("{team}/statements")).await.expect(200);
        let statement = api.get(&format!("{team}/statements/{}", statements[0]["start"])).await.expect(200);
        let lines: i64 = statement["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).sum();
        assert_eq!(statement["closing"].as_i64().unwrap(), lines);
        // It ends at renewal.
        let ended = api.json(Method::PUT, &format!("{team}/billing"), json!({"plan": null})).await.expect(200);
        assert_eq!(ended["ends"], true);
        services.clock.advance(32 * DAY_MS);
        services.renew_due().await.unwrap();
        assert_eq!(api.get(&format!("{team}/billing")).await.expect(200)["plan"], json!(null));
        // Whether teams may call without a plan is the platform's to say.
        let org = "/api/v1/organizations/northwind-labs";
        api.json(Method::PATCH, org, json!({"allow_unbilled": false})).await.expect(200);
        let id = services.get_team(boss, "atlas-search").await.unwrap().id;
        assert_eq!(services.snapshot().team(id).unwrap().billing, crate::domain::billing::Billing::Closed);
    })
    .await;
}
