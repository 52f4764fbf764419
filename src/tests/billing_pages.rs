//! Billing as browsers and programs use it: page, ledger, statement, plans, and what each role sees.

use axum::http::Method;
use serde_json::json;

use super::{
    member_pages::{browser, place},
    support::{
        on_each_database,
        people::{db_join, db_person, model, simulated},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        ledger::EntryKind,
        money::{DOLLAR, NanoUsd},
        plan_changes::Wanted,
        roles::Role,
        time::DAY_MS,
    },
    service::metering::{book, testing::event},
};

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
async fn a_page_says_of_an_empty_balance_what_the_gateway_says() {
    on_each_database(|services| async move {
        let (app, team, people) = place(&services).await;
        services.create_provider(&people[0], simulated("sim")).await.unwrap();
        services.create_model(&people[0], model("labs/chat", "sim")).await.unwrap();
        app.services.change_plan(&people[0], "atlas-search", &Wanted::Plan("Starter".into(), Some(5))).await.unwrap();
        let new = NewApiKey { name: "ci".into(), kind: KeyKind::Person, expires_at: None };
        let key = services.create_key(&people[0], "atlas-search", new).await.unwrap().key;
        let ask = json!({"model": "labs/chat", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]});
        app.key(&key).post("/v1/chat/completions", ask.clone()).await.expect(200);
        app.services.book_ended_calls().await.unwrap();
        // What is left is taken away.
        let left = app.services.get_billing(&people[0], "atlas-search").await.unwrap().balance.unwrap();
        app.services.adjust_balance(&people[0], "atlas-search", -left, "Moved to another team").await.unwrap();
        for ends in [false, true] {
            if ends {
                app.services.change_plan(&people[0], "atlas-search", &Wanted::End).await.unwrap();
            }
            let refused = app.key(&key).post("/v1/chat/completions", ask.clone()).await.expect(429);
            let sentence = refused["error"]["message"].as_str().unwrap();
            assert!(sentence.starts_with("Call refused: the balance of Atlas Search is used up."), "{sentence}");
            assert_eq!(sentence.contains("The plan ends on"), ends, "{sentence}");
            let page = browser(&app, &people[0]).await.page(BILLING).await.text();
            assert!(page.contains(sentence), "{sentence} is not on {page}");
        }
        assert_eq!(services.snapshot().team(team.id).unwrap().name, "Atlas Search");
    })
    .await;
}

/// Cells of a CSV file's row; none of these holds a quoted comma but descriptions.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[tokio::test]
async fn the_file_of_a_statement_adds_up_to_the_ledger() {
    on_each_database(|services| async move {
        let (app, team, people) = place(&services).await;
        let boss = &people[0];
        services.change_plan(boss, "atlas-search", &Wanted::Plan("Pro".into(), Some(6))).await.unwrap();
        services.change_plan(boss, "atlas-search", &Wanted::Plan("Pro".into(), Some(7))).await.unwrap();
        services.adjust_balance(boss, "atlas-search", 3 * DOLLAR + 1, "=cmd|' /C calc'!A0, \"Goodwill\"").await.unwrap();
        let start = services.get_billing(boss, "atlas-search").await.unwrap().period.start;
        for n in 0..7 {
            let mut call = event(n);
            (call.call.team, call.call.at, call.call.billed, call.call.test) = (team.id, services.clock.now(), true, false);
            call.call.model_name = if n % 2 == 0 { "+evil,model".into() } else { "labs/chat".into() };
            call.end.outcome = crate::domain::usage::Outcome::Completed;
            (call.end.cost, call.end.list_cost) = (NanoUsd(1_000_003 * (n as i64 + 1)), NanoUsd(1_000_003 * (n as i64 + 1)));
            assert_eq!(book(&services.store, &[call]).await.unwrap(), 1);
            services.clock.advance(DAY_MS / 4);
        }
        services.clock.advance(31 * DAY_MS);
        services.load_balances().await.unwrap();
        services.renew_due().await.unwrap();
        let api = app.api(boss).await;
        let path = format!("/api/v1/teams/atlas-search/statements/{}", start.0);
        let reply = api.get(&format!("{path}/statement.csv")).await;
        assert!(reply.header("content-disposition").contains("statement-atlas-search-"), "{:?}", reply.headers);
        let text = reply.text();
        assert!(text.contains("\"'=cmd|") && text.contains("\"'+evil,model\""), "a spreadsheet runs nothing: {text}");
        let rows: Vec<Vec<String>> = text.lines().map(cells).collect();
        assert!(rows.iter().all(|row| row.len() == 8), "{text}");
        let nano = |cell: &str| {
            let (sign, digits) = cell.strip_prefix('-').map_or((1, cell), |digits| (-1, digits));
            sign * NanoUsd::parse(digits).unwrap_or_else(|| panic!("{cell} is no amount")).0
        };
        let amounts = |section: &str, kind: &str| -> Vec<i64> {
            let of = rows.iter().filter(|row| row[0] == section && (kind.is_empty() || row[2] == kind));
            of.map(|row| nano(&row[6])).collect()
        };
        let statement = services.get_statement(boss, "atlas-search", start).await.unwrap();
        let balance = amounts("balance", "");
        assert_eq!(balance.iter().take(5).sum::<i64>(), balance[5], "from the balance before to the one after");
        assert_eq!((balance[0], balance[5]), (statement.opening, statement.closing));
        // The ledger itself, not what the statement makes of it.
        let mut c = services.store.reader().await.unwrap();
        for kind in EntryKind::ALL {
            let row = sqlx::query(
                "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS n FROM ledger WHERE period_start = $1 AND kind = $2",
            )
            .bind(start.0)
            .bind(kind.as_str())
            .fetch_one(&mut *c)
            .await
            .unwrap();
            let booked: i64 = sqlx::Row::get(&row, "n");
            assert_ne!(booked, 0, "{kind:?}");
            assert_eq!(amounts("movement", kind.as_str()).iter().sum::<i64>(), booked, "{kind:?}");
            assert_eq!(amounts("balance", kind.as_str()), [booked], "{kind:?}");
        }
        let row = sqlx::query("SELECT CAST(SUM(amount) AS BIGINT) AS n FROM seat_fees WHERE period_start = $1").bind(start.0);
        let fees: i64 = sqlx::Row::get(&row.fetch_one(&mut *c).await.unwrap(), "n");
        assert_eq!((amounts("seats", "").iter().sum::<i64>(), amounts("seats", "").len()), (fees, 2));
        assert_eq!(amounts("model", "").iter().sum::<i64>(), -statement.charged, "models are what was used");
        assert_eq!(rows.iter().rfind(|row| row[0] == "movement").map(|row| nano(&row[7])), Some(statement.closing));
        // And the page shows the same amounts.
        let page = browser(&app, boss).await.page(&format!("{BILLING}/statements/{}", start.0)).await.text();
        assert!(page.contains(&format!("{path}/statement.csv")), "the page leads to its file: {page}");
        for amount in balance {
            let shown = crate::domain::format::money(NanoUsd(amount));
            assert!(page.contains(&shown), "{shown} is not on {page}");
        }
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
